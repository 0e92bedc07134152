"""Finds which columns the revisions of an upgrade have made, and which of those are missing later."""

from collections.abc import Iterable, Mapping

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.names import column_names

Names = set[tuple[str, str]]


class ColumnTrace:
    """The columns that revisions have made, as pairs of table and column."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.connection, self.migration = connection, migration
        self.names: Names = set()  # that revisions have made, as of the next
        self.heads: set[str] = set()  # of the database
        self.present: Names = set()  # in the database, before the upgrade or after it

    def load(self, columns: Mapping[str, Iterable[str]], heads: Iterable[str]) -> None:
        """Take what by_table() has returned, and the heads of that time."""
        self.names = {(table, column) for table, found in columns.items() for column in found}
        self.heads = set(heads)

    def by_table(self) -> dict[str, list[str]]:
        """Return the columns that revisions have made, by table."""
        columns: dict[str, list[str]] = {}
        for table, column in sorted(self.names):
            columns.setdefault(table, []).append(column)
        return columns

    def begin(self, heads: Iterable[str]) -> None:
        """Read the columns of the database before anything is applied."""
        self.present = self._read()
        if set(heads) != self.heads:  # another tool has changed it, or an upgrade was killed
            self.accept()

    def accept(self) -> None:
        """Forget the columns that are missing."""
        self.names &= self.present

    def end(self, heads: Iterable[str], *, has_changed: bool) -> bool:
        """Add the columns made since begin(), remove those dropped; return whether that changes anything."""
        before = self.present
        self.present = self._read() if has_changed else before
        made, dropped = self.present - before, before - self.present
        if not (made or dropped or set(heads) != self.heads):
            return False
        self.names, self.heads = (self.names | made) - dropped, set(heads)
        return True

    def missing(self) -> dict[str, list[str]]:
        """Return the tables and columns that revisions have made and the database does not have.

        A table that is missing as a whole has no columns in the answer.
        """
        tables = {table for table, _ in self.present}
        missing: dict[str, list[str]] = {}
        for table, column in sorted(self.names - self.present):
            columns = missing.setdefault(table, [])
            if table in tables:
                columns.append(column)
        return missing

    def _read(self) -> Names:
        own = {*OWN_TABLES, self.migration.version_table}
        found = column_names(self.connection)
        return {(table, column) for table, column in found if table.rpartition(".")[2] not in own}
