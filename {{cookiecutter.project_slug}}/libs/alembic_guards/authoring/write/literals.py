"""Writes values as SQL literals: answers, defaults, and neutral values for a downgrade."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import CompileError

from alembic_guards.compat import visit_name
from alembic_guards.database.features import backend_name
from alembic_guards.runtime.lossy.families import BITS, sql_name

#: For each type of Python: the function that reads the text of an answer, and the neutral value.
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

#: The neutral values of types that only PostgreSQL has, by their names.
NEUTRALS = {
    "BIT": "0",
    "CIDR": "0.0.0.0/0",
    "HSTORE": "",
    "INET": "0.0.0.0",
    "MACADDR": "00:00:00:00:00:00",
    "MACADDR8": "00:00:00:00:00:00:00:00",
    "MONEY": "0",
    "OID": "0",
    "TSQUERY": "",
    "TSVECTOR": "",
    **{f"{of}RANGE": "empty" for of in ("INT4", "INT8", "NUM", "DATE", "TS", "TSTZ")},
    **{f"{of}MULTIRANGE": "{}" for of in ("INT4", "INT8", "NUM", "DATE", "TS", "TSTZ")},
}

#: The syntax of a binary literal, by dialect, if it is not X'00FF'.
BYTES = {"postgresql": "'\\x{}'::bytea"}


#: A neutral TIMESTAMP of MariaDB and MySQL in any time zone: the first is 1970-01-01 00:00:01 UTC.
FIRST_DAY = datetime(1970, 1, 2)


def neutral_value(type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Any:
    """Return the neutral value of a type, such as 0, for rows whose values are lost, or None."""
    if isinstance(type_, sa.TIMESTAMP) and backend_name(dialect) == "mysql":
        return FIRST_DAY
    if isinstance(type_, sa.Enum):
        return type_.enums[0]
    if isinstance(type_, sa.JSON):
        return {}
    if isinstance(type_, sa.ARRAY):
        return "{}"
    name = visit_name(type_)
    if name in NEUTRALS:
        return NEUTRALS[name] * (getattr(type_, "length", None) or 1)
    return READERS.get(_python_type(type_), (None, None))[1]


def literal(name: str, value: Any, type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """Return a value, or the text of one, as a SQL literal of a type.

    `name` is the column in the message. Raises CommandError if it is not a value of the type.
    """
    literal_type: sa.types.TypeEngine[Any] = sa.String()
    try:
        if isinstance(type_, sa.Enum):
            member = (value, getattr(value, "name", None), getattr(value, "value", None))
            value = next(text for text in member if text in type_.enums)
        elif isinstance(type_, sa.JSON):
            value = json.dumps(json.loads(value) if isinstance(value, str) else value)
        elif isinstance(type_, sa.ARRAY) and isinstance(value, str):
            pass  # PostgreSQL reads "{1,2}" as it is
        elif (kind := _python_type(type_)) in READERS and visit_name(type_) not in NEUTRALS:
            value = READERS[kind][0](value) if isinstance(value, str) else value
            literal_type = type_
            if isinstance(value, bytes):
                return BYTES.get(backend_name(dialect), "X'{}'").format(value.hex())
            if not _fits(value, type_, dialect):
                raise ValueError
            if isinstance(value, datetime) and backend_name(dialect) == "mysql":
                value = value.replace(tzinfo=None)  # its drivers drop the time zone, too
            if isinstance(value, timedelta) and dialect.name != "postgresql":
                value, literal_type = (
                    datetime(1970, 1, 1) + value,
                    sa.DateTime(),
                )  # as SQLAlchemy stores an Interval
        elif isinstance(type_, sa.types.TypeDecorator):  # the value is a default in the models
            literal_type = type_
        return as_sql(sa.literal(value, literal_type), dialect)
    except (StopIteration, LookupError, ValueError, ArithmeticError, CompileError) as error:
        unit = " in seconds" if _python_type(type_) is timedelta else ""
        expected = f"{type_.compile(dialect=dialect)}{unit}"
        raise CommandError(f"fill={name}:{value} is no {expected}. Nothing was written.") from error


def as_sql(clause: Any, dialect: sa.Dialect) -> str:
    """Return the SQL of an expression, without parameters."""
    return str(clause.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _fits(value: Any, type_: Any, dialect: sa.Dialect) -> bool:
    """Whether a column of the type holds a value unchanged; some servers truncate or round it."""
    if isinstance(value, str):
        return getattr(type_, "length", None) is None or len(value) <= type_.length
    if isinstance(type_, sa.Integer):
        return value in _integers(type_, dialect)
    if isinstance(value, Decimal) and type_.precision is not None:
        scale = type_.scale or 0
        return bool(value == round(value, scale) and abs(value) < 10 ** (type_.precision - scale))
    return True


def _integers(type_: sa.Integer, dialect: sa.Dialect) -> range:
    """Return the values of an integer type; on SQLite each has 64 bits ("Datatypes in SQLite")."""
    bits = BITS["BIGINT"] if dialect.name == "sqlite" else BITS.get(sql_name(type_, dialect), 63)
    if getattr(type_, "unsigned", False) and backend_name(dialect) == "mysql":
        return range(2 ** (bits + 1))
    return range(-(2**bits), 2**bits)


def _python_type(type_: sa.types.TypeEngine[Any]) -> type:
    try:
        return type_.python_type
    except NotImplementedError:
        return object
