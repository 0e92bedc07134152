"""Reads the catalog of SQLite: the statements in sqlite_master."""

import re
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog.model import Part, recognise

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
    found = [(recognise(text, SQLITE), text) for text in _split(body)]
    count = Counter(part for part, _ in found)
    parts = {}
    for (kind, name), text in found:
        name += f" {text}" if count[kind, name] > 1 else ""  # checks of columns that share an enum
        name = name.strip('"') if kind == "column" else re.sub(r'["\s]', "", name)
        parts[kind, name] = text
    return head + parenthesis, parts, end + tail


def read(connection: Connection) -> Iterator[tuple[Part, str]]:
    query = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    for kind, table, name, sql in connection.exec_driver_sql(query):
        if kind == "table" and name not in ("alembic_version", "sqlite_sequence"):
            _, parts, tail = split_table(sql)
            yield Part(table, "table", ""), tail.upper()
            for part, text in parts.items():
                # The names of these keys cannot be changed, and nothing depends on them.
                text = re.sub(r"^CONSTRAINT .+? (?=(PRIMARY|FOREIGN) KEY)", "", _plain(text))
                yield Part(table, *part), re.sub(r"DEFAULT \((.*)\)", r"DEFAULT \1", text)
        elif kind != "table":
            yield Part(table, kind, name), _plain(sql)


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
