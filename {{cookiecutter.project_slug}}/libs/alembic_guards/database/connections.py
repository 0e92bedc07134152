"""Opens connections for migrations: on SQLite with transactional DDL, and without foreign keys."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.pool import NullPool, StaticPool

from alembic_guards.database.timeouts import lock_timeout
from alembic_guards.errors import unreachable

#: The settings of SQLite that a migration changes.
SETTINGS = ("foreign_keys", "busy_timeout")

BEGUN = """config.attributes["connection"] has begun a transaction. Nothing was changed. Each revision is a \
transaction of its own: take a connection of engine.connect(), and commit() what it has begun before."""
AUTOCOMMIT = """config.attributes["connection"] commits each statement. Nothing was changed. Each revision \
is a transaction: take an engine without isolation_level="AUTOCOMMIT"."""


@contextmanager
def open_connection(url: URL, **options: Any) -> Iterator[Connection]:
    """Yield a connection to `url`, with `options` of create_engine(), and close it afterwards.

    Raises CommandError where it cannot connect, with the reason of the server and a remedy.
    """
    try:
        engine = sa.create_engine(url, **{"poolclass": NullPool, **options})
        if url.get_backend_name() == "sqlite":
            _enable_transactional_ddl(engine)
        elif url.get_backend_name() in ("mysql", "mariadb"):
            _keep_row_history(engine)
        connection = engine.connect()
    except Exception as error:  # such as TypeError, for an option that a driver does not know
        raise unreachable(url, error) from error
    with connection:
        yield connection


@contextmanager
def borrow_connection(given: Engine | Connection, url: URL) -> Iterator[Connection]:
    """Yield a connection that uses the driver's connection of the caller, or one of an engine.

    `url` is that of the engine. It is set up as by `open_connection`, on an engine of its own, and
    given back as it was. Raises CommandError where the caller has begun a transaction, or commits
    each statement: a revision is a transaction of its own.
    """
    if isinstance(given, Engine):
        with given.connect() as connection, borrow_connection(connection, url) as borrowed:
            yield borrowed
        return
    if given.in_transaction():
        raise CommandError(BEGUN)
    driver: Any = given.connection.dbapi_connection
    is_sqlite = given.dialect.name == "sqlite"
    if not is_sqlite and given.dialect.detect_autocommit_setting(driver):
        raise CommandError(AUTOCOMMIT)
    before = driver.isolation_level if is_sqlite else None
    names = SETTINGS if is_sqlite else ()
    settings = {name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
    try:
        with open_connection(url, creator=lambda: driver, poolclass=StaticPool) as connection:
            yield connection.execution_options(**given.get_execution_options())
    finally:
        for name, value in settings.items():
            driver.execute(f"PRAGMA {name} = {value}")
        if is_sqlite:
            driver.isolation_level = before


def _enable_transactional_ddl(engine: Engine) -> None:
    """Enable transactions with DDL on SQLite, set its lock timeout, and disable foreign keys.

    Source: "Transactions with SQLite and the sqlite3 driver" in SQLAlchemy's documentation.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver sends no BEGIN and no COMMIT
        # With foreign keys on, the DROP TABLE of a rebuild deletes the rows that refer to the table.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"PRAGMA busy_timeout = {1000 * lock_timeout():.0f}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _keep_row_history(engine: Engine) -> None:
    """Let MariaDB alter a table with SYSTEM VERSIONING, and keep its history: the default is an error.

    Source: "system_versioning_alter_history" in MariaDB's documentation.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        if "mariadb" in str(connection.get_server_info()).lower():
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION system_versioning_alter_history = KEEP")
