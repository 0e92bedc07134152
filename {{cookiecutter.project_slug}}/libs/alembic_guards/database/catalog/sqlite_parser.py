"""Parses a CREATE TABLE of SQLite into columns and constraints, and keeps the exact source text.

Source: "CREATE TABLE" and "SQLite Keywords" in SQLite's documentation, and its grammar, parse.y.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\f\r]+)
    | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<blob>[xX]'[^']*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    | (?P<number>0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*)
    | (?P<operator>\|\||->>|->|<<|>>|<=|>=|<>|!=|==|.)
    """,
    re.VERBOSE | re.DOTALL,
)

#: The keywords that are names only in quotes.
RESERVED = frozenset(
    [
        "ADD",
        "ALL",
        "ALTER",
        "AND",
        "AS",
        "AUTOINCREMENT",
        "BETWEEN",
        "CASE",
        "CHECK",
        "COLLATE",
        "COMMIT",
        "CONSTRAINT",
        "CREATE",
        "DEFAULT",
        "DEFERRABLE",
        "DELETE",
        "DISTINCT",
        "DROP",
        "ELSE",
        "ESCAPE",
        "EXISTS",
        "FOREIGN",
        "FROM",
        "GROUP",
        "HAVING",
        "IN",
        "INDEX",
        "INSERT",
        "INTO",
        "IS",
        "ISNULL",
        "JOIN",
        "LIMIT",
        "NOT",
        "NOTHING",
        "NOTNULL",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "PRIMARY",
        "REFERENCES",
        "RETURNING",
        "SELECT",
        "SET",
        "TABLE",
        "THEN",
        "TO",
        "TRANSACTION",
        "UNION",
        "UNIQUE",
        "UPDATE",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
        "EXCEPT",
        "INTERSECT",
    ]
)

#: The words that begin a clause of a column and of a table, with the number of words that always follow.
OF_COLUMN = {
    "CONSTRAINT": 1,
    "PRIMARY": 1,
    "NOT": 1,
    "NULL": 0,
    "UNIQUE": 0,
    "CHECK": 0,
    "DEFAULT": 1,
    "COLLATE": 1,
    "REFERENCES": 1,
    "GENERATED": 2,
    "AS": 0,
}
OF_TABLE = {"CONSTRAINT": 1, "PRIMARY": 1, "UNIQUE": 0, "CHECK": 0, "FOREIGN": 1}

#: The kinds of clauses, where they are not the word that begins the clause.
KINDS = {
    "PRIMARY": "PRIMARY KEY",
    "NOT": "NOT NULL",
    "FOREIGN": "FOREIGN KEY",
    "AS": "GENERATED",
}


class Token(NamedTuple):
    """A token with its exact text."""

    kind: str
    text: str

    @property
    def is_trivia(self) -> bool:
        """Whether it is white space or a comment."""
        return self.kind in ("space", "comment")

    @property
    def word(self) -> str:
        """The token as a keyword, in capitals; "" for a quoted one."""
        return self.text.upper() if self.kind in ("word", "operator") else ""

    @property
    def name(self) -> str:
        """The token as a name, without quotes."""
        if self.kind not in ("name", "string"):
            return self.text
        end = self.text[-1]
        return self.text[1:-1].replace(end * 2, end) if end != "]" else self.text[1:-1]


Tokens = Sequence[Token]


@dataclass(frozen=True)
class Clause:
    """A constraint of a column or a table, or another clause after the type of a column."""

    kind: str  # "PRIMARY KEY", "NOT NULL", "NULL", "DEFAULT", …; "" for CONSTRAINT and a name alone
    name: str | None
    tokens: tuple[Token, ...]  # without white space, comments and the name
    text: str  # the source text, with the name


@dataclass(frozen=True)
class Definition:
    """A column or a constraint in the list of a CREATE TABLE."""

    text: str
    before: tuple[str, ...]  # the comments above it
    after: tuple[str, ...]  # the comments after it, in the same line
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Column(Definition):
    """A column."""

    name: str
    quoted: str  # the name in the source text
    type: str  # the source text; "" for none


