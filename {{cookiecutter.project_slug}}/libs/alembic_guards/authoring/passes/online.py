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

#: The kinds of operations that drop an index on PostgreSQL.
INDEXED = ("index", "unique")


def split(script: ops.MigrationScript, dialect: sa.Dialect) -> list[ops.MigrationScript]:
    """Return the one or two revisions that `script` is written as.

    The second one holds the operations that take long on large tables. An operation moves there
    together with its inverse, so that each revision can be reverted alone. A script that holds only
    such operations stays one revision.
    """
    if dialect.name != "postgresql" or script.upgrade_ops is None or script.downgrade_ops is None:
        return [script]
    up = _without_indexes_of_dropped_columns(flatten(script.upgrade_ops.ops))
    down = flatten(script.downgrade_ops.ops)
    movable = _movable(up, down)
    # If other operations stay in the first revision, only CREATE operations move, and drops of
    # indexes that are replaced: the new unique index is built before the old one is dropped.
    replacing = [key for key in movable if key.creates or key.kind in INDEXED]
    for keys in (movable, replacing):
        moved_up = [op for op in up if op_key(op) in keys]
        moved_down = [op for op in down if op_key(op) in {key.inverse() for key in keys}]
        rest_up, rest_down = (
            _remaining(up, moved_up, dialect),
            _remaining(down, moved_down, dialect),
        )
        if moved_up and not (rest_up or rest_down):
            return [
                _copy_with(script, online(up, moved_up, dialect), online(down, moved_down, dialect))
            ]
        if moved_up and keys is replacing:
            first = _copy_with(script, rest_up, rest_down)
            second = _copy_with(
                script, online(up, moved_up, dialect), online(down, moved_down, dialect)
            )
            second.rev_id, second.head = rev_id(), str(script.rev_id)
            second.splice, second.branch_label, second.depends_on = False, None, None
            return [first, second]
    script.upgrade_ops.ops = regroup(up)
    return [script]


def _movable(up: Operations, down: Operations) -> list[OpKey]:
    """Return the keys of operations that can run online: on existing tables, with their inverse."""
    keys_up, inverses, blocking = _keys(up), _keys(down), _blocking(up)
    return [key for key in keys_up if key.inverse() in inverses and key not in blocking]


def _keys(operations: Operations) -> list[OpKey]:
    """Return the keys of the operations on tables that exist before and after, each once."""
    whole = {
        table_key(op) for op in operations if isinstance(op, ops.CreateTableOp | ops.DropTableOp)
    }
    keys = (key for op in operations if (key := op_key(op)) and key.table not in whole)
    return list(dict.fromkeys(keys))


def _blocking(operations: Operations) -> set[OpKey]:
    """Return the keys of index drops that must run before a column of their table changes."""
    changed = {
        table_key(op)
        for op in operations
        if isinstance(op, ops.DropColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
    }
    keys = (key for op in operations if (key := op_key(op)))
    return {k for k in keys if k.table in changed and k.kind in INDEXED and not k.creates}


def _without_indexes_of_dropped_columns(operations: Operations) -> Operations:
    """Remove drops of indexes on dropped columns: PostgreSQL drops both under one lock."""
    dropped = {
        (table_key(op), op.column_name) for op in operations if isinstance(op, ops.DropColumnOp)
    }
    return [
        op
        for op in operations
        if not isinstance(op, ops.DropIndexOp)
        or not any((table_key(op), column) in dropped for column in columns_of(op))
    ]


def _remaining(operations: Operations, moved: Operations, dialect: sa.Dialect) -> Operations:
    """Return the operations that are neither `moved` nor the backfill of one that is."""
    updates = (update for op in moved for update in backfills(operations, op, dialect))
    removed = [*moved, *updates]
    kept = [op for op in operations if all(op is not other for other in removed)]
    return kept if any(not isinstance(op, Barrier) for op in kept) else []


def _copy_with(
    script: ops.MigrationScript, up: Operations, down: Operations
) -> ops.MigrationScript:
    """Return a copy of `script` with other operations."""
    changed = copy(script)
    changed.upgrade_ops = ops.UpgradeOps(regroup(up))
    changed.downgrade_ops = ops.DowngradeOps(regroup(down))
    return changed
