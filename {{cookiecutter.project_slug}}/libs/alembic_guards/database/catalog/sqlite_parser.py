"""Splits a CREATE TABLE of SQLite into its columns and constraints, and keeps the exact source text.

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

#: The words that SQLite takes for a name only in quotes.
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

#: The words that begin a clause of a column and of a table, and how many words always follow each.
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

#: What a clause is called, by the word that begins it, where that is not enough.
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
        """The keyword that it may be, in capitals; "" for anything in quotes."""
        return self.text.upper() if self.kind in ("word", "operator") else ""

    @property
    def name(self) -> str:
        """What it names, without the quotes."""
        if self.kind not in ("name", "string"):
            return self.text
        end = self.text[-1]
        return self.text[1:-1].replace(end * 2, end) if end != "]" else self.text[1:-1]


Tokens = Sequence[Token]


@dataclass(frozen=True)
class Clause:
    """A constraint of a column or a table, or what else follows the type of a column."""

    kind: str  # "PRIMARY KEY", "NOT NULL", "NULL", "DEFAULT", …; "" for a name that is all there is
    name: str | None
    tokens: tuple[Token, ...]  # without white space, comments and the name
    text: str  # as it is written, with its name


@dataclass(frozen=True)
class Definition:
    """A column or a constraint in the list of a CREATE TABLE."""

    text: str
    before: tuple[str, ...]  # the comments that stand above it
    after: tuple[str, ...]  # and behind it, in the same line
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Column(Definition):
    """A column."""

    name: str
    quoted: str  # the name as it is written
    type: str  # as it is written; "" for none


@dataclass(frozen=True)
class Table:
    """A CREATE TABLE."""

    name: str
    head: str  # to the parenthesis
    definitions: tuple[Definition, ...]
    tail: str  # from the parenthesis on

    @property
    def columns(self) -> dict[str, Column]:
        """The columns by name, in their order."""
        return {part.name: part for part in self.definitions if isinstance(part, Column)}

    @property
    def constraints(self) -> list[Definition]:
        """The constraints that stand behind the columns."""
        return [part for part in self.definitions if not isinstance(part, Column)]

    @property
    def rowid_alias(self) -> str:
        """The column that is another name for the number of a row; "" for none."""
        for part in self.definitions:
            for clause in part.clauses:
                if clause.kind == "PRIMARY KEY":
                    names = [solid(group)[0].name for group in groups(clause.tokens)]
                    name = part.name if isinstance(part, Column) else names[0]
                    column = {key.lower(): one for key, one in self.columns.items()}[name.lower()]
                    is_alias = len(names) < 2 and column.type.upper() == "INTEGER"
                    return column.name if is_alias else ""
        return ""

    @property
    def options(self) -> list[str]:
        """STRICT and WITHOUT ROWID, in capitals."""
        tokens = [token.word for token in solid(tokenize(self.tail))[1:]]
        return sorted(filter(None, " ".join(tokens).replace(" ,", ",").split(", ")))


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of SQL; joined, they are what was given."""
    return [Token(str(found.lastgroup), found[0]) for found in TOKEN.finditer(sql)]


def solid(tokens: Iterable[Token]) -> list[Token]:
    """Return the tokens without white space and comments."""
    return [token for token in tokens if not token.is_trivia]


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=4096)
def parse_table(sql: str) -> Table:
    """Parse a CREATE TABLE as sqlite_master has it; raises ValueError for anything else."""
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
    """Write a CREATE TABLE of its parts, a line each, with their comments."""
    lines = [
        "".join(f"{comment}\n\t" for comment in part.before)
        + part.text
        + ("" if number == len(definitions) else ", ")
        + " ".join(("", *part.after))
        for number, part in enumerate(definitions, 1)
    ]
    return head + "\n\t" + "\n\t".join(lines) + "\n" + tail


def parse_definition(sql: str) -> Definition:
    """Parse one column or constraint."""
    (definition,) = _definitions(tokenize(sql))
    return definition


