"""Reads from SQL how the names of tables and columns change: renames, drops and adds, in their order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alembic_guards.runtime.drop_parser import OTHER_PARTS, Drop, drops_in
from alembic_guards.runtime.rename_parser import FoundRename, renames_in
from alembic_guards.runtime.renames import RenameColumn
from alembic_guards.runtime.sql_parser import Statement, statements

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(
    r"\b(?:ADD|CHANGE|DROP|RENAME)\b|\bSET\s+SCHEMA\b|\bOR\s+REPLACE\b|\bCREATE\b.{0,200}?\b(?:TABLE|VIEW)\b",
    re.IGNORECASE | re.DOTALL,
)

#: What ALTER TABLE adds beside columns; a word that follows ADD.
NOT_COLUMNS = OTHER_PARTS | {"EXCLUDE", "FULLTEXT", "SPATIAL", "UNIQUE", "VECTOR"}


#: What may stand between CREATE and TABLE or VIEW.
OPTIONS = {
    *("ALGORITHM", "DEFINER", "FOREIGN", "GLOBAL", "INVOKER", "LOCAL", "MATERIALIZED"),
    *("RECURSIVE", "SECURITY", "SQL", "TEMP", "TEMPORARY", "UNLOGGED"),
}


@dataclass(frozen=True)
class Add:
    """A table or a view, or a column of one, that a statement adds."""

    schema: str | None
    table: str
    column: str | None = None


Change = Drop | FoundRename | Add


def changes_in(sql: str) -> Iterator[list[Change]]:
    """Yield the changes of names by each statement in SQL: the drops first, and the adds last."""
    if not KEYWORDS.search(sql):
        return
    for statement in statements(sql):
        text = "".join(statement)
        yield [*drops_in(text), *renames_in(text), *_Changes(statement).changes()]


class _Changes(Statement):
    """A parser of CREATE and DROP of tables and views, and of ADD and CHANGE in ALTER TABLE."""

    def changes(self) -> Iterator[Change]:
        """Yield the changes of the statement, in its order."""
        if self.accept("CREATE"):
            self.options()
            if self.accept("TABLE") or self.accept("VIEW"):
                self.accept("IF", "NOT", "EXISTS")
                yield Add(*self.qualified_name())
        elif self.accept("DROP", "VIEW") or self.accept("DROP", "MATERIALIZED", "VIEW"):
            self.accept("IF", "EXISTS")
            yield from (Drop(*Statement(part).qualified_name()) for part in self.split())
        elif found := self.altered_table():
            for tokens in self.split():
                yield from _Changes(tokens).action(*found)

    def options(self) -> None:
        """Consume what may stand between CREATE and TABLE or VIEW."""
        self.accept("OR", "REPLACE")
        while self.peek() in OPTIONS:
            self.name()
            if self.accept("="):  # ALGORITHM and DEFINER of MariaDB and MySQL
                self.name()
                if self.accept("@"):
                    self.name()

    def action(self, schema: str | None, table: str) -> Iterator[Change]:
        """Yield the change in an action of ALTER TABLE, if it is one of these."""
        if self.accept("CHANGE"):  # of MariaDB and MySQL
            self.accept("COLUMN")
            self.accept("IF", "EXISTS")
            old, new = self.name(), self.name()
            if old.lower() != new.lower():
                yield RenameColumn(old, new, table=table, schema=schema)
        elif self.accept("ADD"):
            if not self.accept("COLUMN") and self.peek() in NOT_COLUMNS:
                return
            self.accept("IF", "NOT", "EXISTS")
            several = Statement(self.group()).split()
            for part in several or [self.tokens]:
                yield Add(schema, table, Statement(part).name())
