"""Keeps the log of a version table: one text in our own table, on PostgreSQL in a comment."""

from typing import Protocol

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from alembic_guards.database.features import features

#: Our table: the log on SQLite, MariaDB and MySQL; the journal of an interrupted revision on servers.
TABLE = "alembic_guards"

#: The journal of releases before 0.2.
OLD_JOURNAL = "alembic_progress"

#: Tables that no comparison sees, with their indexes.
OWN_TABLES = frozenset({TABLE, OLD_JOURNAL})

BLOB = {"postgresql": "BYTEA", "mysql": "LONGBLOB"}
CREATE = """CREATE TABLE IF NOT EXISTS {name} (version_table VARCHAR(150) NOT NULL, n INTEGER NOT NULL,
    step VARCHAR(100), state VARCHAR(10), statement VARCHAR(1000), seen CHAR(32), result {blob},
    PRIMARY KEY (version_table, n))"""

#: What stands in a comment before the log; the owner's text may stand before that.
MARK = "alembic_guards: "


def create_table(dialect: str) -> str:
    """Return the statement that creates our table, if it is missing."""
    return CREATE.format(name=TABLE, blob=BLOB.get(dialect, "TEXT"))


def key_of(migration: MigrationContext) -> str:
    """Return the name of the version table, with its schema: services may share a database."""
    schema = migration.version_table_schema
    return f"{schema}.{migration.version_table}" if schema else migration.version_table


def quoted_version_table(migration: MigrationContext) -> str:
    """Return the name of the version table in SQL."""
    quote = migration.dialect.identifier_preparer.quote
    parts = (migration.version_table_schema, migration.version_table)
    return ".".join(quote(part) for part in parts if part)


class Store(Protocol):
    """Where the log of a version table is."""

    def read(self) -> str:
        """Return the text, or ""."""
        ...

    def write(self, text: str) -> None:
        """Replace the text, in the transaction that is open; where it cannot be kept, do nothing."""
        ...


def store_of(connection: Connection, migration: MigrationContext) -> Store:
    """Return the store for the version table of a migration."""
    if connection.dialect.name == "postgresql":
        return CommentStore(connection, migration)
    return TableStore(connection, key_of(migration))


class TableStore:
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
            self.connection.exec_driver_sql(create_table(self.connection.dialect.name))
        elif not sa.inspect(self.connection).has_table(TABLE):
            return
        self.connection.execute(sa.delete(self.row).where(*self._is_own()))
        row = {"version_table": self.key, "n": 0, "state": "log", "result": text}
        self.connection.execute(sa.insert(self.row), row)

    def _is_own(self) -> tuple[sa.ColumnElement[bool], ...]:
        return self.row.c.version_table == self.key, self.row.c.n == 0


class CommentStore:
    """The comment of the version table: no publication FOR ALL TABLES has it, and every dump does."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.table = quoted_version_table(migration)
        self.connection = connection

    def read(self) -> str:
        """Return the text, or ""."""
        return self._comment().partition(MARK)[2]

    def write(self, text: str) -> None:
        """Replace the text, and keep what the owner has written before it; the owner alone may."""
        owned = sa.text(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(:name)"
        )
        if not self.connection.scalar(owned, {"name": self.table}):
            return
        comment = f"{self._comment().partition(MARK)[0]}{MARK}{text}"
        format_ = sa.text(
            "SELECT format('COMMENT ON TABLE %s IS %L', CAST(:name AS text), CAST(:text AS text))"
        )
        statement = self.connection.scalar(format_, {"name": self.table, "text": comment})
        self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def _comment(self) -> str:
        query = sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')")
        return self.connection.scalar(query, {"name": self.table}) or ""
