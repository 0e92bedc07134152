"""Gives the rows that are there a value, where a column must have one from now on.

Without it SQLite and PostgreSQL refuse the change, and MariaDB writes 0 or '' without a word.
"""

import json
from collections.abc import Callable, Iterator
from copy import copy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from .answers import Answers
from .lossless import BITS
from .names import quoted_table, quoter, table_key
from .plain_types import plain_type
from .sql_op import SQLOp, as_text

#: How the text of an answer is read for a type of Python, and what a way back takes unasked.
READERS: dict[type, tuple[Callable[[str], Any], Any]] = {
    str: (str, ""),
    bool: ({"true": True, "false": False, "1": True, "0": False}.__getitem__, False),
    int: (int, 0),
    float: (float, 0.0),
    Decimal: (Decimal, Decimal()),
    datetime: (datetime.fromisoformat, datetime(1970, 1, 1)),
    date: (date.fromisoformat, date(1970, 1, 1)),
    time: (time.fromisoformat, time()),
    timedelta: (lambda text: timedelta(seconds=float(text)), timedelta()),
    UUID: (UUID, UUID(int=0)),
    bytes: (str.encode, b""),
}

#: How a server writes bytes, where it is not X'00FF'.
BYTES = {"postgresql": "'\\x{}'::bytea"}


def fill(container: ops.OpContainer, migration: MigrationContext, answers: Answers) -> None:
    """Give a value to every column of `container` that becomes NOT NULL.

    It is the answer fill=TABLE.COLUMN:VALUE, the scalar default of the model, or that of the server;
    else it is asked. An answer is taken for any column that is added, too. A downgrade takes a neutral
    value, such as 0: what it brings back was dropped with its values.
    """
    upwards = isinstance(container, ops.UpgradeOps)

    def literal(name: str, column: sa.Column[Any], *, wanted: bool = True) -> str | None:
        type_ = plain_type(column.type, migration.dialect)
        value: Any = answers.take("fill", name) if upwards else None
        if value is None and not wanted:
            return None
        if not upwards:
            value = _neutral(type_)
        elif value is None and isinstance(column.default, ScalarElementColumnDefault):
            value, type_ = column.default.arg, column.type
        elif value is None and isinstance(column.server_default, sa.DefaultClause):
            default: Any = column.server_default.arg
            default = sa.literal(default) if isinstance(default, str) else default
            return _sql(default, migration.dialect)
        elif value is None:
            question = f"{name} is NOT NULL. What do rows get that are there:"
            value = answers.ask_value(question, name)
        return None if value is None else _literal(name, value, type_, migration.dialect)

    def complete(table: ops.ModifyTableOps) -> Iterator[ops.MigrateOperation]:
        key = table_key(table)
        later: list[ops.MigrateOperation] = []
        for op in list(table.ops):
            if isinstance(op, ops.AddColumnOp) and _counts(op.column):
                table.ops[table.ops.index(op)] = _let_count(op, migration.dialect)
            elif isinstance(op, ops.AddColumnOp):
                wanted = _wants_value(op.column)
                if sql := literal(f"{key}.{op.column.name}", op.column, wanted=wanted):
                    default, op.column = op.column.server_default, op.column._copy()
                    op.column.server_default = sa.DefaultClause(sa.text(as_text(sql)))
                    later.append(_set_default(op, default))
            elif isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
                column = _model(migration, key, op) if upwards else None
                if column is None:
                    column = sa.Column(op.column_name, op.modify_type or op.existing_type)
                if sql := literal(f"{key}.{op.column_name}", column):
                    if op.modify_type is not None:
                        yield ops.ModifyTableOps(op.table_name, [_split_off(op)], schema=op.schema)
                    yield _update(op, sql, migration.dialect)
        yield table
        if later:  # a block of its own: SQLite fills the rows in the first
            yield ops.ModifyTableOps(table.table_name, later, schema=table.schema)

    container.ops = [
        part
        for op in container.ops
        for part in (complete(op) if isinstance(op, ops.ModifyTableOps) else [op])
    ]


def _counts(column: sa.Column[Any]) -> bool:
    return column.table is not None and column.table._autoincrement_column is column


def _let_count(op: ops.AddColumnOp, dialect: sa.Dialect) -> ops.MigrateOperation:
    """Return what adds a column that counts, and gives the rows that are there their numbers."""
    if dialect.name == "postgresql":
        column = " ".join(str(CreateColumn(op.column).compile(dialect=dialect)).split())
        add = f"ALTER TABLE {quoted_table(op, dialect)} ADD COLUMN {column}"
        return SQLOp([add], [], f"add {op.table_name}.{op.column.name}")
    if dialect.name == "sqlite":  # it counts once it is the primary key
        op.column = op.column._copy()
        op.column.nullable = True
    return op


