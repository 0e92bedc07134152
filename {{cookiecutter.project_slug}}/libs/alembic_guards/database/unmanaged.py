"""Finds what no model manages: partitions, their foreign keys, tables of extensions and of SQLite modules."""

import sqlalchemy as sa

from alembic_guards.database.catalog.sqlite import VIRTUAL

SCHEMA = """
    nullif((SELECT nspname FROM pg_namespace n WHERE n.oid = relnamespace), current_schema())"""
#: The partitions, and the tables of extensions, of PostgreSQL.
OF_EXTENSIONS = f"""
    SELECT {SCHEMA}, relname FROM pg_class WHERE relispartition OR oid IN (
        SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e')
"""
QUERIES = {
    "postgresql": OF_EXTENSIONS,
    "sqlite": VIRTUAL.replace("SELECT ", "SELECT NULL, "),
}
#: The foreign keys to partitions that PostgreSQL adds for one to their table.
COPIED_KEYS = f"""
    SELECT {SCHEMA}, relname, conname
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype = 'f' AND conparentid <> 0
"""


def unmanaged_tables(connection: sa.Connection) -> set[tuple[str | None, str]]:
    """Return the tables that no model manages: pairs of a schema, None for the default one, and a name."""
    query = QUERIES.get(connection.dialect.name)
    return (
        {(schema, name) for schema, name in connection.exec_driver_sql(query)} if query else set()
    )


def copied_foreign_keys(connection: sa.Connection) -> set[tuple[str | None, str, str]]:
    """Return the foreign keys that refer to partitions, as a schema, a table and a name."""
    if connection.dialect.name != "postgresql":
        return set()
    rows = connection.exec_driver_sql(COPIED_KEYS)
    return {(schema, table, name) for schema, table, name in rows}
