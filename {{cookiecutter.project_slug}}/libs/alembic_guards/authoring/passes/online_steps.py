"""Rewrites operations as online DDL of PostgreSQL, which does not block readers and writers.

Indexes are built and dropped CONCURRENTLY. Constraints are added NOT VALID, then validated. None of
that may run in a transaction, so each statement is idempotent: an interrupted run can be repeated.
Source: "CREATE INDEX" and "ALTER TABLE" in PostgreSQL's manual.
"""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.authoring.operations import AutocommitOp, Operations
from alembic_guards.database.identifiers import quoted_table, quoter
from alembic_guards.runtime.operations import SQLOp


def online(operations: Operations, moved: Operations, dialect: sa.Dialect) -> Operations:
    """Return the operations `moved` as online DDL, with their backfills from `operations`.

    An autocommit block holds the statements that take long, and after them the drops: until then,
    rows may still make a new index or constraint fail. Short statements follow in a transaction.
    """
    autocommit: Operations = []
    drops: Operations = []
    transactional: Operations = []
    created = {
        _object_name(op) for op in moved if isinstance(op, ops.CreateIndexOp | ops.AddConstraintOp)
    }
    for op in moved:
        match op:
            case ops.CreateIndexOp():
                autocommit.append(
                    _with_options(op, if_not_exists=True, postgresql_concurrently=True)
                )
            case ops.DropIndexOp():
                drop_index = _with_options(op, if_exists=True, postgresql_concurrently=True)
                (autocommit if _object_name(op) in created else drops).append(drop_index)
            case ops.DropConstraintOp():
                (autocommit if _object_name(op) in created else drops).append(
                    _with_options(op, if_exists=True)
                )
            case ops.CreateUniqueConstraintOp():
                autocommit.append(_unique_index(op))
                transactional.append(_constraint_using_index(op, dialect))
            case ops.CreateForeignKeyOp() | ops.CreateCheckConstraintOp():
                constraint = _with_options(op, postgresql_not_valid=True).to_constraint()
                add, _, validate = _not_valid_steps(
                    constraint, dialect, f"add constraint {op.constraint_name}"
                )
                autocommit += [add] if op.kw.get("postgresql_not_valid") else [add, validate]
            case ops.AlterColumnOp(modify_nullable=False):
                add, drop, validate = _not_valid_steps(_not_null_check(op, dialect), dialect, "")
                autocommit += [add, *backfills(operations, op, dialect), validate]
                transactional += [op, drop]
            case _:
                autocommit.append(op)
    return [AutocommitOp([*autocommit, *drops]), *transactional]


def _object_name(op: Any) -> str:
    return str(getattr(op, "index_name", None) or op.constraint_name)


def backfills(operations: Operations, op: Any, dialect: sa.Dialect) -> Operations:
    """Return the backfills of `op`: the UPDATE statements that run before it sets NOT NULL."""
    if not isinstance(op, ops.AlterColumnOp) or op.modify_nullable:
        return []
    start = f"UPDATE {quoted_table(op, dialect)} SET {quoter(dialect)(op.column_name)} = "
    updates = (part for part in operations if isinstance(part, ops.ExecuteSQLOp))
    return [part for part in updates if str(part.sqltext).startswith(start)]


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


def _not_null_check(op: ops.AlterColumnOp, dialect: sa.Dialect) -> sa.CheckConstraint:
    """Return a CHECK that proves NOT NULL: with it, SET NOT NULL scans no rows (PostgreSQL 12)."""
    check = ops.CreateCheckConstraintOp(
        f"ck_{op.column_name}_not_null",
        op.table_name,
        f"{quoter(dialect)(op.column_name)} IS NOT NULL",
        schema=op.schema,
        postgresql_not_valid=True,
    )
    return check.to_constraint()


def _unique_index(op: ops.CreateUniqueConstraintOp) -> ops.CreateIndexOp:
    """Return the operation that builds the index of a unique constraint."""
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


def _constraint_using_index(op: ops.CreateUniqueConstraintOp, dialect: sa.Dialect) -> SQLOp:
    """Return ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX."""
    constraint: Any = op.to_constraint()
    name = dialect.identifier_preparer.format_constraint(constraint)
    add = str(sa.schema.AddConstraint(constraint).compile(dialect=dialect))
    use = re.sub(r" UNIQUE .*\)", lambda _: f" UNIQUE USING INDEX {name}", add, flags=re.DOTALL)
    return SQLOp([use], [], f"add constraint {op.constraint_name}")
