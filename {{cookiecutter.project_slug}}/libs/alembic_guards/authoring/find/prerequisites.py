"""Creates the prerequisites of tables: extensions, schemas, sequences and types."""

import operator
import re
from collections.abc import Container, Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import CreateDomainType
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateSequence

from alembic_guards.authoring.find.enums import native_enums
from alembic_guards.authoring.write.types import element_type
from alembic_guards.compat import sequences
from alembic_guards.database.catalog import LITERAL, EntryKey, read_catalog
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import bare, quoter, spelled_as
from alembic_guards.database.views import is_made_by_hand, is_temporary
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameSequence

#: CREATE statements by the name of the object.
Statements = dict[str, str]

#: Selects the sequences of PostgreSQL that belong to no column.
STANDALONE_SEQUENCES = """
    SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'e', 'i'))
"""

#: Selects the types that functions, casts and operators depend on.
TYPES_OF_FUNCTIONS = """
    SELECT CASE WHEN typlen = -1 AND typelem <> 0 THEN typelem ELSE t.oid END::regtype::text
    FROM pg_depend JOIN pg_type t ON t.oid = refobjid AND refclassid = 'pg_type'::regclass
    WHERE classid IN ('pg_proc'::regclass, 'pg_cast'::regclass, 'pg_operator'::regclass)
"""

#: The types, operator classes and functions that come with an extension of PostgreSQL.
EXTENSIONS = {
    "citext": "citext",
    "cube": "cube",
    "hstore": "hstore",
    "intarray": "gin__int_ops|gist__int(?:big)?_ops|query_int",
    "isn": "ean13|isbn13|isbn|ismn13|ismn|issn13|issn|upc",
    "ltree": "ltree|lquery|ltxtquery",
    "pg_trgm": r"gin_trgm_ops|gist_trgm_ops|(?:word_)?similarity\(",
    "pgcrypto": r"(?:crypt|digest|gen_random_bytes|gen_salt|hmac|pgp_\w+)\(",
    "postgis": "geography|geometry",
    "seg": "seg",
    "unaccent": r"unaccent\(",
    "uuid-ossp": r"uuid_(?:generate_v\w+|ns_\w+|nil)\(",
    "vector": "halfvec|sparsevec|vector",
}

#: A type after ::, and an operator class or a function, in an SQL text; group 1 is the schema.
SCHEMA_IN_TEXT = r'(?:("(?:[^"]|"")+"|\b\w+)\s*\.\s*)?'
NAMES_IN_TEXT = (
    re.compile(rf"::\s*{SCHEMA_IN_TEXT}(\w+)"),
    re.compile(rf"{SCHEMA_IN_TEXT}\b(\w+_ops\b|\w+\s*\()"),
)

#: The types whose equality has no operator class of GiST without btree_gist.
SCALARS = (
    *(sa.Boolean, sa.Date, sa.DateTime, sa.Enum, sa.Integer, sa.Interval, sa.LargeBinary),
    *(sa.Numeric, sa.String, sa.Time, sa.Uuid),
)