def _wants_value(column: sa.Column[Any]) -> bool:
    given = column.server_default or column.computed or column.identity
    return not (column.nullable or given)


def _model(migration: MigrationContext, key: str, op: ops.AlterColumnOp) -> sa.Column[Any] | None:
    table = migration.opts["target_metadata"].tables.get(key)
    return None if table is None else table.columns.get(op.column_name)


def _neutral(type_: sa.types.TypeEngine[Any]) -> Any:
    if isinstance(type_, sa.Enum):
        return type_.enums[0]
    if isinstance(type_, sa.JSON):
        return {}
    if isinstance(type_, sa.ARRAY):
        return "{}"
    return READERS.get(_python_type(type_), (None, None))[1]


def _literal(name: str, value: Any, type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """Write a value, or the text of one, as SQL; raises CommandError where it is none of the type."""
    written: sa.types.TypeEngine[Any] = sa.String()
    try:
        if isinstance(type_, sa.Enum):
            member = (value, getattr(value, "name", None), getattr(value, "value", None))
            value = next(text for text in member if text in type_.enums)
        elif isinstance(type_, sa.JSON):
            value = json.dumps(json.loads(value) if isinstance(value, str) else value)
        elif isinstance(type_, sa.ARRAY) and isinstance(value, str):
            pass  # PostgreSQL reads "{1,2}" as it is
        elif _python_type(type_) is not object:
            value = READERS[_python_type(type_)][0](value) if isinstance(value, str) else value
            written = type_
            if isinstance(value, bytes):
                return BYTES.get(dialect.name, "X'{}'").format(value.hex())
            if not _fits(value, type_, dialect):
                raise ValueError
            if isinstance(value, timedelta) and dialect.name != "postgresql":
                value, written = datetime(1970, 1, 1) + value, sa.DateTime()  # as SQLAlchemy has it
        elif isinstance(type_, sa.types.TypeDecorator):  # the value is a default of the owner's
            written = type_
        return _sql(sa.literal(value, written), dialect)
    except (StopIteration, LookupError, ValueError, ArithmeticError, CompileError) as error:
        wanted = type_.compile(dialect=dialect)
        raise CommandError(f"fill={name}:{value} is no {wanted}. Nothing was written.") from error


def _sql(clause: Any, dialect: sa.Dialect) -> str:
    return str(clause.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _fits(value: Any, type_: Any, dialect: sa.Dialect) -> bool:
    """Whether a column of the type holds a value as it is, on a server that does not check it too."""
    if isinstance(value, str):
        return getattr(type_, "length", None) is None or len(value) <= type_.length
    if isinstance(type_, sa.Integer):
        bits = BITS.get(type_.compile(dialect=dialect), 64)
        limit: int = 2**bits
        return bool(-limit <= value < limit)
    if isinstance(value, Decimal) and type_.precision is not None:
        scale = type_.scale or 0
        return bool(value == round(value, scale) and abs(value) < 10 ** (type_.precision - scale))
    return True


def _python_type(type_: sa.types.TypeEngine[Any]) -> type:
    try:
        return type_.python_type
    except NotImplementedError:
        return object


def _split_off(op: ops.AlterColumnOp) -> ops.AlterColumnOp:
    """Return what `op` does but for NOT NULL, to be done before it: only then the value is one."""
    first = copy(op)
    first.modify_nullable, first.kw = None, dict(op.kw)
    op.existing_type, op.modify_type = op.modify_type, None
    if op.modify_server_default is not False:
        op.existing_server_default, op.modify_server_default = op.modify_server_default, False
    return first


def _set_default(op: ops.AddColumnOp, default: Any) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        op.table_name,
        op.column.name,
        schema=op.schema,
        existing_type=op.column.type,
        existing_nullable=op.column.nullable,
        existing_server_default=op.column.server_default,
        existing_comment=op.column.comment,
        modify_server_default=default,
    )


def _update(op: ops.AlterColumnOp, sql: str, dialect: sa.Dialect) -> ops.ExecuteSQLOp:
    table, column = quoted_table(op, dialect), quoter(dialect)(op.column_name)
    update = f"UPDATE {table} SET {column} = {sql} WHERE {column} IS NULL"
    return ops.ExecuteSQLOp(as_text(update))
