"""Finds the tables and columns that the body of a trigger, routine or event names.

A name counts where it is certain: behind the row of a trigger, a table or an alias; in the columns of an
INSERT; and alone in a statement of whose tables only one has such a column. SQL in a text, which the body
executes, is not read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from alembic_guards.database.programs import Program
from alembic_guards.runtime.drop_parser import BEFORE_STATEMENT
from alembic_guards.runtime.sql_parser import unquoted

#: The tokens of a body. What the groups "literal" and "comment" match names nothing.
TOKENS = r"""
    (?P<comment>\s+ | {comment} | /\*(?!M?!).*?\*/ | /\*M?!\d* | \*/)
    | (?P<literal>[nNxXbB]?'(?:[^'{escape}]|''{escaped})*' {literal} | \d[\w.]*)
    | (?P<name>[^\W\d][\w$]* | `(?:[^`]|``)*` {name})
    | .
"""
IN_DOUBLE_QUOTES = r'| "(?:[^"{escape}]|""{escaped})*"'
IN_DOLLARS = r"| [eE]'(?:[^'\\]|\\.|'')*' | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)"
ESCAPES = {"escape": r"\\", "escaped": r"|\\."}
NO_ESCAPES = {"escape": "", "escaped": ""}

#: The modes of MariaDB and MySQL in which a name, and no literal, is in double quotes.
ANSI_MODES = re.compile("ANSI|DB2|MSSQL|ORACLE|POSTGRESQL")

#: The words that begin a statement, where they follow one of BEFORE_STATEMENT.
STATEMENTS = frozenset(
    [
        "CALL",
        "CASE",
        "CLOSE",
        "DECLARE",
        "DELETE",
        "EXECUTE",
        "FETCH",
        "FOR",
        "IF",
        "INSERT",
        "LEAVE",
        "LOOP",
        "MERGE",
        "OPEN",
        "PERFORM",
        "RAISE",
        "REPEAT",
        "REPLACE",
        "RETURN",
        "SELECT",
        "SET",
        "SIGNAL",
        "TRUNCATE",
        "UPDATE",
        "WHILE",
        "WITH",
    ]
)

#: The words before the name of a table, and what may stand between INSERT and INTO.
BEFORE_TABLE = frozenset(["FROM", "JOIN", "STRAIGHT_JOIN", "UPDATE", "INTO", "TRUNCATE", "USING"])
BEFORE_INTO = frozenset(
    ["INSERT", "REPLACE", "MERGE", "IGNORE", "DELAYED", "LOW_PRIORITY", "HIGH_PRIORITY"]
)
MODIFIERS = frozenset(["IGNORE", "LOW_PRIORITY", "ONLY", "LATERAL", "TABLE"])

#: The words that may follow a table where another one would have an alias.
NO_ALIAS = BEFORE_TABLE | frozenset(
    [
        "CROSS",
        "DEFAULT",
        "END",
        "EXCEPT",
        "FOR",
        "FULL",
        "GROUP",
        "HAVING",
        "INNER",
        "INTERSECT",
        "LEFT",
        "LIMIT",
        "LOOP",
        "NATURAL",
        "ON",
        "ORDER",
        "OVERRIDING",
        "PARTITION",
        "RETURNING",
        "RIGHT",
        "SELECT",
        "SET",
        "THEN",
        "UNION",
        "VALUE",
        "VALUES",
        "WHEN",
        "WHERE",
        "WINDOW",
        "DO",
    ]
)


#: The words by which a function of PostgreSQL works for several tables, and the columns that all have.
OF_SEVERAL = frozenset(["TG_RELNAME", "TG_TABLE_NAME", "TG_TABLE_SCHEMA", "TG_RELID", "TG_ARGV"])
SYSTEM_COLUMNS = frozenset(["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"])


#: The functions of SQL with FROM in their arguments.
WITH_FROM = [[name] for name in ("EXTRACT", "MID", "OVERLAY", "SUBSTR", "SUBSTRING", "TRIM")]


class Mention(NamedTuple):
    """A table, or a column of one, that a body names; `is_row` if it does so by the row of a trigger."""

    table: str
    column: str | None
    is_row: bool = False


class Token(NamedTuple):
    """A name with its spelling in the catalog, or another token; without white space and comments."""

    text: str
    is_name: bool

    @property
    def word(self) -> str:
        """The token in capitals; "" for a quoted name."""
        return "" if self.text[:1] in {'"', "`"} else self.text.upper()


