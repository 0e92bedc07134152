"""Remembers the values of enums that are plain texts of a database, where nothing else lists them.

On SQLite all enums are, and elsewhere those with `native_enum=False`. What revisions have made of a
column is known once they have run on a scratch database.
"""

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

from alembic_guards.database.identifiers import NAME, bare, table_key

#: The values of each column by its table, with its schema, and its name.
KNOWN: dict[tuple[str, str], list[str]] = {}

RENAME = re.compile(
    rf"\s*ALTER TABLE ((?:(?:{NAME})\.)?)({NAME}) RENAME (?:COLUMN ({NAME}) )?TO ({NAME})",
    re.IGNORECASE,
)


def install() -> None:
    """Have Alembic ask these implementations before its own."""
    Operations.implementation_for(ops.CreateTableOp, replace=True)(create_table)
    Operations.implementation_for(ops.AddColumnOp, replace=True)(add_column)


def create_table(operations: Operations, op: ops.CreateTableOp) -> sa.Table:
    """Do what Alembic does."""
    remember(table_key(op), (part for part in op.columns if isinstance(part, sa.Column)))
    return toimpl.create_table(operations, op)


def add_column(operations: Operations, op: ops.AddColumnOp) -> None:
    """Do what Alembic does."""
    remember(table_key(op), [op.column])
    toimpl.add_column(operations, op)


def remember(table: str, columns: Iterable[sa.Column[Any]]) -> None:
    """Take the values of columns from their types, where these have some."""
    for column in columns:
        KNOWN.pop((table, column.name), None)
        if isinstance(column.type, sa.Enum):
            KNOWN[table, column.name] = list(column.type.enums)


def follow(statement: str) -> None:
    """Take note of a table or a column that `statement` renames."""
    if found := RENAME.match(statement):
        schema, table, column, new = (bare(name or "") for name in found.groups())
        for key in [key for key in KNOWN if key[0] == schema + table]:
            if not column:
                KNOWN[schema + new, key[1]] = KNOWN.pop(key)
            elif column == key[1]:
                KNOWN[key[0], new] = KNOWN.pop(key)
