"""Rewrites operations as online DDL of PostgreSQL, which runs beside readers and writers.

Indexes are built and dropped CONCURRENTLY. Constraints are added NOT VALID, then validated. None of
that may run in a transaction, so each statement is idempotent: a run that was cut short is repeated.
Source: "CREATE INDEX" and "ALTER TABLE" in PostgreSQL's manual.
"""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.authoring.operations import Operations
from alembic_guards.database.identifiers import quoted_table, quoter
from alembic_guards.runtime.operations import SQLOp


class AutocommitOp(ops.OpContainer):
    """Operations that are committed one by one, in an autocommit block."""


def online(operations: Operations, moved: Operations, dialect: sa.Dialect) -> Operations:
    """Return what is `moved` of `operations` as online DDL: what takes long first, then what is short.

    Drops come last: until then, rows may still make a new index or constraint fail.
    """
    alone: Operations = []
    gone: Operations = []
    last: Operations = []
    made = {_name(op) for op in moved if isinstance(op, ops.CreateIndexOp | ops.AddConstraintOp)}
    for op in moved:
        match op:
            case ops.CreateIndexOp():
                alone.append(_with(op, if_not_exists=True, postgresql_concurrently=True))
            case ops.DropIndexOp():
                goes = _with(op, if_exists=True, postgresql_concurrently=True)
                (alone if _name(op) in made else gone).append(goes)
            case ops.DropConstraintOp():
                (alone if _name(op) in made else gone).append(_with(op, if_exists=True))
            case ops.CreateUniqueConstraintOp():
                alone.append(_index_of(op))
                last.append(_use_index(op, dialect))
            case ops.CreateForeignKeyOp() | ops.CreateCheckConstraintOp():
                constraint = _with(op, postgresql_not_valid=True).to_constraint()
                add, _, validate = _in_two_steps(
                    constraint, dialect, f"add constraint {op.constraint_name}"
                )
                alone += [add] if op.kw.get("postgresql_not_valid") else [add, validate]
            case ops.AlterColumnOp(modify_nullable=False):
                add, drop, validate = _in_two_steps(_not_null(op, dialect), dialect, "")
                alone += [add, *backfills(operations, op, dialect), validate]
                last += [op, drop]
            case _:
                alone.append(op)
    return [AutocommitOp([*alone, *gone]), *last]


def _name(op: Any) -> str:
    return str(getattr(op, "index_name", None) or op.constraint_name)


def backfills(operations: Operations, op: Any, dialect: sa.Dialect) -> Operations:
    """Return the UPDATE statements that give rows a value before `op` sets NOT NULL."""
    if not isinstance(op, ops.AlterColumnOp) or op.modify_nullable:
        return []
    start = f"UPDATE {quoted_table(op, dialect)} SET {quoter(dialect)(op.column_name)} = "
    updates = (part for part in operations if isinstance(part, ops.ExecuteSQLOp))
    return [part for part in updates if str(part.sqltext).startswith(start)]


def _with(op: Any, **options: Any) -> Any:
    """Return a copy of `op` with other options."""
    changed = copy(op)
    for name, value in options.items():
        if name.startswith("postgresql_"):
            changed.kw = {**changed.kw, name: value}
        else:
            setattr(changed, name, value)
    return changed


def _in_two_steps(constraint: Any, dialect: sa.Dialect, about: str) -> Iterator[SQLOp]:
    """Yield what adds a constraint that is NOT VALID, what drops it, and what checks the rows."""
    alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(constraint.table)}"
    name = dialect.identifier_preparer.format_constraint(constraint)
    add = str(sa.schema.AddConstraint(constraint).compile(dialect=dialect)).removeprefix(alter)
    drop = f"DROP CONSTRAINT IF EXISTS {name}"
    yield SQLOp([f"{alter} {drop},{add}"], [], about)
    yield SQLOp([f"{alter} {drop}"], [], "")
    yield SQLOp([f"{alter} VALIDATE CONSTRAINT {name}"], [], "")


def _not_null(op: ops.AlterColumnOp, dialect: sa.Dialect) -> sa.CheckConstraint:
    """Return the check that proves NOT NULL: PostgreSQL 12 and newer then need not look again."""
    check = ops.CreateCheckConstraintOp(
        f"ck_{op.column_name}_not_null",
        op.table_name,
        f"{quoter(dialect)(op.column_name)} IS NOT NULL",
        schema=op.schema,
        postgresql_not_valid=True,
    )
    return check.to_constraint()


def _index_of(op: ops.CreateUniqueConstraintOp) -> ops.CreateIndexOp:
    """Return what builds the index of a unique constraint."""
    options = {name: value for name, value in op.kw.items() if name.startswith("postgresql_")}
    return ops.CreateIndexOp(
        str(op.constraint_name),
        op.table_name,
        list(op.columns),
        schema=op.schema,
        unique=True,
        if_not_exists=True,
        **{**options, "postgresql_concurrently": True},
    )


def _use_index(op: ops.CreateUniqueConstraintOp, dialect: sa.Dialect) -> SQLOp:
    """Return what makes a constraint of its index."""
    constraint: Any = op.to_constraint()
    name = dialect.identifier_preparer.format_constraint(constraint)
    add = str(sa.schema.AddConstraint(constraint).compile(dialect=dialect))
    use = re.sub(r" UNIQUE .*\)", lambda _: f" UNIQUE USING INDEX {name}", add, flags=re.DOTALL)
    return SQLOp([use], [], f"add constraint {op.constraint_name}")
