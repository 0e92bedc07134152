"""Rewrites operations as online DDL of PostgreSQL, which does not block readers and writers.

Indexes are built and dropped CONCURRENTLY. Constraints are added NOT VALID, then validated. None of
that may run in a transaction, so each statement is idempotent: an interrupted run can be repeated.
Source: "CREATE INDEX" and "ALTER TABLE" in PostgreSQL's manual.
"""

import re
from collections.abc import Container, Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.operations import AutocommitOp, FillOp, OpList, name_of
from alembic_guards.database.identifiers import free_name, quoter, table_of
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameIndex

#: The name of an index while the one that it replaces has its name.
BESIDE = "new_{}"


class Steps(NamedTuple):
    """The operations that replace one, by where they run."""

    autocommit: Sequence[MigrateOperation] = ()  # those that take long
    drops: Sequence[MigrateOperation] = ()  # at the end of the autocommit block
    transactional: Sequence[MigrateOperation] = ()


def online(operations: OpList, moved: OpList, dialect: sa.Dialect, taken: Container[str]) -> OpList:
    """Return the operations `moved` as online DDL, with their backfills from `operations`.

    A temporary constraint or index gets a name that is not `taken`.

    An autocommit block holds the statements that take long, and after them the drops: until then,
    rows may still make a new index or constraint fail. Short statements follow in a transaction.
    """
    dropped = {name_of(op) for op in moved if _is_drop(op)}
    added = {name_of(op) for op in moved if _is_added_not_valid(op)}
    steps = [
        _drop_step(op, added)
        if _is_drop(op)
        else _steps(op, backfills(operations, op), dropped, dialect, taken)
        for op in moved
    ]
    autocommit, drops, transactional = (
        [op for step in steps for op in step[place]] for place in range(3)
    )
    return [AutocommitOp([*autocommit, *drops]), *transactional]


def _is_drop(op: MigrateOperation) -> bool:
    return isinstance(op, ops.DropIndexOp | ops.DropConstraintOp)


def _is_added_not_valid(op: MigrateOperation) -> bool:
    return isinstance(op, ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp)


def _drop_step(op: MigrateOperation, added: set[str | None]) -> Steps:
    """Return the operation that replaces a drop; `added` are the constraints added NOT VALID."""
    if isinstance(op, ops.DropIndexOp):
        drop = _with_options(op, if_exists=True, postgresql_concurrently=True)
    elif name_of(op) in added:
        return Steps()  # ADD CONSTRAINT ... NOT VALID drops it itself
    else:
        drop = _with_options(op, if_exists=True)
    return Steps(drops=[drop])


def _steps(
    op: MigrateOperation,
    updates: list[FillOp],
    dropped: set[str | None],
    dialect: sa.Dialect,
    taken: Container[str],
) -> Steps:
    """Return the operations that replace one that creates an index, a constraint or NOT NULL.

    `updates` are its backfills. `dropped` are the names of what the revision drops online, and
    `taken` those of other constraints and indexes.
    """
    match op:
        case ops.CreateIndexOp():
            index, rename = _index_to_build(op, dropped, dialect, taken)
            return Steps([index], transactional=rename)
        case ops.CreateUniqueConstraintOp():
            index = _unique_index(op, dropped, taken)
            use = _constraint_using_index(op, str(index.index_name), dialect)
            return Steps([index], transactional=[use])
        case ops.CreateForeignKeyOp() | ops.CreateCheckConstraintOp():
            constraint = _with_options(op, postgresql_not_valid=True).to_constraint()
            about = f"add constraint {op.constraint_name}"
            add, _, validate = _not_valid_steps(constraint, dialect, about)
            return Steps([add] if op.kw.get("postgresql_not_valid") else [add, validate])
        case ops.AlterColumnOp(modify_nullable=False):
            check = _not_null_check(op, dialect, taken)
            add, drop, validate = _not_valid_steps(check, dialect, "")
            batches = [update.in_batches() for update in updates]
            return Steps([add, *batches, validate], transactional=[op, drop])
        case _:
            return Steps([op])


