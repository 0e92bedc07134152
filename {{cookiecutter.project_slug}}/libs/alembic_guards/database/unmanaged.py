"""Finds the tables that no model manages: partitions, and tables of extensions and of SQLite modules."""

import sqlalchemy as sa

from alembic_guards.database.catalog.sqlite import VIRTUAL

#: The partitions, and the tables of extensions, of PostgreSQL.
OF_EXTENSIONS = """
    SELECT relname FROM pg_class WHERE relispartition OR oid IN (
        SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e')
"""
QUERIES = {"postgresql": OF_EXTENSIONS, "sqlite": VIRTUAL}


def unmanaged_tables(connection: sa.Connection) -> set[str]:
    """Return the names of the tables that no model manages."""
    query = QUERIES.get(connection.dialect.name)
    return set(connection.exec_driver_sql(query).scalars()) if query else set()
