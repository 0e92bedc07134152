"""Drops nothing that holds data, unless whoever made the revision agreed to it, in its file."""

import os
import re

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl
from alembic.util import CommandError

from alembic_guards.runtime.dry_run import present
from alembic_guards.runtime.enum_history import follow
from alembic_guards.runtime.rename_parser import renames_in

INFO = {"data_loss": True}

#: What a statement of the owner's own drops: a table, or a column of one.
DROP = re.compile(
    r"\s*(?:DROP|ALTER)\s+TABLE\s+(?:IF\s+EXISTS\s+|ONLY\s+)*([^\s;]+)"
    r"(?:\s+DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?([^\s;,]+))?",
    re.IGNORECASE,
)


def install() -> None:
    """Have Alembic ask these implementations before its own."""
    implement = Operations.implementation_for
    implement(ops.DropTableOp, replace=True)(drop_table)
    implement(ops.DropColumnOp, replace=True)(drop_column)
    implement(ops.ExecuteSQLOp, replace=True)(execute)


def drop_table(operations: Operations, op: ops.DropTableOp) -> None:
    """Do what Alembic does, unless there are rows and no consent; raises CommandError then."""
    refuse_loss(operations, op.info, op.table_name, op.schema)
    toimpl.drop_table(operations, op)


def drop_column(operations: Operations, op: ops.DropColumnOp) -> None:
    """Do what Alembic does, unless there are values and no consent; raises CommandError then."""
    refuse_loss(operations, op.kw.get("info"), op.table_name, op.schema, op.column_name)
    toimpl.drop_column(operations, op)


def execute(operations: Operations, op: ops.ExecuteSQLOp) -> None:
    """Do what Alembic does, unless it is a drop as above."""
    found = DROP.match(str(op.sqltext))
    if found and (found[2] or found[0].lstrip()[0] in "Dd"):
        *schema, table = re.sub('["`]', "", found[1]).split(".")
        column = found[2] and found[2].strip('"`')
        refuse_loss(operations, None, table, schema[0] if schema else None, column)
    for rename in renames_in(str(op.sqltext)):
        follow(rename)
    toimpl.execute_sql(operations, op)


def refuse_loss(
    operations: Operations, info: object, table: str, schema: str | None, column: str | None = None
) -> None:
    """Raise CommandError where rows hold what is about to be dropped without consent."""
    context = operations.migration_context
    connection = None if context.as_sql else context.connection
    if connection is None or info == INFO or os.environ.get("ALLOW_DATA_LOSS") == "1":
        return
    now = present(connection, table, [column] if column else [])
    inspector = sa.inspect(connection)
    if now is None or not inspector.has_table(now[0], schema):
        return
    columns = {found["name"]: found for found in inspector.get_columns(now[0], schema)}
    name = "".join(now[1])
    if column and "computed" in columns.get(name, {"computed": "or not there"}):
        return
    holding = sa.table(now[0], sa.column(name or "*"), schema=schema)
    count = sa.func.count(holding.c[name]) if column else sa.func.count()
    if rows := connection.scalar(sa.select(count).select_from(holding)):
        raise CommandError(
            f"{rows} rows hold data in {table}{f'.{column}' if column else ''}, which this would drop. "
            f"To consent to the data loss, pass info={INFO} to "
            f"op.drop_{'column' if column else 'table'}(), or set ALLOW_DATA_LOSS=1"
        )
