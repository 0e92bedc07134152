"""The operations of a revision as one flat list, and keys that identify them.

Autogenerate groups operations by table in ModifyTableOps. `flatten` removes the groups, and
`regroup` restores them.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.database.identifiers import table_key

Operations = list[MigrateOperation]

#: Operations on an existing table: they are grouped, and rendered in a batch on SQLite.
PARTS = (
    ops.AddColumnOp,
    ops.AddConstraintOp,
    ops.AlterColumnOp,
    ops.CreateIndexOp,
    ops.CreateTableCommentOp,
    ops.DropColumnOp,
    ops.DropConstraintOp,
    ops.DropIndexOp,
    ops.DropTableCommentOp,
)


class Barrier(MigrateOperation):
    """Ends a group: the operations after it are another batch, with its own rebuild on SQLite."""


class AutocommitOp(ops.OpContainer):
    """Operations that are committed one by one, in an autocommit block."""


class OpKey(NamedTuple):
    """Identifies an operation; `inverse` identifies the one that reverts it."""

    creates: bool  # False: drops
    kind: str  # "check", "foreign key", "index", "not null" or "unique"
    table: str  # with its schema, if it has one
    name: str

    def inverse(self) -> "OpKey":
        """Return the key of the operation that reverts this one."""
        return self._replace(creates=not self.creates)


def flatten(operations: Iterable[MigrateOperation]) -> Operations:
    """Return operations without their groups.

    A `Barrier` separates two adjacent groups of one table, so that `regroup` restores both.
    """
    flat: Operations = []
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            if op.ops and flat and _group(flat[-1]) == _group(op.ops[0]):
                flat.append(Barrier())
            flat += op.ops
        else:
            flat.append(op)
    return flat


def regroup(operations: Iterable[MigrateOperation]) -> Operations:
    """Return operations with adjacent operations on one table in a group."""
    return list(_groups(operations))


def _groups(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    for group, members in groupby(operations, _group):
        if group is None:
            yield from (op for op in members if not isinstance(op, Barrier))
        else:
            table, schema = group
            yield ops.ModifyTableOps(table, list(members), schema=schema)


def _group(op: MigrateOperation) -> tuple[str, str | None] | None:
    return table_of(op) if isinstance(op, PARTS) else None


def table_of(op: Any) -> tuple[str, str | None]:
    """Return the table of an operation and its schema; for a foreign key the referring table."""
    if isinstance(op, ops.CreateForeignKeyOp):
        return op.source_table, op.kw.get("source_schema")
    return op.table_name, op.schema


def op_key(op: MigrateOperation) -> OpKey | None:
    """Return the key of an operation on a named index, constraint or NOT NULL; None for others."""
    match op:
        case ops.CreateIndexOp(index_name=str(name)):
            return OpKey(True, "index", table_key(op), name)
        case ops.DropIndexOp(index_name=str(name)):
            return OpKey(False, "index", table_key(op), name)
        case ops.CreateForeignKeyOp(constraint_name=str(name)):
            return OpKey(True, "foreign key", op.to_constraint().table.fullname, name)
        case ops.CreateUniqueConstraintOp(constraint_name=str(name)):
            return OpKey(True, "unique", table_key(op), name)
        case ops.CreateCheckConstraintOp(constraint_name=str(name)):
            return OpKey(True, "check", table_key(op), name)
        case ops.DropConstraintOp(constraint_name=str(name)) if op.constraint_type != "primary":
            return OpKey(False, _dropped_kind(op), table_key(op), name)
        case ops.AlterColumnOp() if _changes_only_nullable(op):
            return OpKey(not op.modify_nullable, "not null", table_key(op), op.column_name)
    return None


def _dropped_kind(op: ops.DropConstraintOp) -> str:
    kinds = {"foreignkey": "foreign key", "unique": "unique"}
    return kinds.get(op.constraint_type or "", "check")


def _changes_only_nullable(op: ops.AlterColumnOp) -> bool:
    others = (op.modify_type, op.modify_name, op.modify_server_default, op.modify_comment)
    return op.modify_nullable is not None and others == (None, None, False, False)


def columns_of(op: MigrateOperation) -> set[str]:
    """Return the names of the columns of an index or a constraint; empty for other operations."""
    if isinstance(op, ops.CreateIndexOp | ops.DropIndexOp):
        parts = op.to_index().expressions
        return {part.name for part in parts if isinstance(part, sa.Column)}
    if isinstance(op, ops.AddConstraintOp | ops.DropConstraintOp):
        constraint: Any = op.to_constraint()
        return {column.name for column in getattr(constraint, "columns", ())}
    return set()
