"""The journal: the statements of an interrupted revision that were committed, with their results.

MariaDB and MySQL cannot roll back DDL. PostgreSQL cannot roll back what precedes an autocommit_block(),
nor what is in it. When an interrupted revision runs again, its committed statements are replayed: they
are not executed, and return their recorded results. So its Python sees the same rowcount, RETURNING and
SELECT as before, up to the statement where it was interrupted.
"""

from contextlib import closing
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from alembic_guards.database.bookkeeping import OLD_JOURNAL, TABLE, create_table
from alembic_guards.database.features import features
from alembic_guards.runtime.effects import digest
from alembic_guards.runtime.statements import Kind

COLUMNS = "n, step, state, statement, seen, result"
INSERT = f"INSERT INTO {TABLE} (version_table, {COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"

EDITED = """{step} was interrupted, and its file has changed since then. Its statement {n} was
{statement}
Nothing was changed now. Restore that statement in the file, then: make {command}
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
UPDATE {name} SET state = 'change' WHERE {own} AND n = {key}
If none of it was: DELETE FROM {name} WHERE {own} AND n = {key}
Then: make {command}"""


class State:
    """The values of the column `state`: how far a recorded statement came."""

    READ = "read"
    CHANGE = "change"
    FAILURE = "failure"  # the result is the error, which the revision has handled
    BEGUN = "begun"  # of Kind.OPAQUE, and not known to be complete
    PARTIAL = "partial"  # a backfill; the result is the position that it has reached


