"""Stores the log of a version table: in a row of our own table, on PostgreSQL in a comment."""

from typing import Protocol

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import TABLE, create_table, key_of
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.version_comment import VersionComment


class LogStore(Protocol):
    """Where the log of a version table is."""

    def read(self) -> str:
        """Return the text, or ""."""
        ...

    def write(self, text: str) -> None:
        """Replace the text, in the transaction that is open; where it cannot be kept, do nothing."""
        ...


def log_store(connection: Connection, migration: MigrationContext) -> LogStore:
    """Return the store for the version table of a migration."""
    if connection.dialect.name == "postgresql":
        return LogComment(connection, migration)
    return LogTable(connection, key_of(migration))


class LogTable:
    """The row with the number 0 of our table."""

    def __init__(self, connection: Connection, key: str) -> None:
        self.connection, self.key = connection, key
        self.row = sa.table(
            TABLE, *map(sa.column, ("version_table", "n", "state")), sa.column("result", sa.Text)
        )

    def read(self) -> str:
        """Return the text, or ""."""
        if not sa.inspect(self.connection).has_table(TABLE):
            return ""
        found = self.connection.scalar(sa.select(self.row.c.result).where(*self._is_own()))
        return found.decode() if isinstance(found, bytes) else found or ""

    def write(self, text: str) -> None:
        """Replace the text. On MariaDB and MySQL the table must exist: its DDL would commit."""
        if features(self.connection.dialect).transactional_ddl:
            self.connection.exec_driver_sql(create_table(backend_name(self.connection.dialect)))
        elif not sa.inspect(self.connection).has_table(TABLE):
            return
        self.connection.execute(sa.delete(self.row).where(*self._is_own()))
        row = {"version_table": self.key, "n": 0, "state": "log", "result": text}
        self.connection.execute(sa.insert(self.row), row)

    def _is_own(self) -> tuple[sa.ColumnElement[bool], ...]:
        return self.row.c.version_table == self.key, self.row.c.n == 0


class LogComment:
    """The comment of the version table."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.comment = VersionComment(connection, migration)

    def read(self) -> str:
        """Return the text, or ""."""
        return self.comment.read().log

    def write(self, text: str) -> None:
        """Replace the text, where this role may."""
        if self.comment.is_writable():
            self.comment.write(self.comment.read()._replace(log=text))
