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

from alembic_guards.authoring.operations import Operations
from alembic_guards.database.identifiers import quoted_table, quoter
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameIndex

#: The bytes of the longest name of an object.
LONGEST_NAME = 63


class AutocommitOp(ops.OpContainer):
    """Operations that are committed one by one, in an autocommit block."""


def online(operations: Operations, moved: Operations, dialect: sa.Dialect) -> Operations:
    """Return the operations `moved` as online DDL, with their backfills from `operations`.

    An autocommit block holds the statements that take long, and after them the drops: until then,
    rows may still make a new index or constraint fail. Short statements follow in a transaction.
    """
    autocommit: Operations = []
    drops: Operations = []
    transactional: Operations = []
    dropped = {
        _object_name(op) for op in moved if isinstance(op, ops.DropIndexOp | ops.DropConstraintOp)
    }
    replaced = {  # ADD CONSTRAINT ... NOT VALID drops them itself
        str(op.constraint_name)
        for op in moved
        if isinstance(op, ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp)
    }
    for op in moved:
        match op:
            case ops.CreateIndexOp():
                index, rename = _index_to_build(op, dropped, dialect)
                autocommit.append(index)
                transactional += rename
            case ops.DropIndexOp():
                drops.append(_with_options(op, if_exists=True, postgresql_concurrently=True))
            case ops.DropConstraintOp():
                if op.constraint_name not in replaced:
                    drops.append(_with_options(op, if_exists=True))
            case ops.CreateUniqueConstraintOp():
                index = _unique_index(op, dropped)
                autocommit.append(index)
                transactional.append(_constraint_using_index(op, str(index.index_name), dialect))
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


def _index_to_build(
    op: ops.CreateIndexOp, dropped: set[str], dialect: sa.Dialect
) -> tuple[ops.CreateIndexOp, Operations]:
    """Return the operation that builds an index, and those that give it its name.

    An index that replaces another one of its name is built beside it, under a name of its own.
    """
    index: ops.CreateIndexOp = _with_options(op, if_not_exists=True, postgresql_concurrently=True)
    name = str(op.index_name)
    if name not in dropped:
        return index, []
    index.index_name = _name_beside(name)
    rename = RenameIndex(index.index_name, name, table=op.table_name, schema=op.schema)
    return index, [SQLOp([rename.sql(dialect)], [], "")]


def _name_beside(name: str) -> str:
    """Return the name of an index while the one that it replaces has `name`: at most 63 bytes."""
    while len(f"new_{name}".encode()) > LONGEST_NAME:
        name = name[:-1]
    return f"new_{name}"


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


def _unique_index(op: ops.CreateUniqueConstraintOp, dropped: set[str]) -> ops.CreateIndexOp:
    """Return the operation that builds the index of a unique constraint."""
    name = str(op.constraint_name)
    options = {name: value for name, value in op.kw.items() if name.startswith("postgresql_")}
    return ops.CreateIndexOp(
        _name_beside(name) if name in dropped else name,
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
