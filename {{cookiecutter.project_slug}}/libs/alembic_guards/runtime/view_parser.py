"""Parses what SQL of PostgreSQL, MariaDB and MySQL changes that a view may read, and the views that it changes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from alembic_guards.runtime.sql_parser import Statement, is_definition, statements

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(
    r"(?:^|;|\*/|\*M?!\d*)\s*(?:ALTER|DROP|CREATE\b[^;]{0,200}\b(?:TABLE|VIEW))\b",
    re.IGNORECASE | re.MULTILINE,
)

#: What follows ADD or DROP in ALTER TABLE, if it is no column.
NO_COLUMNS = {
    "CONSTRAINT",
    "CHECK",
    "EXCLUDE",
    "FOREIGN",
    "FULLTEXT",
    "GENERATED",
    "INDEX",
    "KEY",
    "NOT",
    "PARTITION",
    "PERIOD",
    "PRIMARY",
    "SPATIAL",
    "SYSTEM",
    "UNIQUE",
    "VECTOR",
}


class Change(NamedTuple):
    """A change of an object; `part` is the column, the constraint or the rule of a table."""

    #: "retype", "drop" or "add" a column; drop a "constraint", "table" or "type"; "rename type", "drop view",
    #: "create view", "drop rule", "create table"; "rename" a column by CHANGE.
    kind: str
    schema: str | None
    name: str
    part: str = ""
    cascades: bool = False  # a drop that takes views along

    @property
    def subject(self) -> str:
        """The name of what is changed."""
        return ".".join(filter(None, (self.schema, self.name, self.part)))


def changes_in(sql: str) -> Iterator[Change]:
    """Yield the changes in SQL, in their order.

    A renamed type is yielded with its new name as the part.
    """
    if not KEYWORDS.search(sql):
        return
    for statement in statements(sql):
        if not is_definition(statement):
            yield from _Changes(statement).changes()


class _Changes(Statement):
    """A parser of the changes of one statement."""

    def changes(self) -> Iterator[Change]:
        """Yield the changes of the statement."""
        for words, kind in (
            (("DROP", "TABLE"), "table"),
            (("DROP", "TYPE"), "type"),
            (("DROP", "DOMAIN"), "type"),
            (("DROP", "VIEW"), "drop view"),
            (("DROP", "MATERIALIZED", "VIEW"), "drop view"),
        ):
            if self.accept(*words):
                self.accept("IF", "EXISTS")
                cascades = self.cascades()
                for tokens in self.split():
                    yield Change(kind, *Statement(tokens).qualified_name(), cascades=cascades)
                return
        if self.accept("DROP", "RULE"):
            self.accept("IF", "EXISTS")
            rule = self.name()
            self.accept("ON")
            yield Change("drop rule", *self.qualified_name(), rule, self.cascades())
        elif self.accept("CREATE"):
            yield from self.created()
        elif self.accept("ALTER", "VIEW"):
            name = self.qualified_name()
            if self.accept("AS"):  # of MariaDB and MySQL
                yield Change("create view", *name)
        elif self.accept("ALTER", "TYPE"):
            name = self.qualified_name()
            if self.accept("RENAME", "TO"):
                yield Change("rename type", *name, self.name())
        elif found := self.altered_table():
            for tokens in self.split():
                yield from _Changes(tokens).action(*found)

    def cascades(self) -> bool:
        """Whether the statement ends with CASCADE."""
        return self.words()[-1:] == ["CASCADE"]

    def created(self) -> Iterator[Change]:
        """Yield the view or the table that CREATE creates, if it creates one."""
        self.accept("OR", "REPLACE")
        while self.peek() in {"ALGORITHM", "DEFINER", "SQL"}:  # of MariaDB and MySQL
            self.skip_attribute()
        self.accept("RECURSIVE")
        self.accept("MATERIALIZED")
        kind = "create view" if self.accept("VIEW") else "create table" * self.accept("TABLE")
        if kind:
            self.accept("IF", "NOT", "EXISTS")
            yield Change(kind, *self.qualified_name())

    def is_column(self) -> bool:
        """Consume COLUMN; return whether a column follows in ALTER TABLE."""
        return self.accept("COLUMN") or self.peek() not in NO_COLUMNS

    def skip_attribute(self) -> None:
        """Consume ALGORITHM = ..., DEFINER = ... or SQL SECURITY ..."""
        if self.accept("SQL"):
            self.name()
        else:
            self.name()
            self.accept("=")
        self.name()
        if self.accept("@"):
            self.name()
        self.accept("(", ")")

    def action(self, schema: str | None, table: str) -> Iterator[Change]:
        """Yield the change of an action of ALTER TABLE, if views may depend on it."""
        cascades = self.cascades()
        if self.accept("DROP", "CONSTRAINT"):
            self.accept("IF", "EXISTS")
            yield Change("constraint", schema, table, self.name(), cascades)
        elif self.accept("DROP"):
            # PostgreSQL takes a word such as KEY for a column, where no other follows.
            is_one = len(set(self.words()) - {"CASCADE", "RESTRICT"}) == 1
            if self.is_column() or is_one:
                self.accept("IF", "EXISTS")
                yield Change("drop", schema, table, self.name(), cascades)
        elif self.accept("ADD"):
            if self.is_column():
                self.accept("IF", "NOT", "EXISTS")
                # MariaDB and MySQL take several in parentheses.
                for tokens in Statement(self.group()).split() or [self.tokens]:
                    yield Change("add", schema, table, Statement(tokens).name())
        elif self.accept("CHANGE"):  # of MariaDB and MySQL
            self.accept("COLUMN")
            self.accept("IF", "EXISTS")
            column, name = self.name(), self.name()
            if column.lower() != name.lower():
                yield Change("rename", schema, table, column)
        elif self.accept("ALTER"):
            self.accept("COLUMN")
            column = self.name()
            self.accept("SET", "DATA")
            if self.accept("TYPE"):
                yield Change("retype", schema, table, column)
