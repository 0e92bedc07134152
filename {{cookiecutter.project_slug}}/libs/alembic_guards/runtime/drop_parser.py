"""Reads drops from SQL, such as an owner writes in `op.execute("ALTER TABLE ... DROP ...")`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from alembic_guards.runtime.sql_parser import Statement, statements

#: What ALTER TABLE drops beside columns; a word that follows DROP.
OTHER_PARTS = frozenset(
    [
        "CHECK",
        "CONSTRAINT",
        "DEFAULT",
        "EXPRESSION",
        "FOREIGN",
        "IDENTITY",
        "INDEX",
        "KEY",
        "NOT",
        "PARTITION",
        "PERIOD",
        "PRIMARY",
        "SYSTEM",
    ]
)


class Drop(NamedTuple):
    """A table, a column of one, or with `table` None a whole schema that a statement drops."""

    schema: str | None
    table: str | None
    column: str | None = None


def drops_in(sql: str) -> Iterator[Drop]:
    """Yield the tables, columns and schemas that statements in SQL drop, in their order."""
    if not re.search(r"\bDROP\b", sql, re.IGNORECASE):
        return
    for statement in statements(sql):
        yield from _Drops(statement).drops()


class _Drops(Statement):
    """A parser of the drops of one statement."""

    def drops(self) -> Iterator[Drop]:
        """Yield what the statement drops."""
        if self.accept("DROP", "TABLE"):
            yield from (Drop(schema, name) for schema, name in self.listed_names())
        elif self.accept("DROP", "SCHEMA"):
            yield from (Drop(name, None) for _, name in self.listed_names())
        elif found := self.altered_table():
            for tokens in self.split():
                if column := _Drops(tokens).column():
                    yield Drop(*found, column)

    def listed_names(self) -> Iterator[tuple[str | None, str]]:
        """Yield the names in a list."""
        self.accept("IF", "EXISTS")
        yield from (Statement(tokens).qualified_name() for tokens in self.split())

    def column(self) -> str | None:
        """Consume the column that an action of ALTER TABLE drops, if it drops one."""
        if not self.accept("DROP"):
            return None
        if not self.accept("COLUMN") and self.peek() in OTHER_PARTS:
            return None
        self.accept("IF", "EXISTS")
        return self.name()
