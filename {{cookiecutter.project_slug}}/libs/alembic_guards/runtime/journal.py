"""The journal of statements: what an interrupted revision has executed for good, and its results.

MariaDB and MySQL cannot undo a change of the schema: each is done for good. So is on PostgreSQL what
stands before an autocommit_block(), and in it. A revision that runs again gets the recorded results of
what was executed, up to the statement where it was interrupted: whatever steers its Python (rowcount,
RETURNING, SELECT) is what it was.
"""

from contextlib import closing
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.statements import Kind

NAME = "alembic_progress"

#: Where a connection keeps the changes of the schema that are only tried, see dry_execution.py.
SKIPPED = "alembic_skipped"

CREATE = """CREATE TABLE IF NOT EXISTS {name} (n INTEGER PRIMARY KEY, step VARCHAR(100), state VARCHAR(10),
    statement VARCHAR(1000), seen CHAR(32), result {blob})"""
BLOB = {"postgresql": "BYTEA", "mysql": "LONGBLOB"}
INSERT = (
    f"INSERT INTO {NAME} (n, step, state, statement, seen, result) VALUES (%s, %s, %s, %s, %s, %s)"
)
SELECT = f"SELECT n, step, state, statement, seen, result FROM {NAME} ORDER BY n"

EDITED = """{step} was interrupted, and now it is another one: its statement {n} was
{was}
Nothing was changed. Give it the old text again, then: make {command}
Or undo its first {n} statements by hand, then: DROP TABLE {name}"""

INTERRUPTED = """{step} was interrupted: its first {n} statements are done for good. Nothing was changed now.
Go on with that one first, where its file is: make {command}
Or undo these statements by hand, then: DROP TABLE {name}"""

UNKNOWN = """{step} was interrupted after its statement {n}, and it depends on what this one returned, which is \
too much to be recorded, or of a type that cannot be:
{was}
Nothing was changed now. Undo its first {n} statements by hand, then: DROP TABLE {name}"""

OPAQUE = """{step} was interrupted in its statement {n}, which may commit by itself:
{was}
Nothing was changed now, for nobody but you can tell how much of it is done. Once all of it is done:
UPDATE {name} SET state = 'change' WHERE n = {key}
If nothing of it is done: DELETE FROM {name} WHERE n = {key}
Then: make {command}"""


class State:
    """What is known of a recorded statement: the values of a column."""

    READ = "read"
    CHANGE = "change"
    FAILURE = "failure"  # the error is its result, and the revision went on
    BEGUN = "begun"  # an OPAQUE one
    PARTIAL = "partial"  # a backfill: its result is how far it came


@dataclass
class Entry:
    """A statement of a revision that was executed."""

    n: int
    step: str
    state: str
    statement: str  # its beginning, and a digest of all of it
    seen: str | None = None  # digest of what it could change, as that was before
    result: bytes | None = None  # None where it could not be recorded

    @property
    def is_change(self) -> bool:
        """Whether it has to be met again in its place."""
        return self.state not in {State.READ, State.FAILURE}

    @property
    def text(self) -> str:
        """The statement, for whoever reads a message."""
        return self.statement[:-33]


def text_of(statement: str, parameters: Any) -> str:
    """Return what is recorded of a statement, and is the same when it comes again."""
    text = f"{statement} {parameters!r}"
    return f"{text[:900]} {md5(text.encode(), usedforsecurity=False).hexdigest()}"


