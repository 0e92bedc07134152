"""Names the tables that are not the project's: those of extensions and modules, and partitions."""

from functools import cache

import sqlalchemy as sa

from alembic_guards.database.catalog.sqlite import VIRTUAL

#: The tables that belong to an extension, or to another table, of which they are a partition.
OF_EXTENSIONS = """
    SELECT relname FROM pg_class WHERE relispartition OR oid IN (
        SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e')
"""
QUERIES = {"postgresql": OF_EXTENSIONS, "sqlite": VIRTUAL}


@cache
def unmanaged_tables(connection: sa.Connection) -> set[str]:
    """Return the tables that no model is about."""
    query = QUERIES.get(connection.dialect.name)
    return set(connection.exec_driver_sql(query).scalars()) if query else set()