Columns = Mapping[str, AbstractSet[str]]


class Tables:
    """The tables and columns of a database, by the words that name them."""

    def __init__(self, columns: Columns, dialect: str) -> None:
        self.columns, self.dialect = columns, dialect
        self.by_word: dict[str, list[str]] = {}
        for table in columns:
            parts = table.lower().split(".")
            for start in range(len(parts)):
                self.by_word.setdefault(".".join(parts[start:]), []).append(table)

    def mentions(self, program: Program) -> AbstractSet[Mention]:
        """Return what a program names of the tables, with their spelling."""
        return _found(program, self._near(program), self.dialect)

    def _near(self, program: Program) -> frozenset[tuple[str, frozenset[str]]]:
        """Return the tables that a word of the body may name, with their columns."""
        words = _words(program._replace(table=""), self.dialect)
        names = {table for word in words for table in self.by_word.get(word, ())}
        names |= {program.table} & self.columns.keys()
        return frozenset((name, frozenset(self.columns[name])) for name in names)


def mentions(program: Program, columns: Columns, dialect: str) -> AbstractSet[Mention]:
    """Return what a program names of the tables in `columns`, with the spelling there."""
    return Tables(columns, dialect).mentions(program)


@lru_cache(maxsize=4096)
def _words(program: Program, dialect: str) -> frozenset[str]:
    tokens = _tokens(program, dialect)
    return frozenset(unquoted(token.text).lower() for token in tokens if token.is_name)


@lru_cache(maxsize=4096)
def _found(
    program: Program, tables: frozenset[tuple[str, frozenset[str]]], dialect: str
) -> frozenset[Mention]:
    columns, found = dict(tables), set[Mention]()
    tokens = _tokens(program, dialect)
    segments = list(_statements(tokens, dialect))
    program = program._replace(variables=(*program.variables, *_declared(segments, dialect)))
    temporary = frozenset(_temporary(tokens))
    for segment in segments:
        found.update(_Segment(segment, program, columns, dialect, temporary).mentions())
    return frozenset(found)


def _temporary(tokens: list[Token]) -> Iterator[str]:
    """Yield the temporary tables that a body makes, in small letters."""
    words = [token.word for token in tokens]
    for at, word in enumerate(words):
        if word not in {"TEMP", "TEMPORARY"} or words[at - 1] not in {
            *("CREATE", "REPLACE", "LOCAL", "GLOBAL", "INTO"),
        }:
            continue
        at += 1
        while at < len(words) and words[at] in {"TABLE", "IF", "NOT", "EXISTS"}:
            at += 1
        if at < len(words) and tokens[at].is_name:
            yield unquoted(tokens[at].text).lower()


def missing_columns(program: Program, columns: Columns, dialect: str) -> list[str]:
    """Return the columns of its table that a trigger names by NEW and OLD, and the table lacks.

    A function of PostgreSQL that reads the name of its table is left out: it is written for several.
    """
    tokens = _tokens(program, dialect)
    if program.table not in columns or any(token.word in OF_SEVERAL for token in tokens):
        return []
    segment = _Segment(tokens, program, columns, dialect)
    rows = zip(tokens, tokens[1:], tokens[2:], strict=False)
    named = (c for a, b, c in rows if a.word in {"NEW", "OLD"} and b.text == "." and c.is_name)
    return list(
        dict.fromkeys(
            unquoted(token.text) for token in named if not segment.is_column(program.table, token)
        )
    )