@dataclass
class Entry:
    """A recorded statement of a revision: a row of the journal."""

    n: int
    step: str
    state: str
    statement: (
        str  # from recorded_text(): the beginning of the statement, and a digest of all of it
    )
    seen: str | None = None  # digest of the objects that it could change, taken before it ran
    result: bytes | None = None  # None where the result could not be recorded

    @property
    def is_change(self) -> bool:
        """Whether it has changed something: a replay must find it in its place."""
        return self.state not in {State.READ, State.FAILURE}

    @property
    def text(self) -> str:
        """The statement without its digest, for messages."""
        return self.statement[:-33]


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

    def __init__(self, connection: Connection, key: str) -> None:
        """Take the name of the version table as `key`: services may share a database."""
        self.connection, self.key = connection, key
        self.own = "version_table = '{}'".format(key.replace("'", "''"))
        self.rows = f"FROM {TABLE} WHERE {self.own} AND n > 0"  # 0 is the log
        self.dialect = connection.dialect.name
        self.recorded: list[Entry] = []  # by an interrupted run
        self.position = 0  # in `recorded`: the next to be replayed
        self.pending: list[Entry] = []  # to be written, unless the transaction is rolled back
        self.written = 0  # rows of the table

    def load(self) -> None:
        """Read the statements that an interrupted run has recorded."""
        self.recorded, self.pending = [], []
        if features(self.connection.dialect).atomic_revisions:
            return
        self._take_over()
        if inspect(self.connection).has_table(TABLE):
            found = self._run(f"SELECT {COLUMNS} {self.rows} ORDER BY n")
            self.recorded = [Entry(*row) for row in found]
            if self.recorded and not self._was_executed(self.recorded[-1]):
                self.recorded.pop()
            if not self.count_applied():
                self.recorded = []
        self.connection.commit()
        self.rewind()

    def rewind(self) -> None:
        """Start the replay again."""
        self.position, self.written, self.pending = 0, len(self.recorded), []

    def count_applied(self) -> int:
        """Return how many changes of the interrupted step were committed."""
        return sum(entry.is_change for entry in self.recorded)

    def refuse_other_step(self, step: str = "") -> None:
        """Raise CommandError where a step other than `step` was interrupted."""
        if self.recorded and self.recorded[0].step != step:
            interrupted = self.recorded[0].step
            command = interrupted.partition(" ")[0]
            raise CommandError(
                INTERRUPTED.format(
                    step=interrupted,
                    applied=say_applied(self.count_applied()),
                    command=command,
                    reset=f"DELETE {self.rows}",
                )
            )

    def replay(self, text: str, kind: Kind) -> Entry | None:
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

    def append(
        self, step: str, state: str, text: str, result: bytes | None, seen: str | None = None
    ) -> None:
        """Add a statement that was executed, or is about to be, to those that write() writes."""
        number = self.written + len(self.pending) + 1
        self.pending.append(Entry(number, step, state, text, seen, result))

    def write(self) -> None:
        """Write the pending entries to the table, in the transaction that is open.

        Failures at the end stay pending: the last of them may be the one that ends the revision.
        """
        count = len(self.pending)
        while count and self.pending[count - 1].state == State.FAILURE:
            count -= 1
        if not count:
            return
        with closing(self.cursor()) as cursor:
            if self.dialect == "postgresql":
                cursor.execute(create_table(self.dialect))
            cursor.execute(f"DELETE {self.rows} AND n > {self.written}")
            for entry in self.pending[:count]:
                values = (self.key, entry.n, entry.step, entry.state, entry.statement)
                cursor.execute(INSERT, (*values, entry.seen, entry.result))
        self.written += count
        del self.pending[:count]

    def remove_last(self) -> None:
        """Remove the newest entry: its statement failed."""
        with closing(self.cursor()) as cursor:
            cursor.execute(f"DELETE {self.rows} AND n = {self.written}")
        self.written -= 1

    def update_last(self, state: str, result: bytes) -> None:
        """Replace the state and the result of the newest entry."""
        with closing(self.cursor()) as cursor:
            change = (
                f"UPDATE {TABLE} SET state = %s, result = %s WHERE version_table = %s AND n = %s"
            )
            cursor.execute(change, (state, result, self.key, self.written))

    def create(self) -> None:
        """Create the table on MariaDB and MySQL, where doing it later would commit a transaction."""
        if not features(self.connection.dialect).transactional_ddl and not self.recorded:
            self.connection.exec_driver_sql(create_table(self.dialect))

    def clear(self) -> None:
        """Delete all entries, in the transaction that completes the step."""
        if self.recorded or self.dialect == "mysql" or inspect(self.connection).has_table(TABLE):
            self._run(f"DELETE {self.rows}")
        self.recorded = []
        self.rewind()

    def close(self) -> None:
        """Drop the table after the last step on PostgreSQL, where it holds nothing else."""
        is_there = self.dialect == "postgresql" and inspect(self.connection).has_table(TABLE)
        if is_there and not self._run(f"SELECT 1 FROM {TABLE}").all():
            self._run(f"DROP TABLE {TABLE}")
        self.connection.commit()

    def exists(self) -> bool:
        """Whether the table of the journal exists."""
        schema = "current_schema()" if self.dialect == "postgresql" else "DATABASE()"
        return bool(
            self._scalar(
                "SELECT count(*) FROM information_schema.tables"
                f" WHERE table_name = '{TABLE}' AND table_schema = {schema}"
            )
        )

    def last(self) -> int:
        """Return the number of the last entry in the table; 0 for none."""
        return int(self._scalar(f"SELECT coalesce(max(n), 0) {self.rows}"))

    def remove_from(self, number: int) -> None:
        """Delete the entries from a number on."""
        with closing(self.cursor()) as cursor:
            cursor.execute(f"DELETE {self.rows} AND n >= {number}")

    def remove_without_changes(self) -> None:
        """Delete the entries where none is a change, on PostgreSQL with the table."""
        reads = f"'{State.READ}', '{State.FAILURE}'"
        if self._scalar(f"SELECT count(*) {self.rows} AND state NOT IN ({reads})"):
            return
        self.remove_from(1)
        if self.dialect == "postgresql" and not self._scalar(f"SELECT count(*) FROM {TABLE}"):
            with closing(self.cursor()) as cursor:
                cursor.execute(f"DROP TABLE {TABLE}")

    def cursor(self) -> Any:
        """Return a cursor of the driver: its statements are not recorded."""
        return self.connection.connection.cursor()

    def _take_over(self) -> None:
        """Move what an older release has recorded of an interrupted revision into our table."""
        if not inspect(self.connection).has_table(OLD_JOURNAL):
            return
        if self._run(f"SELECT 1 FROM {OLD_JOURNAL}").all():
            self._run(create_table(self.dialect))
            self._run(f"DELETE {self.rows}")
            quoted = self.key.replace("'", "''")
            select = f"SELECT '{quoted}', {COLUMNS} FROM {OLD_JOURNAL}"
            self._run(f"INSERT INTO {TABLE} (version_table, {COLUMNS}) {select}")
            self.connection.commit()
        self._run(f"DROP TABLE {OLD_JOURNAL}")

    def _scalar(self, statement: str) -> Any:
        """Return the first value that a statement returns; it is not recorded."""
        with closing(self.cursor()) as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]

    def _run(self, statement: str) -> Any:
        plain = {"no_parameters": True}
        return self.connection.exec_driver_sql(statement, execution_options=plain)

    def _take(self, position: int) -> Entry:
        entry = self.recorded[position]
        if entry.state == State.BEGUN:
            raise self._refusal(OPAQUE, entry)
        if entry.result is None:
            raise self._refusal(UNRECORDED, entry)
        self.position = position + 1
        return entry

    def _refusal(self, message: str, entry: Entry) -> CommandError:
        before = self.recorded[: self.recorded.index(entry) + 1]
        return CommandError(
            message.format(
                step=entry.step,
                n=sum(one.is_change for one in before),
                key=entry.n,
                statement=entry.text,
                command=entry.step.partition(" ")[0],
                name=TABLE,
                own=self.own,
                reset=f"DELETE {self.rows}",
            )
        )

    def _was_executed(self, entry: Entry) -> bool:
        """Whether the last recorded statement was executed: the run may have ended before that."""
        return entry.seen is None or entry.seen != digest(self.connection, entry.statement)
