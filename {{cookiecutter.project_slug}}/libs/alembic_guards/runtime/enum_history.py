"""Records the values of enums that are stored as text: no catalog lists them.

These are all enums on SQLite, and those with `native_enum=False` elsewhere. The operations of the existing
revisions name the values. They are complete when the revisions have run on a scratch database.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.renames import MoveTable, Rename, RenameColumn, RenameTable

#: The values of a column, by (table with its schema, column).
KNOWN: dict[tuple[str, str], list[str]] = {}


def install() -> None:
    """Replace Alembic's implementations of these operations."""
    Operations.implementation_for(ops.CreateTableOp, replace=True)(create_table)
    Operations.implementation_for(ops.AddColumnOp, replace=True)(add_column)
    Operations.implementation_for(ops.RenameTableOp, replace=True)(rename_table)


def create_table(operations: Operations, op: ops.CreateTableOp) -> sa.Table:
    """Create a table, and record the values of its enums."""
    record_values(table_key(op), (part for part in op.columns if isinstance(part, sa.Column)))
    return toimpl.create_table(operations, op)


def add_column(operations: Operations, op: ops.AddColumnOp) -> None:
    """Add a column, and record its values where it is an enum."""
    record_values(table_key(op), [op.column])
    toimpl.add_column(operations, op)


def rename_table(operations: Operations, op: ops.RenameTableOp) -> None:
    """Rename a table, and the keys of its recorded values."""
    follow_rename(RenameTable(op.table_name, op.new_table_name, schema=op.schema))
    toimpl.rename_table(operations, op)


def record_values(table: str, columns: Iterable[sa.Column[Any]]) -> None:
    """Record the values of those columns that are enums; forget those of all others."""
    for column in columns:
        KNOWN.pop((table, column.name), None)
        if isinstance(column.type, sa.Enum):
            KNOWN[table, column.name] = list(column.type.enums)


def follow_rename(rename: Rename) -> None:
    """Rename the keys of recorded values after a table or a column was renamed or moved."""
    match rename:
        case RenameColumn():
            _move((_key(rename.schema, rename.table), rename.old), rename.new)
        case RenameTable():
            _move_all(_key(rename.schema, rename.old), _key(rename.schema, rename.new))
        case MoveTable():
            _move_all(_key(rename.old, rename.table), _key(rename.new, rename.table))


def _key(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _move(old: tuple[str, str], column: str) -> None:
    if old in KNOWN:
        KNOWN[old[0], column] = KNOWN.pop(old)


def _move_all(old: str, new: str) -> None:
    for table, column in [key for key in KNOWN if key[0] == old]:
        KNOWN[new, column] = KNOWN.pop((table, column))
