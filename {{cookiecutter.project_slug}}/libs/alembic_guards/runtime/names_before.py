"""Finds the names that tables and columns have before a dry run, which skips renames and other changes."""

import re
from collections.abc import Iterable

import sqlalchemy as sa

from alembic_guards.database.connection_info import is_dry_run, skipped_statements
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable

#: Statements that give a column other values, or add or replace it.
CHANGES_COLUMN = re.compile(
    r"^\s*UPDATE\b|\b(?:ADD COLUMN|CHANGE|MODIFY)\b|\bALTER COLUMN\b.*\bTYPE\b",
    re.IGNORECASE | re.DOTALL,
)


def current_names(
    connection: sa.Connection, table: str, columns: Iterable[str], schema: str | None = None
) -> tuple[str, list[str]] | None:
    """Return the names that a table and `columns` of it have in the database.

    Outside of a dry run these are the names given. In a dry run the skipped renames are followed back;
    None where a skipped statement would create the table or a column, or change its values.
    """
    before = names_before(connection, table, columns)
    if not is_dry_run(connection) or before is None:
        return before
    inspector = sa.inspect(connection)
    table, names = before
    found = inspector.get_columns(table, schema) if inspector.has_table(table, schema) else []
    return before if found and {c["name"] for c in found}.issuperset(names) else None


def names_before(
    connection: sa.Connection, table: str, columns: Iterable[str]
) -> tuple[str, list[str]] | None:
    """Return the names of a table and of words that may be columns before the skipped statements.

    None where a skipped statement would create the table or a column, or change its values.
    """
    names = list(columns)
    for sql in reversed(skipped_statements(connection)):
        renames = list(renames_in(sql))
        for rename in reversed(renames):
            match rename:
                case RenameTable(old=old, new=new) if new == table:
                    table = old
                case RenameColumn(old=old, new=new) if rename.table == table:
                    names = [old if name == new else name for name in names]
        if creates(sql, table):
            return None
        is_mention = _mentions(sql, table) and any(_mentions(sql, name) for name in names)
        renames_only = renames and "," not in sql
        if not renames_only and CHANGES_COLUMN.search(sql) and is_mention:
            return None
    return table, names


def creates(sql: str, table: str) -> bool:
    """Whether a statement of Alembic creates a table."""
    name = re.escape(table)
    return re.match(rf'\s*CREATE TABLE (?:\S+\.)?[`"]?{name}[`"]? ', sql) is not None


def is_filled(statements: Iterable[str], table: str) -> bool:
    """Whether skipped statements would insert rows into a table."""
    inserts = (sql for sql in statements if re.search(r"\b(?:INSERT|SELECT)\b", sql, re.IGNORECASE))
    return any(_mentions(sql, table) for sql in inserts)


def _mentions(sql: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None
