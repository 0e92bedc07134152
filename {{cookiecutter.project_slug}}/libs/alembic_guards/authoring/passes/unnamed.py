"""Finds the constraints that the models give no name: only the server's own can drop them again."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.catalog import Catalog, Part
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
                begin = _beginning(op.to_constraint())
                for part, text in there.items():
                    name = name_of(part, text)
                    said = bare(part.name if part.kind == "unnamed" else text)
                    # MariaDB writes the name of a UNIQUE between the word and the columns.
                    said = said.replace(f"UNIQUE KEY {bare(name)} ", "UNIQUE ")
                    said = said.replace(", ", ",")  # as it writes that one
                    is_table = bare(part.table) == bare(quoted_table(op, dialect))
                    if is_table and said.startswith(begin):
                        op.constraint_name = bare(name)


def name_of(part: Part, text: str) -> str:
    """Return the name that a server has given a part, if nobody else did."""
    return text.split()[1] if part.kind == "unnamed" and text else part.name


def _is_nameless(op: ops.MigrateOperation) -> bool:
    return isinstance(op, Constraint) and op.to_constraint().name is None


def _beginning(constraint: Any) -> str:
    """Return how the text of a constraint begins in a catalog."""
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return f"FOREIGN KEY ({','.join(constraint.column_keys)})"
    return f"UNIQUE ({','.join(column.name for column in constraint.columns)})"
