"""Tells which values of a column another type cannot hold."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, AbstractSingleRange

from alembic_guards.runtime.lossy.sqlite import NUMBERS, Condition, unreadable

TIMES = (sa.Date, sa.DateTime, sa.Time)

#: How many bits the integers of a server have, after their sign.
BITS = {"TINYINT": 7, "SMALLINT": 15, "MEDIUMINT": 23, "INTEGER": 31, "BIGINT": 63}
#: The largest whole numbers that MariaDB and MySQL keep exactly, as powers of two.
EXACT = {"FLOAT": 24, "DOUBLE": 53}
#: How many digits of a number they give back as they were.
DIGITS = {"FLOAT": 6, "DOUBLE": 15}

#: How a number is written.
NUMBER = "^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$"
#: How a code is written that is no number: its zeros would be lost.
CODE = "^[-+ ]*0[0-9]"

#: The types whose values a server shortens without a word.
REWRITTEN = (
    *TIMES,
    sa.Interval,
    postgresql.BIT,
    postgresql.CIDR,
    postgresql.INTERVAL,
    postgresql.MONEY,
)
#: The number of MariaDB and MySQL that holds most others.
WIDEST = sa.Numeric(65, 30)
#: The types that hold what is read as one of these.
READ_AS: dict[str, tuple[Any, ...]] = {
    "postgresql": (sa.String, sa.JSON, postgresql.MONEY),
    "mysql": (sa.String, sa.JSON, *TIMES),
}
#: What holds all that a text can say of a type, by the kind of that.
WIDE: dict[str, tuple[tuple[Any, Any], ...]] = {
    "postgresql": (
        (NUMBERS[:3], sa.Numeric()),
        (TIMES[:2], sa.TIMESTAMP(timezone=True)),
        (sa.Time, postgresql.TIME(timezone=True)),
        ((sa.Interval, postgresql.INTERVAL), postgresql.INTERVAL()),
        (postgresql.BIT, postgresql.BIT(varying=True)),
    ),
    "mysql": (
        (NUMBERS, WIDEST),
        (TIMES[:2], mysql.DATETIME(fsp=6)),
        (sa.Time, mysql.TIME(fsp=6)),
    ),
}
#: What PostgreSQL reads a whole array as, and from, not one of its values.
PARSED = (sa.String, sa.ARRAY, sa.JSON)
#: What a server makes something else of without a word, by the name of a type.
LIMITS: dict[str, dict[str, Callable[[Any, Any], Condition]]] = {
    "postgresql": {"MONEY": lambda column, _: _of_text(column, column.regexp_match(r"\.\d{3}"))},
    "mysql": {
        "YEAR": lambda column, _: sa.not_(sa.or_(column == 0, column.between(1901, 2155))),
        "BIT": lambda column, _: _of_text(column, sa.true()),  # it takes the bytes
        "BINARY": lambda column, new: sa.func.octet_length(column) != new.length,
    },
}


def unfit(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition that a type cannot hold a value of `column`, which it would change.

    It is None where there is none, or where the server itself refuses such a value.
    """
    if dialect.name == "sqlite":
        return unreadable(column, new)
    return _on_server(column, new, dialect)


