"""Handles unnamed constraints. Only the name that the server chose can drop them again."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.catalog import Catalog, Entry
from alembic_guards.database.identifiers import bare, quoted_table

ConstraintOp = ops.AddConstraintOp | ops.DropConstraintOp


def remove_unnamed_on_sqlite(container: ops.OpContainer, dialect: sa.Dialect) -> None:
    """Remove operations on unnamed constraints of SQLite, which Alembic refuses.

    repairs.py rebuilds the table with the constraints of the models.
    """
    for table in container.ops if dialect.name == "sqlite" else ():
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [op for op in table.ops if not _is_unnamed(op)]


def name_dropped_constraints(
    container: ops.OpContainer, present: Catalog, dialect: sa.Dialect
) -> None:
    """Give each unnamed constraint that `container` drops the name that it has in `present`."""
    for table in container.ops:
        for op in table.ops if isinstance(table, ops.ModifyTableOps) else ():
            if isinstance(op, ops.DropConstraintOp) and _is_unnamed(op):
                name = bare(quoted_table(op, dialect))
                entries = (entry for entry in present.values() if bare(entry.table) == name)
                for entry in entries:
                    if _matches(op.to_constraint(), entry):
                        op.constraint_name = bare(entry.name)


def _is_unnamed(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ConstraintOp) and op.to_constraint().name is None


def _matches(constraint: Any, entry: Entry) -> bool:
    """Whether `entry` is the foreign key or unique constraint `constraint`, whatever its name."""
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return entry.kind == "foreign key" and entry.columns == tuple(constraint.column_keys)
    columns = tuple(column.name for column in constraint.columns)
    return entry.kind in ("unique", "index") and entry.unique == columns
