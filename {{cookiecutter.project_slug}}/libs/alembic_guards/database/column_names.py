"""Reads the names of all columns in one query, and on MariaDB and MySQL those of views in another."""

import sqlalchemy as sa
from sqlalchemy import Connection

from alembic_guards.database.features import backend_name

QUERIES = {
    "postgresql": """
        SELECT CASE nspname WHEN 'public' THEN relname ELSE nspname || '.' || relname END, attname
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence <> 't'
            AND attnum > 0 AND NOT attisdropped
            AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'""",
    "mysql": """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = DATABASE()""",
    "sqlite": """
        SELECT m.name, c.name FROM sqlite_master m, pragma_table_xinfo(m.name) c
        WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND m.name NOT LIKE 'sqlite_%'""",
}

#: A join of these two takes 17 times as long as both, for 1,000 tables.
VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()"

#: The schema of new tables, and that of a version table.
OWN_SCHEMAS = sa.text("""
    SELECT nspname FROM pg_namespace
    WHERE nspname = current_schema()
        OR oid = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(:version_table))""")


def schema_of(table: str) -> str:
    """Return the schema of a table that column_names() has named, on PostgreSQL."""
    return table.rpartition(".")[0] or "public"


def own_schemas(connection: Connection, version_table: str) -> set[str]:
    """Return the schemas of an upgrade on PostgreSQL: of new tables, and of its quoted version table."""
    return set(connection.scalars(OWN_SCHEMAS, {"version_table": version_table}))


def column_names(connection: Connection) -> set[tuple[str, str]]:
    """Return the pairs of table and column of a database; on PostgreSQL a table
    outside of `public` has the name of its schema, whatever search_path is."""
    dialect, plain = backend_name(connection.dialect), {"no_parameters": True}
    found = connection.exec_driver_sql(QUERIES[dialect], execution_options=plain)
    names = {(table, column) for table, column in found}
    if dialect != "mysql":
        return names
    views = set(connection.exec_driver_sql(VIEWS).scalars())
    return {(table, column) for table, column in names if table not in views}
