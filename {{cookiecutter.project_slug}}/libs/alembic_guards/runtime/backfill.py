"""The operation `backfill`: updates the rows of a big table in batches, each with a short lock.

    from alembic_guards import backfill

    def upgrade() -> None:
        op.add_column("users", sa.Column("slug", sa.String(50)))
        backfill("users", {"slug": "lower(email)"}, where="slug IS NULL")

Each batch is a transaction over a range of the primary key. After a kill, a rerun continues with the batch
that was not committed. On SQLite, and in the SQL of `--sql`, it is one UPDATE.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from operator import ge, gt, le, lt
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import MigrateOperation, Operations
from alembic.util import CommandError

from alembic_guards.database.timeouts import batch_pause
from alembic_guards.runtime.executor import Executor, executor_of
from alembic_guards.runtime.journal import recorded_text
from alembic_guards.runtime.resumable import Resumable, resumable

Key = Sequence[Any]
Compare = Callable[[Any, Any], Any]

NO_KEY = """The table {table} has no primary key, by which a backfill makes its batches.
Add a primary key, or write one UPDATE: op.execute("UPDATE {table} SET ...")"""


@Operations.register_operation("backfill")
class BackfillOp(MigrateOperation):
    """An UPDATE of many rows, in batches."""

    def __init__(
        self,
        table_name: str,
        values: Mapping[str, str],
        *,
        where: str | None = None,
        batch: int = 5000,
        schema: str | None = None,
    ) -> None:
        if not values or batch < 1:
            raise ValueError("a backfill takes values, and batches of one row or more")
        self.table_name, self.values, self.where = table_name, dict(values), where
        self.batch, self.schema = batch, schema

    @classmethod
    def backfill(
        cls,
        operations: Operations,
        table_name: str,
        values: Mapping[str, str],
        *,
        where: str | None = None,
        batch: int = 5000,
        schema: str | None = None,
    ) -> None:
        """Set columns to SQL expressions, in the rows that meet `where`, in batches of `batch` rows.

        Raises ValueError without values, or for a batch of less than one row.
        """
        operations.invoke(cls(table_name, values, where=where, batch=batch, schema=schema))


def backfill(
    table_name: str,
    values: Mapping[str, str],
    *,
    where: str | None = None,
    batch: int = 5000,
    schema: str | None = None,
) -> None:
    """Do what `op.backfill()` does, typed for type checkers.

    `values` are SQL expressions by column. `where` is an SQL condition for the rows that are to be
    updated, `batch` the number of rows in a transaction. Raises CommandError where the table has no
    primary key.
    """
    op.invoke(BackfillOp(table_name, values, where=where, batch=batch, schema=schema))


@Operations.implementation_for(BackfillOp)
def run(operations: Operations, operation: BackfillOp) -> None:
    """Update all rows; raises CommandError where the table has no primary key."""
    context = operations.migration_context
    connection = None if context.as_sql else context.connection
    executor = executor_of(connection) if connection is not None else None
    if connection is None:
        operations.execute(_update(operation, _table(operation), *_condition(operation)))
        return
    constraint = sa.inspect(connection).get_pk_constraint(operation.table_name, operation.schema)
    columns = constraint["constrained_columns"]
    if not columns:
        raise CommandError(NO_KEY.format(table=operation.table_name))
    update = _update(operation, _table(operation), *_condition(operation))
    types = _types(connection, operation)
    key = {name: types[name] for name in columns}
    # An enum is ordered by its values, and compared with a text.
    is_ordered = not any(isinstance(type_, sa.Enum | sa.types.NullType) for type_ in key.values())
    if executor is None or not is_ordered:  # None on SQLite, on a scratch database, in a dry run
        operations.execute(update)
        return
    identity = {name: value for name, value in vars(operation).items() if name != "batch"}
    text = recorded_text("backfill", sorted(identity.items()))
    statement = str(update.compile(dialect=connection.dialect)).replace("%%", "%")
    is_open = executor.recorder.is_autocommit
    with (
        nullcontext() if is_open else context.autocommit_block(),
        resumable(executor, text, statement) as work,
    ):
        _Batches(connection, executor, operation, key).run(work)


class _Batches:
    """The batches of a backfill: ranges of the primary key."""

    def __init__(
        self,
        connection: sa.Connection,
        executor: Executor,
        operation: BackfillOp,
        key: Mapping[str, sa.types.TypeEngine[Any]],
    ) -> None:
        self.connection, self.executor, self.operation = connection, executor, operation
        self.table = _table(operation, key)
        self.key = [self.table.c[name] for name in key]
        self.began = time.monotonic()
        self.before = 0  # rows that an interrupted run has updated
        self.done = 0  # rows that all runs have updated
        self.total = 0  # rows that are to be updated

    def run(self, work: Resumable) -> None:
        """Update the batches that no earlier run has committed."""
        last, self.done = work.position or (None, 0)
        self.before = self.done
        self.total = self.done + self._count(last)
        while not work.is_complete:
            upper = self._find_end(last)
            update = _update(self.operation, self.table, *self._between(last, upper))

            def run_batch(update: sa.Update = update, upper: Key | None = upper) -> Any:
                rows = self.connection.execute(update).rowcount
                return (upper, self.done + rows)

            last, self.done = work.advance(run_batch, str(update), is_last=upper is None)
            self._show_progress()
            if upper is not None:
                time.sleep(batch_pause())

    def _count(self, last: Key | None) -> int:
        rows = sa.select(sa.func.count()).select_from(self.table)
        return self.connection.scalar(rows.where(*self._between(last, None))) or 0

    def _find_end(self, last: Key | None) -> Key | None:
        """Return the key of the last row of the next batch; None for the last batch."""
        rows = sa.select(*self.key).where(*self._between(last, None)).order_by(*self.key)
        found = self.connection.execute(rows.offset(self.operation.batch - 1).limit(1)).first()
        return found and tuple(found)

    def _between(self, last: Key | None, upper: Key | None) -> list[Any]:
        """Return the conditions of the rows after `last`, up to `upper`, that meet the owner's `where`."""
        conditions = _condition(self.operation)
        if last is not None:
            conditions.append(self._compare(gt, ge, last))
        if upper is not None:
            conditions.append(self._compare(lt, le, upper))
        return conditions

    def _compare(self, beyond: Compare, beyond_or_at: Compare, bound: Key) -> Any:
        """Return the condition that the key of a row is after `bound`; for `lt`, before or at it."""
        is_end = beyond is lt
        if self.connection.dialect.name == "postgresql" and len(bound) > 1:
            compare = beyond_or_at if is_end else beyond
            return compare(
                sa.tuple_(*self.key),
                sa.tuple_(*map(sa.literal, bound, (column.type for column in self.key))),
            )
        *firsts, (column, value) = zip(self.key, bound, strict=True)
        condition = beyond_or_at(column, value) if is_end else beyond(column, value)
        for column, value in reversed(firsts):  # MariaDB uses no index for (a, b) > (x, y)
            condition = beyond_or_at(column, value) & (beyond(column, value) | condition)
        return condition

    def _show_progress(self) -> None:
        """Show the rows that are updated, the rate, and the time that is left."""
        seconds = max(time.monotonic() - self.began, 1e-3)
        rate = (self.done - self.before) / seconds
        left = max(self.total - self.done, 0) / rate if rate else 0
        rows = "row" if self.total == 1 else "rows"
        self.executor.progress.detail = (
            f"{self.operation.table_name}: {self.done:,} of {self.total:,} {rows}, {rate:,.0f} a second, "
            f"{left:.0f} s left"
        )


def _types(connection: sa.Connection, operation: BackfillOp) -> dict[str, sa.types.TypeEngine[Any]]:
    """Return the types of the columns of the table."""
    found = sa.inspect(connection).get_columns(operation.table_name, operation.schema)
    return {column["name"]: column["type"] for column in found}


def _table(
    operation: BackfillOp, key: Mapping[str, sa.types.TypeEngine[Any]] | None = None
) -> sa.TableClause:
    """Return the table, with the columns of its key, which have a type, and those to be set."""
    types = {**dict.fromkeys(operation.values, sa.types.NullType()), **(key or {})}
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, type_) for name, type_ in types.items()]
    return sa.table(operation.table_name, *columns, schema=operation.schema)


def _condition(operation: BackfillOp) -> list[Any]:
    return [sa.literal_column(f"({operation.where})", sa.Boolean)] if operation.where else []


def _update(operation: BackfillOp, table: sa.TableClause, *conditions: Any) -> sa.Update:
    values: dict[str, Any] = {
        name: sa.literal_column(f"({sql})") for name, sql in operation.values.items()
    }
    return sa.update(table).values(values).where(*conditions)
