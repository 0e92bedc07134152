"""Work in batches, which is one statement of the journal: a rerun continues after the last batch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.journal_store import EntryState, JournalEntry
from alembic_guards.runtime.executor import Executor
from alembic_guards.runtime.locks import is_lock_timeout
from alembic_guards.runtime.recorded_results import NotRecordable, decode, encode
from alembic_guards.runtime.statements import Kind


@contextmanager
def resumable(executor: Executor, text: str, statement: str) -> Iterator["Resumable"]:
    """Yield the record of work in batches. No transaction may be open.

    `text` identifies the work. `statement` would do it in one batch.
    """
    journal = executor.journal
    entry = journal.replay(text, Kind.CHANGE)
    work = Resumable(executor, entry, text)
    try:
        with executor.recorder.paused():  # the batches are no statements of their own
            yield work
    finally:
        if work.is_recorded:
            executor.changes.append(entry.n if entry else journal.last, statement)


class Resumable:
    """Work in batches: each is committed together with the position that it has reached."""

    def __init__(self, executor: Executor, entry: JournalEntry | None, text: str) -> None:
        self.executor, self.step, self.text = executor, executor.recorder.step, text
        self.is_recorded = entry is not None
        self.is_complete = entry is not None and entry.state != EntryState.PARTIAL
        self.position: Any = decode(entry.result) if entry and entry.result else None

    def advance(self, run: Callable[[], Any], statement: str, *, is_last: bool) -> Any:
        """Run a batch, with retries after a lock timeout; return the new position.

        `run` executes the batch and returns that position. Raises CommandError where it cannot be
        recorded, and DBAPIError for other failures. `statement` is shown in messages.
        """
        state = EntryState.CHANGE if is_last else EntryState.PARTIAL
        while True:
            try:
                with self.executor.recorder.transaction():
                    self.position = run()
                    self._record(state, encode(self.position))
                self.is_complete, self.is_recorded = is_last, True
                self.executor.retry.reset()
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
