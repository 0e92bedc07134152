"""Remembers which statements of a revision are done for good, so that an interrupted one goes on there.

MariaDB and MySQL cannot undo a change of the schema: each is done for good. So is on PostgreSQL what
stands before an autocommit_block(), and in it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import md5
from typing import Any, NamedTuple

from alembic.util import CommandError
from sqlalchemy import Connection, event, inspect

NAME = "alembic_progress"

#: Where a connection keeps the changes of the schema that are only tried, see Progress.rehearse().
SKIPPED = "alembic_skipped"

ROWS = "CALL|DELETE|INSERT|MERGE|REPLACE|UPDATE"
SCHEMA = "ALTER|COMMENT|CREATE|DROP|GRANT|RENAME|REVOKE|TRUNCATE"
CHANGE = re.compile(rf"\s*(?:({ROWS})|{SCHEMA})\b", re.IGNORECASE)

#: What gives rows a value instead of none, or of another one: of no other column, see dry.py.
FILL = re.compile(r"UPDATE .+ SET (.+?) = .+ WHERE \1 (?:IS NULL|= '.*')", re.DOTALL)

READ = re.compile(r"\s*\(*(?:DESC|DESCRIBE|EXPLAIN|SELECT|SHOW)\b", re.IGNORECASE)

CREATE = f"""CREATE TABLE IF NOT EXISTS {NAME}
    (n INTEGER PRIMARY KEY, step VARCHAR(100), statement VARCHAR(1000), seen CHAR(32))"""

#: What a statement of MariaDB or MySQL could change, besides the tables that it names.
NAMES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
    ORDER BY 1"""

EDITED = """{step} was interrupted, and now it is another one: its statement {n} was
{was}
Nothing was changed. Give it the old text again, then: make {command}
Or undo its first {n} statements by hand, then: DROP TABLE {name}"""

INTERRUPTED = """{step} was interrupted: its first {n} statements are done for good. Nothing was changed now.
Go on with that one first, where its file is: make {command}
Or undo these statements by hand, then: DROP TABLE {name}"""


class Done(NamedTuple):
    """A statement of a revision that was executed."""

    n: int
    step: str
    statement: str
    seen: str | None  # what was there before, if it may have been cut short


class NotInDry(Exception):
    """What is to come depends on a change of rows that was not made."""


