"""Sorts types into families by the kind of their values: types of all dialects, and custom types."""

from enum import Flag, auto
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, AbstractSingleRange
from sqlalchemy.types import TypeDecorator

from alembic_guards.compat import variant


class Family(Flag):
    """The kind of values of a type, apart from length and precision; a union of families is one, too."""

    ARRAY = auto()
    BINARY = auto()
    BIT = auto()
    BOOLEAN = auto()
    CHOICE = auto()  # an enum that is stored as text
    CIDR = auto()
    DATE = auto()
    DATETIME = auto()
    ENUM = auto()
    FLOAT = auto()
    HEX = auto()  # a UUID that is stored as text of 32 hexadecimal digits
    INET = auto()
    INTEGER = auto()
    INTERVAL = auto()
    JSON = auto()
    MONEY = auto()
    MULTIRANGE = auto()
    NUMERIC = auto()
    OTHER = auto()
    RANGE = auto()
    SET = auto()
    TEXT = auto()
    TIME = auto()
    UUID = auto()
    YEAR = auto()


ANY = ~Family(0)
TEXTS = Family.TEXT | Family.CHOICE
COUNTS = Family.INTEGER | Family.NUMERIC | Family.FLOAT
NUMBERS = COUNTS | Family.BOOLEAN
DAYS = Family.DATE | Family.DATETIME
TIMES = DAYS | Family.TIME

#: The classes of each family; the first match counts.
CLASSES: tuple[tuple[Family, tuple[type, ...]], ...] = (
    (Family.ARRAY, (sa.ARRAY,)),
    (Family.ENUM, (sa.Enum,)),
    (Family.SET, (mysql.SET,)),
    (Family.TEXT, (sa.String,)),
    (Family.BOOLEAN, (sa.Boolean,)),
    (Family.INTEGER, (sa.Integer,)),
    (Family.FLOAT, (sa.Float,)),
    (Family.NUMERIC, (sa.Numeric,)),
    (Family.DATE, (sa.Date,)),
    (Family.DATETIME, (sa.DateTime,)),
    (Family.TIME, (sa.Time,)),
    (Family.INTERVAL, (sa.Interval, postgresql.INTERVAL)),
    (Family.JSON, (sa.JSON,)),
    (Family.UUID, (sa.Uuid,)),
    (Family.BINARY, (sa.LargeBinary, sa.BINARY, sa.VARBINARY)),
    (Family.MULTIRANGE, (AbstractMultiRange,)),
    (Family.RANGE, (AbstractSingleRange,)),
    (Family.INET, (postgresql.INET,)),
    (Family.CIDR, (postgresql.CIDR,)),
    (Family.MONEY, (postgresql.MONEY,)),
    (Family.BIT, (postgresql.BIT, mysql.BIT)),
    (Family.YEAR, (mysql.YEAR,)),
)

#: The bits of integer types, without the sign.
BITS = {"TINYINT": 7, "SMALLINT": 15, "MEDIUMINT": 23, "INTEGER": 31, "BIGINT": 63}


def family(type_: Any) -> Family:
    """Return the family of a plain type."""
    if isinstance(type_, sa.Enum) and not type_.native_enum:
        return Family.CHOICE
    if isinstance(type_, sa.Uuid) and not type_.native_uuid:
        return Family.HEX
    return next((found for found, kinds in CLASSES if isinstance(type_, kinds)), Family.OTHER)


def plain_type(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the type of the dialect behind a custom type (TypeDecorator) or a type with variants."""
    type_ = type_() if isinstance(type_, type) else type_
    while True:
        type_ = variant(type_, dialect)
        if not isinstance(type_, TypeDecorator) or isinstance(type_, sa.Interval):
            if isinstance(type_, sa.Boolean | sa.Enum):  # its CHECK is an object of the table
                type_.create_constraint = False
            return type_
        type_ = type_.load_dialect_impl(dialect)


def sql_name(type_: Any, dialect: sa.Dialect) -> str:
    """Return the name of a type without its arguments, such as VARCHAR."""
    return str(type_.compile(dialect=dialect)).partition("(")[0].partition(" ")[0]


def has_no_hyphens(type_: Any) -> bool:
    """Whether a type stores a UUID as 32 digits, without hyphens."""
    return getattr(type_, "length", None) == 32 or family(type_) is Family.HEX
