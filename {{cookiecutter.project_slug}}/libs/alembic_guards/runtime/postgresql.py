"""Builds indexes of PostgreSQL CONCURRENTLY, without timeouts, and drops what a failed build leaves.

A failed build leaves an INVALID index: IF NOT EXISTS accepts it, writers maintain it, and no query uses
it. Source: "CREATE INDEX" in PostgreSQL's manual.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.runtime.index_progress import index_progress
from alembic_guards.runtime.transaction_names import listen

NAME = r'((?:"[^"]+"|[^\s"(]+)+)'
SPACE = r"(?:\s+|--[^\n]*\n|/\*.*?\*/)"  # and comments
CONCURRENTLY = re.compile(
    rf"{SPACE}*(?:CREATE(?:{SPACE}+UNIQUE)?|DROP){SPACE}+INDEX{SPACE}+CONCURRENTLY{SPACE}+",
    re.IGNORECASE | re.DOTALL,
)
BUILD = re.compile(
    rf"{CONCURRENTLY.pattern}(?:IF\s+NOT\s+EXISTS\s+)?{NAME}\s+ON\s+(?:ONLY\s+)?{NAME}",
    re.IGNORECASE | re.DOTALL,
)
NAMED = re.compile(
    rf"{CONCURRENTLY.pattern}(?:IF\s+(?:NOT\s+)?EXISTS\s+)?{NAME}", re.IGNORECASE | re.DOTALL
)
INVALID = """
    SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE NOT indisvalid AND indrelid = to_regclass(:table)
        AND relname = (parse_ident(:name))[1]::name
"""
#: The timeouts that would interrupt a build: it waits for all older transactions, and blocks no writer.
TIMEOUTS = ("lock_timeout", "statement_timeout")


def install() -> None:
    """Register the class below: Alembic uses the class that was defined last for a dialect."""
    type("GuardedPostgresqlImpl", (ConcurrentPostgresqlImpl,), {"__dialect__": "postgresql"})


class ConcurrentPostgresqlImpl(PostgresqlImpl):
    """Prepares each statement with CONCURRENTLY, from an operation or from SQL of a revision."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        listen(self.connection)

    def _exec(self, construct: Any, *args: Any, **options: Any) -> Any:
        """Execute a statement."""
        with self._prepared(self._sql(construct)):
            return super()._exec(construct, *args, **options)

    def _sql(self, construct: Any) -> str:
        """Return the SQL of a statement that may be CONCURRENTLY; "" for others."""
        if isinstance(construct, sa.schema.CreateIndex | sa.schema.DropIndex):
            return str(construct.compile(dialect=self.dialect))
        return str(construct) if isinstance(construct, str | sa.TextClause) else ""

    @contextmanager
    def _prepared(self, sql: str) -> Iterator[None]:
        """For a statement with CONCURRENTLY, disable timeouts, and drop an INVALID index before and after."""
        if not isinstance(self.connection, sa.Connection) or not CONCURRENTLY.match(sql):
            yield
            return
        if is_dry_run(self.connection):
            yield
            return
        build = BUILD.match(sql)
        with _without_timeouts(self.connection):
            if build:
                _drop_invalid(self.connection, *build.groups())
            named = NAMED.match(sql)
            try:
                with index_progress(self.connection, named[1] if named else ""):
                    yield
            except DBAPIError:
                if build and not self.connection.invalidated:
                    _drop_invalid(self.connection, *build.groups())
                raise


def _drop_invalid(connection: sa.Connection, name: str, table: str) -> None:
    found = connection.scalar(sa.text(INVALID), {"name": name, "table": table})
    if found:  # by a cursor of the driver, because the journal must not record it
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(f"DROP INDEX CONCURRENTLY {found}")


@contextmanager
def _without_timeouts(connection: sa.Connection) -> Iterator[None]:
    timeouts = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in TIMEOUTS}
    for name in timeouts:
        connection.exec_driver_sql(f"SET {name} = 0")
    try:
        yield
    finally:
        if not connection.invalidated:
            for name, timeout in timeouts.items():
                connection.exec_driver_sql(f"SET {name} = '{timeout}'")
