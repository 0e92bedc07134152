"""Parses renames in SQL, such as `op.execute("ALTER TABLE ... RENAME ...")` in a revision."""

import re
from collections.abc import Iterator

from alembic_guards.runtime.renames import MoveTable, RenameColumn, RenameTable
from alembic_guards.runtime.sql_parser import Statement, statements

#: A rename that renames_in() finds.
FoundRename = RenameTable | RenameColumn | MoveTable

#: The words after RENAME that rename neither a table nor a column.
NOT_COLUMNS = ("CONSTRAINT", "INDEX", "KEY")

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(r"\bRENAME\b|\bSET\s+SCHEMA\b", re.IGNORECASE)


def renames_in(sql: str) -> Iterator[FoundRename]:
    """Yield the renames of tables and columns, and the moves to another schema, in SQL statements.

    CHANGE of MariaDB and MySQL is not one of them, because it may change the type as well.
    """
    if not KEYWORDS.search(sql):
        return
    for statement in statements(sql):
        yield from (rename for rename in _Renames(statement).renames() if rename.new)


class _Renames(Statement):
    """A parser of the renames of one statement."""

    def renames(self) -> Iterator[FoundRename]:
        """Yield the renames of the statement, in its order."""
        if self.accept("RENAME", "TABLE"):  # of MariaDB and MySQL
            for tokens in self.split():
                yield _Renames(tokens).renamed_table()
        elif found := self.altered_table():
            for tokens in self.split():
                yield from _Renames(tokens).action(*found)

    def renamed_table(self) -> FoundRename:
        """Consume one of the renames of RENAME TABLE."""
        schema, old = self.qualified_name()
        self.accept("TO")
        return RenameTable(old, self.qualified_name()[1], schema=schema)

    def action(self, schema: str | None, table: str) -> Iterator[FoundRename]:
        """Yield the rename in an action of ALTER TABLE, if it is one."""
        if self.accept("SET", "SCHEMA"):
            yield MoveTable(schema or "", self.name(), table=table)
        if not self.accept("RENAME") or any(map(self.accept, NOT_COLUMNS)):
            return
        if self.accept("TO") or self.accept("AS"):
            yield RenameTable(table, self.qualified_name()[1], schema=schema)
            return
        is_column = self.accept("COLUMN")
        self.accept("IF", "EXISTS")
        old = self.qualified_name()[1]
        if self.accept("TO"):
            yield RenameColumn(old, self.name(), table=table, schema=schema)
        elif not is_column:  # of MariaDB and MySQL, where TO may be left out
            yield RenameTable(table, old, schema=schema)