def join_column(column: Column, clauses: Sequence[Clause]) -> Column:
    """Return a column with other clauses, or another type."""
    text = " ".join(filter(None, (column.quoted, column.type)))
    for clause in clauses:
        text += "\n\t" if "--" in text.rpartition("\n")[2] else " "  # it may end in a comment
        text += clause.text
    return replace(column, text=text, clauses=tuple(clauses))


def without_clause(table: Table, name: str, kind: str) -> str:
    """Write a table without a clause of one of its columns."""
    parts = [
        join_column(part, [clause for clause in part.clauses if clause.kind != kind])
        if isinstance(part, Column) and part.name == name
        else part
        for part in table.definitions
    ]
    return write_table(table.head, parts, table.tail)


def generated_expression(column: Column) -> str:
    """Return what a column is computed from, as it is written; "" for one that is not."""
    for clause in column.clauses:
        if clause.kind == "GENERATED":
            tokens = tokenize(clause.text)
            start = next(i for i, token in enumerate(tokens) if token.word == "(")
            depths = list(_depths(tokens))
            end = next(i for i in range(start + 1, len(tokens)) if depths[i] == 0)
            return text_of(tokens[start + 1 : end]).strip()
    return ""


def groups(tokens: Tokens) -> list[list[Token]]:
    """Return what stands between the commas of the first parentheses in `tokens`."""
    depths = list(_depths(tokens))
    start = next((i for i, token in enumerate(tokens) if token.word == "("), None)
    if start is None:
        return []
    end = next((i for i in range(start + 1, len(tokens)) if depths[i] == 0), len(tokens))
    return _split(tokens[start + 1 : end])


def _depths(tokens: Tokens) -> Iterator[int]:
    """Yield in how many parentheses each token is; a closing one is outside of what it closes."""
    depth = 0
    for token in tokens:
        depth -= token.word == ")"
        yield depth
        depth += token.word == "("


def _split(tokens: Tokens) -> list[list[Token]]:
    """Split tokens at the commas that are in no parentheses."""
    parts: list[list[Token]] = [[]]
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if token.word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _definitions(body: Tokens) -> Iterator[Definition]:
    """Yield the columns and constraints of a table; between constraints no comma is needed."""
    parts = [_trimmed(part) for part in _split(body)]
    for number, (before, tokens, after) in enumerate(parts):
        behind = parts[number + 1][0] if number + 1 < len(parts) else []
        above = _comments(before if number == 0 else _above(before))
        after = [*after, *behind[: len(behind) - len(_above(behind))]]
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
    """Split tokens into the white space and comments before, what is between, and those after."""
    firm = [number for number, token in enumerate(tokens) if not token.is_trivia]
    if not firm:
        raise ValueError(text_of(tokens))
    start, end = firm[0], firm[-1] + 1
    return tokens[:start], tokens[start:end], tokens[end:]


def _above(trivia: Tokens) -> Tokens:
    """Return what is on lines of its own: comments in the line of the comma are about what it ends."""
    breaks = (i for i, token in enumerate(trivia) if token.kind == "space" and "\n" in token.text)
    return trivia[next(breaks, 0) :]


def _comments(trivia: Tokens) -> tuple[str, ...]:
    """Return the comments; one to the end of its line in a form that ends anywhere, if it can be."""
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
    """Return where the last of the `count` tokens is that follow; a sign is a part of a number."""
    for _ in range(count):
        number += 1
        while number < len(tokens) and (tokens[number].is_trivia or tokens[number].text in "+-"):
            number += 1
    if number < len(tokens) and tokens[number].word == "(":
        number -= 1  # its end is found by its depth
    return number


def _clause(tokens: Tokens) -> Clause:
    firm, name = solid(tokens), None
    if firm[0].word == "CONSTRAINT":
        name, firm = firm[1].name, firm[2:]
    word = firm[0].word if firm else ""
    return Clause(
        kind=KINDS.get(word, word),
        name=name,
        tokens=tuple(firm),
        text=text_of(tokens).strip(),
    )
