"""Finds under its present name what a revision that is only tried has given another one."""

import re
from collections.abc import Iterable

import sqlalchemy as sa

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable

#: What makes a column another one than that which is there.
OTHER = re.compile(r"^\s*UPDATE\b|\b(?:ADD COLUMN|CHANGE|MODIFY)\b", re.IGNORECASE)


def present(
    connection: sa.Connection, table: str, columns: Iterable[str]
) -> tuple[str, list[str]] | None:
    """Return the names that a table and `columns` of it have now; None where one is yet to come.

    That is, in a run that changes nothing, where it would be made, or get other values.
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
        if makes(sql, table):
            return None
        is_more = not renames or "," in sql
        if is_more and OTHER.search(sql) and _has(sql, table) and any(_has(sql, n) for n in names):
            return None
    inspector = sa.inspect(connection)
    there = inspector.get_columns(table) if inspector.has_table(table) else []
    return (table, names) if there and {c["name"] for c in there}.issuperset(names) else None


def makes(sql: str, table: str) -> bool:
    """Whether a statement of Alembic makes a table."""
    return re.match(rf"\s*CREATE TABLE `?{re.escape(table)}`? ", sql) is not None


def _has(sql: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None
