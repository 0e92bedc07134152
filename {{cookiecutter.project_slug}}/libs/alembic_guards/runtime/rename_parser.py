"""Parses renames in SQL, such as `op.execute("ALTER TABLE ... RENAME ...")` in a revision."""

import re
from collections.abc import Iterator

from alembic_guards.runtime.renames import MoveTable, RenameColumn, RenameTable

#: A rename that renames_in() finds.
FoundRename = RenameTable | RenameColumn | MoveTable

#: The words after RENAME that rename neither a table nor a column.
NOT_COLUMNS = ("CONSTRAINT", "INDEX", "KEY")

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(r"\bRENAME\b|\bSET\s+SCHEMA\b", re.IGNORECASE)

TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*.*?\*/  # white space and comments
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`  # literals and quoted names
    | \$\w*\$.*?\$\w*\$  # the body of a function of PostgreSQL
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)


def renames_in(sql: str) -> Iterator[FoundRename]:
    """Yield the renames of tables and columns, and the moves to another schema, in SQL statements.

    CHANGE of MariaDB and MySQL is not one of them, because it may change the type as well.
    """
    if not KEYWORDS.search(sql):
        return
    for statement in statements(sql):
        yield from (rename for rename in _Renames(statement).renames() if rename.new)


def statements(sql: str) -> Iterator[list[str]]:
    """Yield the tokens of each statement in SQL, without space and comments."""
    statement: list[str] = []
    for token in [*TOKEN.findall(sql), ";"]:
        if token == ";":
            yield statement
            statement = []
        elif not token.isspace() and not token.startswith(("--", "/*")):
            statement.append(token)


class Statement:
    """A parser of one statement, which consumes its tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def accept(self, *words: str) -> bool:
        """Consume `words` if they are the next tokens; return whether they are."""
        found = [token.upper() for token in self.tokens[: len(words)]] == [*words]
        if found:
            del self.tokens[: len(words)]
        return found

    def name(self) -> str:
        """Consume a name, and return it without quotes."""
        token = self.tokens.pop(0) if self.tokens else ""
        mark = token[:1]
        return token[1:-1].replace(mark * 2, mark) if mark in ('"', "`") and mark else token

    def qualified_name(self) -> tuple[str | None, str]:
        """Consume a name; return its schema, or None, and the name."""
        name = self.name()
        return (name, self.name()) if self.accept(".") else (None, name)

    def skip_to_next_action(self) -> None:
        """Consume tokens up to the next comma outside of parentheses."""
        depth = 0
        while self.tokens:
            token = self.tokens.pop(0)
            depth += (token == "(") - (token == ")")
            if token == "," and depth == 0:
                return


class _Renames(Statement):
    """A parser of the renames of one statement."""

    def renames(self) -> Iterator[FoundRename]:
        """Yield the renames of the statement, in its order."""
        if self.accept("RENAME", "TABLE"):  # of MariaDB and MySQL
            yield from self.list_of_tables()
        elif self.accept("ALTER", "TABLE"):
            self.accept("IF", "EXISTS")
            self.accept("ONLY")
            schema, table = self.qualified_name()
            self.accept("*")
            while self.tokens:
                yield from self.action(schema, table)
                self.skip_to_next_action()

    def list_of_tables(self) -> Iterator[FoundRename]:
        """Yield the renames of RENAME TABLE."""
        while self.tokens:
            schema, old = self.qualified_name()
            self.accept("TO")
            yield RenameTable(old, self.qualified_name()[1], schema=schema)
            self.skip_to_next_action()

    def action(self, schema: str | None, table: str) -> Iterator[FoundRename]:
        """Yield the rename in the next action of ALTER TABLE, if it is one."""
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
