"""Tells statements apart by what an interrupted revision has to know of them."""

import re
from enum import Enum, auto


class Kind(Enum):
    """How a statement is recorded, and what is done about it when its revision runs again."""

    SESSION = auto()  # lasts as long as the connection: executed each time
    READ = auto()  # its result is recorded, for the revision may depend on it
    CHANGE = auto()  # its record is committed together with it
    IMPLICIT = auto()  # commits by itself; its effect tells whether it was executed
    OPAQUE = auto()  # may commit in its midst: nobody can tell how far it came


#: Comments and brackets that may stand before the first word.
START = re.compile(r"(?:\s+|\(|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)

READS = {"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "TABLE", "VALUES"}

#: Inside WITH, what makes it a change of rows.
CHANGES_ROWS = re.compile(r"\b(?:DELETE|INSERT|MERGE|UPDATE)\b", re.IGNORECASE)

#: Where several statements come as one text, what ends a transaction that is around them.
COMMITS = re.compile(r"\b(?:COMMIT|ROLLBACK|BEGIN|START)\b", re.IGNORECASE)
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

#: What no transaction of PostgreSQL may hold.
ALONE = re.compile(
    r"(?:CREATE|DROP|REINDEX|ALTER TABLE)\b(?:(?!').)*\bCONCURRENTLY\b|VACUUM\b|CLUSTER\s*;?\s*$"
    r"|REINDEX\s+(?:\([^)]*\)\s*)?(?:DATABASE|SCHEMA|SYSTEM)\b|ALTER SYSTEM\b"
    r"|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE)\b|(?:CREATE|ALTER|DROP)\s+SUBSCRIPTION\b",
    re.IGNORECASE | re.DOTALL,
)

#: What MariaDB and MySQL keep in a transaction; all that is left is DDL there.
ROWS = {"DELETE", "DO", "INSERT", "LOAD", "REPLACE", "UPDATE"}


def kind_of(statement: str, dialect: str) -> Kind:
    """Return the kind of a statement on "postgresql" or "mysql", which MariaDB is to SQLAlchemy."""
    text = statement[_end(statement) :]
    word = re.match(r"\w*", text)[0].upper()  # type: ignore[index]
    return _on_postgresql(word, text) if dialect == "postgresql" else _on_mysql(word, text)


def is_repeatable(statement: str) -> bool:
    """Whether a statement of the kind IMPLICIT does no harm when it is executed twice."""
    text = statement[_end(statement) :]
    return re.match(r"(?i)(?:VACUUM|REINDEX|CLUSTER|ALTER SYSTEM)\b", text) is not None or (
        re.search(r"(?i)\bIF\s+(?:NOT\s+)?EXISTS\b", text) is not None
    )


def _on_postgresql(word: str, text: str) -> Kind:
    if ALONE.match(text):
        return Kind.IMPLICIT
    if word == "CALL" or (word == "DO" and COMMITS.search(text.replace("BEGIN", ""))):
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
    return Kind.CHANGE if word in {*ROWS, "WITH"} else Kind.IMPLICIT


def _reads(word: str, text: str) -> bool:
    return word in READS or (word == "WITH" and not CHANGES_ROWS.search(text))


def _end(statement: str) -> int:
    """Return where the first word begins."""
    return START.match(statement).end()  # type: ignore[union-attr]
