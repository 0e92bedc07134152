"""Parses the constraints that an SQL statement puts on existing rows: CHECK, keys, UNIQUE, NOT NULL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from alembic_guards.runtime.sql_parser import Statement, statements, tokens_of, unquoted

#: Only SQL with one of these is parsed: it may be an INSERT of a million rows.
KEYWORDS = re.compile(r"\bALTER\s+(?:ONLINE\s+)?TABLE\b|\bCREATE\s+UNIQUE\s+INDEX\b", re.IGNORECASE)

#: The words of a new column by which existing rows get a value.
VALUED = {
    *("DEFAULT", "GENERATED", "AS", "AUTO_INCREMENT", "IDENTITY"),
    *("SERIAL", "SMALLSERIAL", "BIGSERIAL", "SERIAL2", "SERIAL4", "SERIAL8"),
}

#: The words that may follow a column in an index, and do not change which values are equal.
ORDER = re.compile(r"(?i)(.+?)((?:\s+(?:ASC|DESC|NULLS\s+FIRST|NULLS\s+LAST))*)\s*$", re.DOTALL)
NAME = r"(?:\w+|`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\")"
#: A column with an operator class, and one of which MariaDB indexes the first characters.
WITH_CLASS = re.compile(rf"({NAME})\s+\w+", re.DOTALL)
PREFIX = re.compile(rf"({NAME})\s*\(\s*(\d+)\s*\)", re.DOTALL)
DROPS_CONSTRAINT = re.compile(rf"\bDROP\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?({NAME})", re.IGNORECASE)
IS_NOT_NULL = re.compile(rf"\(*\s*({NAME})\s+IS\s+NOT\s+NULL\s*\)*", re.IGNORECASE | re.DOTALL)


#: The schema, the table and the name of a constraint.
ConstraintKey = tuple[str | None, str, str]


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """A condition that all rows of a table must meet for a statement to succeed."""

    table: str
    schema: str | None = None
    name: str = ""  # "" where the server chooses it
    is_deferred: bool = False  # NOT VALID: only VALIDATE CONSTRAINT reads the rows

    @property
    def key(self) -> ConstraintKey:
        """The identity of a constraint with a name."""
        return self.schema, self.table, self.name


@dataclass(frozen=True, kw_only=True)
class Check(Constraint):
    """A CHECK."""

    condition: str  # SQL


@dataclass(frozen=True, kw_only=True)
class Unique(Constraint):
    """A UNIQUE constraint, a unique index or a primary key."""

    parts: tuple[str, ...]  # SQL: columns and expressions
    where: str = ""  # SQL, of a partial index


@dataclass(frozen=True, kw_only=True)
class ForeignKey(Constraint):
    """A foreign key; `referent_columns` is empty where it refers to the primary key."""

    columns: tuple[str, ...]
    referent: str
    referent_schema: str | None = None
    referent_columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotNull(Constraint):
    """A column that becomes NOT NULL."""

    column: str


@dataclass(frozen=True, kw_only=True)
class NewNotNull(Constraint):
    """A new column that is NOT NULL, and has no value for existing rows."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Validation(Constraint):
    """VALIDATE CONSTRAINT, which names a constraint that was added NOT VALID."""


def constraints_in(sql: str) -> Iterator[Constraint]:
    """Yield the constraints that the statements in SQL put on the rows of existing tables."""
    if KEYWORDS.search(sql):
        for statement in statements(sql):
            yield from _Constraints(statement, Constraint(table="")).constraints()


def dropped_constraints(sql: str) -> set[ConstraintKey]:
    """Return the constraints that ALTER TABLE statements in SQL drop."""
    if not DROPS_CONSTRAINT.search(sql):
        return set()
    return {
        (table[0], table[1], unquoted(name))
        for tokens in statements(sql)
        if (table := Statement(tokens).altered_table())
        for name in DROPS_CONSTRAINT.findall("".join(tokens))
    }


class _Constraints(Statement):
    """A parser of the constraints of one statement."""

    def __init__(self, tokens: list[str], table: Constraint) -> None:
        super().__init__(tokens)
        self.table = table

    def constraints(self) -> Iterator[Constraint]:
        """Yield the constraints of the statement."""
        if self.accept("CREATE", "UNIQUE", "INDEX"):
            yield from self.unique_index()
        elif self.accept("ALTER", "IGNORE") or self.accept("ALTER", "ONLINE", "IGNORE"):
            return  # MariaDB deletes or changes the rows that violate a constraint
        elif found := self.altered_table():
            self.table = Constraint(table=found[1], schema=found[0])
            actions = [_Action(tokens, self.table) for tokens in self.split()]
            numbered = {action.numbered_column() for action in actions}
            for action in actions:
                yield from (new for new in action.constraints() if not _columns(new) & numbered)

    def unique_index(self) -> Iterator[Constraint]:
        """Yield the constraint of CREATE UNIQUE INDEX, whose first three words are consumed."""
        self.accept("CONCURRENTLY")
        self.accept("IF", "NOT", "EXISTS")
        name = "" if self.peek() == "ON" else self.name()
        if self.accept("USING"):
            self.name()
        if self.accept("ON"):
            self.accept("ONLY")
            schema, table = self.qualified_name()
            self.table = Constraint(table=table, schema=schema)
            if self.accept("USING"):
                self.name()
            yield self.unique(name)

    def unique(self, name: str) -> Unique:
        """Consume the columns of a unique index or constraint, and the condition of a partial index."""
        parts = tuple(_part(part) for part in Statement(self.group()).split())
        where = "".join(self.tokens).strip() if self.skip_to("WHERE") else ""
        return Unique(**self.owner(name), parts=parts, where=where)

    def owner(self, name: str = "") -> dict[str, Any]:
        """Return the fields of a constraint of this table."""
        return {"table": self.table.table, "schema": self.table.schema, "name": name}


