"""Executes the statements of a revision: each once, with its record, again where a lock timed out.

What an interrupted run has executed is not executed again: its recorded result is given instead.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from alembic_guards.runtime.dry_execution import is_skipped
from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.journal import SKIPPED, Entry, Journal, State, text_of
from alembic_guards.runtime.locks import Patience, is_busy, is_lock_timeout
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
from alembic_guards.runtime.statements import Kind, is_repeatable, kind_of
from alembic_guards.runtime.status import Status

#: Where a connection keeps what executes its statements.
EXECUTOR = "alembic_executor"

#: What a statement without rows tells.
NOTHING = Result(-1, None, None, [])

#: Whether a statement of PostgreSQL has changed anything in its transaction.
WROTE = "SELECT txid_current_if_assigned() IS NOT NULL"


def executor_of(connection: Connection) -> "Executor | None":
    """Return what executes the statements of a revision; None where they only are tried."""
    if connection.dialect.name == "sqlite" or SKIPPED in connection.info:
        return None
    return connection.info.get(EXECUTOR)


class Executor:
    """Takes the place of the driver for what SQLAlchemy executes while a step runs."""

    def __init__(
        self, connection: Connection, journal: Journal, patience: Patience, status: Status
    ) -> None:
        self.connection, self.journal = connection, journal
        self.patience, self.status = patience, status
        connection.info[EXECUTOR] = self
        self.on_postgresql = connection.dialect.name == "postgresql"
        driver: Any = connection.dialect.loaded_dbapi
        self.errors: type[Exception] = driver.Error  # SQLAlchemy wraps them later
        self.step = ""  # what is running: only its statements count
        if connection.dialect.name != "sqlite":  # where a revision is one transaction
            listen = event.listen
            listen(connection.engine, "do_execute", self._on_execute)
            listen(connection.engine, "do_executemany", self._on_executemany)
            listen(connection.engine, "do_execute_no_params", self._on_execute_no_params)
            listen(connection.engine, "commit", self._on_commit)
            listen(connection.engine, "rollback", self._on_rollback)

    @contextmanager
    def running(self, step: str) -> Iterator[None]:
        """Watch the statements of `step`."""
        self.journal.create()
        self.journal.rewind()
        self.step = step
        try:
            yield
        finally:
            self.step = ""
            self.journal.pending = []

    @contextmanager
    def resumable(self, text: str) -> Iterator["Resumable"]:
        """Yield the record of work in parts, which counts as one statement; no transaction is open."""
        entry = self.journal.recall(text, Kind.CHANGE)
        step, self.step = self.step, ""  # the statements of the parts are not recorded
        try:
            yield Resumable(self, entry, step, text)
        finally:
            self.step = step

    def _on_execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        dialect = self.connection.dialect
        cursor = real_cursor(cursor)
        return self._execute(
            context,
            statement,
            parameters,
            lambda: dialect.do_execute(cursor, statement, parameters, context),
        )

    def _on_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        dialect = self.connection.dialect
        cursor = real_cursor(cursor)
        return self._execute(
            context,
            statement,
            parameters,
            lambda: dialect.do_executemany(cursor, statement, parameters, context),
        )

    def _on_execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool:
        dialect = self.connection.dialect
        cursor = real_cursor(cursor)
        return self._execute(
            context,
            statement,
            (),
            lambda: dialect.do_execute_no_params(cursor, statement, context),
        )

    def _on_commit(self, _: object) -> None:
        """Make the records last with the changes; without a transaction each has done so by itself."""
        if self.journal.pending and not self._is_autocommit() and self._has_written():
            self.journal.write()

    def _on_rollback(self, _: object) -> None:
        self.journal.pending = []

    def _execute(
        self, context: Any, statement: str, parameters: Any, send: Callable[[], object]
    ) -> bool:
        """Execute a statement, or give its recorded result; return whether that is done."""
        if SKIPPED in self.connection.info:
            return is_skipped(self.connection, statement)
        cursor = real_cursor(context.cursor)
        if not self.step or cursor.connection is not self._driver():
            return False
        kind = kind_of(statement, self.connection.dialect.name)
        if kind is Kind.SESSION:
            return False
        text = text_of(statement, parameters)
        entry = self.journal.recall(text, kind)
        if entry and entry.result is not None:
            if entry.state == State.FAILURE:
                raise self._error(entry.result)
            result = decode_result(entry.result)
        elif context.execution_options.get("stream_results"):  # too much to be fetched at once
            send()
            self._note(State.READ if kind is Kind.READ else State.CHANGE, text, None)
            return True
        else:
            result = self._attempts(
                kind, statement, lambda: self._send(kind, statement, text, cursor, send)
            )
        context.cursor = RecordedCursor(cursor, result)
        context.fetchall_for_returning = lambda _: list(result.rows)
        return True

    def _attempts(self, kind: Kind, statement: str, run: Callable[[], Result]) -> Result:
        """Run a statement, again where it stands alone and a lock timed out."""
        while True:
            try:
                return run()
            except self.errors as error:
                if not (is_lock_timeout(error) and self._stands_alone(kind)):
                    raise
                if not self.on_postgresql:
                    self._driver().rollback()  # it would keep what it has locked
                if not self.patience.wait(statement):
                    raise

    def _stands_alone(self, kind: Kind) -> bool:
        """Whether nothing but the statement itself was undone with it."""
        if self.on_postgresql:
            return self._is_autocommit() and kind not in {Kind.IMPLICIT, Kind.OPAQUE}
        return kind is not Kind.OPAQUE and (self._is_autocommit() or not self.journal.pending)

    def _send(
        self, kind: Kind, statement: str, text: str, cursor: Any, send: Callable[[], object]
    ) -> Result:
        """Execute a statement with its record, as its kind wants it."""

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
                self._note(State.READ if kind is Kind.READ else State.CHANGE, text, result)
                return result
            if kind is Kind.IMPLICIT and is_repeatable(statement):
                result = run()
                with self.transaction():
                    self._note(State.CHANGE, text, result)
                    self.journal.write()
                return result
            if kind is Kind.IMPLICIT:
                return self._send_implicit(text, run)
            return self._send_together(kind, text, run)
        except self.errors as error:
            self._note_failure(text, error)
            raise

    def _send_implicit(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that commits by itself before it begins, with what it could change."""
        seen = digest(self.connection, text)
        with self.transaction():
            self._note(State.CHANGE, text, NOTHING, seen)
            self.journal.write()
        try:
            return run()
        except Exception:
            with suppress(Exception):  # where the server is gone, the effect will tell
                with self.transaction():
                    self.journal.remove_last()
                if not self._is_autocommit():
                    self._driver().commit()
            raise

    def _send_opaque(self, text: str, run: Callable[[], Result]) -> Result:
        """Record a statement that may commit in its midst as begun, and then as done."""
        with self.transaction():
            self._note(State.BEGUN, text, NOTHING)
            self.journal.write()
        result = run()
        with self.transaction():
            self.journal.update_last(State.CHANGE, encode_result(NOTHING))
        return result

    def _send_together(self, kind: Kind, text: str, run: Callable[[], Result]) -> Result:
        """Execute a statement that would commit by itself in one transaction with its record."""
        with self.transaction():
            result = run()
            wrote = kind is not Kind.READ or self._has_written()
            is_read = kind is Kind.READ and not (self.on_postgresql and wrote)
            self._note(State.READ if is_read else State.CHANGE, text, result)
            if wrote:
                self.journal.write()
        return result

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold a transaction where there is none."""
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
        """Whether the transaction has changed anything, as a function in a SELECT may; or may have."""
        if not self.on_postgresql:
            return True
        with closing(self.journal.cursor()) as cursor:
            cursor.execute(WROTE)
            return bool(cursor.fetchone()[0])

    def _note(self, state: str, text: str, result: Result | None, seen: str | None = None) -> None:
        if not self.journal.is_live:  # a read that was not there before
            return
        try:
            encoded = encode_result(result) if result else None
        except NotRecordable:
            encoded = None
        self.journal.append(self.step, state, text, encoded, seen)

    def _note_failure(self, text: str, error: Exception) -> None:
        """Note that a statement failed, for where the revision goes on."""
        if is_lock_timeout(error) or not self.journal.is_live:
            return
        with suppress(NotRecordable):
            encoded = encode((type(error).__name__, error.args))
            self.journal.append(self.step, State.FAILURE, text, encoded)

    def _error(self, result: bytes) -> Exception:
        """Return the driver's error that was recorded."""
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
    """Work in parts: each is committed together with the position that it has reached."""

    def __init__(self, executor: Executor, entry: Entry | None, step: str, text: str) -> None:
        self.executor, self.step, self.text = executor, step, text
        self.is_recorded = entry is not None
        self.is_complete = entry is not None and entry.state != State.PARTIAL
        self.position: Any = decode(entry.result) if entry and entry.result else None

    def advance(self, run: Callable[[], Any], statement: str, *, is_last: bool) -> Any:
        """Do a part, again after a lock timeout; return the position that `run` returns."""
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
                    f"{statement}\nIts primary key is of a type that cannot be recorded."
                ) from error
            except DBAPIError as error:
                if not is_busy(error) or not self.executor.patience.wait(statement):
                    raise

    def _record(self, state: str, result: bytes) -> None:
        journal = self.executor.journal
        if self.is_recorded:
            journal.update_last(state, result)
        else:
            journal.append(self.step, state, self.text, result)
            journal.write()
