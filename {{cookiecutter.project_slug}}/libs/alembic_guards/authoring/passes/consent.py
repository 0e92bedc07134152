"""Marks the drops of a revision as confirmed: a person has answered for each of them."""

from alembic.operations import ops

from alembic_guards.runtime.destructive import INFO


def confirm_drops(container: ops.OpContainer) -> None:
    """Mark each drop of a table or column in `container` as confirmed, see authoring/questions.py.

    runtime/destructive.py accepts a drop with this mark, whatever rows it removes.
    """
    for op in container.ops:
        if isinstance(op, ops.DropTableOp):
            op.info = INFO
        elif isinstance(op, ops.DropColumnOp):
            op.kw["info"] = INFO
        elif isinstance(op, ops.OpContainer):
            confirm_drops(op)
