"""Marks the drops of a revision as confirmed: a person has answered for each of them."""

from copy import copy

from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList
from alembic_guards.runtime.destructive import INFO


def confirm_drops(operations: OpList, _: Comparison) -> OpList:
    """Mark each drop of a table or column as confirmed, see authoring/questions.py.

    runtime/destructive.py accepts a drop with this mark, whatever rows it removes.
    """
    return [confirmed(op) for op in operations]


def confirmed(op: MigrateOperation) -> MigrateOperation:
    """Return the operation, with the mark if it is a drop of a table or column."""
    marked = copy(op)
    if isinstance(marked, ops.DropTableOp):
        marked.info = INFO
    elif isinstance(marked, ops.DropColumnOp):
        marked.kw = {**marked.kw, "info": INFO}
    else:
        return op
    return marked
