"""Dumps the schema of a database as statements, in the words of the server itself."""

from collections.abc import Collection

from sqlalchemy import Connection

from alembic_guards.authoring.adopt.dump import mariadb, postgresql, sqlite
from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.features import backend_name

DUMPS = {
    "sqlite": sqlite.dump,
    "postgresql": postgresql.dump,
    "mysql": mariadb.dump,
}
DROPS = {
    "sqlite": sqlite.drops,
    "postgresql": postgresql.drops,
    "mysql": mariadb.drops,
}


def dump(connection: Connection, version_table: str, schemas: Collection[str] = ()) -> list[str]:
    """Return the statements that create all objects of a database, in an order in which they can run.

    The bookkeeping of the guards and `version_table` are left out. On PostgreSQL only `schemas` are
    dumped, if there are any. Raises CommandError where the database cannot be dumped.
    """
    return DUMPS[backend_name(connection.dialect)](
        connection, {version_table, *OWN_TABLES}, schemas
    )


def drops(connection: Connection, version_table: str) -> list[str]:
    """Return the statements that drop all objects of a database that dump() would create.

    Extensions of PostgreSQL stay: other applications may use them.
    """
    return DROPS[backend_name(connection.dialect)](connection, {version_table, *OWN_TABLES})