def _index_to_build(
    op: ops.CreateIndexOp, dropped: set[str | None], dialect: sa.Dialect, taken: Container[str]
) -> tuple[ops.CreateIndexOp, OpList]:
    """Return the operation that builds an index, and those that give it its name.

    An index that replaces another one of its name is built beside it, under a name of its own.
    """
    index: ops.CreateIndexOp = _with_options(op, if_not_exists=True, postgresql_concurrently=True)
    name = str(op.index_name)
    if name not in dropped:
        return index, []
    index.index_name = free_name(BESIDE, name, taken)
    rename = RenameIndex(index.index_name, name, table=op.table_name, schema=op.schema)
    return index, [SQLOp([rename.sql(dialect)], [], "")]


def backfills(operations: OpList, op: MigrateOperation) -> list[FillOp]:
    """Return the backfills of `op`: the UPDATE statements that run before it sets NOT NULL."""
    if not isinstance(op, ops.AlterColumnOp) or op.modify_nullable:
        return []
    updates = (part for part in operations if isinstance(part, FillOp))
    return [u for u in updates if (u.table, u.column) == (table_of(op), op.column_name)]


def _with_options(op: Any, **options: Any) -> Any:
    """Return a copy of `op` with other options."""
    changed = copy(op)
    for name, value in options.items():
        if name.startswith("postgresql_"):
            changed.kw = {**changed.kw, name: value}
        else:
            setattr(changed, name, value)
    return changed


def _not_valid_steps(constraint: Any, dialect: sa.Dialect, about: str) -> Iterator[SQLOp]:
    """Yield ADD CONSTRAINT ... NOT VALID, DROP CONSTRAINT, and VALIDATE CONSTRAINT."""
    alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(constraint.table)}"
    name = dialect.identifier_preparer.format_constraint(constraint)
    add = str(sa.schema.AddConstraint(constraint).compile(dialect=dialect)).removeprefix(alter)
    drop = f"DROP CONSTRAINT IF EXISTS {name}"
    yield SQLOp([f"{alter} {drop},{add}"], [], about)
    yield SQLOp([f"{alter} {drop}"], [], "")
    yield SQLOp([f"{alter} VALIDATE CONSTRAINT {name}"], [], "")


def _not_null_check(
    op: ops.AlterColumnOp, dialect: sa.Dialect, taken: Container[str]
) -> sa.CheckConstraint:
    """Return a CHECK that proves NOT NULL: with it, SET NOT NULL scans no rows (PostgreSQL 12)."""
    check = ops.CreateCheckConstraintOp(
        free_name("ck_{}_not_null", op.column_name, taken),
        op.table_name,
        f"{quoter(dialect)(op.column_name)} IS NOT NULL",
        schema=op.schema,
        postgresql_not_valid=True,
    )
    return check.to_constraint()


def _unique_index(
    op: ops.CreateUniqueConstraintOp, dropped: set[str | None], taken: Container[str]
) -> ops.CreateIndexOp:
    """Return the operation that builds the index of a unique constraint."""
    name = str(op.constraint_name)
    options = {name: value for name, value in op.kw.items() if name.startswith("postgresql_")}
    return ops.CreateIndexOp(
        free_name(BESIDE, name, taken) if name in dropped else name,
        op.table_name,
        list(op.columns),
        schema=op.schema,
        unique=True,
        if_not_exists=True,
        **{**options, "postgresql_concurrently": True},
    )


def _constraint_using_index(
    op: ops.CreateUniqueConstraintOp, index: str, dialect: sa.Dialect
) -> SQLOp:
    """Return ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX, which renames the index."""
    constraint: Any = op.to_constraint()
    name = dialect.identifier_preparer.quote(index)
    add = str(sa.schema.AddConstraint(constraint).compile(dialect=dialect))
    use = re.sub(r" UNIQUE .*\)", lambda _: f" UNIQUE USING INDEX {name}", add, flags=re.DOTALL)
    return SQLOp([use], [], f"add constraint {op.constraint_name}")
