"""Reads the catalog of SQLite from sqlite_master, and compares it by meaning."""

from collections.abc import Iterator
from functools import cache

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.catalog.model import Entry, Reference
from alembic_guards.database.catalog.sqlite_canonical import (
    Lookup,
    column_meaning,
    computed_from,
    constraints_of,
    expression,
    index_columns,
    index_meaning,
    is_unique_index,
    quoted_if_needed,
)
from alembic_guards.database.catalog.sqlite_parser import Table, parse_table, tokenize

#: Virtual tables, as of FTS5, and the shadow tables in which these store rows.
VIRTUAL = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"

COLUMNS = "SELECT name FROM pragma_table_xinfo(?)"


def read_statements(connection: Connection) -> dict[str, str]:
    """Return the CREATE statements of all objects, by name; none on other databases than SQLite."""
    if connection.dialect.name != "sqlite":
        return {}
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    return {name: sql for name, sql in connection.exec_driver_sql(query)}


def find_table(connection: Connection) -> Lookup:
    """Return a function that reads and parses a table by name; it returns None for an unknown one."""
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)"

    def find(name: str) -> Table | None:
        sql = connection.exec_driver_sql(query, (name,)).scalar()
        return _parsed(sql) if sql else None

    return find


def read_tables(connection: Connection) -> Lookup:
    """Return a function like that of find_table(), which asks the database no more: all is read now."""
    query = "SELECT lower(name), sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
    texts = {name: sql for name, sql in connection.exec_driver_sql(query)}

    @cache
    def parsed(name: str) -> Table | None:
        return _parsed(texts[name]) if name in texts else None

    return lambda name: parsed(name.lower())


def read(connection: Connection) -> Iterator[Entry]:
    """Yield the entries of all objects, except shadow tables of virtual tables."""
    virtual = set(connection.exec_driver_sql(VIRTUAL).scalars())
    query = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    found = connection.exec_driver_sql(query).all()
    tables = {
        name.lower(): _parsed(sql)
        for kind, _, name, sql in found
        if kind == "table" and name not in virtual
    }
    for kind, table, name, sql in found:
        parsed = tables.get(table.lower())
        if table in OWN_TABLES or name.startswith("sqlite_"):
            continue
        if kind == "table" and parsed:
            yield from _table(table, parsed, lambda name: tables.get(name.lower()))
        elif kind == "index" and table not in virtual:
            yield _index(table, name, sql, parsed)
        elif kind == "view":
            columns = _columns_of_view(connection, name)
            definition = expression(tokenize(sql))
            yield Entry(kind=kind, table=table, definition=definition, columns=columns)
        elif kind == "trigger":
            yield Entry(kind=kind, table=table, name=name, definition=expression(tokenize(sql)))
        elif kind == "table" and sql.upper().startswith("CREATE VIRTUAL"):
            yield Entry(kind="virtual table", table=table, definition=sql)


def _columns_of_view(connection: Connection, name: str) -> tuple[str, ...]:
    """Return the columns of a view; none where it no longer works."""
    try:
        return tuple(connection.exec_driver_sql(COLUMNS, (name,)).scalars())
    except OperationalError:
        return ()


def _table(name: str, table: Table, lookup: Lookup) -> Iterator[Entry]:
    yield Entry(kind="table", table=name, definition=", ".join(table.options))
    for column in table.columns.values():
        base, generated = computed_from(column, table)
        yield Entry(
            kind="column",
            table=name,
            name=column.name,
            definition=column_meaning(column, table),
            columns=base,
            generated=generated,
        )
    constraints = constraints_of(table, lookup)
    meanings = [constraint.meaning for constraint in constraints]
    for constraint in constraints:
        is_key = constraint.kind in ("PRIMARY KEY", "UNIQUE")
        yield Entry(
            kind=constraint.kind.lower(),
            table=name,
            name=quoted_if_needed(constraint.name) if constraint.name else "",
            definition=constraint.meaning,
            columns=constraint.columns,
            unique=constraint.columns if is_key else (),
            refers_to=Reference(constraint.refers_to, constraint.referred_columns)
            if constraint.refers_to
            else None,
            may_be_unnamed=meanings.count(constraint.meaning) == 1,
        )


def _index(table: str, name: str, sql: str, parsed: Table | None) -> Entry:
    tokens = tokenize(sql)
    columns, has_expression = index_columns(tokens, parsed)
    return Entry(
        kind="index",
        table=table,
        name=name,
        definition=index_meaning(tokens, parsed),
        columns=columns,
        unique=columns if is_unique_index(tokens) and not has_expression else (),
        has_expression=has_expression,
    )


def _parsed(sql: str) -> Table | None:
    try:
        return parse_table(sql)
    except ValueError:  # a virtual table
        return None
