"""Refuses to drop tables and columns that hold data, without a consent in the revision."""

import os

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

from alembic_guards.runtime.drop_parser import drops_in
from alembic_guards.runtime.dry_run import unread
from alembic_guards.runtime.enum_history import follow_rename
from alembic_guards.runtime.names_before import current_names
from alembic_guards.runtime.queries import connection_to_query
from alembic_guards.runtime.refusals import refuse
from alembic_guards.runtime.rename_parser import renames_in

#: The `info` of an operation that consents to data loss.
INFO = {"data_loss": True}


def install() -> None:
    """Replace Alembic's implementations of these operations."""
    implement = Operations.implementation_for
    implement(ops.DropTableOp, replace=True)(drop_table)
    implement(ops.DropColumnOp, replace=True)(drop_column)
    implement(ops.ExecuteSQLOp, replace=True)(execute)
    implement(ops.BulkInsertOp, replace=True)(bulk_insert)


def drop_table(operations: Operations, op: ops.DropTableOp) -> None:
    """Drop a table; refused where it has rows, and the operation has no consent."""
    refuse_loss(operations, op.info, op.table_name, op.schema)
    toimpl.drop_table(operations, op)


def drop_column(operations: Operations, op: ops.DropColumnOp) -> None:
    """Drop a column; refused where it has values, and the operation has no consent."""
    refuse_loss(operations, op.kw.get("info"), op.table_name, op.schema, op.column_name)
    toimpl.drop_column(operations, op)


def execute(operations: Operations, op: ops.ExecuteSQLOp) -> None:
    """Execute SQL; refused where it drops data. ALLOW_DATA_LOSS=1 is its only consent."""
    for drop in drops_in(str(op.sqltext)):
        for table in [drop.table] if drop.table else _tables_in(operations, drop.schema):
            refuse_loss(operations, None, table, drop.schema, drop.column)
    for rename in renames_in(str(op.sqltext)):
        follow_rename(rename)
    with unread(operations.migration_context.connection):
        toimpl.execute_sql(operations, op)


def bulk_insert(operations: Operations, op: ops.BulkInsertOp) -> None:
    """Insert rows; a dry run skips them."""
    with unread(operations.migration_context.connection):
        toimpl.bulk_insert(operations, op)


def _tables_in(operations: Operations, schema: str | None) -> list[str]:
    """Return the tables of a schema that is dropped; none where SQL is only written."""
    with connection_to_query(operations.migration_context) as connection:
        return [] if connection is None else sa.inspect(connection).get_table_names(schema)


def refuse_loss(
    operations: Operations, info: object, table: str, schema: str | None, column: str | None = None
) -> None:
    """Refuse where rows hold data that would be dropped without consent.

    `info` is that of the operation. Without `column`, the whole table would be dropped. A generated
    column holds no data.
    """
    if info == INFO or os.environ.get("ALLOW_DATA_LOSS") == "1":
        return
    with connection_to_query(operations.migration_context) as connection:
        rows = _count(connection, table, schema, column) if connection is not None else 0
        if connection is not None and rows:
            refuse(connection, _reason(rows, table, column))


def _reason(rows: int, table: str, column: str | None) -> str:
    return (
        f"{rows} {'row holds' if rows == 1 else 'rows hold'} data in"
        f" {table}{f'.{column}' if column else ''}, which this would drop. "
        f"To consent to the data loss, pass info={INFO} to "
        f"op.drop_{'column' if column else 'table'}(), or set ALLOW_DATA_LOSS=1"
    )


def _count(connection: sa.Connection, table: str, schema: str | None, column: str | None) -> int:
    """Return the number of rows that hold data in a table, or in a column of it."""
    now = current_names(connection, table, [column] if column else [], schema)
    inspector = sa.inspect(connection)
    if now is None or not inspector.has_table(now[0], schema):
        return 0
    columns = {found["name"]: found for found in inspector.get_columns(now[0], schema)}
    name = "".join(now[1])
    if column and "computed" in columns.get(name, {"computed": "or missing"}):
        return 0
    holding = sa.table(now[0], sa.column(name or "*"), schema=schema)
    count = sa.func.count(holding.c[name]) if column else sa.func.count()
    return connection.scalar(sa.select(count).select_from(holding)) or 0