def _tokens(program: Program, dialect: str) -> list[Token]:
    """Return the tokens of a body: quotes and comments are those of its dialect and sql_mode."""
    if dialect == "postgresql":
        parts = {"comment": r"--[^\n]*", "literal": IN_DOLLARS, **NO_ESCAPES}
        parts["name"] = IN_DOUBLE_QUOTES.format(**NO_ESCAPES)
    else:
        escapes = NO_ESCAPES if "NO_BACKSLASH_ESCAPES" in program.sql_mode else ESCAPES
        parts = {"comment": r"--(?=\s|$)[^\n]* | \#[^\n]*", "literal": "", "name": "", **escapes}
        kind = "name" if ANSI_MODES.search(program.sql_mode) else "literal"
        parts[kind] = IN_DOUBLE_QUOTES.format(**(NO_ESCAPES if kind == "name" else escapes))
    return [
        Token(found[0], found["name"] is not None)
        for found in re.finditer(TOKENS.format(**parts), program.body, re.VERBOSE | re.DOTALL)
        if found["comment"] is None
    ]


def _statements(tokens: list[Token], dialect: str) -> Iterator[list[Token]]:
    """Yield the statements in a body, and the conditions between them."""
    start, none = 0, Token("", is_name=False)
    before = BEFORE_STATEMENT - ({"DO"} if dialect == "postgresql" else set())  # ON CONFLICT DO
    for at, (token, after, second) in enumerate(
        zip(tokens, [*tokens[1:], none], [*tokens[2:], none, none], strict=False)
    ):
        begins = token.word in before and after.word in STATEMENTS
        if token.text == ";" or (
            begins and second.text != "("
        ):  # IF and REPLACE are functions, too
            yield tokens[start : at + 1]
            start = at + 1
    yield tokens[start:]


def _declared(segments: Iterable[list[Token]], dialect: str) -> Iterator[str]:
    """Yield the names of variables: those after DECLARE, on PostgreSQL up to BEGIN, and those of loops."""
    is_declaring = False
    for tokens in segments:
        words = [token.word for token in tokens]
        yield from (unquoted(b.text) for a, b in pairwise(tokens) if a.word == "FOR" and b.is_name)
        is_declaring = "BEGIN" not in words[:1] and is_declaring and dialect == "postgresql"
        if "DECLARE" in words:
            tokens, is_declaring = tokens[words.index("DECLARE") + 1 :], True
        elif not is_declaring:
            continue
        for token, after in pairwise([*tokens, Token("", is_name=False)]):
            if token.is_name:
                yield unquoted(token.text)
            if after.text != "," and token.text != ",":
                break


