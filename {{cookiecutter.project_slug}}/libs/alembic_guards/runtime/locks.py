"""Runs one upgrade at a time by an advisory lock, and retries statements after a lock timeout."""

import math
import time
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Thread
from typing import Any, NamedTuple

from alembic.util import CommandError
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.database.timeouts import lock_timeout, statement_timeout, upgrade_timeout

#: Seconds between two attempts to take the advisory lock.
POLL_INTERVAL = 0.1

#: Seconds between two messages about the same blocking session.
LOG_INTERVAL = 10

#: The error codes of lock timeouts and deadlocks: SQLSTATE of PostgreSQL, errno of MariaDB and MySQL,
#: SQLITE_BUSY.
LOCK_ERRORS = {"55P03", "40P01", 1205, 1213, 5}


class LockStatements(NamedTuple):
    """The statements of a server about locks; `{s}` and `{ms}` stand for a time."""

    try_advisory_lock: str  # returns at once; the lock is held until the connection ends
    set_lock_timeout: str
    set_statement_timeout: tuple[str, ...]  # a server executes those that it knows
    find_blocking_session: str  # its parameter is the statement that is blocked
    detect_disconnect: str  # lets the server end the session of a client that was killed
    reset: tuple[str, ...]  # reverts the others; a server executes those that it knows
    backend: str  # returns the process of the session on the server; "" for no check of poolers


#: The name of the advisory lock of MariaDB and MySQL, whose locks are those of the whole server.
LOCK_OF_DATABASE = "CONCAT('alembic ', SHA1(DATABASE()))"

#: Tenants, each in a schema of its own, are upgraded side by side.
LOCK_OF_SCHEMA = "hashtext(concat('alembic', ' ' || nullif(current_schema(), 'public')))"

POOLER = """The URL is that of a pooler in transaction mode: two sessions got the same process of the server. \
Nothing was changed.
An upgrade needs a session of its own, for its advisory lock and its timeouts. Set MIGRATION_DATABASE_URL
to the server itself (see .env.example)."""

#: SQLite needs no advisory lock: a revision is one transaction, and BEGIN IMMEDIATE admits one writer.
LOCKS = {
    "postgresql": LockStatements(
        try_advisory_lock=f"SELECT pg_try_advisory_lock({LOCK_OF_SCHEMA})",
        set_lock_timeout="SET lock_timeout = {ms}",
        set_statement_timeout=("SET statement_timeout = {ms}", "SET transaction_timeout = 0"),
        find_blocking_session="""
            SELECT format('process %%s of %%s', pid, usename), extract(epoch FROM now() - xact_start)::int
            FROM pg_stat_activity JOIN pg_locks USING (pid) JOIN pg_class c ON c.oid = relation
            WHERE datname = current_database() AND granted AND relkind IN ('r', 'p')
                AND pid <> pg_backend_pid() AND position(relname IN %s) > 0
            ORDER BY xact_start LIMIT 1""",
        detect_disconnect="SET client_connection_check_interval = 500",  # ms
        reset=(
            f"SELECT pg_advisory_unlock({LOCK_OF_SCHEMA})",
            "RESET lock_timeout",
            "RESET statement_timeout",
            "RESET transaction_timeout",
            "RESET client_connection_check_interval",
        ),
        backend="SELECT pg_backend_pid()",
    ),
    "mysql": LockStatements(
        try_advisory_lock=f"SELECT GET_LOCK({LOCK_OF_DATABASE}, 0)",
        set_lock_timeout="SET lock_wait_timeout = {s}, innodb_lock_wait_timeout = {s}",
        set_statement_timeout=("SET max_statement_time = {s}", "SET max_execution_time = {ms}"),
        find_blocking_session="""
            SELECT CONCAT('process ', id, ' of ', user), TIMESTAMPDIFF(SECOND, trx_started, NOW())
            FROM information_schema.innodb_trx
                JOIN information_schema.processlist ON id = trx_mysql_thread_id
            WHERE db = DATABASE() AND id <> CONNECTION_ID() AND %s <> ''
            ORDER BY trx_started LIMIT 1""",
        detect_disconnect="DO 0",  # these servers have no such setting
        reset=(
            f"SELECT RELEASE_LOCK({LOCK_OF_DATABASE})",
            "SET lock_wait_timeout = DEFAULT, innodb_lock_wait_timeout = DEFAULT",
            "SET max_statement_time = DEFAULT",
            "SET max_execution_time = DEFAULT",
        ),
        backend="",
    ),
}


