"""Shows how far PostgreSQL has come with an index that is built or dropped CONCURRENTLY, and what it waits for.

Source: "CREATE INDEX Progress Reporting" in PostgreSQL's manual. A DROP is not in that view: it only waits.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connections import open_connection
from alembic_guards.runtime.executor import executor_of
from alembic_guards.runtime.progress import Progress

#: Seconds between two queries, and before the first one: most builds end before that.
INTERVAL = 1

QUERY = sa.text("""
    SELECT p.phase,
        CASE WHEN p.phase LIKE '%tuples in tree' AND p.tuples_total > 0
                THEN 100 * p.tuples_done / p.tuples_total
            WHEN p.phase LIKE '%scanning table' AND p.blocks_total > 0
                THEN 100 * p.blocks_done / p.blocks_total END,
        'process ' || b.pid || coalesce(' of ' || b.usename, '') || coalesce(', whose transaction is '
            || extract(epoch FROM now() - b.xact_start)::int || ' s old', '')
    FROM pg_stat_activity a
        LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
        LEFT JOIN pg_stat_activity b ON b.pid = ANY (pg_blocking_pids(a.pid))
    WHERE a.pid = :pid ORDER BY b.xact_start LIMIT 1""")


@contextmanager
def index_progress(connection: sa.Connection, name: str) -> Iterator[None]:
    """Show the progress of the statement of the block, by a second connection.

    That is in autocommit: a build waits for the snapshots of others. Where it cannot connect, as the
    server takes no more connections, nothing is shown.
    """
    executor = executor_of(connection)
    if executor is None:
        yield
        return
    with closing(connection.connection.cursor()) as cursor:  # the journal must not record it
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone() or [0]
    over = Event()
    arguments = (connection.engine.url, pid, name, executor.progress, over)
    thread = Thread(target=_watch, args=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(INTERVAL)
        executor.progress.detail = ""


def _watch(url: sa.URL, pid: int, name: str, progress: Progress, over: Event) -> None:
    if over.wait(INTERVAL):
        return
    with (
        suppress(CommandError, SQLAlchemyError),
        open_connection(url, isolation_level="AUTOCOMMIT") as connection,
    ):
        while not over.is_set():
            row = connection.execute(QUERY, {"pid": pid}).first()
            if row is not None and not over.is_set():
                progress.detail = said(name, *row)
            over.wait(INTERVAL)


def said(name: str, phase: str | None, percent: int | None, blocker: str | None) -> str:
    """Say in words how far it has come."""
    parts: list[Any] = [
        f"index {name}",
        phase,
        None if percent is None else f"{percent} %",
        blocker and f"blocked by {blocker}",
    ]
    return ", ".join(part for part in parts if part)
