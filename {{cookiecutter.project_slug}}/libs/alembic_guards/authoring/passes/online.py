"""Moves slow DDL on existing tables of PostgreSQL into a second revision, which runs online."""

from collections.abc import Container

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import (
    AutocommitOp,
    Barrier,
    ByHandOp,
    OpKey,
    OpList,
    RevisionOps,
    columns_of,
    name_of,
    op_key,
)
from alembic_guards.authoring.passes.online_steps import backfills, online
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import table_key

#: The kinds of operations that drop an index on PostgreSQL.
INDEXED = ("index", "unique")


def split(revision: RevisionOps, dialect: sa.Dialect, taken: Container[str]) -> list[RevisionOps]:
    """Return the one or two revisions that `revision` is written as.

    The second one holds the operations that take long on large tables. An operation moves there
    together with its inverse, so that each revision can be reverted alone. A revision that holds
    only such operations stays one, and so does one that a person completes. `taken` are the
    names of present constraints and indexes.
    """
    if not features(dialect).online_ddl or is_by_hand(revision):
        return [revision]
    movable = _movable(revision)
    rest, moved = _partition(revision, movable)
    if moved.upgrade and not (rest.upgrade or rest.downgrade):
        return [_online(revision, moved, dialect, taken)]
    # If other operations stay in the first revision, only CREATE operations move, and drops of
    # indexes that are replaced: the new unique index is built before the old one is dropped.
    replacing = [key for key in movable if key.creates or key.kind in INDEXED]
    rest, moved = _partition(revision, replacing)
    if not moved.upgrade:
        return [revision]
    online_revision = _online(revision, moved, dialect, taken)
    return [rest, online_revision] if rest.upgrade or rest.downgrade else [online_revision]


def is_online(revision: RevisionOps) -> bool:
    """Whether `split` has rewritten operations of a revision as online DDL."""
    return any(isinstance(op, AutocommitOp) for part in revision for op in part)


def is_by_hand(revision: RevisionOps) -> bool:
    """Whether a person completes a revision: its operations stay around the SQL by hand."""
    return any(isinstance(op, ByHandOp) for part in revision for op in part)


def drop_columns_with_indexes(operations: OpList, comparison: Comparison) -> OpList:
    """Remove drops of indexes on dropped columns of PostgreSQL: it drops both under one lock.

    An index whose name a new one takes is dropped first all the same.
    """
    if not features(comparison.dialect).online_ddl:
        return operations
    dropped = {
        (table_key(op), op.column_name) for op in operations if isinstance(op, ops.DropColumnOp)
    }
    created = {name_of(op) for op in operations if isinstance(op, ops.CreateIndexOp)}
    return [
        op
        for op in operations
        if not isinstance(op, ops.DropIndexOp)
        or name_of(op) in created
        or not any((table_key(op), column) in dropped for column in columns_of(op))
    ]


def _online(
    revision: RevisionOps, moved: RevisionOps, dialect: sa.Dialect, taken: Container[str]
) -> RevisionOps:
    return RevisionOps(
        online(revision.upgrade, moved.upgrade, dialect, taken),
        online(revision.downgrade, moved.downgrade, dialect, taken),
    )


def _partition(revision: RevisionOps, keys: list[OpKey]) -> tuple[RevisionOps, RevisionOps]:
    """Return the operations that stay in the first revision, and those with `keys`, which move."""
    inverses = {key.inverse() for key in keys}
    moved = RevisionOps(
        [op for op in revision.upgrade if op_key(op) in keys],
        [op for op in revision.downgrade if op_key(op) in inverses],
    )
    rest = (_remaining(*each) for each in zip(revision, moved, strict=True))
    return RevisionOps(*rest), moved


def _movable(revision: RevisionOps) -> list[OpKey]:
    """Return the keys of operations that can run online: on existing tables, with their inverse."""
    keys_up, inverses = _keys(revision.upgrade), _keys(revision.downgrade)
    blocking = _blocking(revision.upgrade)
    return [key for key in keys_up if key.inverse() in inverses and key not in blocking]


def _keys(operations: OpList) -> list[OpKey]:
    """Return the keys of the operations on tables that exist before and after, each once."""
    whole = {
        table_key(op) for op in operations if isinstance(op, ops.CreateTableOp | ops.DropTableOp)
    }
    keys = (key for op in operations if (key := op_key(op)) and key.table not in whole)
    return list(dict.fromkeys(keys))


def _blocking(operations: OpList) -> set[OpKey]:
    """Return the keys of index drops that must run before a column of their table changes."""
    changed = {
        table_key(op)
        for op in operations
        if isinstance(op, ops.DropColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
    }
    keys = (key for op in operations if (key := op_key(op)))
    return {k for k in keys if k.table in changed and k.kind in INDEXED and not k.creates}


def _remaining(operations: OpList, moved: OpList) -> OpList:
    """Return the operations that are neither `moved` nor the backfill of one that is."""
    updates = (update for op in moved for update in backfills(operations, op))
    removed = [*moved, *updates]
    kept = [op for op in operations if all(op is not other for other in removed)]
    return kept if any(not isinstance(op, Barrier) for op in kept) else []
