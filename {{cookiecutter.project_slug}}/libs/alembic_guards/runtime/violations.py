"""Refuses a constraint that rows violate, in the dry run on MariaDB and MySQL.

Other databases roll back the whole revision when a constraint fails. So no rows are counted there.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.runtime.dry_run import creates, current_names
from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.operations import as_text


def install() -> None:
    """Replace Alembic's implementations of these operations."""
    for kind, check_rows, implementation in (
        (ops.CreateUniqueConstraintOp, unique, toimpl.create_constraint),
        (ops.CreateForeignKeyOp, foreign_key, toimpl.create_constraint),
        (ops.CreateCheckConstraintOp, check, toimpl.create_constraint),
        (ops.CreateIndexOp, index, toimpl.create_index),
    ):
        Operations.implementation_for(kind, replace=True)(_checked(check_rows, implementation))


def _checked(
    check_rows: Callable[..., None], implementation: Callable[..., None]
) -> Callable[..., None]:
    def check_and_run(operations: Operations, op: Any) -> None:
        connection = operations.migration_context.connection
        if isinstance(connection, sa.Connection) and SKIPPED in connection.info:
            with suppress(SQLAlchemyError):  # it may be on what a skipped statement would create
                check_rows(connection, op)
        implementation(operations, op)

    return check_and_run


def unique(connection: sa.Connection, op: ops.CreateUniqueConstraintOp) -> None:
    """Raise CommandError where several rows have the same values in the columns of a constraint."""
    _refuse_repeated(connection, op, op.constraint_name, list(map(str, op.columns)))


def index(connection: sa.Connection, op: ops.CreateIndexOp) -> None:
    """Raise CommandError where several rows have the same values in the columns of a unique index."""
    names = [getattr(part, "name", "") for part in op.to_index().expressions]
    if op.unique and all(names):
        _refuse_repeated(connection, op, op.index_name, names)


def _refuse_repeated(connection: sa.Connection, op: Any, name: Any, columns: list[str]) -> None:
    table = _rows(connection, op.table_name, columns)
    if table is None:
        return
    known = (column.is_not(None) for column in table.columns)
    values = sa.select(*table.columns).where(*known).group_by(*table.columns)
    repeated = values.having(sa.func.count() > 1).subquery()
    if count := connection.scalar(sa.select(sa.func.count()).select_from(repeated)):
        where = f"{op.table_name} ({', '.join(columns)})"
        raise CommandError(
            f"{count} values of {where} are in more than one row: {name} allows one."
        )


def check(connection: sa.Connection, op: ops.CreateCheckConstraintOp) -> None:
    """Raise CommandError where rows do not meet the condition of a CHECK."""
    condition = str(op.condition)
    words = sorted(set(re.findall(r"\w+", condition)))
    columns = [word for word in words if current_names(connection, op.table_name, [word])]
    table = _rows(connection, op.table_name, columns)
    if table is None:
        return
    query = sa.select(sa.func.count()).select_from(table)
    if count := connection.scalar(query.where(sa.text(as_text(f"NOT ({condition})")))):
        raise CommandError(
            f"{count} rows of {op.table_name} do not meet the check {op.constraint_name}."
        )


def foreign_key(connection: sa.Connection, op: ops.CreateForeignKeyOp) -> None:
    """Raise CommandError where rows refer to rows that do not exist."""
    is_new = any(
        creates(sql, op.referent_table) and " SELECT " not in sql.upper()
        for sql in connection.info[SKIPPED]
    )
    rows = _rows(connection, op.source_table, op.local_cols)
    others = None if is_new else _rows(connection, op.referent_table, op.remote_cols)
    if rows is None or (others is None and not is_new):
        return
    orphans = sa.select(sa.func.count()).select_from(rows)
    if others is not None:
        pairs = zip(rows.columns, others.columns, strict=True)
        found = sa.select(1).select_from(others).where(*(one == other for one, other in pairs))
        orphans = orphans.where(~found.correlate(rows).exists())
    if count := connection.scalar(orphans.where(*(one.is_not(None) for one in rows.columns))):
        raise CommandError(
            f"{count} rows of {op.source_table} refer by {', '.join(op.local_cols)} to rows of "
            f"{op.referent_table} that do not exist."
        )


def _rows(connection: sa.Connection, table: str, columns: list[str]) -> sa.Subquery | None:
    """Return the rows of a table, with columns named as the revision names them.

    None where a skipped statement would create the table or a column.
    """
    now = current_names(connection, table, columns)
    if now is None or not columns:
        return None
    existing = sa.table(now[0], *map(sa.column, now[1]))
    named = (existing.c[name].label(new) for name, new in zip(now[1], columns, strict=True))
    return sa.select(*named).subquery()
