"""Reads the catalog of MariaDB and MySQL from SHOW CREATE TABLE.

It is the only complete source of definitions as the server writes them. It quotes each name, so that a
tokenizer tells names from literals and keywords without a grammar.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.catalog.model import Entry, Reference

#: A text literal, a quoted name, or one other character.
TOKEN = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|.", re.DOTALL)

#: The escape of a quote in a CHECK, and its spelling elsewhere.
QUOTES = {r"\'": "''"}

#: The account that a view belongs to, which differs between databases.
DEFINER = re.compile(r" DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`")

#: The parts of the options of a table that are entries of their own.
PARTITIONING = r"\s+(?:/\*!\d+ )?PARTITION BY .*"
VERSIONING = " WITH(?:OUT)? SYSTEM VERSIONING"

CONSTRAINT = r"CONSTRAINT (?P<name>`.*?`) (FOREIGN KEY(?=.* REFERENCES [^(]+ \()|CHECK) "
#: The CHECK of a column, which stands last; models declare those of tables.
CHECK_OF_COLUMN = r" CHECK \(.*"

#: The names that the server gives constraints, numbered in the order of creation.
NUMBERED = re.compile(r"`(?:.+_ibfk|CONSTRAINT)_\d+`")

#: MariaDB 12 also has the columns of UPDATE OF; they are in SHOW CREATE TRIGGER alone.
TRIGGERS = """
    SELECT trigger_name, event_object_table,
        concat(action_timing, ' ', event_manipulation, ' ', action_statement)
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()"""


def read(connection: Connection) -> Iterator[Entry]:
    """Yield the entries of all tables, views and triggers."""
    plain = {"no_parameters": True}  # % in a name begins no parameter
    database = _quoted(connection.exec_driver_sql("SELECT DATABASE()").scalar_one())
    for table in connection.exec_driver_sql("SHOW TABLES").scalars().all():
        if table in OWN_TABLES:
            continue
        quoted, show = _quoted(table), f"SHOW CREATE TABLE {_quoted(table)}"
        shown = connection.exec_driver_sql(show, execution_options=plain).all()[0][1]
        if shown.startswith("CREATE TABLE"):
            yield from read_table(quoted, without_database(shown, database))
        else:
            check = connection.exec_driver_sql(f"CHECK TABLE {quoted}", execution_options=plain)
            broken = any(row.Msg_type == "Error" for row in check)
            shown = DEFINER.sub("", shown, count=1)
            columns = f"SHOW COLUMNS FROM {quoted}"
            found = () if broken else connection.exec_driver_sql(columns, execution_options=plain)
            yield Entry(
                kind="view",
                table=quoted,
                definition=f"{shown} INVALID" if broken else shown,
                columns=tuple(row.Field for row in found),
            )
    for name, table, definition in connection.exec_driver_sql(TRIGGERS, execution_options=plain):
        yield Entry(kind="trigger", table=_quoted(table), name=_quoted(name), definition=definition)


def read_table(table: str, shown: str) -> Iterator[Entry]:
    """Yield the entries of a table from its CREATE TABLE.

    A line that is not recognized is an entry of the kind "unknown", which is compared as text.
    """
    parts, options = _split(shown)
    for part in parts:
        yield from _entries(table, part)
    options, _ = _cut(options, r" AUTO_INCREMENT=\d+")
    options, partitioning = _cut(options, PARTITIONING)
    options, versioning = _cut(options, VERSIONING)
    yield Entry(kind="table", table=table, definition=options)
    if partitioning:
        yield Entry(kind="partitioning", table=table, definition=partitioning)
    if versioning:
        yield Entry(kind="versioning", table=table, definition=versioning)


def _entries(table: str, part: str) -> Iterator[Entry]:
    words = masked(part)
    if part.startswith("`"):
        yield from _column(table, part)
    elif found := re.match(CONSTRAINT, words, re.DOTALL):
        kind, name = found[2].lower(), part[slice(*found.span("name"))]
        numbered = bool(NUMBERED.fullmatch(name))
        target = _reference(part) if kind == "foreign key" else None
        yield Entry(
            kind=kind,
            table=table,
            name=name,
            definition=part[found.start(2) :] if numbered else part,
            columns=_names(_groups(part)[0]),
            refers_to=target,
            is_numbered=numbered,
        )
    elif words.startswith("PRIMARY KEY "):
        columns = _names(_groups(part)[0])
        yield Entry(
            kind="primary key", table=table, definition=part, columns=columns, unique=columns
        )
    elif found := re.match("(?:[A-Z]+ )?KEY (`.*?`) ", words):
        columns = _names(_groups(part)[0])
        yield Entry(
            kind="index",
            table=table,
            name=part[slice(*found.span(1))],
            definition=part,
            columns=columns,
            unique=columns if words.startswith("UNIQUE ") else (),
            has_expression="(" in masked(_groups(part)[0]).replace("`(", ""),
        )
    elif words.startswith("PERIOD "):
        yield Entry(kind="period", table=table, definition=part, columns=_names(_groups(part)[0]))
    else:
        yield Entry(kind="unknown", table=table, name=part, definition=part)


def _column(table: str, part: str) -> Iterator[Entry]:
    name = TOKEN.match(part)
    column = name[0] if name else part
    definition, versioning = _cut(part, VERSIONING)
    definition, check = _cut(definition, CHECK_OF_COLUMN)
    if re.fullmatch(r"CHECK \(json_valid\(`.*`\)\)", check, re.DOTALL):  # it makes the type JSON
        definition, check = f"{definition} {check}", ""
    found = re.search(r" GENERATED ALWAYS AS (\(.*\)) (STORED|VIRTUAL)", masked(definition))
    yield Entry(
        kind="column",
        table=table,
        name=column,
        definition=definition,
        columns=_names(definition[slice(*found.span(1))]) if found else (),
        generated=found[2] if found else "",
    )
    if versioning:
        yield Entry(kind="versioning", table=table, name=column, definition=versioning)
    if check:
        yield Entry(kind="check of column", table=table, name=column, definition=check)


def without_database(shown: str, database: str) -> str:
    """Return a CREATE TABLE without the name of its own database, which MariaDB puts before sequences."""
    kept: list[str] = []
    for token in TOKEN.finditer(shown):
        if token[0] == "." and kept[-1:] == [database]:
            kept.pop()
        else:
            kept.append(token[0])
    return "".join(kept)


def _split(shown: str) -> tuple[list[str], str]:
    """Return the columns and constraints of a CREATE TABLE, and the options after the parentheses."""
    parts, depth, place = [""], 0, 0
    for token in TOKEN.finditer(shown):
        depth += (token[0] == "(") - (token[0] == ")")
        place = token.end()
        if token[0] == ")" and depth == 0:
            break
        if token[0] == "," and depth == 1:
            parts.append("")
        elif depth > 1 or (depth == 1 and token[0] != "("):
            parts[-1] += token[0]
    return [_unescaped(part.strip()) for part in parts], _unescaped(shown[place:].strip())


def _unescaped(text: str) -> str:
    """Return a text without backslash escapes: MariaDB has two spellings of a quote in a literal."""
    return re.sub(r"\\(.)", lambda pair: QUOTES.get(pair[0], pair[0]), text, flags=re.DOTALL)


def masked(text: str) -> str:
    """Return a text of the same length, with the content of literals and names replaced by x."""
    tokens = (token[0] for token in TOKEN.finditer(text))
    return "".join(t[0] + "x" * (len(t) - 2) + t[-1] if len(t) > 1 else t for t in tokens)


def _cut(text: str, pattern: str) -> tuple[str, str]:
    """Return a text without the first match of `pattern` outside of quotes, and that match."""
    found = re.search(pattern, masked(text), re.DOTALL)
    if not found:
        return text, ""
    return text[: found.start()] + text[found.end() :], text[slice(*found.span())].strip()


def _groups(part: str) -> list[str]:
    """Return the content of each outer pair of parentheses."""
    groups, depth = [""], 0
    for token in TOKEN.finditer(part):
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0 and token[0] == ")":
            groups.append("")
        elif depth > 1 or (depth == 1 and token[0] != "("):
            groups[-1] += token[0]
    return groups


def _names(text: str) -> tuple[str, ...]:
    """Return the quoted names in a text, each once."""
    names = (token[0] for token in TOKEN.finditer(text) if len(token[0]) > 1)
    return tuple(
        dict.fromkeys(name[1:-1].replace("``", "`") for name in names if name.startswith("`"))
    )


def _reference(part: str) -> Reference | None:
    """Return the table and columns that a foreign key refers to; None where it is not recognized."""
    found = re.search(r" REFERENCES ([^(]+) \(", masked(part))
    return Reference(part[slice(*found.span(1))], _names(part[found.end() :])) if found else None


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