def create_normalized(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Create all that normalized metadata defines, with its extensions and schemas."""
    for statement in _before_tables(metadata, connection):
        connection.exec_driver_sql(statement)
    tables = metadata.tables.values()
    metadata.create_all(
        connection,
        [table for table in tables if not (is_made_by_hand(table) or is_temporary(table))],
    )


def create_extensions_and_schemas(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield CREATE EXTENSION and CREATE SCHEMA.

    A downgrade does not drop them: other applications may use them.
    """
    for statement in _before_tables(_metadata(context), context.connection):
        about = statement.lower().replace(" if not exists", "")
        yield SQLOp([statement], [], about)


def create_standalone_objects(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield CREATE SEQUENCE, TYPE and DOMAIN; repairs.py adds the options of sequences."""
    for kind, (present, target) in _standalone_objects(context).items():
        for name in sorted(target.keys() - present.keys()):
            yield SQLOp([target[name]], [f"DROP {kind} {name}"], f"create {kind.lower()} {name}")


def rename_sequences(
    context: AutogenContext, schema: str | None, used: set[str]
) -> Iterator[RenameSequence]:
    """Yield renames of standalone sequences, which keep their current value.

    Those that the tables of the models use are created by hand.
    """
    prefix = f"{schema}." if schema else ""
    before, after = _standalone_objects(context).get("SEQUENCE", ({}, {}))
    present, target = (
        {
            part: part
            for *of, part in (bare(name).rpartition(".") for name in names)
            if "".join(of) == prefix
        }
        for names in (before.keys() - (used - after.keys()), after)
    )
    for old, new in context.opts["answers"].find_renames(
        "sequence", prefix, present, target, operator.ne
    ):
        yield RenameSequence(old, new, schema=schema)


def drop_standalone_objects(context: AutogenContext, used: set[str]) -> Iterator[SQLOp]:
    """Yield DROP SEQUENCE, TYPE and DOMAIN for objects that the models no longer define.

    Those that the tables of the models use stay, and so do types that no column uses: a revision has
    created them by hand. So do types that a function depends on.
    """
    for kind, (present, target) in reversed(_standalone_objects(context).items()):
        dropped = present.keys() - target.keys() - used
        if dropped and kind != "SEQUENCE":
            dropped &= _types_of_models(context)
        for name in sorted(dropped):
            yield SQLOp([f"DROP {kind} {name}"], [present[name]], f"drop {kind.lower()} {name}")


def _types_of_models(context: AutogenContext) -> set[str]:
    """Return the types of columns and of their domains, without those that functions depend on."""
    if context.connection is None:
        return set()
    catalog = read_catalog(context.connection)
    used = {name for entry in catalog.values() if entry.table for name in entry.uses}
    domains = (catalog.get(EntryKey("", "domain", name)) for name in used)
    used |= {name for domain in domains if domain for name in domain.uses}
    return used.difference(context.connection.exec_driver_sql(TYPES_OF_FUNCTIONS).scalars())


def _standalone_objects(context: AutogenContext) -> dict[str, tuple[Statements, Statements]]:
    """Return the present and the target CREATE statements of objects outside of tables, by kind."""
    dialect, connection = context.dialect, context.connection
    if not dialect.supports_sequences or connection is None:
        return {}
    preparer, is_postgresql = dialect.identifier_preparer, dialect.name == "postgresql"
    catalog = read_catalog(connection).values() if is_postgresql else ()
    present = list(
        connection.exec_driver_sql(STANDALONE_SEQUENCES).scalars()
        if is_postgresql
        else map(preparer.quote, sa.inspect(connection).get_sequence_names())
    )
    defined = sequences(_metadata(context))
    columns = (column for table in context.sorted_tables for column in table.columns)
    types = (element_type(column.type, dialect) for column in columns)
    domains = [type_ for type_ in types if isinstance(type_, postgresql.DOMAIN) and is_postgresql]
    return {
        "SEQUENCE": (
            {name: f"CREATE SEQUENCE {name}" for name in present},
            {
                spelled_as(preparer.format_sequence(s), present): _sql(CreateSequence(s), dialect)
                for s in defined
            },
        ),
        "TYPE": (
            {
                entry.name: f"CREATE TYPE {entry.name} AS ENUM ({entry.definition})"
                for entry in catalog
                if entry.kind == "enum"
            },
            {
                n: f"CREATE TYPE {n} AS ENUM ({', '.join(v)})"
                for n, v in native_enums(context).items()
            },
        ),
        "DOMAIN": (
            {
                entry.name: f"CREATE DOMAIN {entry.name} AS {entry.definition}"
                for entry in catalog
                if entry.kind == "domain"
            },
            {d.compile(dialect=dialect): _sql(CreateDomainType(d), dialect) for d in domains},
        ),
    }


def _sql(statement: sa.schema.ExecutableDDLElement, dialect: sa.Dialect) -> str:
    return str(statement.compile(dialect=dialect)).strip().replace("%%", "%")


def _metadata(context: AutogenContext) -> sa.MetaData:
    metadata: sa.MetaData = context.migration_context.opts["target_metadata"]
    return metadata


def _before_tables(metadata: sa.MetaData, connection: sa.Connection | None) -> Iterator[str]:
    """Yield the CREATE EXTENSION and CREATE SCHEMA that tables need and the database lacks."""
    if connection is None or not features(connection.dialect).has_schemas:
        return
    quote, present = quoter(connection.dialect), set(sa.inspect(connection).get_schema_names())
    tables = metadata.tables.values()
    own = connection.exec_driver_sql("SELECT proname FROM pg_proc WHERE oid >= 16384").scalars()
    extensions = needed_extensions(metadata, connection.dialect, {*own})
    for name in connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars():
        extensions.pop(name, None)
    for name in sorted({schema for schema in extensions.values() if schema} - present):
        yield f"CREATE SCHEMA IF NOT EXISTS {quote(name)}"
        present.add(name)
    for name, schema in extensions.items():
        in_schema = f" WITH SCHEMA {quote(schema)}" if schema else ""
        yield f"CREATE EXTENSION IF NOT EXISTS {quote(name)}{in_schema}"
    types = (column.type for table in tables for column in table.columns)
    owners: list[Any] = [*tables, *sequences(metadata), *types]
    names = {str(owner.schema) for owner in owners if getattr(owner, "schema", None)}
    for name in sorted(names - present):
        yield f"CREATE SCHEMA IF NOT EXISTS {quote(name)}"


def needed_extensions(
    metadata: sa.MetaData, dialect: sa.Dialect, functions: Container[str] = ()
) -> dict[str, str | None]:
    """Return the extensions of PostgreSQL that tables need, each with the schema that they name.

    `functions` exist already: they are not taken for those of an extension.
    """
    tables = metadata.tables.values()
    needed = [*dict.fromkeys(name for table in tables for name in _names_in_table(table, dialect))]
    found = {
        extension: schema
        for extension, pattern in EXTENSIONS.items()
        for schema, name in needed
        if re.fullmatch(pattern, name) and name.removesuffix("(") not in functions
    }
    return found | ({"btree_gist": None} if any(map(_needs_btree_gist, tables)) else {})


def _names_in_table(table: sa.Table, dialect: sa.Dialect) -> Iterator[tuple[str | None, str]]:
    """Yield the types, operator classes and functions, as `name(`, of a table, each with its schema."""
    for column in table.columns:
        yield from _type_names(column.type, dialect)
        if isinstance(column.server_default, sa.DefaultClause):
            yield from _names_in_text(column.server_default.arg, dialect)
        if column.computed is not None:
            yield from _names_in_text(column.computed.sqltext, dialect)
    for index in table.indexes:
        options = index.dialect_options["postgresql"]
        for text in (*index.expressions, options["where"], *options["ops"].values()):
            yield from _names_in_text(text, dialect)
    for check in table.constraints:
        if isinstance(check, sa.CheckConstraint):
            yield from _names_in_text(check.sqltext, dialect)


def _type_names(type_: Any, dialect: sa.Dialect) -> Iterator[tuple[str | None, str]]:
    plain = element_type(type_, dialect)
    if isinstance(plain, postgresql.DOMAIN):
        yield from _type_names(plain.data_type, dialect)
    elif not isinstance(plain, sa.types.NullType):  # a foreign key to a missing table
        yield from _names_in_text(f"::{plain.compile(dialect=dialect)}", dialect)


def _names_in_text(part: Any, dialect: sa.Dialect) -> Iterator[tuple[str | None, str]]:
    """Yield the types, operator classes and functions in an SQL expression; none of a column."""
    if part is None or isinstance(part, sa.Column):
        return
    try:
        text = part if isinstance(part, str) else str(part.compile(dialect=dialect))
    except CompileError:  # the owner wrote it for another database
        return
    for pattern in NAMES_IN_TEXT:
        for schema, name in pattern.findall(LITERAL.sub("''", text)):
            schema = schema[1:-1] if schema.startswith('"') else schema.lower()
            yield schema or None, re.sub(r"\s", "", name).lower()


def _needs_btree_gist(table: sa.Table) -> bool:
    """Whether an exclusion constraint of GiST compares scalars, as EXCLUDE with = does."""
    return any(
        isinstance(column.type, SCALARS)
        for each in table.constraints
        if isinstance(each, postgresql.ExcludeConstraint) and each.using == "gist"
        for column in each.columns
    )