class Journal:
    """The recorded statements of an interrupted step, and those of the one that runs."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.recorded: list[Entry] = []  # by an interrupted run
        self.position = 0  # in these
        self.pending: list[Entry] = []  # executed, unless the transaction is rolled back
        self.written = 0

    def load(self) -> None:
        """Read what an interrupted run has executed."""
        self.recorded, self.pending = [], []
        if self.dialect == "sqlite":  # where a revision is one transaction
            return
        if inspect(self.connection).has_table(NAME):
            self.recorded = [Entry(*row) for row in self.connection.exec_driver_sql(SELECT)]
            if self.recorded and not self._happened(self.recorded[-1]):
                self.recorded.pop()
            if not self.count():
                self.recorded = []
        self.connection.commit()
        self.rewind()

    def rewind(self) -> None:
        """Begin the step again."""
        self.position, self.written, self.pending = 0, len(self.recorded), []

    def count(self) -> int:
        """Return how many changes of the interrupted step are done for good."""
        return sum(entry.is_change for entry in self.recorded)

    def refuse_others(self, step: str = "") -> None:
        """Raise CommandError where a step that is not `step` is half done."""
        if self.recorded and self.recorded[0].step != step:
            half = self.recorded[0].step
            command = half.partition(" ")[0]
            raise CommandError(
                INTERRUPTED.format(step=half, n=self.count(), command=command, name=NAME)
            )

    def recall(self, text: str, kind: Kind) -> Entry | None:
        """Return the record of a statement that comes again; None where it is to be executed.

        A read may come that was none, or be left out: a newer version of the library looks at other
        things. A change is met in its place, or refused with CommandError.
        """
        change = self.position
        while change < len(self.recorded) and not self.recorded[change].is_change:
            if self.recorded[change].statement == text:
                return self._pass(change)
            change += 1
        if change == len(self.recorded):
            self.position = change
            return None
        if self.recorded[change].statement == text:
            return self._pass(change)
        if kind is Kind.READ:
            return None
        raise self._refusal(EDITED, self.recorded[change])

    @property
    def is_live(self) -> bool:
        """Whether all that was recorded has come again."""
        return self.position == len(self.recorded)

    def append(
        self, step: str, state: str, text: str, result: bytes | None, seen: str | None = None
    ) -> None:
        """Note a statement that was executed, or is about to be."""
        number = self.written + len(self.pending) + 1
        self.pending.append(Entry(number, step, state, text, seen, result))

    def write(self) -> None:
        """Write down what is pending, in the transaction that is open.

        But for the failures at its end: they may be what ends the revision.
        """
        count = len(self.pending)
        while count and self.pending[count - 1].state == State.FAILURE:
            count -= 1
        if not count:
            return
        with closing(self.cursor()) as cursor:
            if self.dialect == "postgresql":
                cursor.execute(CREATE.format(name=NAME, blob=BLOB[self.dialect]))
            cursor.execute(f"DELETE FROM {NAME} WHERE n > {self.written}")
            for entry in self.pending[:count]:
                values = (entry.n, entry.step, entry.state, entry.statement)
                cursor.execute(INSERT, (*values, entry.seen, entry.result))
        self.written += count
        del self.pending[:count]

    def remove_last(self) -> None:
        """Take the newest record back, of a change of the schema that failed."""
        with closing(self.cursor()) as cursor:
            cursor.execute(f"DELETE FROM {NAME} WHERE n = {self.written}")
        self.written -= 1

    def update_last(self, state: str, result: bytes) -> None:
        """Record how far the newest one is."""
        with closing(self.cursor()) as cursor:
            change = f"UPDATE {NAME} SET state = %s, result = %s WHERE n = %s"
            cursor.execute(change, (state, result, self.written))

    def create(self) -> None:
        """Make the table, where that would commit a transaction later on."""
        if self.dialect == "mysql" and not self.recorded:
            self.connection.exec_driver_sql(CREATE.format(name=NAME, blob=BLOB[self.dialect]))

    def forget(self) -> None:
        """Remove the records: the transaction that calls this makes the step complete."""
        if self.recorded or self.dialect == "mysql" or inspect(self.connection).has_table(NAME):
            self.connection.exec_driver_sql(f"DELETE FROM {NAME}")
        self.recorded = []
        self.rewind()

    def close(self) -> None:
        """Leave nothing behind when all is done."""
        if inspect(self.connection).has_table(NAME):
            self.connection.exec_driver_sql(f"DROP TABLE {NAME}")
        self.connection.commit()

    def cursor(self) -> Any:
        """Return a cursor whose statements are not those of the revision."""
        return self.connection.connection.cursor()

    def _pass(self, position: int) -> Entry:
        entry = self.recorded[position]
        if entry.state == State.BEGUN:
            raise self._refusal(OPAQUE, entry)
        if entry.result is None:
            raise self._refusal(UNKNOWN, entry)
        self.position = position + 1
        return entry

    def _refusal(self, message: str, entry: Entry) -> CommandError:
        before = self.recorded[: self.recorded.index(entry) + 1]
        return CommandError(
            message.format(
                step=entry.step,
                n=sum(one.is_change for one in before),
                key=entry.n,
                was=entry.text,
                command=entry.step.partition(" ")[0],
                name=NAME,
            )
        )

    def _happened(self, entry: Entry) -> bool:
        """Whether the last statement was executed: it may have been cut short before that."""
        return entry.seen is None or entry.seen != digest(self.connection, entry.statement)
