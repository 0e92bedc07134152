"""Reads what a database really holds, from its own catalog, in words that can be compared."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from alembic_guards.database.catalog.postgresql_query import POSTGRESQL


class Part(NamedTuple):
    """A part of a database, such as the column "email" of the table "users"."""

    table: str  # with its schema, where that is not the default; "" for what is in no table
    kind: str
    name: str


#: How a column is defined whose values are computed, on PostgreSQL, MariaDB and MySQL.
COMPUTED = "GENERATED ALWAYS AS ("

#: A text in SQL, and what stands between its quotes.
LITERAL = re.compile(r"'((?:[^']|'')*)'")

#: How MariaDB writes a quote in a CHECK, and elsewhere.
QUOTES = {r"\'": "''"}

#: What each part is, as its database writes it.
Catalog = dict[Part, str]

#: How the lines of a CREATE TABLE begin, and what they are; the first that fits.
MYSQL = {
    r"\) ": "table",
    "`(.+?)` ": "column",
    r"CONSTRAINT `(?:.+_ibfk|CONSTRAINT)_\d+` (.+)": "unnamed",
    "CONSTRAINT `(.+?)` ": "constraint",
    "PRIMARY ()": "primary key",
    r".*?KEY `(.+?)` ": "index",
}
SQLITE = {
    r'(?:CONSTRAINT\s+(?:"[^"]+"|\S+)\s+)?(PRIMARY KEY|FOREIGN KEY\s*\([^)]*\)'
    r'\s*REFERENCES\s+(?:"[^"]+"|[^\s(]+))': "constraint",
    r'CONSTRAINT\s+("[^"]+"|\S+)\s': "constraint",
    r"((?:UNIQUE|CHECK)\s*\(.*)": "constraint",
    r'("[^"]+"|\S+)': "column",
}


def read_catalog(connection: Connection) -> Catalog:
    """Return all that the database holds.

    It does not depend on the order in which columns and constraints came to a table.
    """
    readers: dict[str, Callable[[Connection], Iterator[tuple[Part, str]]]] = {
        "sqlite": _sqlite,
        "postgresql": _postgresql,
        "mysql": _mysql,
        "mariadb": _mysql,
    }
    return dict(readers[connection.dialect.name](connection))


def read_statements(connection: Connection) -> dict[str, str]:
    """Return the statements that made the tables and indexes of SQLite; other servers keep none."""
    if connection.dialect.name != "sqlite":
        return {}
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    return {name: sql for name, sql in connection.exec_driver_sql(query)}


def of_models(found: Catalog, wanted: Catalog) -> Catalog:
    """Return what is `found` without what somebody made by hand, such as views and triggers.

    Of a table that is not `wanted`, that it is there is all there is to say.
    """
    tables = {part.table for part in wanted if part.table}
    return {
        part: text
        for part, text in found.items()
        if part in wanted
        or (part.kind == "table" and part.table not in tables)
        or (part.table in tables and part.kind != "trigger")
    }


def differences(found: Catalog, wanted: Catalog) -> list[str]:
    """Say what is missing in a catalog, and what is there though nobody wants it."""
    return [
        f"{word}: {' '.join(filter(None, part))}: {text}"
        for word, here, there in (("missing", wanted, found), ("unwanted", found, wanted))
        for part, text in sorted(here.items())
        if not same(there.get(part), text)
    ]


def same(text: str | None, other: str | None) -> bool:
    """Whether two texts of a catalog mean the same.

    PostgreSQL writes the casts between its types of texts in more than one way, and CREATE TABLE
    checks a constraint at once that is NOT VALID when it is added later. MariaDB and MySQL
    count what has no name, in the order in which it came.
    """
    return text == other or (None not in (text, other) and _bare(text) == _bare(other))


def _bare(text: str | None) -> str:
    spelling = r"::(character varying|text)(\[\])?| NOT VALID$|^CONSTRAINT `[^`]+_\d+`$"
    bare = re.sub(spelling, "", text or "")
    return re.sub(r"\(((?:\w+|'(?:[^']|'')*'|ARRAY\[[^\]()]*\]))\)", r"\1", bare)


def split_table(sql: str) -> tuple[str, dict[tuple[str, str], str], str]:
    """Split a CREATE TABLE of SQLite: what begins it, its parts by kind and name, what ends it."""
    head, parenthesis, rest = sql.partition("(")
    body, end, tail = rest.rpartition(")")
    found = [(_recognise(text, SQLITE), text) for text in _split(body)]
    count = Counter(part for part, _ in found)
    parts = {}
    for (kind, name), text in found:
        name += f" {text}" if count[kind, name] > 1 else ""  # checks of columns that share an enum
        name = name.strip('"') if kind == "column" else re.sub(r'["\s]', "", name)
        parts[kind, name] = text
    return head + parenthesis, parts, end + tail


def _sqlite(connection: Connection) -> Iterator[tuple[Part, str]]:
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


def _recognise(text: str, patterns: dict[str, str]) -> tuple[str, str]:
    """Return the kind and the name of a part of a CREATE TABLE."""
    matches = ((kind, re.match(pattern, text)) for pattern, kind in patterns.items())
    return next((kind, "".join(match.groups())) for kind, match in matches if match)


def _postgresql(connection: Connection) -> Iterator[tuple[Part, str]]:
    for *part, text in connection.exec_driver_sql(POSTGRESQL):
        yield Part(*part), re.sub(r"\s+", " ", text)


def _mysql(connection: Connection) -> Iterator[tuple[Part, str]]:
    plain = {"no_parameters": True}  # no % in a name stands for one
    for table in connection.exec_driver_sql("SHOW TABLES").scalars().all():
        if table == "alembic_version":
            continue
        quoted, show = _quoted(table), f"SHOW CREATE TABLE {_quoted(table)}"
        shown = connection.exec_driver_sql(show, execution_options=plain).all()[0][1]
        if shown.startswith("CREATE TABLE"):
            for line in shown.splitlines()[1:]:
                text = re.sub(r" AUTO_INCREMENT=\d+", "", line.strip().removesuffix(","))
                text = re.sub(r"\\(.)", lambda pair: QUOTES.get(pair[0], pair[0]), text)
                kind, name = _recognise(text, MYSQL)
                if kind == "unnamed":
                    yield Part(quoted, kind, name), f"CONSTRAINT {text.split()[1]}"
                else:
                    yield Part(quoted, kind, name and _quoted(name)), text.removeprefix(") ")
        else:
            check = connection.exec_driver_sql(f"CHECK TABLE {quoted}", execution_options=plain)
            broken = any(row.Msg_type == "Error" for row in check)
            yield Part(quoted, "view", ""), f"{shown} INVALID" if broken else shown


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
