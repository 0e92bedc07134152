"""The conversions of MariaDB and MySQL, which convert most values implicitly, some with silent data loss.

A rule has SQL for a new value where the server would misread the old one. The column is altered to text
first, and this SQL reads that text.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from alembic_guards.runtime.lossy.families import (
    ANY,
    BITS,
    COUNTS,
    DAYS,
    NUMBERS,
    TEXTS,
    TIMES,
    Family,
    family,
    has_no_hyphens,
    sql_name,
)
from alembic_guards.runtime.lossy.rules import (
    Change,
    Condition,
    Conversion,
    Rule,
    always,
    any_of,
    first,
    limit,
)

#: The bits of the largest integer up to which all are stored exactly.
EXACT = {"FLOAT": 24, "DOUBLE": 53}
#: The decimal digits that are stored exactly.
DIGITS = {"FLOAT": 6, "DOUBLE": 15}
#: The number type with the largest range.
WIDEST = sa.Numeric(65, 30)

#: The format of a number, and of a code such as 007, which would lose its zeros.
NUMBER = "^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$"
CODE = "^[-+ ]*0[0-9]"

#: The type that holds each value that a text can denote, by family.
WIDE: tuple[tuple[Family, Any], ...] = (
    (NUMBERS, WIDEST),
    (DAYS, mysql.DATETIME(fsp=6)),
    (Family.TIME, mysql.TIME(fsp=6)),
)
#: The families whose values are compared as one of these types.
READ_AS = TEXTS | TIMES | Family.ENUM | Family.SET | Family.JSON

#: The families that the server treats as text.
CHARACTERS = TEXTS | Family.ENUM | Family.SET


def convert(change: Change) -> Conversion:
    """Return the SQL of new values, over a column of text, and the condition of rows that lose data."""
    return first(RULES, change).convert(change)


def _as_text(change: Change) -> Any:
    return sa.cast(change.column, sa.CHAR)


def _source(change: Change) -> Any:
    """Return the column as a cast reads it; an enum would be cast by the index of its value."""
    return _as_text(change) if isinstance(change.old, sa.Enum) else change.column


def _wide(change: Change) -> Any:
    """Return the type that holds the old values without loss; None where there is none."""
    if family(change.old) not in READ_AS:
        return change.old
    return next((wide for kind, wide in WIDE if family(change.new) in kind), None)


def _too_long(change: Change) -> Condition:
    length = change.new.length
    return None if length is None else sa.func.char_length(_as_text(change)) > length


def _uuid_too_long(change: Change) -> Condition:
    return None if change.new.length == 32 else _too_long(change)


def _imprecise(change: Change) -> Condition:
    """Return the condition that a FLOAT has more than the six digits that it is written with."""
    if sql_name(change.old, change.dialect) != "FLOAT":
        return _too_long(change)
    column, written = change.column, _as_text(change).op("+")(0)
    off = sa.func.abs(column - written) > sa.func.abs(column) / 2 ** (EXACT["FLOAT"] - 1)
    return any_of(_too_long(change), off)


def _no_text(change: Change) -> Condition:
    """Return the condition that bytes are not UTF-8, or that the text is too long."""
    text = sa.func.convert(change.column.op("USING")(sa.text("utf8mb4")))
    no_text = sa.cast(text, sa.BINARY) != sa.cast(change.column, sa.BINARY)
    length = getattr(change.new, "length", None)
    return any_of(no_text, None if length is None else sa.func.char_length(text) > length)


def _unlisted(change: Change) -> Condition:
    """Return the condition that an enum has no such value; 'red ' and 'RED' differ only as bytes."""
    return sa.type_coerce(sa.cast(_as_text(change), sa.BINARY), sa.Text).not_in(change.new.enums)


def _unlisted_in_set(change: Change) -> Condition:
    dropped = sorted(set(getattr(change.old, "values", ())) - set(change.new.values))
    return any_of(*(sa.func.find_in_set(value, change.column) > 0 for value in dropped))


def _no_uuid(change: Change) -> Condition:
    digits = sa.func.replace(change.column, "-", "")
    return sa.not_(digits.regexp_match("^[0-9A-Fa-f]{32}$"))


def _no_year(change: Change) -> Condition:
    year = sa.type_coerce(_source(change), sa.Integer)
    return sa.not_(sa.or_(year == 0, year.between(1901, 2155)))


def _other_length(change: Change) -> Condition:
    """Return the condition that bytes would be padded to a fixed length."""
    if not isinstance(change.new, sa.BINARY):
        return None
    return sa.func.octet_length(change.column) != change.new.length


def _round_trip(change: Change) -> Condition:
    """Return the condition that a value changes by a cast to the new type and back."""
    source, wide = _source(change), _wide(change)
    if wide is None:
        return None
    lost = sa.cast(source, wide) != sa.cast(sa.cast(source, change.new), wide)
    day = isinstance(change.new, sa.Time) and wide is not change.old
    return sa.or_(lost, source.regexp_match("-.*-")) if day else lost


def _no_number(change: Change) -> Condition:
    """Return the condition that a value would be rounded, is out of range, or is not a number."""
    source, wide = _source(change), _wide(change)
    if wide is None or family(wide) not in COUNTS:
        return None
    number = change.column if wide is change.old else sa.cast(source, wide)
    lost = _beyond(number, change.new, change.dialect)
    if not isinstance(change.old, sa.String):
        return lost
    # Without this the server would fail at such a text in the middle of the revision.
    return any_of(source.regexp_match(CODE), sa.not_(source.regexp_match(NUMBER)), lost)


def _beyond(column: sa.ColumnElement[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition that a number does not fit, without a cast: that would clip the number."""
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1])
    if isinstance(new, sa.Integer):
        unsigned = getattr(new, "unsigned", False)
        size = 2 ** (BITS.get(sql_name(new, dialect), 63) + unsigned)
        least, most = limit(0 if unsigned else -size), limit(size - 1)
        beyond: Condition = sa.not_(column.between(least, most))
        whole = isinstance(column.type, sa.Integer)
        return beyond if whole else sa.or_(beyond, column != sa.func.round(column))
    if isinstance(new, sa.Float) and getattr(new, "scale", None) is None:
        return _imprecise_as(column, new, dialect)
    digits, scale = _digits(new)
    size = 10 ** (digits - scale)
    rounded = sa.func.round(column, scale)
    other: Condition = column != rounded
    if isinstance(column.type, sa.Float):
        bits = EXACT.get(sql_name(column.type, dialect), 53)
        other = sa.func.abs(column - rounded) > sa.func.abs(column) / 2 ** (bits - 2)
    return sa.or_(column >= limit(size), column <= limit(-size), other)


