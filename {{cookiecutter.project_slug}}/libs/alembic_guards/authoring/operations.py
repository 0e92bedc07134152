"""The operations of a revision as one flat list, and what each of them is on.

Autogenerate groups operations by table in ModifyTableOps. `flatten` removes the groups, and
`regroup` restores them. What stands between is a list: each pass takes one and returns one.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.types import TypeEngine

from alembic_guards.database.identifiers import quoted_table, quoter, table_key, table_of
from alembic_guards.runtime.backfill import BackfillOp
from alembic_guards.runtime.operations import as_text

#: Operations in their order.
OpList = list[MigrateOperation]

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


class FillOp(ops.ExecuteSQLOp):
    """An UPDATE that gives a column a value in the rows where it is NULL."""

    def __init__(
        self,
        op: Any,
        column: str,
        value: str,
        dialect: sa.Dialect,
        *,
        has_key: bool = False,
        reads_row: bool = False,
    ) -> None:
        """Update the table of `op`.

        `has_key`: it has a primary key, by which batches can be made. `reads_row`: the value may read
        other columns.
        """
        self.table, self.column, self.value = table_of(op), column, value
        self.has_key, self.reads_row = has_key, reads_row
        name = quoter(dialect)(column)
        self.where = f"{name} IS NULL"
        update = f"UPDATE {quoted_table(op, dialect)} SET {name} = {value} WHERE {self.where}"
        super().__init__(as_text(update))

    def in_batches(self) -> MigrateOperation:
        """Return the operation that does the same in batches; itself for a table without a key."""
        if not self.has_key:
            return self
        table, schema = self.table
        return BackfillOp(table, {self.column: self.value}, where=self.where, schema=schema)


class ByHandOp(MigrateOperation):
    """The place in a revision where a person writes SQL that moves rows.

    `statements` are its outline; `drops`: what the rows are read from is dropped after it; `locks`: so
    all is one transaction, which locks tables where an online revision would not.
    """

    def __init__(self, statements: Iterable[str], *, drops: bool, locks: bool = False) -> None:
        self.statements, self.drops, self.locks = list(statements), drops, locks


class FunctionFillOp(FillOp):
    """A backfill whose values a function of Python returns, one for each row."""

    def __init__(
        self,
        op: Any,
        column: str,
        function: str,
        dialect: sa.Dialect,
        *,
        modules: Iterable[str],
        type_: TypeEngine[Any],
    ) -> None:
        """Update the table of `op`; `function` is an expression that needs `modules`.

        Its results are values of `type_`. Rows are found by their key, whose columns must be there.
        """
        super().__init__(op, column, "NULL", dialect, has_key=True, reads_row=True)
        self.function, self.modules, self.type = function, frozenset(modules), type_

    def in_batches(self) -> MigrateOperation:
        """Return itself: it is written as a backfill in batches."""
        return self


class RevisionOps(NamedTuple):
    """The operations of upgrade() and downgrade()."""

    upgrade: OpList
    downgrade: OpList


class OpKey(NamedTuple):
    """Identifies an operation; `inverse` identifies the one that reverts it."""

    creates: bool  # False: drops
    kind: str  # "check", "foreign key", "index", "not null" or "unique"
    table: str  # with its schema, if it has one
    name: str

    def inverse(self) -> "OpKey":
        """Return the key of the operation that reverts this one."""
        return self._replace(creates=not self.creates)


def flatten(operations: Iterable[MigrateOperation]) -> OpList:
    """Return operations without their groups.

    A `Barrier` separates two adjacent groups of one table, so that `regroup` restores both.
    """
    flat: OpList = []
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            if op.ops and flat and _group(flat[-1]) == _group(op.ops[0]):
                flat.append(Barrier())
            flat += op.ops
        else:
            flat.append(op)
    return flat


def regroup(operations: Iterable[MigrateOperation]) -> OpList:
    """Return operations with adjacent operations on one table in a group, and without barriers."""
    return [
        ops.ModifyTableOps(table_of(members[0])[0], members, schema=table_of(members[0])[1])
        if isinstance(members[0], PARTS)
        else members[0]
        for members in groups(operations)
        if not isinstance(members[0], Barrier)
    ]


def groups(operations: Iterable[MigrateOperation]) -> Iterator[OpList]:
    """Yield adjacent operations on one table together, and each other operation alone."""
    for group, members in groupby(operations, _group):
        if group is None:
            yield from ([op] for op in members)
        else:
            yield list(members)


def apart(operations: Iterable[MigrateOperation]) -> OpList:
    """Return operations with barriers around each: none of them shares a batch with another."""
    return [Barrier(), *(part for op in operations for part in (op, Barrier()))]


def _group(op: MigrateOperation) -> tuple[str, str | None] | None:
    return table_of(op) if isinstance(op, PARTS) else None


def op_key(op: MigrateOperation) -> OpKey | None:
    """Return the key of an operation on a named index, constraint or NOT NULL; None for others."""
    if isinstance(op, ops.AlterColumnOp) and _changes_only_nullable(op):
        return OpKey(not op.modify_nullable, "not null", table_key(op), op.column_name)
    kind, name = kind_of(op), name_of(op)
    creates = isinstance(op, ops.CreateIndexOp | ops.AddConstraintOp)
    return OpKey(creates, kind, table_key(op), name) if kind and name else None


def kind_of(op: MigrateOperation) -> str:
    """Return the kind of the index or constraint that an operation creates or drops.

    "" for a primary key, an exclusion constraint that is created, and all other operations.
    """
    match op:
        case ops.CreateIndexOp() | ops.DropIndexOp():
            return "index"
        case ops.CreateForeignKeyOp() | ops.DropConstraintOp(constraint_type="foreignkey"):
            return "foreign key"
        case ops.CreateUniqueConstraintOp() | ops.DropConstraintOp(constraint_type="unique"):
            return "unique"
        case ops.DropConstraintOp(constraint_type="primary"):
            return ""
        case ops.CreateCheckConstraintOp() | ops.DropConstraintOp():
            return "check"
        case _:
            return ""


def _changes_only_nullable(op: ops.AlterColumnOp) -> bool:
    others = (op.modify_type, op.modify_name, op.modify_server_default, op.modify_comment)
    return op.modify_nullable is not None and others == (None, None, False, False)


def name_of(op: MigrateOperation) -> str | None:
    """Return the name of the index or constraint of an operation; None for no name."""
    name: Any = None
    if isinstance(op, ops.CreateIndexOp | ops.DropIndexOp):
        name = op.index_name
    elif isinstance(op, ops.AddConstraintOp | ops.DropConstraintOp):
        name = getattr(op, "constraint_name", None)
    return name if isinstance(name, str) else None


def columns_of(op: MigrateOperation) -> set[str]:
    """Return the names of the columns of a column, index or constraint; empty for other operations.

    The expressions of an index are left out.
    """
    match op:
        case ops.AddColumnOp():
            return {op.column.name}
        case ops.DropColumnOp() | ops.AlterColumnOp():
            return {op.column_name}
        case ops.CreateIndexOp() | ops.DropIndexOp():
            parts = op.to_index().expressions
            return {part.name for part in parts if isinstance(part, sa.Column)}
        case ops.AddConstraintOp() | ops.DropConstraintOp():
            constraint: Any = op.to_constraint()
            return {column.name for column in getattr(constraint, "columns", ())}
        case _:
            return set()


def is_foreign_key_drop(op: MigrateOperation) -> bool:
    """Whether an operation drops a foreign key."""
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey"
