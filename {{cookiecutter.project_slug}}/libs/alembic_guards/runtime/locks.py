"""Lets one upgrade work at a time, and wait for a table no longer than others may wait for it."""

import math
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, NamedTuple

from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alembic_guards.database.timeouts import lock_timeout, statement_timeout, upgrade_timeout

#: Seconds between two looks whether it is our turn.
POLL = 0.1

#: Seconds after which who waits says so again.
SIGN_OF_LIFE = 10

#: How drivers say that something was locked for too long, or by each other: SQLSTATE of PostgreSQL,
#: errno of MariaDB and MySQL, SQLITE_BUSY.
BUSY = {"55P03", "40P01", 1205, 1213, 5}


class Locks(NamedTuple):
    """How a server is told to lock; `{s}` and `{ms}` are a time."""

    take_turn: str  # never waits, and lasts as long as the connection
    limit: str  # the time to wait for a table
    limits: tuple[
        str, ...
    ]  # the time that a statement may take, in the words of servers that have it
    holders: str  # who holds a table of a statement, which is the parameter, and for how long
    notice: str  # that a client is gone while its statement runs: its turn ends with that


#: On SQLite a transaction that writes is a turn, and a revision is one.
LOCKS = {
    "postgresql": Locks(
        take_turn="SELECT pg_try_advisory_lock(hashtext('alembic'))",
        limit="SET lock_timeout = {ms}",
        limits=("SET statement_timeout = {ms}", "SET transaction_timeout = 0"),
        holders="""
            SELECT format('process %%s of %%s', pid, usename), extract(epoch FROM now() - xact_start)::int
            FROM pg_stat_activity JOIN pg_locks USING (pid) JOIN pg_class c ON c.oid = relation
            WHERE datname = current_database() AND granted AND relkind IN ('r', 'p')
                AND pid <> pg_backend_pid() AND position(relname IN %s) > 0
            ORDER BY xact_start LIMIT 1""",
        notice="SET client_connection_check_interval = 500",  # ms
    ),
    "mysql": Locks(
        take_turn="SELECT GET_LOCK(CONCAT('alembic ', SHA1(DATABASE())), 0)",
        limit="SET lock_wait_timeout = {s}, innodb_lock_wait_timeout = {s}",
        limits=("SET max_statement_time = {s}", "SET max_execution_time = {ms}"),
        holders="""
            SELECT CONCAT('process ', id, ' of ', user), TIMESTAMPDIFF(SECOND, trx_started, NOW())
            FROM information_schema.innodb_trx
                JOIN information_schema.processlist ON id = trx_mysql_thread_id
            WHERE db = DATABASE() AND id <> CONNECTION_ID() AND %s <> ''
            ORDER BY trx_started LIMIT 1""",
        notice="DO 0",  # these servers never look
    ),
}


def take_turn(connection: Connection, say: Callable[[str], None]) -> None:
    """Wait until no other upgrade works on the database, and `say` so once, when there is one.

    It polls: whoever waits inside a statement is in the way of CREATE INDEX CONCURRENTLY. The turn
    ends with the connection, also when the process is killed. Raises CommandError when it takes
    longer than MIGRATION_TIMEOUT.
    """
    locks = LOCKS.get(connection.dialect.name)
    if locks is None:
        return
    end = time.monotonic() + upgrade_timeout()
    said = False
    while not connection.exec_driver_sql(locks.take_turn).scalar():
        connection.rollback()
        if time.monotonic() > end:
            raise CommandError(
                f"Nothing was changed: another upgrade is still at work after {upgrade_timeout():.0f} s. "
                "Wait for it longer: MIGRATION_TIMEOUT=3600 make upgrade"
            )
        if not said:
            say("Another upgrade is at work on this database: waiting for it.")
            said = True
        time.sleep(POLL)
    limit, longest = lock_timeout(), statement_timeout()
    settings = [setting.format(s=longest, ms=math.ceil(1000 * longest)) for setting in locks.limits]
    for setting in (locks.notice, *settings):
        try:
            connection.exec_driver_sql(setting)
            connection.commit()
        except DBAPIError:  # another version of the server, or of its operating system
            connection.rollback()
    # Others wait a little longer, and after 1 s PostgreSQL would end one of them as a deadlock.
    connection.exec_driver_sql(locks.limit.format(s=math.ceil(limit), ms=math.ceil(800 * limit)))
    connection.commit()


def is_busy(error: BaseException) -> bool:
    """Whether a statement failed only because something was locked for too long."""
    return isinstance(error, DBAPIError) and is_lock_timeout(error.orig)


def is_lock_timeout(said: Any) -> bool:
    """Whether the error of a driver is that."""
    codes = [getattr(said, "sqlstate", None), *getattr(said, "args", ())[:1]]
    return not BUSY.isdisjoint({*codes, getattr(said, "sqlite_errorcode", 0) & 0xFF})


class Patience:
    """Pauses after a lock timeout, longer each time, until MIGRATION_TIMEOUT has passed."""

    def __init__(self, connection: Connection, say: Callable[[str], None]) -> None:
        self.connection, self.say = connection, say
        self.subject = "The upgrade"
        self.renew()

    def renew(self) -> None:
        """Begin to count anew."""
        self.pause = 0.5  # seconds
        self.end = time.monotonic() + upgrade_timeout()
        self.holder = self.said = ""
        self.said_at = 0.0

    def wait(self, statement: str) -> bool:
        """Pause before `statement` is tried again; return False when that was done for too long.

        No lock may be held meanwhile, nor a transaction be open.
        """
        who, age = self._find_holder(statement)
        self.holder = f"{who}, whose transaction is {age} s old" if age is not None else who
        left = self.end - time.monotonic()
        if left < 0:
            return False
        now = time.monotonic()
        if who != self.said or now - self.said_at >= SIGN_OF_LIFE:
            still = " still" if who == self.said else ""
            self.say(f"{self.subject}{still} waits: what it needs is in use by {self.holder}.")
            self.said, self.said_at = who, now
        if self.connection.dialect.name != "sqlite":  # who waits there holds up nobody
            time.sleep(min(self.pause, left))
            self.pause = min(2 * self.pause, 10)
        return True

    def _find_holder(self, statement: str) -> tuple[str, int | None]:
        """Return who uses a table of `statement`, as far as this login may know, and for how long."""
        locks = LOCKS.get(self.connection.dialect.name)
        errors: Any = self.connection.dialect.loaded_dbapi  # SQLAlchemy sees none of these
        if locks is not None:
            with suppress(SQLAlchemyError, errors.Error):
                driver = self.connection.connection
                with closing(driver.cursor()) as cursor:
                    cursor.execute(locks.holders, (statement,))
                    found = cursor.fetchone()
                driver.rollback()
                if found:
                    return str(found[0]), found[1]
        return "another process", None