def _imprecise_as(column: sa.ColumnElement[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition that a number has more digits than a floating-point type stores."""
    name = sql_name(new, dialect)
    if isinstance(column.type, sa.Float):
        return None
    if column.type is WIDEST:
        written = sa.cast(column, sa.CHAR).regexp_replace("^[-0.]+|[.]|[0.]+$", "")
        return sa.func.char_length(written) > DIGITS.get(name, 15)
    _, scale = (0, 0) if isinstance(column.type, sa.Integer) else _digits(column.type)
    return sa.func.abs(column) * 10**scale > 2 ** EXACT.get(name, 53)


def _digits(type_: Any) -> tuple[int, int]:
    """Return the precision and the scale of a DECIMAL."""
    return type_.precision or 10, type_.scale or 0


def _without_hyphens(change: Change) -> str:
    return "replace({0}, '-', '')" if has_no_hyphens(change.new) else ""


RULES = (
    Rule(Family.BINARY, TEXTS, "", _no_text),
    Rule(CHARACTERS, Family.ENUM | Family.CHOICE, "", _unlisted),
    Rule(ANY, Family.CHOICE, "", _unlisted),
    Rule(ANY, Family.ENUM, "{0}", _unlisted),  # a number would be read as the index of a value
    Rule(CHARACTERS, Family.SET, "", _unlisted_in_set),
    Rule(ANY, Family.SET, "{0}"),
    Rule(Family.FLOAT, Family.TEXT, "", _imprecise),
    Rule(Family.UUID, Family.TEXT, _without_hyphens, _uuid_too_long),
    Rule(ANY, Family.TEXT, "", _too_long),
    Rule(Family.HEX, Family.HEX),
    Rule(Family.UUID, Family.HEX, _without_hyphens),
    Rule(TEXTS, Family.HEX, _without_hyphens, _no_uuid),
    Rule(Family.TIME, DAYS, "", always),  # the date would be invented
    Rule(DAYS, Family.TIME, "", always),
    Rule(Family.ENUM, Family.YEAR, "{0}", _no_year),
    Rule(ANY, Family.YEAR, "", _no_year),
    Rule(CHARACTERS, Family.BIT, "", always),  # the server stores the bytes
    Rule(ANY, Family.BINARY, "", _other_length),
    Rule(Family.ENUM, NUMBERS, "{0}", _no_number),
    Rule(ANY, NUMBERS, "", _no_number),
    Rule(Family.ENUM, TIMES | Family.INTERVAL, "{0}", _round_trip),
    Rule(ANY, TIMES | Family.INTERVAL, "", _round_trip),
    Rule(Family.ENUM, ANY, "{0}"),
    Rule(ANY, ANY),
)
