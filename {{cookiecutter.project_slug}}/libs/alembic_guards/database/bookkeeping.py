"""What the library keeps in a database: its own table, and the name of the version table that it is for."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

#: Our table: the log on SQLite, MariaDB and MySQL, and the journal on MariaDB and MySQL.
TABLE = "alembic_guards"

#: The journal of releases before 0.2.
OLD_JOURNAL = "alembic_progress"

#: Tables that no comparison sees, with their indexes.
OWN_TABLES = frozenset({TABLE, OLD_JOURNAL})

BLOB = {"mysql": "LONGBLOB"}
CREATE = """CREATE TABLE IF NOT EXISTS {name} (version_table VARCHAR(150) NOT NULL, n INTEGER NOT NULL,
    step VARCHAR(100), state VARCHAR(10), statement VARCHAR(1000), seen CHAR(32), result {blob},
    PRIMARY KEY (version_table, n)){options}"""
#: The character set of a database may not have the characters of a statement.
OPTIONS = {"mysql": " CHARACTER SET utf8mb4"}


def create_table(dialect: str) -> str:
    """Return the statement that creates our table, if it is missing."""
    blob, options = BLOB.get(dialect, "TEXT"), OPTIONS.get(dialect, "")
    return CREATE.format(name=TABLE, blob=blob, options=options)


def key_of(migration: MigrationContext) -> str:
    """Return the name of the version table, with its schema: services may share a database."""
    schema = migration.version_table_schema
    return f"{schema}.{migration.version_table}" if schema else migration.version_table


def quoted_version_table(migration: MigrationContext) -> str:
    """Return the name of the version table in SQL."""
    quote = migration.dialect.identifier_preparer.quote
    parts = (migration.version_table_schema, migration.version_table)
    return ".".join(quote(part) for part in parts if part)


def driver_of(connection: Connection) -> Any:
    """Return the connection of the driver."""
    return connection.connection.dbapi_connection


@contextmanager
def driver_cursor(connection: Connection) -> Iterator[Any]:
    """Yield a cursor of the driver, in the transaction that is open: what it executes is not recorded.

    Raises DBAPIError for its errors, as a connection of SQLAlchemy does.
    """
    if not connection.in_transaction():
        connection.begin()  # else the driver would begin one that a rollback() does not end
    errors: Any = connection.dialect.loaded_dbapi
    with closing(connection.connection.cursor()) as cursor:
        try:
            yield cursor
        except errors.Error as error:
            raise DBAPIError.instance("", (), error, errors.Error) from error
