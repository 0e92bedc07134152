"""Checks the statements of a revision on SQLite, where a revision is one transaction: nothing is recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from alembic_guards.database.bookkeeping import driver_of
from alembic_guards.database.connection_info import CHECKED, ORPHANS
from alembic_guards.runtime.destructive import refuse_drops
from alembic_guards.runtime.failures import with_working_query
from alembic_guards.runtime.locks import is_lock_timeout
from alembic_guards.runtime.orphans import Key, find_orphans, read_orphans
from alembic_guards.runtime.programs import ProgramCheck
from alembic_guards.runtime.refusals import Refused, collecting, refuse
from alembic_guards.runtime.violations import find_all


class SQLiteExecutor:
    """Leaves out the statements that rows violate, and refuses them all at the end of the step."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_running = False
        self.counted: tuple[int, dict[Key, int]] | None = None  # at the end of the last step
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            event.listen(connection.engine, name, self._check)

    @contextmanager
    def running(self, _: str) -> Iterator[None]:
        """Check the statements in the block; raises Refused with all refusals, and rolls back."""
        self.connection.info.pop(CHECKED, None)
        programs = ProgramCheck(self.connection)
        before = self._orphans_before()
        self.connection.info.pop(ORPHANS, None)
        self.is_running = True
        try:
            with collecting(self.connection) as refusals:
                try:
                    yield
                except Exception as error:
                    if is_lock_timeout(error) or not refusals:
                        raise
                else:
                    self.is_running = False
                    after = read_orphans(self.connection)
                    refusals.extend(find_orphans(self.connection, before, after))
                    refusals.extend(programs.refusals(()))
        finally:
            self.is_running = False
            self.connection.info.pop(CHECKED, None)
        if refusals:
            driver_of(self.connection).rollback()
            raise Refused(with_working_query(self.connection, each) for each in refusals)
        self.counted = (self._data_version(), after.counts)
        self.connection.info[ORPHANS] = True

    def _orphans_before(self) -> dict[Key, int]:
        """Return the counts of the last step, unless another process has changed the file since then."""
        counted, self.counted = self.counted, None
        if counted is not None and counted[0] == self._data_version():
            return counted[1]
        return read_orphans(self.connection).counts

    def _data_version(self) -> int:
        return int(self.connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def _check(self, cursor: Any, statement: str, *rest: Any) -> bool:
        """Refuse a statement that rows violate or that drops data; return whether it is left out."""
        if not self.is_running or cursor.connection is not driver_of(self.connection):
            return False
        self.is_running = False  # the checks execute statements
        try:
            refuse_drops(self.connection, statement, rest[-1].execution_options)
            refusals, _ = find_all(self.connection, statement)
        finally:
            self.is_running = True
        for refusal in refusals:
            refuse(self.connection, refusal)
        return bool(refusals)