def acquire_advisory_lock(connection: Connection, report: Callable[[str], None]) -> None:
    """Take the advisory lock of upgrades on the database, and set the timeouts of the session.

    While another upgrade holds the lock, this polls, and calls `report` once. It does not wait inside a
    statement: the snapshot of that would block CREATE INDEX CONCURRENTLY. The lock is released when
    the connection ends, also when the process is killed. Does nothing on SQLite. Raises CommandError
    after MIGRATION_TIMEOUT seconds, and for a pooler in transaction mode.
    """
    locks = LOCKS.get(backend_name(connection.dialect))
    if locks is None:
        return
    _refuse_pooler(connection, locks)
    deadline = time.monotonic() + upgrade_timeout()
    logged = False
    while not connection.exec_driver_sql(locks.try_advisory_lock).scalar():
        connection.rollback()
        if time.monotonic() > deadline:
            raise CommandError(
                f"Another upgrade is still running after {upgrade_timeout():.0f} s. Nothing was changed. "
                "To wait longer: MIGRATION_TIMEOUT=3600 make upgrade"
            )
        if not logged:
            report("Another upgrade is running on this database: waiting for its advisory lock.")
            logged = True
        time.sleep(POLL_INTERVAL)
    limit, longest = lock_timeout(), statement_timeout()
    settings = [
        setting.format(s=longest, ms=math.ceil(1000 * longest))
        for setting in locks.set_statement_timeout
    ]
    for setting in (locks.detect_disconnect, *settings):
        try:
            connection.exec_driver_sql(setting)
            connection.commit()
        except DBAPIError:  # this version of the server, or its operating system, does not know it
            connection.rollback()
    # 80 %: others queue a little longer than this, and the deadlock check that PostgreSQL makes after
    # 1 s could cancel one of them.
    connection.exec_driver_sql(
        locks.set_lock_timeout.format(s=math.ceil(limit), ms=math.ceil(800 * limit))
    )
    connection.commit()


def release_advisory_lock(connection: Connection) -> None:
    """Release the lock and reset the timeouts: an application may use the session next, by a pooler."""
    locks = LOCKS.get(backend_name(connection.dialect))
    for statement in locks.reset if locks else ():
        try:
            connection.rollback()
            connection.exec_driver_sql(statement)
            connection.commit()
        except SQLAlchemyError:  # the server does not know the setting, or the connection is lost
            if connection.invalidated or connection.closed:
                return
            connection.rollback()


def _refuse_pooler(connection: Connection, locks: LockStatements) -> None:
    """Raise CommandError for a pooler in transaction mode, where two sessions share a process.

    The driver knows the process that the pooler has reported, which is none of the server.
    """
    reported = getattr(
        getattr(connection.connection.dbapi_connection, "info", None), "backend_pid", None
    )
    if not locks.backend or reported is None:
        return
    for _ in range(3):  # another client may get the process between
        own = connection.exec_driver_sql(locks.backend).scalar_one()
        connection.rollback()
        if own == reported:
            return
        if own == _backend_of_another(connection.engine.url, locks.backend):
            raise CommandError(POOLER)


def _backend_of_another(url: URL, query: str) -> int | None:
    """Return the process of another session; None where the pooler has none left within 2 s."""
    found: list[int] = []

    def ask() -> None:
        with suppress(CommandError, SQLAlchemyError), open_connection(url) as connection:
            found.append(connection.exec_driver_sql(query).scalar_one())

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(2)
    return found[0] if found else None


def is_lock_timeout(error: BaseException) -> bool:
    """Whether an error of SQLAlchemy is a lock timeout or a deadlock."""
    return isinstance(error, DBAPIError) and is_driver_lock_timeout(error.orig)


def is_driver_lock_timeout(error: Any) -> bool:
    """Whether an error of a driver is a lock timeout or a deadlock."""
    codes = [getattr(error, "sqlstate", None), *getattr(error, "args", ())[:1]]
    return not LOCK_ERRORS.isdisjoint({*codes, getattr(error, "sqlite_errorcode", 0) & 0xFF})


class LockRetry:
    """Pauses before a retry, twice as long each time, until MIGRATION_TIMEOUT has passed."""

    def __init__(self, connection: Connection, report: Callable[[str], None]) -> None:
        self.connection, self.report = connection, report
        self.subject = "The upgrade"  # of the messages
        self.reset()

    def reset(self) -> None:
        """Start the pauses and the deadline again: something was committed."""
        self.pause = 0.5  # seconds
        self.deadline: float | None = None  # begins with the first wait
        self.blocker = self.logged = ""
        self.logged_at = 0.0

    def wait(self, statement: str) -> bool:
        """Pause before `statement` is retried; return False where the deadline has passed.

        The caller holds no lock, and has no transaction open.
        """
        session, age = self._find_blocking_session(statement)
        self.blocker = (
            f"{session}, whose transaction is {age} s old" if age is not None else session
        )
        now = time.monotonic()
        if self.deadline is None:
            self.deadline = now + upgrade_timeout()
        left = self.deadline - now
        if left < 0:
            return False
        if session != self.logged or now - self.logged_at >= LOG_INTERVAL:
            still = " still" if session == self.logged else ""
            self.report(f"{self.subject} is{still} waiting for a lock, blocked by {self.blocker}.")
            self.logged, self.logged_at = session, now
        if self.connection.dialect.name != "sqlite":  # BEGIN IMMEDIATE waits, and blocks no reader
            time.sleep(min(self.pause, left))
            self.pause = min(2 * self.pause, 10)
        return True

    def _find_blocking_session(self, statement: str) -> tuple[str, int | None]:
        """Return the session with the oldest transaction on a table of `statement`, and its age in s.

        A login without rights on other sessions learns only that there is one.
        """
        locks = LOCKS.get(backend_name(self.connection.dialect))
        errors: Any = self.connection.dialect.loaded_dbapi  # SQLAlchemy does not wrap these
        if locks is not None:
            with suppress(SQLAlchemyError, errors.Error):
                driver = self.connection.connection
                with closing(driver.cursor()) as cursor:
                    cursor.execute(locks.find_blocking_session, (statement,))
                    found = cursor.fetchone()
                driver.rollback()
                if found:
                    return str(found[0]), found[1]
        return "another process", None
