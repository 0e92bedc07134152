"""What revisions create by hand beside tables, and tables of the models may need.

On PostgreSQL these are functions, collations, extensions, operators, types, text search configurations
and whatever else models cannot define. The reference database begins with them.
"""

import re

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from alembic_guards.authoring.find.enums import add_values
from alembic_guards.authoring.find.prerequisites import STANDALONE_SEQUENCES
from alembic_guards.authoring.write.types import element_type
from alembic_guards.compat import sequences
from alembic_guards.database.catalog import LITERAL, Catalog, EntryKey, read_catalog
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.identifiers import bare
from alembic_guards.errors import explain
from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.renames import literal

#: The catalogs of what models cannot define. Objects that initdb has not made have a number of 16384 or
#: more. Source: FirstNormalObjectId in PostgreSQL's access/transam.h.
CATALOGS = (
    *("pg_am", "pg_cast", "pg_collation", "pg_event_trigger", "pg_extension", "pg_foreign_server"),
    *("pg_language", "pg_opclass", "pg_operator", "pg_opfamily", "pg_proc", "pg_ts_config"),
    *("pg_ts_dict", "pg_ts_parser", "pg_ts_template"),
)
#: Base types, ranges and composite types, without those of tables and of arrays.
TYPES = """
    SELECT FROM pg_type WHERE oid >= 16384 AND typtype IN ('b', 'c', 'r') AND typcategory <> 'A'
        AND NOT EXISTS (SELECT FROM pg_class WHERE pg_class.oid = typrelid AND relkind <> 'c')
"""
HAS_OBJECTS = " UNION ALL ".join(
    [*(f"SELECT FROM {catalog} WHERE oid >= 16384" for catalog in CATALOGS), TYPES]
)

#: Selects the statements that drop tables and views, without those of extensions.
DROPS = """
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
        WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition
        AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
        AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    ORDER BY 1
"""

#: What a driver says of an object that does not exist: the code of PostgreSQL or MariaDB, or the text of SQLite.
MISSING = re.compile(
    "42883|42704|42P01|3F000|1146|1273|1305|4091|no such (?:function|collation).*|unknown function.*"
)
DUPLICATE = re.compile("42723|42710|42P06|42P07")
REMEDIES = {
    "postgresql": """Nothing was written. If it is nothing that models define, a revision before this one creates it:
make revision empty=1, there op.execute("CREATE ..."), and make revision again.
A function whose body is bound to a table (BEGIN ATOMIC, RETURN) is not found: write its body as a text.""",
    "mysql": """Nothing was written. A sequence stands in the models: sa.Sequence("name", metadata=Base.metadata).
MariaDB takes no stored function there.""",
    "sqlite": """Nothing was written. SQLite has a function or a collation only where each connection registers it: in \
settings.py, by @event.listens_for(sqlalchemy.Engine, "connect").""",
}


def has_objects(connection: sa.Connection, metadata: sa.MetaData) -> bool:
    """Whether a database of PostgreSQL has objects beside tables and views that no model defines."""
    if not features(connection.dialect).has_schemas:
        return False
    found = connection.exec_driver_sql(f"SELECT EXISTS ({HAS_OBJECTS})").scalar_one()
    sequences_ = connection.exec_driver_sql(STANDALONE_SEQUENCES).scalars()
    types = (key.name for key in read_catalog(connection) if key.kind in ("enum", "domain"))
    names = {bare(name) for name in (*sequences_, *types)}
    return bool(found or names - _defined(metadata, connection.dialect).keys())


def has_tables(connection: sa.Connection) -> bool:
    """Whether a database of PostgreSQL has tables or views, which keep_objects() would drop."""
    return connection.exec_driver_sql(DROPS).first() is not None


def keep_objects(connection: sa.Connection, metadata: sa.MetaData) -> set[EntryKey]:
    """Drop from a scratch database what create_all() creates; return the keys of what stays.

    These are tables, views, and the sequences and types that the models define. An enum of the models
    whose values are the same, or more, stays and gets them: functions may use it. The transaction is
    committed often, because the server has a limited number of locks.
    """
    drops = connection.exec_driver_sql(DROPS).all()
    for kind in dict.fromkeys(kind for kind, _ in drops):
        names = [name for each, name in drops if each == kind]
        for start in range(0, len(names), 100):
            some = ", ".join(names[start : start + 100])
            _execute(connection, f"DROP {kind} IF EXISTS {some} CASCADE")
            connection.commit()
    defined = _defined(metadata, connection.dialect)
    for key, entry in read_catalog(connection).items():
        wanted = defined.get(bare(key.name))
        if wanted is None:
            continue
        present = [value[0] for value in LITERAL.finditer(entry.definition)]
        if key.kind == "enum" and [value for value in wanted if value in present] == present:
            _execute(connection, *add_values(key.name, present, wanted))
        else:
            kind = key.kind.upper() if key.kind in ("sequence", "domain") else "TYPE"
            _execute(connection, f"DROP {kind} IF EXISTS {key.name} CASCADE")
    connection.commit()
    return {key for key in read_catalog(connection) if not key.table}


def without_unused(catalog: Catalog, kept: set[EntryKey]) -> Catalog:
    """Return a catalog without the entries of `kept` that no table uses."""
    used = {name for entry in catalog.values() if entry.table for name in entry.uses}
    domains = (entry for key, entry in catalog.items() if not key.table and key.name in used)
    used |= {name for entry in [*domains] for name in entry.uses}
    return {key: entry for key, entry in catalog.items() if key not in kept or key.name in used}


def is_missing_or_duplicate(error: DBAPIError) -> bool:
    """Whether a statement has failed for an object that does not exist, or that exists already."""
    return _says(error, MISSING) or _says(error, DUPLICATE)


def explained(error: DBAPIError, dialect: sa.Dialect) -> Exception:
    """Return the error to raise where tables cannot be created: for a missing object with a remedy."""
    if not _says(error, MISSING):
        return error
    return CommandError(f"{explain(error)}\n{REMEDIES[backend_name(dialect)]}")


def _says(error: DBAPIError, pattern: re.Pattern[str]) -> bool:
    codes = [getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]]
    return any(pattern.fullmatch(str(code)) for code in codes)


def _defined(metadata: sa.MetaData, dialect: sa.Dialect) -> dict[str, list[str]]:
    """Return the names of the sequences and types that models define; for an enum with its values."""
    format_sequence = dialect.identifier_preparer.format_sequence
    defined: dict[str, list[str]] = {bare(format_sequence(one)): [] for one in sequences(metadata)}
    columns = (column for table in metadata.tables.values() for column in table.columns)
    for type_ in (element_type(column.type, dialect) for column in columns):
        if isinstance(type_, sa.Enum) and type_.native_enum:
            defined[bare(type_.compile(dialect=dialect))] = [*map(literal, type_.enums)]
        elif isinstance(type_, postgresql.DOMAIN):
            defined[bare(type_.compile(dialect=dialect))] = []
    return defined


def _execute(connection: sa.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(sa.text(as_text(statement)))