@dataclass(frozen=True)
class Table:
    """A CREATE TABLE."""

    name: str
    head: str  # the source text up to the opening parenthesis
    definitions: tuple[Definition, ...]
    tail: str  # the source text from the closing parenthesis on

    @property
    def columns(self) -> dict[str, Column]:
        """The columns by name, in their order."""
        return {part.name: part for part in self.definitions if isinstance(part, Column)}

    @property
    def constraints(self) -> list[Definition]:
        """The constraints that are declared after the columns."""
        return [part for part in self.definitions if not isinstance(part, Column)]

    @property
    def rowid_alias(self) -> str:
        """The column that is an alias of the rowid (INTEGER PRIMARY KEY); "" for none."""
        for part in self.definitions:
            for clause in part.clauses:
                if clause.kind == "PRIMARY KEY":
                    names = [solid(group)[0].name for group in groups(clause.tokens)]
                    name = part.name if isinstance(part, Column) else names[0]
                    columns = {key.lower(): column for key, column in self.columns.items()}
                    column = columns[name.lower()]
                    is_alias = len(names) < 2 and column.type.upper() == "INTEGER"
                    return column.name if is_alias else ""
        return ""

    @property
    def options(self) -> list[str]:
        """STRICT and WITHOUT ROWID, in capitals."""
        tokens = [token.word for token in solid(tokenize(self.tail))[1:]]
        return sorted(filter(None, " ".join(tokens).replace(" ,", ",").split(", ")))


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of SQL; their texts joined are `sql`."""
    return [Token(str(found.lastgroup), found[0]) for found in TOKEN.finditer(sql)]


def solid(tokens: Iterable[Token]) -> list[Token]:
    """Return the tokens without white space and comments."""
    return [token for token in tokens if not token.is_trivia]


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=4096)
def parse_table(sql: str) -> Table:
    """Parse a CREATE TABLE from sqlite_master; raises ValueError for other statements."""
    tokens = tokenize(sql)
    words = [token.word for token in solid(tokens)]
    if words[:1] != ["CREATE"] or "TABLE" not in words[1:3] or "(" not in words:
        raise ValueError(sql)
    depths = list(_depths(tokens))
    start = next(i for i, token in enumerate(tokens) if token.word == "(")
    end = next(i for i in range(start + 1, len(tokens)) if depths[i] == 0)
    head, body, tail = tokens[: start + 1], tokens[start + 1 : end], tokens[end:]
    return Table(
        name=solid(head)[-2].name,
        head=text_of(head),
        definitions=tuple(_definitions(body)),
        tail=text_of(tail),
    )


def text_of(tokens: Iterable[Token]) -> str:
    """Return the source text of tokens."""
    return "".join(token.text for token in tokens)


def write_table(head: str, definitions: Sequence[Definition], tail: str) -> str:
    """Return a CREATE TABLE of these parts, a line each, with their comments."""
    lines = [
        "".join(f"{comment}\n\t" for comment in part.before)
        + part.text
        + ("" if number == len(definitions) else ", ")
        + " ".join(("", *part.after))
        for number, part in enumerate(definitions, 1)
    ]
    return head + "\n\t" + "\n\t".join(lines) + "\n" + tail


def join_column(column: Column, clauses: Sequence[Clause]) -> Column:
    """Return a column with the text of its name, its type, and these clauses."""
    text = " ".join(filter(None, (column.quoted, column.type)))
    for clause in clauses:
        text += "\n\t" if "--" in text.rpartition("\n")[2] else " "  # it may end in a comment
        text += clause.text
    return replace(column, text=text, clauses=tuple(clauses))


def without_clause(table: Table, name: str, kind: str) -> str:
    """Return a CREATE TABLE without the clauses of a kind in one column."""
    parts = [
        join_column(part, [clause for clause in part.clauses if clause.kind != kind])
        if isinstance(part, Column) and part.name == name
        else part
        for part in table.definitions
    ]
    return write_table(table.head, parts, table.tail)


def generated_expression(column: Column) -> str:
    """Return the source text of the expression of a generated column; "" for other columns."""
    for clause in column.clauses:
        if clause.kind == "GENERATED":
            tokens = tokenize(clause.text)
            start = next(i for i, token in enumerate(tokens) if token.word == "(")
            depths = list(_depths(tokens))
            end = next(i for i in range(start + 1, len(tokens)) if depths[i] == 0)
            return text_of(tokens[start + 1 : end]).strip()
    return ""


def groups(tokens: Tokens) -> list[list[Token]]:
    """Return the parts between the commas in the first parentheses of `tokens`."""
    depths = list(_depths(tokens))
    start = next((i for i, token in enumerate(tokens) if token.word == "("), None)
    if start is None:
        return []
    end = next((i for i in range(start + 1, len(tokens)) if depths[i] == 0), len(tokens))
    return _split(tokens[start + 1 : end])


def _depths(tokens: Tokens) -> Iterator[int]:
    """Yield the depth of parentheses at each token; both parentheses of a pair have the outer depth."""
    depth = 0
    for token in tokens:
        depth -= token.word == ")"
        yield depth
        depth += token.word == "("


def _split(tokens: Tokens) -> list[list[Token]]:
    """Split tokens at the commas outside of parentheses."""
    parts: list[list[Token]] = [[]]
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if token.word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _definitions(body: Tokens) -> Iterator[Definition]:
    """Yield the columns and constraints of a table; commas between constraints are optional."""
    parts = [_trimmed(part) for part in _split(body)]
    for number, (before, tokens, after) in enumerate(parts):
        following = parts[number + 1][0] if number + 1 < len(parts) else []
        above = _comments(before if number == 0 else _above(before))
        after = [*after, *following[: len(following) - len(_above(following))]]
        if tokens[0].word not in OF_TABLE:
            yield _column(tokens, above, _comments(after))
            continue
        clauses = list(_clauses(tokens, OF_TABLE))
        for index, clause in enumerate(clauses):
            yield Definition(
                text=clause.text,
                before=above if index == 0 else (),
                after=_comments(after) if clause is clauses[-1] else (),
                clauses=(clause,),
            )


def _trimmed(tokens: Tokens) -> tuple[Tokens, Tokens, Tokens]:
    """Split tokens into leading white space and comments, the rest, and trailing ones."""
    numbers = [number for number, token in enumerate(tokens) if not token.is_trivia]
    if not numbers:
        raise ValueError(text_of(tokens))
    start, end = numbers[0], numbers[-1] + 1
    return tokens[:start], tokens[start:end], tokens[end:]


def _above(trivia: Tokens) -> Tokens:
    """Return the comments on their own lines: those in the line of a comma belong to the part before."""
    breaks = (i for i, token in enumerate(trivia) if token.kind == "space" and "\n" in token.text)
    return trivia[next(breaks, 0) :]


def _comments(trivia: Tokens) -> tuple[str, ...]:
    """Return the comments among tokens of white space and comments."""
    return tuple(token.text.rstrip() for token in trivia if token.kind == "comment")


def _column(tokens: Tokens, before: tuple[str, ...], after: tuple[str, ...]) -> Column:
    depths = list(_depths(tokens))
    end = next(
        (
            number
            for number, token in enumerate(tokens)
            if number > 0 and depths[number] == 0 and _begins(tokens, number, OF_COLUMN)
        ),
        len(tokens),
    )
    _, type_, _ = _trimmed(tokens[1:end]) if solid(tokens[1:end]) else ((), (), ())
    return Column(
        text=text_of(tokens),
        before=before,
        after=after,
        clauses=tuple(_clauses(tokens[end:], OF_COLUMN)),
        name=tokens[0].name,
        quoted=tokens[0].text,
        type=text_of(type_),
    )


def _begins(tokens: Tokens, number: int, starts: dict[str, int]) -> bool:
    """Whether the token at `number` begins a clause."""
    word = tokens[number].word
    if word not in starts:
        return False
    following = next((token.word for token in solid(tokens[number + 1 :])), "")
    preceding = next((token.word for token in reversed(solid(tokens[:number]))), "")
    if word == "GENERATED":
        return following == "ALWAYS"
    if word == "NOT":
        return following != "DEFERRABLE"
    return preceding != "SET"  # ON DELETE SET NULL


def _clauses(tokens: Tokens, starts: dict[str, int]) -> Iterator[Clause]:
    """Yield the clauses of a column or a table."""
    depths = list(_depths(tokens))
    bounds, number = [], 0
    is_name = False
    while number < len(tokens):
        if depths[number] == 0 and _begins(tokens, number, starts):
            if not is_name or tokens[number].word == "CONSTRAINT":
                bounds.append(number)
            is_name = tokens[number].word == "CONSTRAINT"
            number = _skip(tokens, number, starts[tokens[number].word])
        number += 1
    for start, end in pairwise((*bounds, len(tokens))):
        yield _clause(tokens[start:end])


def _skip(tokens: Tokens, number: int, count: int) -> int:
    """Return the index of the last of the `count` words that follow; a sign belongs to its number."""
    for _ in range(count):
        number += 1
        while number < len(tokens) and (tokens[number].is_trivia or tokens[number].text in "+-"):
            number += 1
    if number < len(tokens) and tokens[number].word == "(":
        number -= 1  # the parentheses are skipped by depth
    return number


def _clause(tokens: Tokens) -> Clause:
    parts, name = solid(tokens), None
    if parts[0].word == "CONSTRAINT":
        name, parts = parts[1].name, parts[2:]
    word = parts[0].word if parts else ""
    return Clause(
        kind=KINDS.get(word, word),
        name=name,
        tokens=tuple(parts),
        text=text_of(tokens).strip(),
    )