class _Action(_Constraints):
    """A parser of one action of ALTER TABLE."""

    def numbered_column(self) -> str:
        """Return the column that the action has MariaDB and MySQL number, with new values; else ""."""
        if not any(token.upper() == "AUTO_INCREMENT" for token in self.tokens):
            return ""
        action = Statement(self.tokens)
        is_change = action.accept("CHANGE")
        if not (is_change or action.accept("MODIFY")):
            return ""
        action.accept("COLUMN")
        action.accept("IF", "EXISTS")
        if is_change:
            action.name()  # the old name
        return action.name()

    def constraints(self) -> Iterator[Constraint]:
        """Yield the constraints of the action."""
        is_deferred = self.words()[-2:] == ["NOT", "VALID"]
        if self.accept("VALIDATE", "CONSTRAINT"):
            yield Validation(**self.owner(self.name()))
        elif self.accept("ADD"):
            for found in self.added():
                yield replace(found, is_deferred=is_deferred)
        elif self.accept("MODIFY") or self.accept("CHANGE"):
            self.accept("COLUMN")
            self.accept("IF", "EXISTS")
            column = self.name()
            if _is_not_null(self.words()):
                yield NotNull(**self.owner(), column=column)
        elif self.accept("ALTER"):
            self.accept("COLUMN")
            column = self.name()
            if self.accept("SET", "NOT", "NULL"):
                yield NotNull(**self.owner(), column=column)

    def added(self) -> Iterator[Constraint]:
        """Yield the constraints of an action that begins with ADD."""
        name = ""
        if self.accept("CONSTRAINT"):
            self.accept("IF", "NOT", "EXISTS")
            if self.peek() not in {"CHECK", "UNIQUE", "FOREIGN", "PRIMARY"}:
                name = self.name()
        if self.accept("CHECK"):
            yield _check(self.owner(name), "".join(self.group()).strip())
        elif self.accept("NOT", "NULL"):  # PostgreSQL 18
            yield NotNull(**self.owner(name), column=self.name())
        elif self.accept("UNIQUE"):
            yield from self.added_unique(name)
        elif self.accept("PRIMARY", "KEY"):
            if self.peek() == "(":
                key = self.unique(name or "the primary key")
                yield key
                for part in key.parts:
                    yield NotNull(**self.owner(), column=unquoted(part))
        elif self.accept("FOREIGN", "KEY"):
            yield from self.added_key(name)
        elif not name and self.peek() not in {
            "INDEX",
            "KEY",
            "FULLTEXT",
            "SPATIAL",
            "PARTITION",
            "(",
        }:
            self.accept("COLUMN")
            self.accept("IF", "NOT", "EXISTS")
            column = self.name()
            if _is_not_null(words := self.words()) and VALUED.isdisjoint(words):
                yield NewNotNull(**self.owner(), column=column)

    def added_unique(self, name: str) -> Iterator[Constraint]:
        """Yield a UNIQUE constraint; none where it takes an index that exists."""
        _ = self.accept("INDEX") or self.accept("KEY")
        self.accept("NULLS", "DISTINCT")
        if self.accept("USING", "INDEX") or self.accept("NULLS", "NOT", "DISTINCT"):
            return
        if self.peek() != "(":
            self.accept("IF", "NOT", "EXISTS")
            name = name or self.name()
            if self.peek() != "(":
                return
        yield self.unique(name)

    def added_key(self, name: str) -> Iterator[Constraint]:
        """Yield a foreign key."""
        if self.peek() != "(":
            name = name or self.name()
        columns = self.names()
        if columns and self.accept("REFERENCES"):
            schema, referent = self.qualified_name()
            yield ForeignKey(
                **self.owner(name),
                columns=columns,
                referent=referent,
                referent_schema=schema,
                referent_columns=self.names() if self.peek() == "(" else (),
            )


def _columns(constraint: Constraint) -> set[str]:
    """Return the columns of a constraint that numbers make unique and not NULL."""
    match constraint:
        case Unique(parts=parts):
            return {*map(unquoted, parts)}
        case NotNull(column=column):
            return {column}
    return set()


def _check(owner: dict[str, Any], condition: str) -> Constraint:
    """Return a CHECK; one that a column is not NULL as NotNull."""
    if found := IS_NOT_NULL.fullmatch(condition):
        return NotNull(**owner, column=unquoted(found[1]))
    while (
        condition.startswith("(")
        and "".join(Statement(tokens_of(condition)).group()) == (condition[1:-1])
    ):
        condition = condition[1:-1].strip()
    return Check(**owner, condition=condition)


def _part(tokens: list[str]) -> str:
    """Return a column or an expression of an index, as SQL whose equal values are not unique."""
    text = ORDER.sub(r"\1", "".join(tokens).strip())
    if found := PREFIX.fullmatch(text):
        return f"left({found[1]}, {found[2]})"
    return found[1] if (found := WITH_CLASS.fullmatch(text)) else text


def _is_not_null(words: list[str]) -> bool:
    return ("NOT", "NULL") in pairwise(words)
