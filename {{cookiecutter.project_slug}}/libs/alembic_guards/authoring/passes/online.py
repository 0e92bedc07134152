"""Moves slow DDL on existing tables of PostgreSQL into a second revision, which runs online."""

from copy import copy

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util import rev_id

from alembic_guards.authoring.operations import (
    Barrier,
    Operations,
    OpKey,
    columns_of,
    flatten,
    op_key,
    regroup,
)
from alembic_guards.authoring.passes.online_steps import backfills, online
from alembic_guards.database.identifiers import table_key

#: What an index can be under: PostgreSQL drops it with a column, and with its constraint.
INDEXED = ("index", "unique")


def split(script: ops.MigrationScript, dialect: sa.Dialect) -> list[ops.MigrationScript]:
    """Return the one or two revisions that `script` is written as.

    The second one holds what takes long. An operation moves there together with its inverse, so
    that each revision can be reverted alone. Where a script holds nothing else, it stays one.
    """
    if dialect.name != "postgresql" or script.upgrade_ops is None or script.downgrade_ops is None:
        return [script]
    up = _without_indexes_of_dropped_columns(flatten(script.upgrade_ops.ops))
    down = flatten(script.downgrade_ops.ops)
    movable = _movable(up, down)
    # Where other changes stay in the first revision, only what creates moves, and what an index
    # replaces: the new unique index is built before the old one is dropped.
    replacing = [key for key in movable if key.creates or key.kind in INDEXED]
    for keys in (movable, replacing):
        moved = [op for op in up if op_key(op) in keys]
        moved_back = [op for op in down if op_key(op) in {key.inverse() for key in keys}]
        rest, rest_back = _without(up, moved, dialect), _without(down, moved_back, dialect)
        if moved and not (rest or rest_back):
            return [_script(script, online(up, moved, dialect), online(down, moved_back, dialect))]
        if moved and keys is replacing:
            first = _script(script, rest, rest_back)
            second = _script(script, online(up, moved, dialect), online(down, moved_back, dialect))
            second.rev_id, second.head = rev_id(), str(script.rev_id)
            second.splice, second.branch_label, second.depends_on = False, None, None
            return [first, second]
    script.upgrade_ops.ops = regroup(up)
    return [script]


def _movable(up: Operations, down: Operations) -> list[OpKey]:
    """Return the keys of what can run online: on a table that stays, with its inverse there."""
    present, inverses, blocking = _keys(up), _keys(down), _blocking(up)
    return [key for key in present if key.inverse() in inverses and key not in blocking]


def _keys(operations: Operations) -> list[OpKey]:
    """Return the keys of the operations on tables that exist before and after, each once."""
    whole = {
        table_key(op) for op in operations if isinstance(op, ops.CreateTableOp | ops.DropTableOp)
    }
    keys = (key for op in operations if (key := op_key(op)) and key.table not in whole)
    return list(dict.fromkeys(keys))


def _blocking(operations: Operations) -> set[OpKey]:
    """Return the drops of indexes that have to come before a column of their table changes."""
    changed = {
        table_key(op)
        for op in operations
        if isinstance(op, ops.DropColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
    }
    keys = (key for op in operations if (key := op_key(op)))
    return {k for k in keys if k.table in changed and k.kind in INDEXED and not k.creates}


def _without_indexes_of_dropped_columns(operations: Operations) -> Operations:
    """Leave out drops of indexes whose column goes: PostgreSQL drops both under one lock."""
    dropped = {
        (table_key(op), op.column_name) for op in operations if isinstance(op, ops.DropColumnOp)
    }
    return [
        op
        for op in operations
        if not isinstance(op, ops.DropIndexOp)
        or not any((table_key(op), column) in dropped for column in columns_of(op))
    ]


def _without(operations: Operations, moved: Operations, dialect: sa.Dialect) -> Operations:
    """Return the operations that are not moved, nor give rows a value for one that is."""
    gone = [*moved, *(fill for op in moved for fill in backfills(operations, op, dialect))]
    kept = [op for op in operations if all(op is not other for other in gone)]
    return kept if any(not isinstance(op, Barrier) for op in kept) else []


def _script(script: ops.MigrationScript, up: Operations, down: Operations) -> ops.MigrationScript:
    """Return a copy of `script` with other operations."""
    changed = copy(script)
    changed.upgrade_ops = ops.UpgradeOps(regroup(up))
    changed.downgrade_ops = ops.DowngradeOps(regroup(down))
    return changed