class _Segment:
    """A statement, with its tables and their aliases."""

    def __init__(
        self,
        tokens: list[Token],
        program: Program,
        columns: Columns,
        dialect: str,
        temporary: AbstractSet[str] = frozenset(),
    ) -> None:
        self.tokens, self.program, self.columns = tokens, program, columns
        self.ignores_case = dialect != "postgresql"
        self.spellings = {self._folded(name): name for name in columns}
        self.rows = set(program.rows[2:])  # the transition tables of a trigger of PostgreSQL
        self.variables = {self._folded(name) for name in program.variables}
        self.temporary = temporary
        self.tables = dict[str, str]()  # by alias
        self.others = set[str]()  # the aliases of what is no table of the database
        self.ctes = dict(self._ctes())  # the positions of their bodies; none where it is RECURSIVE
        self.inserted = self.updated = ""
        self.listed = dict[int, str]()  # the tables of the columns of an INSERT, by position
        self._find_tables()

    def mentions(self) -> Iterator[Mention]:
        """Yield what the statement names, with the spellings of the catalog."""
        yield from (
            Mention(table, None) for alias, table in self.tables.items() if alias not in self.rows
        )
        for at, token in enumerate(self.tokens):
            if not token.is_name or self._text(at - 1) == "@":
                continue
            name = self._folded(self._unquoted(token))
            if self._text(at - 1) == "." and self._text(at - 3) == ".":
                schema, table = self._folded_at(at - 4), self._folded_at(at - 2)
                yield from self._of(self.spellings.get(self._in_schema(schema, table), ""), name)
            elif self._text(at - 1) == ".":
                yield from self._qualified(self._folded_at(at - 2), name)
            elif at in self.listed:
                yield from self._of(self.listed[at], name)
            elif self._text(at + 1) not in {".", "("} and self._is_column(at):
                yield from self._unqualified(at, name)

    def is_column(self, table: str, token: Token) -> bool:
        """Whether a table has a column of the name that a token holds."""
        name = self._folded(self._unquoted(token))
        return name in SYSTEM_COLUMNS or any(self._of(table, name))

    def _qualified(self, qualifier: str, name: str) -> Iterator[Mention]:
        if qualifier in self.program.rows and self.program.table:
            for found in self._of(self.program.table, name):
                yield found._replace(is_row=True)
        elif qualifier in self.tables or qualifier not in self.others:
            yield from self._of(self.tables.get(qualifier) or self._found(qualifier), name)

    def _found(self, name: str) -> str:
        """Return the table that a name without a schema means; "" for none."""
        if name.lower() in self.temporary:
            return ""
        if self.program.search_path is None:
            return self.spellings.get(name, "")
        names = (self._in_schema(schema, name) for schema in self.program.search_path)
        return next((self.spellings[each] for each in names if each in self.spellings), "")

    def _ctes(self) -> Iterator[tuple[str, range]]:
        """Yield the names of WITH, and where the statement in it may mean a table by the same name."""
        words = [self._text(at) for at in range(len(self.tokens))]
        if "WITH" not in words:
            return
        for at, token in enumerate(self.tokens):
            if not token.is_name or self._text(at - 1) not in {"WITH", "RECURSIVE", ","}:
                continue
            start = self._after_group(at + 1) if self._text(at + 1) == "(" else at + 1
            if self._text(start) != "AS":
                continue
            start += 1
            while self._text(start) in {"NOT", "MATERIALIZED"}:
                start += 1
            if self._text(start) == "(":
                end = start if "RECURSIVE" in words else self._after_group(start)
                yield self._folded_at(at), range(start, end)

    def _after_group(self, at: int) -> int:
        """Return the position after the parentheses that open at one."""
        depth = 0
        for place in range(at, len(self.tokens)):
            depth += (self._text(place) == "(") - (self._text(place) == ")")
            if depth == 0:
                return place + 1
        return len(self.tokens)

    def _unqualified(self, at: int, name: str) -> Iterator[Mention]:
        tables = set(self.tables.values())
        if self.updated and self._text(at + 1) == "=" and self._text(at - 1) in {"SET", ","}:
            tables = {self.updated}
        elif name in self.variables:
            return
        found = [mention for table in tables for mention in self._of(table, name)]
        if len(found) == 1:
            yield found[0]

    def _of(self, table: str, name: str) -> Iterator[Mention]:
        """Yield the column of a name in a table, if that has one."""
        for column in self.columns.get(table, ()):
            if self._folded(column) == name:
                yield Mention(table, column)

    def _is_column(self, at: int) -> bool:
        """Whether a name may be that of a column: no alias, no type, no unit of time, no argument."""
        before, after = self._text(at - 1), self._text(at + 1)
        return not (
            before in {"AS", ":", "DECLARE"}
            or after[:1] == "'"
            or (before[:1].isdigit() and after != ",")
            or (before == "(" and self._text(at - 2) == "EXTRACT")
            or (after == "=" and self._text(at + 2) == ">")
        )

    def _find_tables(self) -> None:
        at, functions = 0, list[str]()  # of the open parentheses
        while at < len(self.tokens):
            word = self.tokens[at].word
            if word == "(":
                functions.append(self._text(at - 1))
            elif word == ")" and functions:
                functions.pop()
                self._take_alias(at + 1)
            at += 1
            is_distinct = self._text(at - 2) == "DISTINCT" and self._text(at - 3) in {"IS", "NOT"}
            if word == "FROM" and (is_distinct or functions[-1:] in WITH_FROM):
                continue
            if word == "INTO" and self._text(at - 2) not in BEFORE_INTO:
                continue  # of SELECT ... INTO variable
            if word in BEFORE_TABLE:
                at = self._tables(at, word)

    def _tables(self, at: int, word: str) -> int:
        """Take the tables of a list, and return the position after it."""
        while True:
            while self._text(at) in MODIFIERS:
                at += 1
            table, at = self._table(at, is_target=word in {"INTO", "UPDATE", "TRUNCATE"})
            if table and word == "INTO":
                self.inserted = table
                self.tables["excluded"] = table
                self._list_columns(at, table)
            elif table and word == "UPDATE":
                self.updated = table if self._text(at) == "SET" else ""
            if self._text(at) != "," or word in {"INTO", "USING"}:
                return at
            at += 1

    def _take_alias(self, at: int) -> None:
        """Take the alias of what stands in parentheses, if it has one."""
        at += self._text(at) == "AS"
        if (
            at < len(self.tokens)
            and self.tokens[at].is_name
            and self.tokens[at].word not in NO_ALIAS
        ):
            self.others.add(self._folded_at(at))

    def _table(self, at: int, *, is_target: bool) -> tuple[str, int]:
        """Take a table with its alias; return it, or "" for none, and the position after it."""
        if at >= len(self.tokens) or not self.tokens[at].is_name:
            return "", at
        start, name, at = at, self._folded_at(at), at + 1
        if self._text(at) == "." and at + 1 < len(self.tokens):
            name, at = self._in_schema(name, self._folded_at(at + 1)), at + 2
            table = self.spellings.get(name, "")
        elif name in self.rows:
            table = self.program.table
        elif name in self.ctes and not is_target and start not in self.ctes[name]:
            table = ""
        else:
            table = self._found(name)
        if self._text(at) == "AS":
            at += 1
        has_alias = (
            at < len(self.tokens)
            and self.tokens[at].is_name
            and self.tokens[at].word not in NO_ALIAS
        )
        alias = self._folded_at(at) if has_alias else name.rpartition(".")[2]
        if table:
            self.tables[alias] = table
        else:
            self.others.add(alias)
        return table, at + has_alias

    def _in_schema(self, schema: str, name: str) -> str:
        if schema in self.program.rows:  # as in IS DISTINCT FROM NEW.name
            return ""
        return name if schema == "public" or self.ignores_case else f"{schema}.{name}"

    def _list_columns(self, at: int, table: str) -> None:
        """Take the columns of an INSERT."""
        if self._text(at) != "(":
            return
        for place in range(at + 1, len(self.tokens)):
            if self._text(place) in {")", "SELECT"}:
                return
            self.listed[place] = table

    def _text(self, at: int) -> str:
        """Return the token at a position in capitals; "" outside."""
        return self.tokens[at].text.upper() if 0 <= at < len(self.tokens) else ""

    def _folded_at(self, at: int) -> str:
        """Return the name at a position as it is compared; "" for none."""
        is_inside = 0 <= at < len(self.tokens)
        return self._folded(self._unquoted(self.tokens[at])) if is_inside else ""

    def _unquoted(self, token: Token) -> str:
        return unquoted(token.text) if self.ignores_case or not token.word else token.text.lower()

    def _folded(self, name: str) -> str:
        return name.lower() if self.ignores_case else name
