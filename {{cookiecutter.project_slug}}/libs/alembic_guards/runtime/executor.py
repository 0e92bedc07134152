"""Executes the statements of a revision, records them in the journal, and retries after a lock timeout.

Statements that an interrupted run has committed are replayed: they return their recorded results.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connection_info import CHECKED, COUNTED, EXECUTOR, is_dry_run
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import qualified
from alembic_guards.runtime.constraint_parser import Validation, constraints_in
from alembic_guards.runtime.destructive import refuse_drops
from alembic_guards.runtime.dry_run import is_skipped, read
from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.journal import (
    Entry,
    Journal,
    State,
    recorded_text,
)
from alembic_guards.runtime.locks import LockRetry, is_driver_lock_timeout, is_lock_timeout
from alembic_guards.runtime.recorded_results import (
    NotRecordable,
    RecordedCursor,
    Result,
    decode,
    decode_result,
    encode,
    encode_result,
    real_cursor,
    take_result,
)
from alembic_guards.runtime.refusals import KEEPS_ROWS, Refusal, Refused, collecting, refuse
from alembic_guards.runtime.statements import Kind, is_repeatable, kind_of
from alembic_guards.runtime.status import Status
from alembic_guards.runtime.violations import find_all, find_orphans
from alembic_guards.runtime.withdrawal import CommittedChanges

#: The result of a statement that returns no rows.
NO_ROWS = Result(-1, None, None, [])

#: Whether the current transaction of PostgreSQL has changed anything.
HAS_WRITTEN = "SELECT txid_current_if_assigned() IS NOT NULL"


def executor_of(connection: Connection) -> "Executor | None":
    """Return the executor of a connection; None on SQLite, in a dry run, and on a scratch database."""
    if features(connection.dialect).atomic_revisions or is_dry_run(connection):
        return None
    return connection.info.get(EXECUTOR)


class Executor:
    """Executes what SQLAlchemy would have the driver execute, while a step runs."""

    def __init__(
        self, connection: Connection, journal: Journal, retry: LockRetry, status: Status
    ) -> None:
        self.connection, self.journal = connection, journal
        self.retry, self.status = retry, status
        connection.info[EXECUTOR] = self
        self.on_postgresql = connection.dialect.name == "postgresql"
        driver: Any = connection.dialect.loaded_dbapi
        self.errors: type[Exception] = driver.Error  # SQLAlchemy wraps them later
        self.step = ""  # the running step; without one, nothing is recorded
        self.changes = CommittedChanges()
        self.is_atomic = features(connection.dialect).atomic_revisions
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            default = getattr(connection.dialect, name)
            execute = self._on_sqlite if self.is_atomic else self._handler(default)
            event.listen(connection.engine, name, execute)
        if not self.is_atomic:
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
        run = self._collected if self.is_atomic else self._recorded
        try:
            with run(step):
                yield
        finally:
            self.connection.info.pop(CHECKED, None)

    @contextmanager
    def _recorded(self, step: str) -> Iterator[None]:
        """Run a step on a server, with the journal."""
        self.journal.create()
        self.journal.rewind()
        self.step = step
        try:
            yield
        except Exception as error:
            self.step = ""
            if is_lock_timeout(error) or self.connection.invalidated:
                raise
            refused = None
            with suppress(Exception):  # the error of the revision tells more than that of its end
                self._driver().rollback()
                refused = self._explained(error)
                self._withdraw()
            if refused is None:
                raise
            raise refused from error
        finally:
            self.step = ""
            self.journal.pending = []
            self.connection.info.pop(COUNTED, None)

    @contextmanager
    def _collected(self, step: str) -> Iterator[None]:
        """Run a step on SQLite; raises Refused with all refusals at its end, and rolls back."""
        self.step = step
        try:
            with collecting(self.connection) as refusals:
                try:
                    yield
                except Exception as error:
                    if is_lock_timeout(error) or not refusals:
                        raise
                else:
                    refusals.extend(find_orphans(self.connection))
        finally:
            self.step = ""
        if refusals:
            self._driver().rollback()
            raise Refused(map(self._with_working_query, refusals))

    def _explained(self, error: Exception) -> Refused | None:
        """Return the error that names the rows, for a statement that rows made fail."""
        if isinstance(error, Refused):
            return Refused(map(self._with_working_query, error.refusals), error.statement)
        failed = error if isinstance(error, DBAPIError) else error.__context__
        if not isinstance(failed, DBAPIError) or not failed.statement:
            return None
        statement = failed.statement.replace("%%", "%")
        refusals = self._violations(statement)
        return Refused(refusals, self._repair_above(statement)) if refusals else None

    def _repair_above(self, statement: str) -> str:
        """Return the statement above which a revision may correct rows: that which adds a constraint."""
        for constraint in constraints_in(statement):
            if isinstance(constraint, Validation):
                return self.changes.statement_adding(constraint) or statement
        return statement

    def _with_working_query(self, refusal: Refusal) -> Refusal:
        """Return a refusal without its query where that finds nothing after the rollback."""
        if not refusal.query:
            return refusal
        with suppress(self.errors), closing(self.journal.cursor()) as cursor:
            cursor.execute(refusal.query)
            if cursor.fetchone():
                return refusal
        self._driver().rollback()
        left = " These are the rows as the statements above it in the revision leave them."
        return Refusal(refusal.reason + left)

    def _violations(self, statement: str) -> list[Refusal]:
        """Return the refusals of a statement, whose reads are not recorded."""
        with self._unrecorded():
            return find_all(self.connection, statement)[0]

    def _withdraw(self) -> None:
        """Drop the NOT VALID constraints of a failed step, and the journal where it records no change."""
        if not self.journal.exists():
            return
        withdrawal = self.changes.withdrawal(self.journal.last())
        if withdrawal is not None:
            dialect = self.connection.dialect
            with closing(self.journal.cursor()) as cursor:
                for constraint in withdrawal.constraints:
                    table = qualified(dialect, constraint.schema, constraint.table)
                    name = qualified(dialect, constraint.name)
                    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
            self.journal.remove_from(withdrawal.first)
        self.journal.remove_without_changes()
        self._driver().commit()

    @contextmanager
    def resumable(self, text: str) -> Iterator["Resumable"]:
        """Yield the record of work in batches, which is one statement of the journal.

        `text` identifies the work. No transaction may be open.
        """
        entry = self.journal.replay(text, Kind.CHANGE)
        work = Resumable(self, entry, self.step, text)
        try:
            with self._unrecorded():  # as one statement, not as those of the batches
                yield work
        finally:
            if work.is_recorded:
                self.changes.append(entry.n if entry else self.journal.written, text)

    @contextmanager
    def _unrecorded(self) -> Iterator[None]:
        """Execute the statements in the block without a record of them."""
        step, self.step = self.step, ""
        try:
            yield
        finally:
            self.step = step

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

    def _on_sqlite(self, cursor: Any, statement: str, *rest: Any) -> bool:
        """Refuse a statement that rows violate or that drops data; return whether it is left out."""
        if not self.step or cursor.connection is not self._driver():
            return False
        self._refuse_drops(statement, rest[-1])
        refusals = self._violations(statement)
        for refusal in refusals:
            refuse(self.connection, refusal)
        return bool(refusals)

    def _on_commit(self, _: object) -> None:
        """Write the journal in the transaction of the changes; in autocommit it was written already."""
        if self.journal.pending and not self._is_autocommit() and self._has_written():
            self.journal.write()

    def _on_rollback(self, _: object) -> None:
        self.journal.pending = []

    def _execute(
        self, context: Any, statement: str, parameters: Any, send: Callable[[], object]
    ) -> bool:
        """Execute or replay a statement; return whether the driver has nothing left to do."""
        if is_dry_run(self.connection):
            self._refuse_drops(statement, context)
            return is_skipped(self.connection, statement)
        cursor = real_cursor(context.cursor)
        if not self.step or cursor.connection is not self._driver():
            return False
        kind = kind_of(statement, self.connection.dialect.name)
        if kind is Kind.SESSION:
            return False
        text = recorded_text(statement, parameters)
        entry = self.journal.replay(text, kind)
        if entry and entry.result is not None:
            if entry.state == State.FAILURE:
                raise self._error(entry.result)
            result = decode_result(entry.result)
        elif context.execution_options.get("stream_results"):  # too large to be fetched at once
            send()
            self._record(State.READ if kind is Kind.READ else State.CHANGE, text, None)
            return True
        else:
            self._refuse_drops(statement, context)
            self._refuse_violations(statement)
            result = self._with_retries(
                kind, statement, lambda: self._send(kind, statement, text, cursor, send)
            )
        if kind is not Kind.READ:
            number = entry.n if entry else self.journal.written + len(self.journal.pending)
            self.changes.append(number, statement.replace("%%", "%"))
        context.cursor = RecordedCursor(cursor, result)
        context.fetchall_for_returning = lambda _: list(result.rows)
        return True

    def _refuse_drops(self, statement: str, context: Any) -> None:
        """Refuse a statement that drops data, without a record of the reads for that."""
        if KEEPS_ROWS in context.execution_options:
            return
        with self._unrecorded(), read(self.connection):
            refuse_drops(self.connection, statement.replace("%%", "%"))

    def _refuse_violations(self, statement: str) -> None:
        """Raise Refused where rows violate a constraint that the dry run could not count."""
        text = statement.replace("%%", "%")
        is_counted = text in self.connection.info.get(COUNTED, ())
        if not is_counted and (refusals := self._violations(text)):
            raise Refused(refusals, self._repair_above(text))

    def _with_retries(self, kind: Kind, statement: str, run: Callable[[], Result]) -> Result:
        """Run a statement, and retry it after a lock timeout that has rolled back nothing else."""
        while True:
            try:
                return run()
            except self.errors as error:
                if not (is_driver_lock_timeout(error) and self._is_retryable(kind)):
                    raise
                if not self.on_postgresql:
                    self._driver().rollback()  # releases the locks that the statement has taken
                if not self.retry.wait(statement):
                    raise

    def _is_retryable(self, kind: Kind) -> bool:
        """Whether a failed statement was rolled back alone, without others of its transaction."""
        if self.on_postgresql:
            return self._is_autocommit() and kind not in {Kind.IMPLICIT, Kind.OPAQUE}
        return kind is not Kind.OPAQUE and (self._is_autocommit() or not self.journal.pending)

    def _send(
        self, kind: Kind, statement: str, text: str, cursor: Any, send: Callable[[], object]
    ) -> Result:
        """Execute and record a statement in the way of its kind."""

        def run() -> Result:
            send()
            return take_result(cursor)

        try:
            if not self.on_postgresql and kind is Kind.IMPLICIT:
                return self._send_implicit(text, run)
            if kind is Kind.OPAQUE and (self._is_autocommit() or not self.on_postgresql):
                return self._send_opaque(text, run)
            if not self._is_autocommit():
                result = run()
                self._record(State.READ if kind is Kind.READ else State.CHANGE, text, result)
                return result
            if kind is Kind.IMPLICIT and is_repeatable(statement):
                result = run()
                with self.transaction():
                    self._record(State.CHANGE, text, result)
                    self.journal.write()
                return result
            if kind is Kind.IMPLICIT:
                return self._send_implicit(text, run)
            return self._send_together(kind, text, run)
        except self.errors as error:
            self._record_failure(text, error)
            raise

    def _send_implicit(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that commits by itself before it runs, with a digest of what it could change."""
        seen = digest(self.connection, text)
        with self.transaction():
            self._record(State.CHANGE, text, NO_ROWS, seen)
            self.journal.write()
        try:
            return run()
        except Exception:
            # Without a connection, the digest shows in the next run whether it was executed.
            with suppress(Exception):
                with self.transaction():
                    self.journal.remove_last()
                if not self._is_autocommit():
                    self._driver().commit()
            raise

    def _send_opaque(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that may commit halfway as begun, and after it as complete."""
        with self.transaction():
            self._record(State.BEGUN, text, NO_ROWS)
            self.journal.write()
        result = run()
        with self.transaction():
            self.journal.update_last(State.CHANGE, encode_result(NO_ROWS))
        return result

    def _send_together(self, kind: Kind, text: str, run: Callable[[], Result]) -> Result:
        """Execute a statement of autocommit mode in one transaction with its record."""
        with self.transaction():
            result = run()
            wrote = kind is not Kind.READ or self._has_written()
            is_read = kind is Kind.READ and not (self.on_postgresql and wrote)
            self._record(State.READ if is_read else State.CHANGE, text, result)
            if wrote:
                self.journal.write()
        return result

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in a transaction: that which is open, or one that is committed after the block."""
        if not self._is_autocommit():
            yield
            return
        with closing(self.journal.cursor()) as cursor:
            cursor.execute("BEGIN")
            pending, written = list(self.journal.pending), self.journal.written
            try:
                yield
                cursor.execute("COMMIT")
            except BaseException:
                self.journal.pending, self.journal.written = pending, written
                with suppress(Exception):
                    cursor.execute("ROLLBACK")
                raise

    def _has_written(self) -> bool:
        """Whether the transaction may have changed anything, as a function in a SELECT may."""
        if not self.on_postgresql:
            return True
        with closing(self.journal.cursor()) as cursor:
            cursor.execute(HAS_WRITTEN)
            return bool(cursor.fetchone()[0])

    def _record(
        self, state: str, text: str, result: Result | None, seen: str | None = None
    ) -> None:
        if not self.journal.is_replayed:  # a read that the interrupted run did not execute
            return
        try:
            encoded = encode_result(result) if result else None
        except NotRecordable:
            encoded = None
        self.journal.append(self.step, state, text, encoded, seen)

    def _record_failure(self, text: str, error: Exception) -> None:
        """Record that a statement failed: the revision may handle the error and continue."""
        if is_driver_lock_timeout(error) or not self.journal.is_replayed:
            return
        with suppress(NotRecordable):
            encoded = encode((type(error).__name__, error.args))
            self.journal.append(self.step, State.FAILURE, text, encoded)

    def _error(self, result: bytes) -> Exception:
        """Return a recorded error, as the driver has raised it."""
        name, arguments = decode(result)
        driver: Any = self.connection.dialect.loaded_dbapi
        kind = getattr(driver, name, None) or getattr(driver.errors, name, driver.Error)
        error: Exception = kind(*arguments)
        return error

    def _driver(self) -> Any:
        return self.connection.connection.dbapi_connection

    def _is_autocommit(self) -> bool:
        driver = self._driver()
        return bool(driver.autocommit if self.on_postgresql else driver.get_autocommit())


class Resumable:
    """Work in batches: each is committed together with the position that it has reached."""

    def __init__(self, executor: Executor, entry: Entry | None, step: str, text: str) -> None:
        self.executor, self.step, self.text = executor, step, text
        self.is_recorded = entry is not None
        self.is_complete = entry is not None and entry.state != State.PARTIAL
        self.position: Any = decode(entry.result) if entry and entry.result else None

    def advance(self, run: Callable[[], Any], statement: str, *, is_last: bool) -> Any:
        """Run a batch, with retries after a lock timeout; return the new position.

        `run` executes the batch and returns that position. Raises CommandError where it cannot be
        recorded, and DBAPIError for other failures. `statement` is shown in messages.
        """
        state = State.CHANGE if is_last else State.PARTIAL
        while True:
            try:
                with self.executor.transaction():
                    self.position = run()
                    self._record(state, encode(self.position))
                self.is_complete, self.is_recorded = is_last, True
                return self.position
            except NotRecordable as error:
                raise CommandError(
                    f"{statement}\nThe primary key has a type that the journal cannot record."
                ) from error
            except DBAPIError as error:
                if not is_lock_timeout(error) or not self.executor.retry.wait(statement):
                    raise

    def _record(self, state: str, result: bytes) -> None:
        journal = self.executor.journal
        if self.is_recorded:
            journal.update_last(state, result)
        else:
            journal.append(self.step, state, self.text, result)
            journal.write()
