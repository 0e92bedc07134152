"""Refuses to drop tables and columns that hold data, without a consent in the revision."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

from alembic_guards.database.connection_info import CHECKED
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import quoter
from alembic_guards.runtime.drop_parser import Drop, drops_in
from alembic_guards.runtime.dry_run import read, unread
from alembic_guards.runtime.enum_history import follow_rename
from alembic_guards.runtime.names_before import current_names
from alembic_guards.runtime.queries import connection_to_query
from alembic_guards.runtime.refusals import KEEPS_ROWS, refuse
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
    refuse_loss(operations, op.info, Drop(op.schema, op.table_name))
    toimpl.drop_table(operations, op)


def drop_column(operations: Operations, op: ops.DropColumnOp) -> None:
    """Drop a column; refused where it has values, and the operation has no consent."""
    refuse_loss(operations, op.kw.get("info"), Drop(op.schema, op.table_name, op.column_name))
    toimpl.drop_column(operations, op)


def execute(operations: Operations, op: ops.ExecuteSQLOp) -> None:
    """Execute SQL; refused where it drops data. ALLOW_DATA_LOSS=1 is its only consent."""
    for drop in drops_in(str(op.sqltext)):
        refuse_loss(operations, None, drop)
    for rename in renames_in(str(op.sqltext)):
        follow_rename(rename)
    with unread(operations.migration_context.connection):
        toimpl.execute_sql(operations, op)


def bulk_insert(operations: Operations, op: ops.BulkInsertOp) -> None:
    """Insert rows; a dry run skips them."""
    with unread(operations.migration_context.connection):
        toimpl.bulk_insert(operations, op)


def refuse_loss(operations: Operations, info: object, drop: Drop) -> None:
    """Refuse where rows hold data that an operation would drop without consent.

    `info` is that of the operation. A generated column holds no data.
    """
    with connection_to_query(operations.migration_context) as connection:
        if connection is not None:
            schemas = connection.get_execution_options().get("schema_translate_map") or {}
            sent = drop._replace(schema=schemas.get(drop.schema, drop.schema))
            mark_checked(connection, sent)
            if not (isinstance(info, dict) and info.get("data_loss") is True):
                _refuse(connection, sent)


def refuse_drops(connection: sa.Connection, statement: str, options: Mapping[str, Any]) -> None:
    """Refuse where rows hold data that a statement would drop which no operation has checked.

    `statement` is as the driver gets it, where % is doubled; `options` are the execution options.
    """
    if KEEPS_ROWS in options:
        return
    with read(connection):
        for drop in drops_in(statement.replace("%%", "%")):
            if drop not in connection.info.get(CHECKED, ()):
                _refuse(connection, drop)


def mark_checked(connection: sa.Connection, drop: Drop) -> None:
    """Record that the statement of a drop, which may be executed later, needs no check in this step."""
    connection.info.setdefault(CHECKED, set()).add(drop)


def _refuse(connection: sa.Connection, drop: Drop) -> None:
    """Refuse a drop where rows hold data, unless the environment consents."""
    if os.environ.get("ALLOW_DATA_LOSS") == "1":
        return
    inspector, schema = sa.inspect(connection), drop.schema
    if schema and (schema := _spelled(schema, inspector.get_schema_names())) is None:
        return
    for table in [drop.table] if drop.table else inspector.get_table_names(schema):
        if rows := _count(connection, table, schema, drop.column):
            refuse(connection, _reason(rows, table, drop.column))


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
    found = _stored_table(connection, now[0], schema) if now else None
    if now is None or found is None or (schema is None and _is_temporary(connection, found)):
        return 0
    columns = {each["name"]: each for each in sa.inspect(connection).get_columns(found, schema)}
    name = _spelled("".join(now[1]), columns)
    if column and (name is None or "computed" in columns[name]):
        return 0
    holding = sa.table(found, sa.column(name or "*"), schema=schema)
    count = sa.func.count(holding.c[name]) if name else sa.func.count()
    return connection.scalar(sa.select(count).select_from(holding)) or 0


def _stored_table(connection: sa.Connection, name: str, schema: str | None) -> str | None:
    """Return the name of a table in the database; None for an unknown one."""
    inspector = sa.inspect(connection)
    for spelling in (name, name.lower()):  # also in another schema of the search path
        if inspector.has_table(spelling, schema):
            return spelling
    return _spelled(name, inspector.get_table_names(schema))


def _is_temporary(connection: sa.Connection, table: str) -> bool:
    """Whether a table ends with the session, with its rows."""
    if backend_name(connection.dialect) != "mysql":
        return table in sa.inspect(connection).get_temp_table_names()
    name = quoter(connection.dialect)(table).replace("%", "%%")
    definition: str = connection.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()[1]
    return definition.startswith("CREATE TEMPORARY")


def _spelled(name: str, names: Iterable[str]) -> str | None:
    """Return a name as the database spells it: in SQL it may differ in case; None for an unknown one."""
    known = {each.lower(): each for each in names}
    return name if name in known.values() else known.get(name.lower())
