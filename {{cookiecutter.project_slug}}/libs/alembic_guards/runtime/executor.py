"""Executes the statements of a revision on a server: replays those of an interrupted run, and retries.

A statement that an interrupted run has committed is not executed again: its recorded result is returned.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, event

from alembic_guards.database.connection_info import (
    CHECK,
    CHECKED,
    COMPARED,
    COUNTED,
    EXECUTOR,
    is_dry_run,
)
from alembic_guards.database.features import backend_name
from alembic_guards.database.journal_store import EntryState
from alembic_guards.runtime.destructive import refuse_drops
from alembic_guards.runtime.dry_run import is_skipped
from alembic_guards.runtime.failures import explained
from alembic_guards.runtime.journal import Journal, recorded_text
from alembic_guards.runtime.locks import LockRetry, is_driver_lock_timeout, is_lock_timeout
from alembic_guards.runtime.programs import refuse_broken_programs
from alembic_guards.runtime.progress import Progress
from alembic_guards.runtime.recorded_results import (
    RecordedCursor,
    Result,
    decode_result,
    real_cursor,
    take_result,
)
from alembic_guards.runtime.recorder import Recorder
from alembic_guards.runtime.refusals import Refused
from alembic_guards.runtime.statements import Kind, kind_of
from alembic_guards.runtime.violations import find_all
from alembic_guards.runtime.withdrawal import CommittedChanges, withdraw


def executor_of(connection: Connection) -> "Executor | None":
    """Return the executor of a connection; None on SQLite, in a dry run, and on a scratch database."""
    return None if is_dry_run(connection) else connection.info.get(EXECUTOR)


class Executor:
    """Executes what SQLAlchemy would have the driver execute, while a step runs."""

    def __init__(
        self, connection: Connection, journal: Journal, retry: LockRetry, progress: Progress
    ) -> None:
        self.connection, self.journal = connection, journal
        self.retry, self.progress = retry, progress
        self.recorder = Recorder(connection, journal)
        self.changes = CommittedChanges()
        connection.info[EXECUTOR] = self
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            handler = self._handler(getattr(connection.dialect, name))
            event.listen(connection.engine, name, handler)
        event.listen(connection.engine, "commit", self._on_commit)
        event.listen(connection.engine, "rollback", self._on_rollback)

    @contextmanager
    def running(self, step: str) -> Iterator[None]:
        """Record and replay the statements that are executed in the block, as those of `step`.

        Raises Refused for rows that violate a constraint: what the block has changed is rolled back then,
        as far as the server can.
        """
        self.changes = CommittedChanges()
        self.connection.info.pop(CHECKED, None)
        if not self.journal.recorded:
            self.journal.store.prepare()
        self.journal.rewind()
        self.recorder.step = step
        try:
            yield
        except Exception as error:
            self.recorder.step = ""
            if is_lock_timeout(error) or self.connection.invalidated:
                raise
            refused = None
            # The error of the revision tells more than one of its end.
            with suppress(Exception):
                self.recorder.driver.rollback()
                refused = explained(self.connection, error, self.changes)
            with suppress(Exception):
                self.recorder.driver.rollback()
                withdraw(self.connection, self.journal, self.changes)
            if refused is None:
                raise
            raise refused from error
        finally:
            self.recorder.step = ""
            self.journal.pending = []
            self.connection.info.pop(COUNTED, None)
            self.connection.info.pop(COMPARED, None)
            self.connection.info.pop(CHECK, None)
            self.connection.info.pop(CHECKED, None)

    def _handler(self, execute: Callable[..., object]) -> Callable[..., bool]:
        """Return a handler of an event before a driver executes a statement by `execute`.

        Its arguments end with the parameters, if the event has any, and the context.
        """

        def handle(cursor: Any, statement: str, *rest: Any) -> bool:
            cursor = real_cursor(cursor)
            parameters = rest[0] if len(rest) > 1 else ()
            send = partial(execute, cursor, statement, *rest)
            return self._execute(rest[-1], statement, parameters, send)

        return handle

    def _on_commit(self, _: object) -> None:
        """Write the journal in the transaction of the changes; in autocommit it was written already."""
        recorder = self.recorder
        if self.journal.pending and not recorder.is_autocommit and recorder.has_written():
            self.journal.write()

    def _on_rollback(self, _: object) -> None:
        self.journal.pending = []

    def _execute(
        self, context: Any, statement: str, parameters: Any, send: Callable[[], object]
    ) -> bool:
        """Execute or replay a statement; return whether the driver has nothing left to do."""
        if is_dry_run(self.connection):
            refuse_drops(self.connection, statement, context.execution_options)
            return is_skipped(self.connection, statement)
        cursor = real_cursor(context.cursor)
        if not self.recorder.step or cursor.connection is not self.recorder.driver:
            return False
        kind = kind_of(statement, backend_name(self.connection.dialect))
        if kind is Kind.SESSION:
            return False
        text = recorded_text(statement, parameters)
        entry = self.journal.replay(text, kind)
        if entry and entry.result is not None:
            if entry.state == EntryState.FAILURE:
                raise self.recorder.error(entry.result)
            result = decode_result(entry.result)
        elif context.execution_options.get("stream_results"):  # too large to be fetched at once
            send()
            self.recorder.record(
                EntryState.READ if kind is Kind.READ else EntryState.CHANGE, text, None
            )
            return True
        else:
            with self.recorder.paused():
                refuse_drops(self.connection, statement, context.execution_options)
                refuse_broken_programs(self.connection, statement)
                self._refuse_violations(statement)

            def run() -> Result:
                send()
                return take_result(cursor)

            execute = partial(self.recorder.execute, kind, statement, text, run)
            result = self._with_retries(kind, statement, execute)
        if kind is not Kind.READ:
            number = entry.n if entry else self.journal.last
            self.changes.append(number, statement.replace("%%", "%"))
        context.cursor = RecordedCursor(cursor, result)
        context.fetchall_for_returning = lambda _: list(result.rows)
        return True

    def _refuse_violations(self, statement: str) -> None:
        """Raise Refused where rows violate a constraint that the dry run could not count."""
        text = statement.replace("%%", "%")
        if text in self.connection.info.get(COUNTED, ()):
            return
        refusals, _ = find_all(self.connection, text)
        if refusals:
            raise Refused(refusals, self.changes.repair_above(text))

    def _with_retries(self, kind: Kind, statement: str, run: Callable[[], Result]) -> Result:
        """Run a statement, and retry it after a lock timeout that has rolled back nothing else."""
        while True:
            try:
                result = run()
            except self.recorder.errors as error:
                if not (is_driver_lock_timeout(error) and self._is_retryable(kind)):
                    raise
                if not self.recorder.on_postgresql:
                    self.recorder.driver.rollback()  # releases the locks that the statement has taken
                if not self.retry.wait(statement):
                    raise
            else:
                if self.recorder.is_autocommit or kind is Kind.IMPLICIT:
                    self.retry.reset()  # it is committed
                return result

    def _is_retryable(self, kind: Kind) -> bool:
        """Whether a failed statement was rolled back alone, without others of its transaction."""
        is_autocommit = self.recorder.is_autocommit
        if self.recorder.on_postgresql:
            return is_autocommit and kind not in {Kind.IMPLICIT, Kind.OPAQUE}
        return kind is not Kind.OPAQUE and (is_autocommit or not self.journal.pending)
