"""Names the tables that are not the project's: those of extensions, and partitions."""

from functools import cache

import sqlalchemy as sa

#: The tables that belong to an extension, or to another table, of which they are a partition.
OTHERS = """
    SELECT relname FROM pg_class WHERE relispartition OR oid IN (
        SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e')
"""


@cache
def unmanaged_tables(connection: sa.Connection) -> set[str]:
    """Return the tables of PostgreSQL that no model is about."""
    if connection.dialect.name != "postgresql":
        return set()
    return set(connection.exec_driver_sql(OTHERS).scalars())
