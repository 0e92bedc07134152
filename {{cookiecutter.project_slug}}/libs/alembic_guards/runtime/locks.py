"""Lets one upgrade work at a time, and wait for a table no longer than others may wait for it."""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alembic_guards.database.timeouts import lock_timeout, upgrade_timeout

#: Seconds between two looks whether it is our turn.
POLL = 0.1

#: How drivers say that something was locked for too long, or by each other: SQLSTATE of PostgreSQL,
#: errno of MariaDB and MySQL, SQLITE_BUSY.
BUSY = {"55P03", "40P01", 1205, 1213, 5}


class Locks(NamedTuple):
    """How a server is told to lock; `{s}` and `{ms}` are the time to wait for a table."""

    take_turn: str  # never waits, and lasts as long as the connection
    limit: str
    holders: str  # who is in the way of a statement, which is the parameter
    notice: str  # that a client is gone while its statement runs: its turn ends with that


#: On SQLite a transaction that writes is a turn, and a revision is one.
LOCKS = {
    "postgresql": Locks(
        take_turn="SELECT pg_try_advisory_lock(hashtext('alembic'))",
        limit="SET lock_timeout = {ms}",
        holders="""
            SELECT format('process %%s of %%s, whose transaction is %%s s old', pid, usename,
                extract(epoch FROM now() - xact_start)::int)
            FROM pg_stat_activity JOIN pg_locks USING (pid) JOIN pg_class c ON c.oid = relation
            WHERE datname = current_database() AND granted AND relkind IN ('r', 'p')
                AND pid <> pg_backend_pid() AND position(relname IN %s) > 0
            ORDER BY xact_start LIMIT 1""",
        notice="SET client_connection_check_interval = 500",  # ms
    ),
    "mysql": Locks(
        take_turn="SELECT GET_LOCK(CONCAT('alembic ', SHA1(DATABASE())), 0)",
        limit="SET lock_wait_timeout = {s}, innodb_lock_wait_timeout = {s}",
        holders="""
            SELECT CONCAT('process ', id, ' of ', user, ', whose transaction is ',
                TIMESTAMPDIFF(SECOND, trx_started, NOW()), ' s old')
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
    try:
        connection.exec_driver_sql(locks.notice)
    except DBAPIError:  # before PostgreSQL 14, and where its system cannot tell
        connection.rollback()
    limit = lock_timeout()
    # Others wait a little longer, and after 1 s PostgreSQL would end one of them as a deadlock.
    connection.exec_driver_sql(locks.limit.format(s=math.ceil(limit), ms=math.ceil(800 * limit)))
    connection.commit()


def is_busy(error: BaseException) -> bool:
    """Whether a statement failed only because something was locked for too long."""
    said: Any = error.orig if isinstance(error, DBAPIError) else None
    codes = [getattr(said, "sqlstate", None), *getattr(said, "args", ())[:1]]
    return not BUSY.isdisjoint({*codes, getattr(said, "sqlite_errorcode", 0) & 0xFF})


def holder(connection: Connection, statement: str) -> str:
    """Say who uses a table of `statement`, as far as this login may know."""
    try:
        locks = LOCKS[connection.dialect.name]
        found = connection.exec_driver_sql(locks.holders, (statement,)).scalar()
        connection.rollback()
    except (LookupError, SQLAlchemyError):
        found = None
    return str(found or "another process")
