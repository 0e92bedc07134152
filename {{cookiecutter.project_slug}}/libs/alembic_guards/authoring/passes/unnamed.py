"""Finds the constraints that the models give no name: only the server's own can drop them again."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.catalog import Catalog, Entry
from alembic_guards.database.identifiers import bare, quoted_table

Constraint = ops.AddConstraintOp | ops.DropConstraintOp


def leave_to_rebuild(container: ops.OpContainer, dialect: sa.Dialect) -> None:
    """Remove constraints without a name where Alembic refuses them: SQLite makes the table anew."""
    for table in container.ops if dialect.name == "sqlite" else ():
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [op for op in table.ops if not _is_nameless(op)]


def give_names(container: ops.OpContainer, there: Catalog, dialect: sa.Dialect) -> None:
    """Let `container` drop constraints by the names that they have `there`."""
    for table in container.ops:
        for op in table.ops if isinstance(table, ops.ModifyTableOps) else ():
            if isinstance(op, ops.DropConstraintOp) and _is_nameless(op):
                name = bare(quoted_table(op, dialect))
                own = (entry for entry in there.values() if bare(entry.table) == name)
                for entry in own:
                    if _is_same(op.to_constraint(), entry):
                        op.constraint_name = bare(entry.name)


def _is_nameless(op: ops.MigrateOperation) -> bool:
    return isinstance(op, Constraint) and op.to_constraint().name is None


def _is_same(constraint: Any, entry: Entry) -> bool:
    """Whether a foreign key or a unique constraint is this entry of the catalog, name aside."""
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return entry.kind == "foreign key" and entry.columns == tuple(constraint.column_keys)
    columns = tuple(column.name for column in constraint.columns)
    return entry.kind in ("unique", "index") and entry.unique == columns
