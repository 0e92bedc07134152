"""The operation `backfill`: updates the rows of a big table in batches, each with a short lock.

    from alembic_guards import backfill

    def upgrade() -> None:
        op.add_column("users", sa.Column("slug", sa.String(50)))
        backfill("users", {"slug": "lower(email)"}, where="slug IS NULL")

Each batch is a transaction over a range of the primary key. After a kill, a rerun continues with the batch
that was not committed. On SQLite, and in the SQL of `--sql`, it is one UPDATE.

A value may also be a function of Python, which is called for each row. `types` has the type of its result:

    backfill("users", {"token": uuid.uuid4}, types={"token": sa.Uuid()}, where="token IS NULL")
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from operator import ge, gt, le, lt
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import MigrateOperation, Operations
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.database.timeouts import batch_pause
from alembic_guards.runtime.executor import Executor, executor_of
from alembic_guards.runtime.journal import recorded_text
from alembic_guards.runtime.resumable import Resumable, resumable

Key = Sequence[Any]
Compare = Callable[[Any, Any], Any]
Types = Mapping[str, sa.types.TypeEngine[Any]]

#: SQL expressions by column, or functions that return the value of a row.
Values = Mapping[str, str | Callable[[], Any]]

OFFLINE = """{table}.{column} gets its values from a function of Python, which no SQL holds.
Run the upgrade on the database, or write an SQL expression: backfill("{table}", {{"{column}": "..."}})"""

#: The key of a row of SQLite, whatever columns its table has ("Rowid Tables" in its documentation).
ROW_ID = "_rowid_"

NO_KEY = """The table {table} has no primary key, by which a backfill makes its batches.
Add a primary key, or write one UPDATE: op.execute("UPDATE {table} SET ...")"""


@Operations.register_operation("backfill")
class BackfillOp(MigrateOperation):
    """An UPDATE of many rows, in batches."""

    def __init__(
        self,
        table_name: str,
        values: Values,
        *,
        where: str | None = None,
        batch: int = 5000,
        schema: str | None = None,
        types: Types | None = None,
    ) -> None:
        if not values or batch < 1:
            raise ValueError("a backfill takes values, and batches of one row or more")
        self.table_name, self.values, self.where = table_name, dict(values), where
        self.batch, self.schema = batch, schema
        self.types = dict(types or {})

    @property
    def functions(self) -> dict[str, Callable[[], Any]]:
        """The columns whose values are functions of Python."""
        return {name: value for name, value in self.values.items() if not isinstance(value, str)}

    @classmethod
    def backfill(
        cls,
        operations: Operations,
        table_name: str,
        values: Values,
        *,
        where: str | None = None,
        batch: int = 5000,
        schema: str | None = None,
        types: Types | None = None,
    ) -> None:
        """Set columns to SQL expressions, in the rows that meet `where`, in batches of `batch` rows.

        Raises ValueError without values, or for a batch of less than one row.
        """
        options: dict[str, Any] = {"where": where, "batch": batch, "schema": schema, "types": types}
        operations.invoke(cls(table_name, values, **options))


def backfill(
    table_name: str,
    values: Values,
    *,
    where: str | None = None,
    batch: int = 5000,
    schema: str | None = None,
    types: Types | None = None,
) -> None:
    """Do what `op.backfill()` does, typed for type checkers.

    `values` are SQL expressions by column, or functions of Python that are called for each row, whose
    results have the `types`. `where` is an SQL condition for the rows that are to be updated, `batch`
    the number of rows in a transaction. Raises CommandError where the table has no primary key, and for
    a function in the SQL of `--sql`.
    """
    operation = BackfillOp(table_name, values, where=where, batch=batch, schema=schema, types=types)
    op.invoke(operation)


@Operations.implementation_for(BackfillOp)
def run(operations: Operations, operation: BackfillOp) -> None:
    """Update all rows; raises CommandError where the table has no primary key."""
    context = operations.migration_context
    connection = None if context.as_sql else context.connection
    if connection is None:
        for column in operation.functions:
            raise CommandError(OFFLINE.format(table=operation.table_name, column=column))
        operations.execute(_update(operation, _table(operation), *_condition(operation)))
        return
    executor = executor_of(connection)  # None on SQLite, on a scratch database, in a dry run
    key = _key(connection, operation)
    if executor is not None and (_is_ordered(key) or operation.functions):
        _run_in_batches(context, connection, executor, operation, key)
    elif operation.functions and not is_dry_run(connection):
        _Batches(connection, executor, operation, key).run_at_once()
    else:
        update = _update(operation, _table(operation), *_condition(operation))
        operations.execute(update.values(dict.fromkeys(operation.functions, sa.null())))


def _key(connection: sa.Connection, operation: BackfillOp) -> Types:
    """Return the columns of the key of the rows, with their types; raises CommandError for none."""
    if (
        operation.functions
        and connection.dialect.name == "sqlite"
        and _has_row_ids(connection, operation)
    ):
        return {ROW_ID: sa.Integer()}
    inspector = sa.inspect(connection)
    constraint = inspector.get_pk_constraint(operation.table_name, operation.schema)
    columns = constraint["constrained_columns"]
    if not columns:
        raise CommandError(NO_KEY.format(table=operation.table_name))
    found = inspector.get_columns(operation.table_name, operation.schema)
    types = {column["name"]: column["type"] for column in found}
    return {name: types[name] for name in columns}


def _has_row_ids(connection: sa.Connection, operation: BackfillOp) -> bool:
    """Whether a table of SQLite was made without the option WITHOUT ROWID."""
    options = sa.inspect(connection).get_table_options(operation.table_name, operation.schema)
    return bool(options.get("sqlite_with_rowid", True))


def _is_ordered(key: Types) -> bool:
    """Whether batches can be made of a key: an enum is ordered by its values, and compared with a text."""
    return not any(isinstance(type_, sa.Enum | sa.types.NullType) for type_ in key.values())


def _run_in_batches(
    context: MigrationContext,
    connection: sa.Connection,
    executor: Executor,
    operation: BackfillOp,
    key: Types,
) -> None:
    """Update the rows in transactions that are recorded in the journal."""
    identity = {name: value for name, value in vars(operation).items() if name != "batch"}
    identity |= {"values": _named(operation), "types": sorted(operation.types)}
    if not operation.types:
        del identity["types"]
    text = recorded_text("backfill", sorted(identity.items()))
    update = _update(operation, _table(operation), *_condition(operation))
    statement = str(update.compile(dialect=connection.dialect)).replace("%%", "%")
    is_open = executor.recorder.is_autocommit
    with (
        nullcontext() if is_open else context.autocommit_block(),
        resumable(executor, text, statement) as work,
    ):
        _Batches(connection, executor, operation, key).run(work)


def _named(operation: BackfillOp) -> dict[str, str]:
    """Return the values, with the names of functions: their representation has an address."""
    return {
        name: value if isinstance(value, str) else getattr(value, "__qualname__", "")
        for name, value in operation.values.items()
    }


class _Batches:
    """The batches of a backfill: ranges of the primary key."""

    def __init__(
        self,
        connection: sa.Connection,
        executor: Executor | None,
        operation: BackfillOp,
        key: Types,
    ) -> None:
        self.connection, self.executor, self.operation = connection, executor, operation
        self.table = _table(operation, key)
        self.key = [self.table.c[name] for name in key]
        self.began = time.monotonic()
        self.is_ordered = _is_ordered(key)  # all rows are one batch otherwise
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
            conditions = self._between(last, upper)
            update = _update(self.operation, self.table, *conditions)

            def run_batch(conditions: list[Any] = conditions, upper: Key | None = upper) -> Any:
                return (upper, self.done + self._run_batch(conditions))

            last, self.done = work.advance(run_batch, str(update), is_last=upper is None)
            self._show_progress()
            if upper is not None:
                time.sleep(batch_pause())

    def run_at_once(self) -> None:
        """Update all rows in the transaction that is open."""
        self._run_batch(self._between(None, None))

    def _run_batch(self, conditions: list[Any]) -> int:
        """Update the rows that meet conditions; return their number."""
        functions = self.operation.functions
        if not functions:
            return self.connection.execute(
                _update(self.operation, self.table, *conditions)
            ).rowcount
        keys = self.connection.execute(sa.select(*self.key).where(*conditions)).all()
        rows = [
            {f"key_{place}": part for place, part in enumerate(key)}
            | {f"value_{name}": function() for name, function in functions.items()}
            for key in keys
        ]
        same_key = [
            column == sa.bindparam(f"key_{place}", type_=column.type)
            for place, column in enumerate(self.key)
        ]
        if rows:
            update = _update(self.operation, self.table, *same_key, *_condition(self.operation))
            self.connection.execute(update, rows)
        return len(rows)

    def _count(self, last: Key | None) -> int:
        rows = sa.select(sa.func.count()).select_from(self.table)
        return self.connection.scalar(rows.where(*self._between(last, None))) or 0

    def _find_end(self, last: Key | None) -> Key | None:
        """Return the key of the last row of the next batch; None for the last batch."""
        if not self.is_ordered:
            return None
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
        assert self.executor is not None
        seconds = max(time.monotonic() - self.began, 1e-3)
        rate = (self.done - self.before) / seconds
        left = max(self.total - self.done, 0) / rate if rate else 0
        rows = "row" if self.total == 1 else "rows"
        self.executor.progress.detail = (
            f"{self.operation.table_name}: {self.done:,} of {self.total:,} {rows}, {rate:,.0f} a second, "
            f"{left:.0f} s left"
        )


def _table(operation: BackfillOp, key: Types | None = None) -> sa.TableClause:
    """Return the table, with the columns of its key, which have a type, and those to be set."""
    types = {
        **dict.fromkeys(operation.values, sa.types.NullType()),
        **operation.types,
        **(key or {}),
    }
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, type_) for name, type_ in types.items()]
    return sa.table(operation.table_name, *columns, schema=operation.schema)


def _condition(operation: BackfillOp) -> list[Any]:
    return [sa.literal_column(f"({operation.where})", sa.Boolean)] if operation.where else []


def _update(operation: BackfillOp, table: sa.TableClause, *conditions: Any) -> sa.Update:
    """Return the UPDATE; the results of functions are parameters."""
    values: dict[str, Any] = {
        name: sa.literal_column(f"({value})")
        if isinstance(value, str)
        else sa.bindparam(f"value_{name}", type_=operation.types.get(name))
        for name, value in operation.values.items()
    }
    return sa.update(table).values(values).where(*conditions)
