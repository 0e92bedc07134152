"""Creates the prerequisites of tables: extensions, schemas, sequences and types."""

import operator
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import CreateDomainType
from sqlalchemy.schema import CreateSequence

from alembic_guards.authoring.find.enums import native_enums
from alembic_guards.authoring.normalize import normalized
from alembic_guards.authoring.write.types import element_type
from alembic_guards.compat import sequences
from alembic_guards.database.catalog import EntryKey, read_catalog
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
    "hstore": "hstore",
    "ltree": "ltree|lquery|ltxtquery",
    "pg_trgm": "gin_trgm_ops|gist_trgm_ops",
    "postgis": "geography|geometry",
    "uuid-ossp": r"uuid_generate_v\w+",
    "vector": "halfvec|sparsevec|vector",
}


def create_all(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Create all that `metadata` defines in an empty database, with its extensions and schemas."""
    create_normalized(connection, normalized(metadata, connection))


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


def rename_sequences(context: AutogenContext, schema: str | None) -> Iterator[RenameSequence]:
    """Yield renames of standalone sequences, which keep their current value."""
    prefix = f"{schema}." if schema else ""
    present, target = (
        {
            part: part
            for *of, part in (bare(name).rpartition(".") for name in names)
            if "".join(of) == prefix
        }
        for names in _standalone_objects(context).get("SEQUENCE", ({}, {}))
    )
    for old, new in context.opts["answers"].find_renames(
        "sequence", prefix, present, target, operator.ne
    ):
        yield RenameSequence(old, new, schema=schema)


def drop_standalone_objects(context: AutogenContext) -> Iterator[SQLOp]:
    """Yield DROP SEQUENCE, TYPE and DOMAIN for objects that the models no longer define.

    Types that no column uses stay: a revision has created them by hand. So do types that a function
    depends on.
    """
    for kind, (present, target) in reversed(_standalone_objects(context).items()):
        dropped = present.keys() - target.keys()
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
    quote = quoter(connection.dialect)
    tables = metadata.tables.values()
    needed = {name for table in tables for name in _extension_objects(table, connection.dialect)}
    installed = set(connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars())
    for name, pattern in EXTENSIONS.items():
        if name not in installed and any(re.fullmatch(pattern, each) for each in needed):
            yield f"CREATE EXTENSION IF NOT EXISTS {quote(name)}"
    types = (column.type for table in tables for column in table.columns)
    owners: list[Any] = [*tables, *sequences(metadata), *types]
    names = {str(owner.schema) for owner in owners if getattr(owner, "schema", None)}
    for name in sorted(names.difference(sa.inspect(connection).get_schema_names())):
        yield f"CREATE SCHEMA IF NOT EXISTS {quote(name)}"


def _extension_objects(table: sa.Table, dialect: sa.Dialect) -> Iterator[str]:
    """Yield the names of types, operator classes and functions that a table uses."""
    for column in table.columns:
        if not isinstance(column.type, sa.types.NullType):  # a foreign key to a missing table
            yield re.split(r"\W", column.type.compile(dialect=dialect).lower())[0]
        if isinstance(column.server_default, sa.DefaultClause):
            default: Any = column.server_default.arg
            default = default if isinstance(default, str) else default.compile(dialect=dialect)
            yield str(default).partition("(")[0]
    for index in table.indexes:
        yield from index.dialect_options["postgresql"]["ops"].values()
