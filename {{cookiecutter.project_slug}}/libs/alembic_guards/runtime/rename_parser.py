"""Reads renames from SQL, such as an owner writes in `op.execute("ALTER TABLE ... RENAME ...")`."""

import re
from collections.abc import Iterator

from alembic_guards.runtime.renames import MoveTable, RenameColumn, RenameTable

#: A rename that renames_in() finds.
FoundRename = RenameTable | RenameColumn | MoveTable

#: What RENAME is followed by where it is about another part of a table than a column.
OTHER_PARTS = ("CONSTRAINT", "INDEX", "KEY")

#: What any of them has: SQL that inserts a million rows is not taken apart.
KEYWORDS = re.compile(r"\bRENAME\b|\bSET\s+SCHEMA\b", re.IGNORECASE)

TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*.*?\*/  # space and comments
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`  # texts and names with quotes
    | \$\w*\$.*?\$\w*\$  # the body of a function of PostgreSQL
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)


def renames_in(sql: str) -> Iterator[FoundRename]:
    """Yield the renames of tables and columns, and the moves, that statements in SQL do.

    CHANGE of MariaDB and MySQL is none: it may give a column another type at once.
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
    """A statement of which token after token is read."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def comes(self, *words: str) -> bool:
        """Read `words` if they are the next tokens; return whether they are."""
        found = [token.upper() for token in self.tokens[: len(words)]] == [*words]
        if found:
            del self.tokens[: len(words)]
        return found

    def name(self) -> str:
        """Read a name."""
        token = self.tokens.pop(0) if self.tokens else ""
        mark = token[:1]
        return token[1:-1].replace(mark * 2, mark) if mark in ('"', "`") and mark else token

    def qualified_name(self) -> tuple[str | None, str]:
        """Read a name that may have a schema in front of it."""
        name = self.name()
        return (name, self.name()) if self.comes(".") else (None, name)

    def skip_to_next_action(self) -> None:
        """Read up to the next comma that is in no parentheses."""
        depth = 0
        while self.tokens:
            token = self.tokens.pop(0)
            depth += (token == "(") - (token == ")")
            if token == "," and depth == 0:
                return


class _Renames(Statement):
    """Reads the renames of a statement."""

    def renames(self) -> Iterator[FoundRename]:
        """Yield what the statement renames, in its order."""
        if self.comes("RENAME", "TABLE"):  # of MariaDB and MySQL
            yield from self.list_of_tables()
        elif self.comes("ALTER", "TABLE"):
            self.comes("IF", "EXISTS")
            self.comes("ONLY")
            schema, table = self.qualified_name()
            self.comes("*")
            while self.tokens:
                yield from self.action(schema, table)
                self.skip_to_next_action()

    def list_of_tables(self) -> Iterator[FoundRename]:
        """Yield the renames of RENAME TABLE."""
        while self.tokens:
            schema, old = self.qualified_name()
            self.comes("TO")
            yield RenameTable(old, self.qualified_name()[1], schema=schema)
            self.skip_to_next_action()

    def action(self, schema: str | None, table: str) -> Iterator[FoundRename]:
        """Yield the rename that an action of ALTER TABLE does, if it does one."""
        if self.comes("SET", "SCHEMA"):
            yield MoveTable(schema or "", self.name(), table=table)
        if not self.comes("RENAME") or any(map(self.comes, OTHER_PARTS)):
            return
        if self.comes("TO") or self.comes("AS"):
            yield RenameTable(table, self.qualified_name()[1], schema=schema)
            return
        is_column = self.comes("COLUMN")
        self.comes("IF", "EXISTS")
        old = self.qualified_name()[1]
        if self.comes("TO"):
            yield RenameColumn(old, self.name(), table=table, schema=schema)
        elif not is_column:  # of MariaDB and MySQL, where TO may be left out
            yield RenameTable(table, old, schema=schema)
