"""Opens connections that migrations can trust."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, event
from sqlalchemy.pool import NullPool

from alembic_guards.database.timeouts import lock_timeout
from alembic_guards.errors import unreachable


@contextmanager
def open_connection(url: URL, **options: Any) -> Iterator[Connection]:
    """Yield a connection to `url`, made with the `options` of create_engine(), and close it.

    Raises CommandError where there is none, with the server's reason and what helps.
    """
    try:
        engine = sa.create_engine(url, poolclass=NullPool, **options)
        if url.get_backend_name() == "sqlite":
            _make_transactional(engine)
        elif url.get_backend_name() in ("mysql", "mariadb"):
            _keep_history(engine)
        connection = engine.connect()
    except Exception as error:  # drivers raise what they like, for a wrong option for example
        raise unreachable(url, error) from error
    with connection:
        yield connection


def _make_transactional(engine: sa.Engine) -> None:
    """Give SQLite transactions that hold DDL too, one writer at a time, and rebuilds that keep rows.

    Source: "Transactions with SQLite and the sqlite3 driver" in SQLAlchemy's documentation.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # no BEGIN and no COMMIT by the driver itself
        # Where they are on, replacing a table by its new form deletes the rows that refer to it.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"PRAGMA busy_timeout = {1000 * lock_timeout():.0f}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _keep_history(engine: sa.Engine) -> None:
    """Let MariaDB alter a table with SYSTEM VERSIONING: it refuses that unless told what to do.

    Source: "system_versioning_alter_history" in MariaDB's documentation.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        if "mariadb" in str(connection.get_server_info()).lower():
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION system_versioning_alter_history = KEEP")
