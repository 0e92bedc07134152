"""Executes statements on a server, each together with its record in the journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import driver_cursor, driver_of
from alembic_guards.database.journal_store import EntryState
from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.journal import Journal
from alembic_guards.runtime.locks import is_driver_lock_timeout
from alembic_guards.runtime.recorded_results import (
    NotRecordable,
    Result,
    decode,
    encode,
    encode_result,
)
from alembic_guards.runtime.statements import Kind, is_repeatable

#: The result of a statement that returns no rows.
NO_ROWS = Result(-1, None, None, [])

#: Whether the current transaction of PostgreSQL has changed anything.
HAS_WRITTEN = "SELECT txid_current_if_assigned() IS NOT NULL"


class Recorder:
    """Executes and records the statements of a step; without a step, nothing is recorded."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self.connection, self.journal = connection, journal
        self.on_postgresql = connection.dialect.name == "postgresql"
        self.module: Any = connection.dialect.loaded_dbapi
        self.errors: type[Exception] = self.module.Error  # SQLAlchemy wraps them later
        self.step = ""

    @property
    def driver(self) -> Any:
        """The connection of the driver."""
        return driver_of(self.connection)

    @property
    def is_autocommit(self) -> bool:
        """Whether each statement commits."""
        return bool(self.driver.autocommit if self.on_postgresql else self.driver.get_autocommit())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Record nothing in the block."""
        step, self.step = self.step, ""
        try:
            yield
        finally:
            self.step = step

    def execute(self, kind: Kind, statement: str, text: str, run: Callable[[], Result]) -> Result:
        """Execute a statement by `run`, and record it as `text`, in the way of its kind.

        Raises the errors of the driver, which are recorded too, and CommandError where nothing can be
        recorded.
        """
        if self.is_autocommit:
            self.journal.store.refuse_unwritable()
        try:
            if not self.on_postgresql and kind is Kind.IMPLICIT:
                return self._execute_implicit(text, run)
            if kind is Kind.OPAQUE and (self.is_autocommit or not self.on_postgresql):
                return self._execute_opaque(text, run)
            if not self.is_autocommit:
                result = run()
                self.record(
                    EntryState.READ if kind is Kind.READ else EntryState.CHANGE, text, result
                )
                return result
            if kind is Kind.IMPLICIT and is_repeatable(statement):
                result = run()
                with self.transaction():
                    self.record(EntryState.CHANGE, text, result)
                    self.journal.write()
                return result
            if kind is Kind.IMPLICIT:
                return self._execute_implicit(text, run)
            return self._execute_together(kind, text, run)
        except self.errors as error:
            self._record_failure(text, error)
            raise

    def record(self, state: str, text: str, result: Result | None, seen: str | None = None) -> None:
        """Add a statement to the journal; without a result, a replay refuses it."""
        if not self.journal.is_replayed:  # a read that the interrupted run did not execute
            return
        try:
            encoded = encode_result(result) if result else None
        except NotRecordable:
            encoded = None
        self.journal.append(self.step, state, text, encoded, seen)

    def has_written(self) -> bool:
        """Whether the transaction may have changed anything, as a function in a SELECT may."""
        if not self.on_postgresql:
            return True
        with driver_cursor(self.connection) as cursor:
            cursor.execute(HAS_WRITTEN)
            return bool(cursor.fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in a transaction: that which is open, or one that is committed after the block."""
        if not self.is_autocommit:
            yield
            return
        self._run("BEGIN")
        pending, written = list(self.journal.pending), list(self.journal.written)
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            self.journal.pending, self.journal.written = pending, written
            with suppress(Exception):
                self._run("ROLLBACK")
            raise

    def _run(self, statement: str) -> None:
        with driver_cursor(self.connection) as cursor:
            cursor.execute(statement)

    def error(self, result: bytes) -> Exception:
        """Return a recorded error, as the driver has raised it."""
        name, arguments = decode(result)
        found = getattr(self.module, name, None)
        kind = found or getattr(self.module.errors, name, self.module.Error)
        error: Exception = kind(*arguments)
        return error

    def _execute_implicit(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that commits by itself before it runs, with a digest of what it could change."""
        seen = digest(self.connection, text)
        with self.transaction():
            self.record(EntryState.CHANGE, text, NO_ROWS, seen)
            self.journal.write()
        try:
            return run()
        except Exception:
            # Without a connection, the digest shows in the next run whether it was executed.
            with suppress(Exception):
                with self.transaction():
                    self.journal.remove_last()
                if not self.is_autocommit:
                    self.driver.commit()
            raise

    def _execute_opaque(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that may commit halfway as begun, and after it as complete."""
        with self.transaction():
            self.record(EntryState.BEGUN, text, NO_ROWS)
            self.journal.write()
        result = run()
        with self.transaction():
            self.journal.update_last(EntryState.CHANGE, encode_result(NO_ROWS))
        return result

    def _execute_together(self, kind: Kind, text: str, run: Callable[[], Result]) -> Result:
        """Execute a statement of autocommit mode in one transaction with its record."""
        with self.transaction():
            result = run()
            wrote = kind is not Kind.READ or self.has_written()
            is_read = kind is Kind.READ and not (self.on_postgresql and wrote)
            self.record(EntryState.READ if is_read else EntryState.CHANGE, text, result)
            if wrote:
                self.journal.write()
        return result

    def _record_failure(self, text: str, error: Exception) -> None:
        """Record that a statement failed: the revision may handle the error and continue."""
        if is_driver_lock_timeout(error) or not self.journal.is_replayed:
            return
        with suppress(NotRecordable):
            encoded = encode((type(error).__name__, error.args))
            self.journal.append(self.step, EntryState.FAILURE, text, encoded)
