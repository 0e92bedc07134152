"""Reads drops from SQL, such as an owner writes in `op.execute("ALTER TABLE ... DROP ...")`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from alembic_guards.runtime.sql_parser import Statement, is_definition, statements

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

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(r"\bDROP\b|\bOR\s+REPLACE\b", re.IGNORECASE)

#: The words of a block after which a statement begins.
BEFORE_STATEMENT = {"ATOMIC", "BEGIN", "DO", "ELSE", "LOOP", "REPEAT", "THEN"}


class Drop(NamedTuple):
    """A table, a column of one, or with `table` None a whole schema that a statement drops."""

    schema: str | None
    table: str | None
    column: str | None = None


def drops_in(sql: str) -> Iterator[Drop]:
    """Yield the tables, columns and schemas that statements in SQL drop, in their order.

    The statements of a block that runs at once are among them, whatever their conditions.
    """
    if not KEYWORDS.search(sql):
        return
    for statement in statements(sql):
        if not is_definition(statement):
            for start in _starts(statement):
                yield from _Drops(statement[start:]).drops()


def _starts(statement: list[str]) -> list[int]:
    """Return the positions of tokens at which a statement begins, also one within a block."""
    return [0, *(at for at, token in enumerate(statement, 1) if token.upper() in BEFORE_STATEMENT)]


class _Drops(Statement):
    """A parser of the drops of one statement."""

    def drops(self) -> Iterator[Drop]:
        """Yield what the statement drops."""
        if self.accept("DROP", "TABLE") or self.accept("DROP", "TABLES"):
            yield from (Drop(schema, name) for schema, name in self.listed_names())
        elif self.accept("DROP", "SCHEMA") or self.accept("DROP", "DATABASE"):
            yield from (Drop(name, None) for _, name in self.listed_names())
        elif self.accept("CREATE", "OR", "REPLACE", "TABLE"):
            yield Drop(*self.qualified_name())
        elif self.accept("DO") or self.accept("EXECUTE"):
            yield from self.drops_of_literal()
        elif found := self.altered_table():
            for tokens in self.split():
                if column := _Drops(tokens).column():
                    yield Drop(*found, column)

    def drops_of_literal(self) -> Iterator[Drop]:
        """Yield what the SQL in a literal drops, which DO or EXECUTE runs."""
        self.accept("IMMEDIATE")
        if self.accept("LANGUAGE"):
            self.name()
        yield from drops_in(self.literal() or "")

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
