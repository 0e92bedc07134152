"""Finds the current names of tables and columns that a dry run has renamed without effect."""

import re
from collections.abc import Iterable

import sqlalchemy as sa

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable

#: Statements that give a column other values, or add or replace it.
CHANGES_COLUMN = re.compile(r"^\s*UPDATE\b|\b(?:ADD COLUMN|CHANGE|MODIFY)\b", re.IGNORECASE)


def current_names(
    connection: sa.Connection, table: str, columns: Iterable[str]
) -> tuple[str, list[str]] | None:
    """Return the names that a table and `columns` of it have in the database.

    Outside of a dry run these are the names given. In a dry run the skipped renames are followed back;
    None where a skipped statement would create the table or a column, or change its values.
    """
    names = list(columns)
    if SKIPPED not in connection.info:
        return table, names
    for sql in reversed(connection.info[SKIPPED]):
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
    inspector = sa.inspect(connection)
    found = inspector.get_columns(table) if inspector.has_table(table) else []
    return (table, names) if found and {c["name"] for c in found}.issuperset(names) else None


def creates(sql: str, table: str) -> bool:
    """Whether a statement of Alembic creates a table."""
    return re.match(rf"\s*CREATE TABLE `?{re.escape(table)}`? ", sql) is not None


def _mentions(sql: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None
