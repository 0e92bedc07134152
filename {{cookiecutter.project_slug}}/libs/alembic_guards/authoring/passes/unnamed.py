"""Handles unnamed constraints. Only the name that the server chose can drop them again."""

from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList
from alembic_guards.database.catalog import Entry
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import bare, quoted_table


def remove_unnamed_on_sqlite(operations: OpList, comparison: Comparison) -> OpList:
    """Remove operations on unnamed constraints of SQLite, which Alembic refuses.

    repairs.py rebuilds the table with the constraints of the models.
    """
    if features(comparison.dialect).alters_tables:
        return operations
    return [op for op in operations if not _is_unnamed(op)]


def name_dropped_constraints(operations: OpList, comparison: Comparison) -> OpList:
    """Give each unnamed constraint that is dropped the name that it has in the present catalog."""
    return [
        _named(op, comparison) if isinstance(op, ops.DropConstraintOp) and _is_unnamed(op) else op
        for op in operations
    ]


def _named(op: ops.DropConstraintOp, comparison: Comparison) -> ops.DropConstraintOp:
    table, constraint = bare(quoted_table(op, comparison.dialect)), op.to_constraint()
    named = copy(op)
    for entry in comparison.present.values():
        if bare(entry.table) == table and _matches(constraint, entry):
            named.constraint_name = bare(entry.name)
    return named


def _is_unnamed(op: MigrateOperation) -> bool:
    kinds = ops.AddConstraintOp | ops.DropConstraintOp
    return isinstance(op, kinds) and op.to_constraint().name is None


def _matches(constraint: Any, entry: Entry) -> bool:
    """Whether `entry` is the foreign key or unique constraint `constraint`, whatever its name."""
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return entry.kind == "foreign key" and entry.columns == tuple(constraint.column_keys)
    columns = tuple(column.name for column in constraint.columns)
    return entry.kind in ("unique", "index") and entry.unique == columns
