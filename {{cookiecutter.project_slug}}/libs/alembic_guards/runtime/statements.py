"""Classifies SQL statements by the way in which the journal has to record them."""

import re
from enum import Enum, auto

from alembic_guards.runtime.sql_parser import Statement, only_statement


class Kind(Enum):
    """How a statement is recorded, and replayed when its revision runs again."""

    SESSION = auto()  # changes the session alone: not recorded, executed in each run
    READ = auto()  # its result is recorded, because the revision may depend on it
    CHANGE = auto()  # its record is committed together with it
    IMPLICIT = auto()  # commits by itself; the catalog tells whether it was executed
    OPAQUE = auto()  # may commit halfway: how much of it was applied is unknown


#: Comments and parentheses before the first word.
PREAMBLE = re.compile(r"(?:\s+|\(|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)

READS = {"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "TABLE", "VALUES"}

#: The keywords by which a statement with WITH changes rows.
CHANGES_ROWS = re.compile(r"\b(?:DELETE|INSERT|MERGE|UPDATE)\b", re.IGNORECASE)

#: The keywords that end a transaction, in a text of several statements.
COMMITS = re.compile(r"\b(?:COMMIT|ROLLBACK|BEGIN|START)\b", re.IGNORECASE)
BEGIN = re.compile(r"\bBEGIN\b", re.IGNORECASE)
SEVERAL = re.compile(r";\s*[^\s;]")

SESSION = {
    "postgresql": {
        "ABORT",
        "BEGIN",
        "CLOSE",
        "COMMIT",
        "DEALLOCATE",
        "DECLARE",
        "DISCARD",
        "END",
        "FETCH",
        "LISTEN",
        "LOAD",
        "LOCK",
        "MOVE",
        "PREPARE",
        "RELEASE",
        "RESET",
        "ROLLBACK",
        "SAVEPOINT",
        "SET",
        "SHOW",
        "START",
        "UNLISTEN",
    },
    "mysql": {
        "BEGIN",
        "COMMIT",
        "DEALLOCATE",
        "FLUSH",
        "HANDLER",
        "KILL",
        "LOCK",
        "PREPARE",
        "RELEASE",
        "ROLLBACK",
        "SAVEPOINT",
        "SET",
        "START",
        "UNLOCK",
        "USE",
        "XA",
    },
}

#: The statements of PostgreSQL that cannot run in a transaction.
NON_TRANSACTIONAL = re.compile(
    r"(?:CREATE|DROP|REINDEX|ALTER TABLE)\b(?:(?!').)*\bCONCURRENTLY\b|VACUUM\b|CLUSTER\s*;?\s*$"
    r"|REINDEX\s+(?:\([^)]*\)\s*)?(?:DATABASE|SCHEMA|SYSTEM)\b|ALTER SYSTEM\b"
    r"|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE)\b|(?:CREATE|ALTER|DROP)\s+SUBSCRIPTION\b",
    re.IGNORECASE | re.DOTALL,
)

#: The statements that MariaDB and MySQL execute in a transaction; all others are DDL, which commits.
DML = {"DELETE", "DO", "INSERT", "LOAD", "REPLACE", "UPDATE"}


def kind_of(statement: str, dialect: str) -> Kind:
    """Return the kind of a statement on "postgresql" or "mysql", which includes MariaDB."""
    text = _without_preamble(statement)
    word = re.match(r"\w*", text)[0].upper()  # type: ignore[index]
    return _on_postgresql(word, text) if dialect == "postgresql" else _on_mysql(word, text)


def first_word(statement: str) -> str:
    """Return the first word of a statement in capitals."""
    return re.match(r"\w*", _without_preamble(statement))[0].upper()  # type: ignore[index]


def is_repeatable(statement: str) -> bool:
    """Whether a statement of Kind.IMPLICIT is idempotent."""
    text = _without_preamble(statement)
    return re.match(r"(?i)(?:VACUUM|REINDEX|CLUSTER|ALTER SYSTEM)\b", text) is not None or (
        re.search(r"(?i)\bIF\s+(?:NOT\s+)?EXISTS\b", text) is not None
    )


def is_backfill(statement: str) -> bool:
    """Whether a statement is an UPDATE that replaces NULL or one value of a column, and nothing else.

    A second execution changes no more rows.
    """
    if first_word(statement) != "UPDATE":
        return False
    update = only_statement(statement)
    return update is not None and _Update(update).is_backfill()


class _Update(Statement):
    """A parser of an UPDATE."""

    def is_backfill(self) -> bool:
        """Whether it changes one column, where that is NULL or equal to a literal."""
        self.accept("UPDATE")
        self.qualified_name()
        if not self.accept("SET"):
            return False
        column = self.name()
        if not self.accept("=") or len(self.split()) != 1 or not self.skip_to("WHERE"):
            return False
        is_in_parentheses = self.accept("(")
        if self.name() != column:
            return False
        is_compared = self.accept("=") and self.literal() is not None
        return (
            (is_compared or self.accept("IS", "NULL"))
            and (not is_in_parentheses or self.accept(")"))
            and not self.peek()
        )


def _on_postgresql(word: str, text: str) -> Kind:
    if NON_TRANSACTIONAL.match(text):
        return Kind.IMPLICIT
    if word == "CALL" or (word == "DO" and COMMITS.search(BEGIN.sub("", text))):
        return Kind.OPAQUE
    if word in {*SESSION["postgresql"], *READS, "WITH"} and SEVERAL.search(text):
        return Kind.OPAQUE if COMMITS.search(text) else Kind.CHANGE
    if word in SESSION["postgresql"]:
        return Kind.SESSION
    return Kind.READ if _reads(word, text) else Kind.CHANGE


def _on_mysql(word: str, text: str) -> Kind:
    if word in {"CALL", "EXECUTE"} or re.match(r"(?i)BEGIN\s+NOT\b", text):
        return Kind.OPAQUE
    if word in SESSION["mysql"]:
        return Kind.SESSION
    if word == "SHOW" or _reads(word, text):
        return Kind.READ
    return Kind.CHANGE if word in {*DML, "WITH"} else Kind.IMPLICIT


def _reads(word: str, text: str) -> bool:
    return word in READS or (word == "WITH" and not CHANGES_ROWS.search(text))


def _without_preamble(statement: str) -> str:
    return statement[PREAMBLE.match(statement).end() :]  # type: ignore[union-attr]
