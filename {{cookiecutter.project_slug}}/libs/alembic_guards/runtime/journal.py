"""The journal: the statements of an interrupted revision that were committed, with their results.

MariaDB and MySQL cannot roll back DDL. PostgreSQL cannot roll back what precedes an autocommit_block(),
nor what is in it. When an interrupted revision runs again, its committed statements are replayed: they
are not executed, and return their recorded results. So its Python sees the same rowcount, RETURNING and
SELECT as before, up to the statement where it was interrupted.
"""

from dataclasses import replace
from hashlib import md5
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.database.features import features
from alembic_guards.database.journal_store import EntryState, JournalEntry, JournalStore, take_over
from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.statements import Kind

EDITED = """{step} was interrupted, and its file has changed since then. Its statement {n} was
{statement}
Nothing was changed now. Restore that statement in the file, then run the same command again.
Or revert the statements up to this one by hand, then: {reset}"""

INTERRUPTED = """{step} was interrupted: {applied}. Nothing was changed now.
Complete it first, where its file is: make {command}
Or revert these statements by hand, then: {reset}"""

UNRECORDED = """{step} was interrupted after its statement {n}, and it depends on the result of that, which \
is too large to be recorded, or of a type that cannot be recorded:
{statement}
Nothing was changed now. Revert the statements up to this one by hand, then: {reset}"""

OPAQUE = """{step} was interrupted in its statement {n}, which may commit by itself:
{statement}
Nothing was changed now. How much of that statement was applied is unknown. If all of it was:
{complete}
If none of it was:
{remove}
Then run the same command again."""


def recorded_text(statement: str, parameters: Any) -> str:
    """Return the text that identifies a statement and its parameters in a replay."""
    text = f"{statement} {parameters!r}"
    return f"{text[:900]} {md5(text.encode(), usedforsecurity=False).hexdigest()}"


def say_applied(count: int) -> str:
    """Say that `count` statements were committed."""
    statements = "1 statement was" if count == 1 else f"{count} statements were"
    return f"{statements} applied and cannot be rolled back"


class Journal:
    """The recorded statements of an interrupted step, and those of the step that is running."""

    def __init__(self, connection: Connection, store: JournalStore) -> None:
        self.connection, self.store = connection, store
        self.recorded: list[JournalEntry] = []  # by an interrupted run
        self.position = 0  # in `recorded`: the next to be replayed
        #: To be written, unless the transaction is rolled back.
        self.pending: list[JournalEntry] = []
        self.written: list[JournalEntry] = []  # what the store holds

    def load(self) -> None:
        """Read the statements that an interrupted run has recorded."""
        self.recorded, self.pending = [], []
        if features(self.connection.dialect).atomic_revisions:
            return
        take_over(self.connection, self.store)
        self.recorded = self.store.read()
        if self.recorded and not self._was_executed(self.recorded[-1]):
            self.recorded.pop()
        if not self.count_applied():
            self.recorded = []
        self.connection.commit()
        self.rewind()

    def rewind(self) -> None:
        """Start the replay again."""
        self.position, self.written, self.pending = 0, list(self.recorded), []

    def count_applied(self) -> int:
        """Return how many changes of the interrupted step were committed."""
        return sum(entry.is_change for entry in self.recorded)

    def refuse_other_step(self, step: str = "") -> None:
        """Raise CommandError where a step other than `step` was interrupted."""
        if self.recorded and self.recorded[0].step != step:
            raise self._refusal(INTERRUPTED, self.recorded[0])

    def replay(self, text: str, kind: Kind) -> JournalEntry | None:
        """Return the record of a statement that was executed before; None where it has to be executed.

        Reads may be added or left out: another version of the library reads other things. Raises
        CommandError where a change differs from the one that was recorded in its place.
        """
        change = self.position
        while change < len(self.recorded) and not self.recorded[change].is_change:
            if self.recorded[change].statement == text:
                return self._take(change)
            change += 1
        if change == len(self.recorded):
            self.position = change
            return None
        if self.recorded[change].statement == text:
            return self._take(change)
        if kind is Kind.READ:
            return None
        raise self._refusal(EDITED, self.recorded[change])

    @property
    def is_replayed(self) -> bool:
        """Whether all recorded statements were replayed."""
        return self.position == len(self.recorded)

    @property
    def last(self) -> int:
        """The number of the newest entry, written or pending; 0 for none."""
        return len(self.written) + len(self.pending)

    def append(
        self, step: str, state: str, text: str, result: bytes | None, seen: str | None = None
    ) -> None:
        """Add a statement that was executed, or is about to be, to those that write() writes."""
        self.pending.append(JournalEntry(self.last + 1, step, state, text, seen, result))

    def write(self) -> None:
        """Write the pending entries, in the transaction that is open.

        Failures at the end stay pending: the last of them may be the one that ends the revision.
        """
        count = len(self.pending)
        while count and self.pending[count - 1].state == EntryState.FAILURE:
            count -= 1
        if count:
            self.store.write(self.pending[:count], after=len(self.written))
            self.written += self.pending[:count]
            del self.pending[:count]

    def remove_last(self) -> None:
        """Remove the newest entry: its statement failed."""
        self.written.pop()
        self.store.write([], after=len(self.written))

    def update_last(self, state: str, result: bytes) -> None:
        """Replace the state and the result of the newest entry."""
        last = replace(self.written.pop(), state=state, result=result)
        self.store.write([last], after=len(self.written))
        self.written.append(last)

    def remove_after(self, number: int) -> None:
        """Remove the entries after a number, and all where none of the others is a change."""
        self.written = self.store.read()[:number]
        if any(entry.is_change for entry in self.written):
            self.store.write([], after=len(self.written))
        else:
            self.store.clear()

    def clear(self) -> None:
        """Remove all entries, in the transaction that completes the step."""
        if not features(self.connection.dialect).atomic_revisions:
            self.store.clear()
        self.recorded = []
        self.rewind()

    def _take(self, position: int) -> JournalEntry:
        entry = self.recorded[position]
        if entry.state == EntryState.BEGUN:
            raise self._refusal(OPAQUE, entry)
        if entry.result is None:
            raise self._refusal(UNRECORDED, entry)
        self.position = position + 1
        return entry

    def _refusal(self, message: str, entry: JournalEntry) -> CommandError:
        before = self.recorded[: self.recorded.index(entry) + 1]
        return CommandError(
            message.format(
                step=entry.step,
                applied=say_applied(self.count_applied()),
                n=sum(one.is_change for one in before),
                statement=entry.text,
                command=entry.step.partition(" ")[0],
                complete=self.store.sql_to_complete(entry),
                remove=self.store.sql_to_remove(entry),
                reset=self.store.sql_to_clear(),
            )
        )

    def _was_executed(self, entry: JournalEntry) -> bool:
        """Whether the last recorded statement was executed: the run may have ended before that."""
        return entry.seen is None or entry.seen != digest(self.connection, entry.statement)
