"""Marks the drops of a revision as consented to: each of them was asked about."""

from alembic.operations import ops

from alembic_guards.runtime.destructive import INFO


def write_consent(container: ops.OpContainer) -> None:
    """Mark each drop of an upgrade: all of them were answered for, see answers.py."""
    for op in container.ops:
        if isinstance(op, ops.DropTableOp):
            op.info = INFO
        elif isinstance(op, ops.DropColumnOp):
            op.kw["info"] = INFO
        elif isinstance(op, ops.OpContainer):
            write_consent(op)
