"""Finds under its present name what a revision that is only tried has given another one."""

import re
from collections.abc import Iterable

import sqlalchemy as sa

from .names import bare
from .resume import SKIPPED
from .values import RENAME

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
        words = set(re.findall(r"\w+", sql))
        if found := RENAME.match(sql):
            _, was, column, new = (bare(name or "") for name in found.groups())
            if not column and new == table:
                table = was
            elif column and was == table:
                names = [column if name == new else name for name in names]
        elif (
            re.match(rf"\s*CREATE TABLE `?{re.escape(table)}`? ", sql)
            or OTHER.search(sql)
            and table in words
            and not words.isdisjoint(names)
        ):
            return None
    inspector = sa.inspect(connection)
    there = inspector.get_columns(table) if inspector.has_table(table) else []
    return (table, names) if there and {c["name"] for c in there}.issuperset(names) else None