def _on_server(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    old: Any = column.type
    if isinstance(old, sa.ARRAY) and (isinstance(new, sa.Enum) or not isinstance(new, PARSED)):
        one = sa.func.array_lower(column, 1), sa.func.array_ndims(column)
        return sa.or_(sa.func.cardinality(column) != 1, *(number != 1 for number in one))
    if isinstance(new, sa.String) and not isinstance(old, sa.LargeBinary):
        return _words(column, new, dialect)
    if isinstance(old, AbstractMultiRange) and isinstance(new, AbstractSingleRange):
        return column != sa.cast(sa.func.range_merge(column), old)
    times = isinstance(old, TIMES) and isinstance(new, TIMES)
    if times and isinstance(old, sa.Time) != isinstance(new, sa.Time):
        return sa.true()  # a day would be lost, or made up
    limit = LIMITS[dialect.name].get(new.__visit_name__)
    if limit and (found := limit(column, new)) is not None:
        return found
    source: Any = column
    if dialect.name == "postgresql" and isinstance(old, sa.JSON):
        source = column.op("#>>")(sa.literal_column("'{}'"))
    elif isinstance(old, sa.Enum):
        source = _text(column, dialect)
    wide: Any = old
    if isinstance(old, READ_AS[dialect.name]):
        wide = next((wide for kind, wide in WIDE[dialect.name] if isinstance(new, kind)), None)
    if isinstance(new, NUMBERS) and isinstance(wide, NUMBERS[:3]):
        lost = _number(column if wide is old else sa.cast(source, wide), new, dialect)
        if not isinstance(old, sa.String):
            return lost
        no_number = source.regexp_match(CODE)
        if dialect.name == "mysql":  # it would say so half-way
            no_number = sa.or_(no_number, sa.not_(source.regexp_match(NUMBER)))
        return no_number if lost is None else sa.or_(no_number, lost)
    if wide is None or not _is_rewritten(old, new):
        return None
    lost = sa.cast(source, wide) != sa.cast(sa.cast(source, new), wide)
    day = isinstance(new, sa.Time) and wide is not old
    return sa.or_(lost, source.regexp_match("-.*-")) if day else lost


def _is_rewritten(old: Any, new: Any) -> bool:
    if isinstance(new, sa.ARRAY):
        items = (getattr(type_, "item_type", sa.JSON()) for type_ in (old, new))
        return not any(isinstance(item, sa.Enum | sa.JSON) for item in items)
    return isinstance(new, REWRITTEN)


def _of_text(column: sa.ColumnClause[Any], condition: Condition) -> Condition:
    return condition if isinstance(column.type, sa.String) else None


def _text(column: sa.ColumnClause[Any], dialect: sa.Dialect) -> Any:
    return sa.cast(column, sa.Text if dialect.name == "postgresql" else sa.CHAR)


def _words(column: sa.ColumnClause[Any], new: Any, dialect: sa.Dialect) -> Condition:
    words = _text(column, dialect)
    if isinstance(column.type, postgresql.INET):
        words = sa.func.abbrev(column)
    if isinstance(new, sa.Enum):
        if dialect.name == "mysql":  # where 'red ' is 'RED', but for its bytes
            return sa.type_coerce(sa.cast(words, sa.BINARY), sa.Text).not_in(new.enums)
        return None if new.native_enum else words.not_in(new.enums)
    if isinstance(new, mysql.SET):  # whose length is that of one value
        gone = set(getattr(column.type, "values", ())) - set(new.values)
        return sa.or_(
            sa.false(), *(sa.func.find_in_set(value, column) > 0 for value in sorted(gone))
        )
    if new.length is None or (isinstance(column.type, sa.Uuid) and new.length == 32):
        too_long = None
    else:
        too_long = sa.func.char_length(words) > new.length
    if dialect.name == "mysql" and _name(column.type, dialect) == "FLOAT":
        off = sa.func.abs(column - words.op("+")(0)) > sa.func.abs(column) / 2 ** (
            EXACT["FLOAT"] - 1
        )
        return off if too_long is None else sa.or_(too_long, off)
    return too_long


def has_no_hyphens(type_: Any) -> bool:
    """Whether a type takes a UUID as its 32 digits alone."""
    return getattr(type_, "length", None) == 32 or not getattr(type_, "native_uuid", True)


def _number(column: sa.ColumnElement[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition without a cast to the new type, which would fail, or cut, on its own."""
    name = _name(new, dialect)
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1])
    if isinstance(new, sa.Integer):
        unsigned = getattr(new, "unsigned", False)
        size = 2 ** (BITS.get(name, 63) + unsigned)
        # A parameter would be of the old type.
        least: Any = sa.literal_column(str(0 if unsigned else -size))
        beyond: Condition = sa.not_(column.between(least, sa.literal_column(str(size - 1))))
        whole = isinstance(column.type, sa.Integer)
        return beyond if whole else sa.or_(beyond, column != sa.func.round(column))
    if not isinstance(new, sa.Float) or getattr(new, "scale", None) is not None:
        exact: Any = sa.cast(column, sa.Numeric) if dialect.name == "postgresql" else column
        digits, scale = _digits(new, dialect)
        if digits is None:
            return None
        limit = str(10 ** (digits - scale))  # no parameter of the old type holds it
        beyond = sa.or_(exact >= sa.literal_column(limit), exact <= sa.literal_column(f"-{limit}"))
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
    if column.type is WIDEST:
        written = sa.cast(column, sa.CHAR).regexp_replace("^[-0.]+|[.]|[0.]+$", "")
        return sa.func.char_length(written) > DIGITS.get(name, 15)
    scale = _digits(column.type, dialect)[1]
    return sa.func.abs(column) * 10**scale > 2 ** EXACT.get(name, 53)


def _name(type_: Any, dialect: sa.Dialect) -> str:
    return str(type_.compile(dialect=dialect)).partition("(")[0].partition(" ")[0]


def _digits(type_: Any, dialect: sa.Dialect) -> tuple[int | None, int]:
    """Return how many digits a DECIMAL has, and how many of them stand behind the point."""
    if isinstance(type_, sa.Integer) or (type_.precision is None and dialect.name == "postgresql"):
        return None, 0
    return type_.precision or 10, type_.scale or 0
