"""Refuses a change of type that would change values: rounded numbers, texts cut short or read as 0."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl
from alembic.util import CommandError

from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.dry_run import present
from alembic_guards.runtime.enum_history import follow, remember
from alembic_guards.runtime.lossy.servers import has_no_hyphens, unfit
from alembic_guards.runtime.renames import RenameColumn


def install() -> None:
    """Have Alembic ask this implementation before its own."""
    Operations.implementation_for(ops.AlterColumnOp, replace=True)(alter_column)


def alter_column(operations: Operations, op: ops.AlterColumnOp) -> None:
    """Do what Alembic does, unless rows hold what the new type cannot; raises CommandError then."""
    context = operations.migration_context
    if context.as_sql and context.dialect.name == "postgresql" and _is_wider(op):
        print("-- squawk-ignore changing-column-type", file=context.impl.output_buffer)
    if count := _count(op, None if context.as_sql else context.connection):
        type_ = _written(op.modify_type, context.dialect)
        raise CommandError(
            f"{count} rows hold in {op.table_name}.{op.column_name} what {type_} cannot."
        )
    _remember(op)
    if _changes_values_only(op, context.dialect):
        return
    if context.dialect.name == "mysql":
        _by_way_of_text(operations, op)
    toimpl.alter_column(operations, op)


def _count(op: ops.AlterColumnOp, connection: sa.Connection | None) -> int:
    """Return how many rows hold what the new type of a column cannot."""
    if op.modify_type is None or op.existing_type is None or connection is None:
        return 0
    now = present(connection, op.table_name, [op.column_name])
    if now is None:
        return 0
    column: sa.ColumnClause[Any] = sa.column(now[1][0], op.existing_type)
    table = sa.table(now[0], column, schema=op.schema)
    known = column.is_not(None)
    bytes_to_text = isinstance(column.type, sa.LargeBinary) and isinstance(
        op.modify_type, sa.String
    )
    if bytes_to_text and connection.dialect.name == "sqlite":
        found = connection.scalars(sa.select(column).select_from(table).where(known))
        return sum(not _is_text(value) for value in found)
    changed = unfit(column, op.modify_type, connection.dialect)
    if changed is None:
        return 0
    query = sa.select(sa.func.count()).select_from(table).where(known, changed)
    return connection.scalar(query) or 0


def _is_text(value: bytes | str) -> bool:
    """Whether bytes are a text; SQLite gives what is one back as that, whatever the type."""
    try:
        value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _written(type_: Any, dialect: sa.Dialect) -> str:
    sql: str = type_.compile(dialect=dialect)
    is_text = isinstance(type_, sa.Enum) and "VARCHAR" in sql
    return f"{sql} with the values {', '.join(type_.enums)}" if is_text else sql


def _remember(op: ops.AlterColumnOp) -> None:
    key = table_key(op)
    if op.modify_name:
        follow(RenameColumn(op.column_name, op.modify_name, table=op.table_name, schema=op.schema))
    if op.modify_type is not None:
        remember(key, [sa.Column(op.modify_name or op.column_name, op.modify_type)])


def _changes_values_only(op: ops.AlterColumnOp, dialect: sa.Dialect) -> bool:
    """Whether the values of an enum change, which is a text that stays as it is for the database."""
    old, new = op.existing_type, op.modify_type
    others = (op.modify_name, op.modify_nullable, op.modify_server_default, op.modify_comment)
    if old is None or not isinstance(new, sa.Enum) or others != (None, None, False, False):
        return False
    return bool(old.compile(dialect=dialect) == new.compile(dialect=dialect))


def _by_way_of_text(operations: Operations, op: ops.AlterColumnOp) -> None:
    """Make a text of a column of MariaDB or MySQL before it becomes what has another form of values.

    A number would be taken for the place of a value in an enum, and a UUID does not fit without its
    hyphens.
    """
    types: tuple[Any, Any] = (op.existing_type, op.modify_type)
    to_text = all(isinstance(type_, sa.String) for type_ in types)
    hyphens = isinstance(types[0], sa.Uuid) and has_no_hyphens(types[1])
    enum = any(isinstance(type_, sa.Enum) for type_ in types) and not to_text
    if op.modify_type is None or not (hyphens or enum):
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
    if hyphens:
        column: sa.ColumnClause[str] = sa.column(op.column_name)
        table = sa.table(op.table_name, column, schema=op.schema)
        operations.execute(table.update().values({column: sa.func.replace(column, "-", "")}))


def _is_wider(op: ops.AlterColumnOp) -> bool:
    """Whether PostgreSQL keeps all rows as they are when it changes a type."""
    match op.existing_type, op.modify_type:
        case (sa.CHAR() | sa.Enum(), _) | (_, sa.CHAR() | sa.Enum()):
            return False
        case sa.String(length=old), sa.String(length=new):
            return new is None or (old is not None and old <= new)
        case sa.Numeric(precision=old, scale=scale), sa.Numeric(precision=new, scale=same):
            return new is None or (old is not None and old <= new and scale == same)
    return False
