"""Refuses a change of type that would change values: rounded numbers, texts cut short or read as 0."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError
from sqlalchemy.dialects import mysql

Condition = Any  # of sa.select().where(), or None

NUMBERS = (sa.Integer, sa.Numeric, sa.Float, sa.Boolean)
TIMES = (sa.Date, sa.DateTime, sa.Time)

#: How many bits the integers of a server have, after their sign.
BITS = {"TINYINT": 7, "SMALLINT": 15, "MEDIUMINT": 23, "INTEGER": 31, "BIGINT": 63}
#: The largest whole numbers that MariaDB and MySQL keep exactly, as powers of two.
EXACT = {"FLOAT": 24, "DOUBLE": 53}

#: How SQLAlchemy reads what a column of SQLite has, which takes any text.
DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
HOUR = "[0-9][0-9]:[0-9][0-9]*"
MIDNIGHT = ("", " 00:00:00", "T00:00:00", " 00:00:00.000000")


def setup(_: Plugin) -> None:
    """Stand before what Alembic does."""
    Operations.implementation_for(ops.AlterColumnOp, replace=True)(alter_column)


def alter_column(operations: Operations, op: ops.AlterColumnOp) -> None:
    """Do what Alembic does, unless rows hold what the new type cannot; raises CommandError then."""
    context = operations.migration_context
    if context.as_sql and context.dialect.name == "postgresql" and _is_wider(op):
        print("-- squawk-ignore changing-column-type", file=context.impl.output_buffer)
    connection = None if context.as_sql else context.connection
    if op.modify_type is not None and op.existing_type is not None and connection is not None:
        column = sa.column(op.column_name, op.existing_type)
        on = _on_sqlite if context.dialect.name == "sqlite" else _on_server
        changed = on(column, op.modify_type, context.dialect)
        if changed is not None:
            table = sa.table(op.table_name, column, schema=op.schema)
            query = (
                sa.select(sa.func.count()).select_from(table).where(column.is_not(None), changed)
            )
            if count := connection.scalar(query):
                type_ = op.modify_type.compile(dialect=context.dialect)
                raise CommandError(
                    f"{count} rows hold in {op.table_name}.{op.column_name} what {type_} cannot."
                )
    toimpl.alter_column(operations, op)


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


def _on_server(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition that a value is lost; None where the server itself refuses it."""
    old: Any = column.type
    if isinstance(new, sa.String) and not isinstance(old, sa.LargeBinary):
        return _words(column, new, dialect)
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1]) if isinstance(old, NUMBERS[:3]) else None
    if isinstance(new, TIMES) and isinstance(old, TIMES):
        if isinstance(old, sa.Time) != isinstance(new, sa.Time):
            return sa.true()  # a day would be lost, or made up
        return column != sa.cast(sa.cast(column, new), old)
    if isinstance(new, NUMBERS) and isinstance(old, NUMBERS[:3]):
        return _number(column, new, dialect)
    return None


def _words(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    words = sa.cast(column, sa.Text if dialect.name == "postgresql" else sa.CHAR)
    if isinstance(new, sa.Enum):
        return None if dialect.name == "postgresql" and new.native_enum else words.not_in(new.enums)
    if isinstance(new, mysql.SET):  # whose length is that of one value
        gone = set(getattr(column.type, "values", ())) - set(new.values)
        return sa.or_(
            sa.false(), *(sa.func.find_in_set(value, column) > 0 for value in sorted(gone))
        )
    if new.length is None or (isinstance(column.type, sa.Uuid) and new.length == 32):
        return None
    return sa.func.char_length(words) > new.length


def _number(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition without a cast to the new type, which would fail, or cut, on its own."""
    name = _name(new, dialect)
    if isinstance(new, sa.Integer):
        unsigned = getattr(new, "unsigned", False)
        size = 2 ** (BITS.get(name, 63) + unsigned)
        # A parameter would be of the old type.
        least: Any = sa.literal_column(str(0 if unsigned else -size))
        beyond = sa.not_(column.between(least, sa.literal_column(str(size - 1))))
        whole = isinstance(column.type, sa.Integer)
        return beyond if whole else sa.or_(beyond, column != sa.func.round(column))
    if not isinstance(new, sa.Float):
        exact: Any = sa.cast(column, sa.Numeric) if dialect.name == "postgresql" else column
        digits, scale = _digits(new, dialect)
        if digits is None:
            return None
        beyond = sa.func.abs(exact) >= 10 ** (digits - scale)
        rounded = sa.func.round(exact, scale)
        if dialect.name == "mysql" and isinstance(column.type, sa.Float):
            bits = EXACT.get(_name(column.type, dialect), 53)
            return sa.or_(
                beyond, sa.func.abs(exact - rounded) > sa.func.abs(exact) / 2 ** (bits - 2)
            )
        return sa.or_(beyond, exact != rounded)
    if dialect.name == "postgresql":
        return column != sa.cast(sa.cast(column, new), column.type)
    if isinstance(column.type, sa.Float):
        return None
    scale = _digits(column.type, dialect)[1]
    return sa.func.abs(column) * 10**scale > 2 ** EXACT.get(name, 53)


def _name(type_: Any, dialect: sa.Dialect) -> str:
    return str(type_.compile(dialect=dialect)).partition("(")[0].partition(" ")[0]


def _digits(type_: Any, dialect: sa.Dialect) -> tuple[int | None, int]:
    """Return how many digits a DECIMAL has, and how many of them stand behind the point."""
    if isinstance(type_, sa.Integer) or (type_.precision is None and dialect.name == "postgresql"):
        return None, 0
    return type_.precision or 10, type_.scale or 0


def _on_sqlite(column: sa.ColumnClause[Any], new: Any, _: sa.Dialect) -> Condition:
    """Return the condition that nobody could read a value, for SQLite itself takes all of them."""
    if isinstance(new, sa.Enum):
        return column.not_in(new.enums)
    if isinstance(new, sa.String):
        return None if new.length is None else sa.func.length(column) > new.length
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1])
    if isinstance(new, NUMBERS):  # a text that is no number is not equal to any
        plain = sa.type_coerce(column, sa.Numeric(asdecimal=False))
        return plain != sa.cast(plain, new)
    if isinstance(new, sa.Uuid):
        return sa.func.length(sa.func.replace(column, "-", "")) != 32
    if isinstance(new, sa.JSON):
        return sa.func.json_valid(column) == 0
    text = sa.type_coerce(column, sa.Text)
    if isinstance(new, sa.Time):
        return sa.or_(sa.func.time(column).is_(None), sa.not_(text.op("GLOB")(HOUR)))
    if isinstance(new, sa.Date | sa.DateTime):
        no_day = sa.or_(sa.func.julianday(column).is_(None), sa.not_(text.op("GLOB")(DAY)))
        rest = sa.func.substr(text, 11)
        return sa.or_(no_day, rest.not_in(MIDNIGHT)) if isinstance(new, sa.Date) else no_day
    return None
