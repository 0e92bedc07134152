"""Lets PostgreSQL build indexes CONCURRENTLY so that a build that was cut short is no harm.

It leaves an INVALID index: IF NOT EXISTS takes it for the one that is wanted, writers have to keep
it up to date, and no reader uses it. Source: "CREATE INDEX" in PostgreSQL's manual.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy.exc import DBAPIError

NAME = r'((?:"[^"]+"|[^\s"(]+)+)'
CONCURRENTLY = re.compile(r"\s*(?:CREATE(?: UNIQUE)?|DROP) INDEX CONCURRENTLY ")
BUILD = re.compile(rf"{CONCURRENTLY.pattern}(?:IF NOT EXISTS )?{NAME} ON (?:ONLY )?{NAME}")
INVALID = """
    SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE NOT indisvalid AND indrelid = to_regclass(:table)
        AND relname = (parse_ident(:name))[1]::name
"""
#: What would stop a build half-way: it waits for all transactions that are older, and stops nobody.
LIMITS = ("lock_timeout", "statement_timeout")


def install() -> None:
    """Have Alembic use the class below for PostgreSQL: it takes the newest one of a dialect."""
    type("GuardedPostgresqlImpl", (ConcurrentPostgresqlImpl,), {"__dialect__": "postgresql"})


class ConcurrentPostgresqlImpl(PostgresqlImpl):
    """What Alembic does on PostgreSQL, with an eye for CONCURRENTLY in all that is executed."""

    def _exec(self, construct: Any, *arguments: Any, **options: Any) -> Any:
        """Execute, or write as SQL, what any operation comes down to."""
        text = str(construct) if isinstance(construct, str | sa.TextClause) else ""
        if isinstance(construct, sa.schema.CreateIndex | sa.schema.DropIndex):
            text = str(construct.compile(dialect=self.dialect))
        if self.connection is None or self.as_sql or not CONCURRENTLY.match(text):
            return super()._exec(construct, *arguments, **options)
        build = BUILD.match(text)
        with _without_limits(self.connection):
            if build:
                _drop_invalid(self.connection, *build.groups())
            try:
                return super()._exec(construct, *arguments, **options)
            except DBAPIError:
                if build and not self.connection.invalidated:
                    _drop_invalid(self.connection, *build.groups())
                raise


def _drop_invalid(connection: sa.Connection, name: str, table: str) -> None:
    found = connection.scalar(sa.text(INVALID), {"name": name, "table": table})
    if found:  # this is no statement of the revision, which resume.py would count
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(f"DROP INDEX CONCURRENTLY {found}")


@contextmanager
def _without_limits(connection: sa.Connection) -> Iterator[None]:
    limits = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIMITS}
    for name in limits:
        connection.exec_driver_sql(f"SET {name} = 0")
    try:
        yield
    finally:
        if not connection.invalidated:
            for name, limit in limits.items():
                connection.exec_driver_sql(f"SET {name} = '{limit}'")
