"""Splits SQL into tokens and statements, and parses what the statements of all dialects have in common."""

import re
from collections.abc import Iterator

TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*.*?\*/  # white space and comments
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`  # literals and quoted names
    | \$\w*\$.*?\$\w*\$  # the body of a function of PostgreSQL
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens_of(sql: str) -> list[str]:
    """Return the tokens of SQL, with white space, and with a space for each comment."""
    return [" " if token.startswith(("--", "/*")) else token for token in TOKEN.findall(sql)]


def statements(sql: str) -> Iterator[list[str]]:
    """Yield the tokens of each statement in SQL, with white space."""
    statement: list[str] = []
    for token in [*tokens_of(sql), ";"]:
        if token == ";":
            yield statement
            statement = []
        else:
            statement.append(token)


def unquoted(token: str) -> str:
    """Return a name without its quotes."""
    mark = token[:1]
    return token[1:-1].replace(mark * 2, mark) if mark in ('"', "`") and mark else token


class Statement:
    """A parser of one statement or of a part of it, which consumes its tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def peek(self) -> str:
        """Return the next word in capitals, without consuming it; "" at the end."""
        self.skip_space()
        return self.tokens[0].upper() if self.tokens else ""

    def accept(self, *words: str) -> bool:
        """Consume `words` if they are the next tokens; return whether they are."""
        rest = list(self.tokens)
        for word in words:
            while rest and rest[0].isspace():
                rest.pop(0)
            if not rest or rest.pop(0).upper() != word:
                return False
        self.tokens = rest
        return True

    def name(self) -> str:
        """Consume a name, and return it without quotes."""
        self.skip_space()
        return unquoted(self.tokens.pop(0)) if self.tokens else ""

    def qualified_name(self) -> tuple[str | None, str]:
        """Consume a name; return its schema, or None, and the name."""
        name = self.name()
        return (name, self.name()) if self.accept(".") else (None, name)

    def altered_table(self) -> tuple[str | None, str] | None:
        """Consume ALTER TABLE up to its first action; return schema and table, or None for another."""
        if not self.accept("ALTER", "TABLE"):
            return None
        self.accept("IF", "EXISTS")
        self.accept("ONLY")
        table = self.qualified_name()
        self.accept("*")
        return table

    def skip_space(self) -> None:
        """Consume white space."""
        while self.tokens and self.tokens[0].isspace():
            self.tokens.pop(0)

    def group(self) -> list[str]:
        """Consume the next tokens in parentheses, and return those inside; none where there are none."""
        self.skip_space()
        depth, inside = 0, list[str]()
        while self.tokens and (depth or self.tokens[0] == "("):
            token = self.tokens.pop(0)
            depth += (token == "(") - (token == ")")
            inside.append(token)
            if depth == 0:
                break
        return inside[1:-1]

    def split(self) -> list[list[str]]:
        """Return the tokens between commas that are outside of parentheses."""
        depth, parts = 0, [list[str]()]
        for token in self.tokens:
            depth += (token == "(") - (token == ")")
            if token == "," and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        return [part for part in parts if "".join(part).strip()]

    def names(self) -> tuple[str, ...]:
        """Consume names in parentheses."""
        return tuple(Statement(part).name() for part in Statement(self.group()).split())
