"""Refuses a lossy cast: one that would round numbers, truncate texts, or read texts as 0."""

import re
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.enum_history import follow_rename, record_values
from alembic_guards.runtime.lossy import losses
from alembic_guards.runtime.lossy.conversions import TABLES, change_of, convert
from alembic_guards.runtime.names_before import current_names
from alembic_guards.runtime.queries import connection_to_query
from alembic_guards.runtime.refusals import Refusal, refuse
from alembic_guards.runtime.renames import RenameColumn

#: A USING clause that only casts a column, as CAST(size AS INTEGER) or (size)::integer do.
CAST = r'(CAST\s*\()?[\s("]*{column}[\s)"]*(::[\w\s()\[\],."]+|\s+AS\s[\w\s()\[\],."]+)+\)?'
#: The time zone in a USING clause.
ZONE = re.compile(r"AT TIME ZONE '((?:[^']|'')+)'", re.IGNORECASE)


def install() -> None:
    """Replace Alembic's implementation of alter_column()."""
    Operations.implementation_for(ops.AlterColumnOp, replace=True)(alter_column)


def alter_column(operations: Operations, op: ops.AlterColumnOp) -> None:
    """Alter a column; refused where rows hold values that the new type cannot hold."""
    context = operations.migration_context
    if context.as_sql and context.dialect.name == "postgresql" and _is_wider(op):
        print("-- squawk-ignore changing-column-type", file=context.impl.output_buffer)
    is_known = context.dialect.name in TABLES  # others are used without the guards
    if is_known and op.modify_type is not None:
        with connection_to_query(context) as connection:
            if connection is not None:
                _refuse_loss(connection, op)
    _record_enums(op)
    if _changes_values_only(op, context.dialect):
        return
    if backend_name(context.dialect) == "mysql":
        _convert_through_text(operations, op)
    toimpl.alter_column(operations, op)


def _refuse_loss(connection: sa.Connection, op: ops.AlterColumnOp) -> None:
    """Refuse where rows hold values that the new type of a column cannot hold.

    The old type comes from the operation, or from the database where the operation does not name it.
    """
    now = current_names(connection, op.table_name, [op.column_name], op.schema)
    if now is None:
        return
    table, [column] = now
    if op.existing_type is None:
        op.existing_type = _type_in(connection, table, op.schema, column)
    unknown = op.existing_type is None or isinstance(op.existing_type, sa.types.NullType)
    if unknown or _is_rewritten_by_hand(op, connection.dialect):
        return
    zone = ZONE.search(str(op.kw.get("postgresql_using")))
    change = change_of(
        column,
        op.existing_type,
        op.modify_type,
        connection.dialect,
        zone[1].replace("''", "'") if zone else None,
    )
    if found := losses.find_losses(connection, table, op.schema, change):
        refuse(connection, _refusal(op, found, connection.dialect))


def _type_in(connection: sa.Connection, table: str, schema: str | None, column: str) -> Any:
    """Return the type that a column has in the database; None where it does not exist."""
    inspector = sa.inspect(connection)
    columns = inspector.get_columns(table, schema) if inspector.has_table(table, schema) else []
    return next((found["type"] for found in columns if found["name"] == column), None)


def _is_rewritten_by_hand(op: ops.AlterColumnOp, dialect: sa.Dialect) -> bool:
    """Whether the owner wrote a USING clause that computes the new values, and does not only cast."""
    using = op.kw.get("postgresql_using")
    if using is None or ZONE.search(str(using)):
        return False
    column = re.escape(op.column_name)
    own = convert(op.column_name, op.existing_type, op.modify_type, dialect).value
    return using != own and not re.fullmatch(CAST.format(column=column), using, re.IGNORECASE)


def _refusal(op: ops.AlterColumnOp, found: losses.Losses, dialect: sa.Dialect) -> Refusal:
    one, type_ = found.rows == 1, _type_name(op.modify_type, dialect)
    rows = "row" if found.total == 1 else "rows"
    reason = (
        f"{found.rows} of {found.total} {rows} of {table_key(op)}"
        f" {'holds a value' if one else 'hold values'} in {op.column_name}"
        f" that {type_} cannot hold ({found.examples})."
        f" {'Nothing was changed.' if found.is_rolled_back else 'This change was not made.'}"
    )
    return Refusal(reason, found.query, one)


def _type_name(type_: Any, dialect: sa.Dialect) -> str:
    type_ = type_() if isinstance(type_, type) else type_
    sql: str = type_.compile(dialect=dialect)
    is_text = isinstance(type_, sa.Enum) and "VARCHAR" in sql
    return f"{sql} with the values {', '.join(type_.enums)}" if is_text else sql


def _record_enums(op: ops.AlterColumnOp) -> None:
    key = table_key(op)
    if op.modify_name:
        follow_rename(
            RenameColumn(op.column_name, op.modify_name, table=op.table_name, schema=op.schema)
        )
    if op.modify_type is not None:
        record_values(key, [sa.Column(op.modify_name or op.column_name, op.modify_type)])


def _changes_values_only(op: ops.AlterColumnOp, dialect: sa.Dialect) -> bool:
    """Whether only the values of an enum change, which the database stores as text: no DDL is needed."""
    old, new = op.existing_type, op.modify_type
    others = (op.modify_name, op.modify_nullable, op.modify_server_default, op.modify_comment)
    if old is None or not isinstance(new, sa.Enum) or others != (None, None, False, False):
        return False
    return bool(old.compile(dialect=dialect) == new.compile(dialect=dialect))


def _convert_through_text(operations: Operations, op: ops.AlterColumnOp) -> None:
    """Alter a column of MariaDB or MySQL to text first, where its values would be misread directly.

    Values whose format differs in the new type are then rewritten.
    """
    if op.modify_type is None or op.existing_type is None:
        return
    dialect = operations.migration_context.dialect
    value = convert(op.column_name, op.existing_type, op.modify_type, dialect).value
    name = dialect.identifier_preparer.quote(op.column_name)
    if not value:
        return
    first = ops.AlterColumnOp(
        op.table_name,
        op.column_name,
        schema=op.schema,
        existing_type=op.existing_type,
        existing_nullable=op.existing_nullable,
        modify_type=sa.String(255),
    )
    toimpl.alter_column(operations, first)
    op.existing_type = first.modify_type
    if value != name:
        column: sa.ColumnClause[str] = sa.column(op.column_name)
        table = sa.table(op.table_name, column, schema=op.schema)
        operations.execute(table.update().values({column: sa.literal_column(value)}))


def _is_wider(op: ops.AlterColumnOp) -> bool:
    """Whether PostgreSQL changes the type without rewriting the table."""
    match op.existing_type, op.modify_type:
        case (sa.CHAR() | sa.Enum(), _) | (_, sa.CHAR() | sa.Enum()):
            return False
        case sa.String(length=old), sa.String(length=new):
            return new is None or (old is not None and old <= new)
        case sa.Numeric(precision=old, scale=scale), sa.Numeric(precision=new, scale=same):
            return new is None or (old is not None and old <= new and scale == same)
    return False
