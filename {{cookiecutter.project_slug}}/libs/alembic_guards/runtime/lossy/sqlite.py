"""The conversions of SQLite, whose columns accept values of any type.

CAST would read 'abc' as 0, and a date as its year. So values are copied unchanged, except where SQLAlchemy
stores the new type in another format. Rows whose values SQLAlchemy could not read are refused.
"""

from typing import Any

import sqlalchemy as sa

from alembic_guards.runtime.lossy.families import ANY, COUNTS, Family
from alembic_guards.runtime.lossy.rules import Change, Condition, Conversion, Rule, first

#: The formats in which SQLAlchemy reads dates and times, as GLOB patterns.
DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
HOUR = "[0-9][0-9]:[0-9][0-9]*"
MIDNIGHT = ("", " 00:00:00", "T00:00:00", " 00:00:00.000000")

CAST = "CAST({0} AS {type})"


def convert(change: Change) -> Conversion:
    """Return the SQL of new values, "" for unchanged ones, and the condition of rows that lose data."""
    return first(RULES, change).convert(change)


def holds_bytes(change: Change) -> bool:
    """Whether a binary column becomes text: only Python can tell whether its values are UTF-8."""
    return change.families == (Family.BINARY, Family.TEXT)


def _text(change: Change) -> Any:
    return sa.type_coerce(change.column, sa.Text)


def _unlisted(change: Change) -> Condition:
    return _text(change).not_in(change.new.enums)


def _too_long(change: Change) -> Condition:
    length = change.new.length
    return None if length is None else sa.func.length(change.column) > length


def _no_boolean(change: Change) -> Condition:
    return sa.type_coerce(change.column, sa.Integer).not_in([0, 1])


def _no_number(change: Change) -> Condition:
    """Return the condition that a value is not a number of the new type; text equals no number."""
    new, plain = change.new, sa.type_coerce(change.column, sa.Numeric(asdecimal=False))
    code = sa.func.ltrim(_text(change), " +-").bool_op("GLOB")(
        "0[0-9]*"
    )  # a code such as 007, which would lose its zeros
    other = sa.or_(plain != sa.cast(plain, new), code)
    scale = None if isinstance(new, sa.Float) else getattr(new, "scale", None)
    return other if scale is None else sa.or_(other, plain != sa.func.round(plain, scale))


def _no_uuid(change: Change) -> Condition:
    digits = sa.func.replace(change.column, "-", "")
    return sa.or_(sa.func.length(digits) != 32, digits.bool_op("GLOB")("*[^0-9A-Fa-f]*"))


def _no_json(change: Change) -> Condition:
    return sa.func.json_valid(change.column) == 0


def _no_time(change: Change) -> Condition:
    text = _text(change)
    no_hour = sa.not_(text.bool_op("GLOB")(HOUR))
    return sa.or_(sa.func.time(change.column).is_(None), no_hour, text >= "24")


def _no_day(change: Change) -> Condition:
    """Return the condition that a value has no valid date; SQLite reads 02-30 as the 2nd of March."""
    text = _text(change)
    day = sa.func.substr(text, 1, 10)
    return sa.or_(
        sa.func.julianday(change.column).is_(None),
        sa.not_(text.bool_op("GLOB")(DAY)),
        sa.func.date(sa.func.julianday(day)) != day,
    )


def _no_date(change: Change) -> Condition:
    return sa.or_(_no_day(change), sa.func.substr(_text(change), 11).not_in(MIDNIGHT))


def _no_datetime(change: Change) -> Condition:
    rest = sa.func.substr(_text(change), 11)
    hour = sa.and_(rest.bool_op("GLOB")(f"[ T]{HOUR}"), sa.func.substr(rest, 2) < "24")
    no_hour = sa.or_(sa.not_(hour), sa.func.rtrim(rest) != rest)
    return sa.or_(_no_day(change), sa.and_(rest != "", no_hour))


RULES = (
    Rule(Family.BINARY, Family.ENUM | Family.CHOICE, CAST, _unlisted),
    Rule(ANY, Family.ENUM | Family.CHOICE, "", _unlisted),
    Rule(Family.BINARY, Family.TEXT, CAST, _too_long),
    Rule(ANY, Family.TEXT, "", _too_long),
    Rule(Family.BINARY, Family.BOOLEAN, CAST, _no_boolean),
    Rule(ANY, Family.BOOLEAN, "", _no_boolean),
    Rule(Family.BINARY, COUNTS, CAST, _no_number),
    Rule(ANY, COUNTS, "", _no_number),
    Rule(ANY, Family.UUID | Family.HEX, "lower(replace({0}, '-', ''))", _no_uuid),
    Rule(Family.BINARY, Family.JSON, CAST, _no_json),
    Rule(ANY, Family.JSON, "", _no_json),
    Rule(Family.BINARY, Family.TIME, CAST, _no_time),
    Rule(ANY, Family.TIME, "", _no_time),
    Rule(ANY, Family.DATE, "substr({0}, 1, 10)", _no_date),
    Rule(Family.DATE, Family.DATETIME, "{0} || ' 00:00:00.000000'", _no_datetime),
    Rule(Family.BINARY, Family.DATETIME | Family.INTERVAL, CAST, _no_datetime),
    Rule(ANY, Family.DATETIME | Family.INTERVAL, "", _no_datetime),
    Rule(Family.BINARY, Family.BINARY),
    Rule(Family.BINARY, ANY, CAST),
    Rule(ANY, Family.BINARY, CAST),
    Rule(ANY, ANY),
)