class Progress:
    """Skips what an interrupted run has done, and writes down what this one does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.step = ""  # what is running: only its statements count
        self.dry = False  # nothing is to be changed
        self.n = 0
        self.done: list[Done] = []  # by an interrupted run
        self.pending: list[Done] = []  # done, unless the transaction is undone
        self.last = ""  # the statement that was written down before it began
        self.failed = 0  # its number, once it has failed
        self.commits_by_itself = connection.dialect.name == "mysql"
        if connection.dialect.name != "sqlite":
            listen = event.listen
            listen(connection.engine, "do_execute", self._execute)
            listen(connection.engine, "do_executemany", self._execute)
            listen(connection.engine, "do_execute_no_params", self._execute_no_params)
            listen(connection.engine, "commit", self._write)
            listen(connection.engine, "handle_error", self._fail)

    def load(self) -> None:
        """Read what an interrupted run has done."""
        self.done = []
        if self.connection.dialect.name == "sqlite":  # where a revision is one transaction
            return
        if inspect(self.connection).has_table(NAME):
            if self.failed:
                self.connection.exec_driver_sql(f"DELETE FROM {NAME} WHERE n = {self.failed}")
                self.connection.exec_driver_sql(
                    f"UPDATE {NAME} SET seen = NULL"
                )  # all others are done
            found = self.connection.exec_driver_sql(f"SELECT * FROM {NAME} ORDER BY n")
            self.done = [Done(*row) for row in found]
            self.done = self.done if self.count() else []  # the first one may have been cut short
        self.failed = 0
        self.connection.commit()

    def refuse_others(self, step: str = "") -> None:
        """Raise CommandError where a step that is not `step` is half done."""
        if self.done and self.done[0].step != step:
            half, n = self.done[0].step, self.count()
            command = half.partition(" ")[0]
            raise CommandError(INTERRUPTED.format(step=half, n=n, command=command, name=NAME))

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Watch the statements of `step`."""
        if self.commits_by_itself and not self.done:
            self.connection.exec_driver_sql(CREATE)
        self.step, self.n, self.pending = step, 0, []
        try:
            yield
        finally:
            self.step, self.pending = "", []

    def rehearse(self, migrate: Callable[[], None]) -> None:
        """Run a step without its changes, where each of them would be done for good.

        Raises the CommandError of a guard, which then finds nothing half done. It looks no further than
        the first change of rows that fills no column: what comes after that may depend on it.
        """
        if self.done or not self.commits_by_itself:
            return
        self.dry, self.connection.info[SKIPPED] = True, []
        try:
            migrate()
        except CommandError:
            raise
        except Exception:  # noqa: BLE001, S110 (what is missing was not made, see NotInDry)
            pass
        finally:
            self.dry = False
            del self.connection.info[SKIPPED]

    def count(self) -> int:
        """Return how many statements of the interrupted step are done for good."""
        return sum(self._happened(done) for done in self.done)

    def forget(self) -> None:
        """Remove what was written down: the transaction that calls this makes the step complete."""
        if self.done or self.commits_by_itself or inspect(self.connection).has_table(NAME):
            self.connection.exec_driver_sql(f"DELETE FROM {NAME}")
        self.done = []

    def close(self) -> None:
        """Leave nothing behind when all is done."""
        if inspect(self.connection).has_table(NAME):
            self.connection.exec_driver_sql(f"DROP TABLE {NAME}")
        self.connection.commit()

    def _execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool:
        return self._execute(cursor, statement, (), context)

    def _execute(self, cursor: Any, statement: str, parameters: Any, _: Any) -> bool:
        """Return whether a statement is to be skipped, as SQLAlchemy asks before it executes one."""
        change = CHANGE.match(statement)
        if self.dry:
            skipped = self.connection.info[SKIPPED]
            # What comes twice may be in a loop that waits for it to change rows.
            said = statement.replace("%%", "%")  # which a driver wants doubled
            fills = FILL.fullmatch(statement) and said not in skipped
            if not (fills or READ.match(statement) or (change and not change[1])):
                raise NotInDry
            skipped += [said] if change else []
            return change is not None
        if not change or not self.step or NAME in statement:
            return False
        self.n += 1
        self.failed = 0  # or whoever wrote the revision has seen to it
        text = f"{statement} {parameters!r}"
        text = f"{text[:900]} {md5(text.encode(), usedforsecurity=False).hexdigest()}"
        if self._is_done(text):
            return True
        if getattr(cursor.connection, "autocommit", False) is True:  # of PostgreSQL
            self._write()
        self.pending.append(Done(self.n, self.step, text, None))
        if self.commits_by_itself and not change[1]:
            self.pending[-1] = self.pending[-1]._replace(seen=self._look(text))
            self._write()  # is made to last by the statement, before it begins
            self.last = statement
        return False

    def _fail(self, error: Any) -> None:
        """Forget the statement that failed: the end of an autocommit_block() is a commit, too."""
        self.pending = self.pending[:-1]
        if error.statement == self.last and not error.is_disconnect:
            self.failed = self.n

    def _is_done(self, text: str) -> bool:
        if self.n > len(self.done):
            return False
        done = self.done[self.n - 1]
        happened = self._happened(done)
        if happened and done.statement != text:
            command, was = done.step.partition(" ")[0], done.statement[:-33]
            raise CommandError(EDITED.format(**done._asdict(), was=was, command=command, name=NAME))
        return happened

    def _happened(self, done: Done) -> bool:
        """Whether a statement was executed: the last one may have been cut short before that."""
        last = done.n == len(self.done)
        return not last or done.seen is None or done.seen != self._look(done.statement)

    def _write(self, _: object = None) -> None:
        run = self.connection.exec_driver_sql
        if self.pending and not self.commits_by_itself:
            run(CREATE)
        for done in self.pending:
            run(f"DELETE FROM {NAME} WHERE n = %s", (done.n,))
            run(f"INSERT INTO {NAME} VALUES (%s, %s, %s, %s)", tuple(done))
        self.pending = []

    def _look(self, statement: str) -> str:
        """Return a digest of what a change of the schema on MariaDB or MySQL would alter."""
        run = self.connection.exec_driver_sql
        quote = self.connection.dialect.identifier_preparer.quote
        names = list(run(NAMES).scalars())
        tables = [name for name in run("SHOW TABLES").scalars().all() if name in statement]
        shown = [tuple(run(f"SHOW CREATE TABLE {quote(name)}").one()) for name in tables]
        text = re.sub(r" AUTO_INCREMENT=\d+", "", repr((names, shown)))  # which rows move
        return md5(text.encode(), usedforsecurity=False).hexdigest()
