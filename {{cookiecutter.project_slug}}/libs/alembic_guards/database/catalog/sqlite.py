"""Reads the catalog of SQLite: the statements in sqlite_master."""

import re
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog.model import Entry

#: How the parts of a CREATE TABLE begin, and what they are; the first that fits.
SQLITE = {
    r'(?:CONSTRAINT\s+(?:"[^"]+"|\S+)\s+)?(PRIMARY KEY|FOREIGN KEY\s*\([^)]*\)'
    r'\s*REFERENCES\s+(?:"[^"]+"|[^\s(]+))': "constraint",
    r'CONSTRAINT\s+("[^"]+"|\S+)\s': "constraint",
    r"((?:UNIQUE|CHECK)\s*\(.*)": "constraint",
    r'("[^"]+"|\S+)': "column",
}


def read_statements(connection: Connection) -> dict[str, str]:
    """Return the statements that made the tables and indexes of SQLite; other servers keep none."""
    if connection.dialect.name != "sqlite":
        return {}
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    return {name: sql for name, sql in connection.exec_driver_sql(query)}


def split_table(sql: str) -> tuple[str, dict[tuple[str, str], str], str]:
    """Split a CREATE TABLE of SQLite: what begins it, its parts by kind and name, what ends it."""
    head, parenthesis, rest = sql.partition("(")
    body, end, tail = rest.rpartition(")")
    found = [(_recognise(text), text) for text in _split(body)]
    count = Counter(part for part, _ in found)
    parts = {}
    for (kind, name), text in found:
        name += f" {text}" if count[kind, name] > 1 else ""  # checks of columns that share an enum
        name = name.strip('"') if kind == "column" else re.sub(r'["\s]', "", name)
        parts[kind, name] = text
    return head + parenthesis, parts, end + tail


def read(connection: Connection) -> Iterator[Entry]:
    query = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    for kind, table, name, sql in connection.exec_driver_sql(query):
        if kind == "table" and name not in ("alembic_version", "sqlite_sequence"):
            _, parts, tail = split_table(sql)
            yield Entry(kind="table", table=table, definition=tail.upper())
            for (part, part_name), text in parts.items():
                # The names of these keys cannot be changed, and nothing depends on them.
                text = re.sub(r"^CONSTRAINT .+? (?=(PRIMARY|FOREIGN) KEY)", "", _plain(text))
                yield Entry(
                    kind=_kind(text) if part == "constraint" else part,
                    table=table,
                    name=part_name,
                    definition=re.sub(r"DEFAULT \((.*)\)", r"DEFAULT \1", text),
                    generated="STORED" if " AS (" in text and part == "column" else "",
                )
        elif kind != "table":
            yield Entry(kind=kind, table=table, name=name, definition=_plain(sql))


def _kind(text: str) -> str:
    """Return the kind of a constraint."""
    found = re.search("PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK", text, re.IGNORECASE)
    return found[0].lower() if found else "check"


def _recognise(text: str) -> tuple[str, str]:
    """Return the kind and the name of a part of a CREATE TABLE."""
    matches = ((kind, re.match(pattern, text)) for pattern, kind in SQLITE.items())
    return next((kind, "".join(match.groups())) for kind, match in matches if match)


def _plain(sql: str) -> str:
    """Return SQL without what is another spelling of the same."""
    return re.sub(r"\s+", " ", sql).replace('"', "")


def _split(body: str) -> Iterator[str]:
    """Yield the parts of a CREATE TABLE, which commas outside of parentheses and quotes divide."""
    part, depth, quote = "", 0, ""
    for character in body:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        depth += 0 if quote else (character == "(") - (character == ")")
        if character == "," and depth == 0 and not quote:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()
