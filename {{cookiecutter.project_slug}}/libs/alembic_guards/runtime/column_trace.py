"""Finds which columns the revisions of an upgrade have made, and which of those are missing later.

Others may change the same database during the upgrade. On PostgreSQL the columns of the default schema and
of the schema of the version table count; those of another schema only where a revision of the upgrade names
it, and no version table is in it.
"""

import re
from collections.abc import Iterable, Mapping

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import OWN_TABLES, quoted_version_table
from alembic_guards.database.column_names import column_names, own_schemas, schema_of
from alembic_guards.database.features import features

Names = set[tuple[str, str]]

#: The columns of a table that Alembic creates for itself, whatever its name is.
VERSION_TABLE = {"version_num"}


class ColumnTrace:
    """The columns that revisions have made, as pairs of table and column."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.connection, self.migration = connection, migration
        self.names: Names = set()  # that revisions have made, as of the next
        self.heads: set[str] = set()  # of the database
        self.present: Names = set()  # in the database, before the upgrade or after it
        self.own: set[str] = set()  # schemas of this upgrade
        self.foreign: set[str] = set()  # schemas of others
        self.code: list[str] = []  # of the revisions of this upgrade

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

    def begin(self, heads: Iterable[str], *, is_resumed: bool = False) -> None:
        """Read the columns of the database before anything is applied.

        `is_resumed`: an interrupted run may have dropped columns that are recorded.
        """
        self.present = self._read()
        self.names = {name for name in self.names if schema_of(name[0]) not in self.foreign}
        if (
            is_resumed or set(heads) != self.heads
        ):  # another tool has changed it, or an upgrade was killed
            self.accept()

    def accept(self) -> None:
        """Forget the columns that are missing."""
        self.names &= self.present

    def end(self, heads: Iterable[str], *, has_changed: bool) -> bool:
        """Add the columns made since begin(), remove those dropped; return whether that changes anything."""
        before = self.present
        self.present = self._read() if has_changed else before
        made = {name for name in self.present - before if self._is_own(name[0])}
        dropped = before - self.present
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
        """Read the columns of the database, without those of schemas that belong to another upgrade."""
        own = {*OWN_TABLES, self.migration.version_table}
        found = column_names(self.connection)
        self._read_schemas(found)
        return {
            (table, column)
            for table, column in found
            if table.rpartition(".")[2] not in own and schema_of(table) not in self.foreign
        }

    def _read_schemas(self, names: Names) -> None:
        """Find the schemas of this upgrade and, by their version tables, those of others."""
        if not features(self.connection.dialect).has_schemas:
            return
        columns: dict[str, set[str]] = {}
        for table, column in names:
            columns.setdefault(table, set()).add(column)
        versioned = {schema_of(table) for table, found in columns.items() if found == VERSION_TABLE}
        self.own = own_schemas(self.connection, quoted_version_table(self.migration))
        self.foreign = versioned - self.own

    def _is_own(self, table: str) -> bool:
        """Whether a new column of a table was made by this upgrade."""
        schema = schema_of(table)
        if not features(self.connection.dialect).has_schemas or schema in self.own:
            return True
        word = re.compile(rf"(?<!\w){re.escape(schema)}(?!\w)")
        return any(word.search(code) for code in self.code)
