"""Tells which values a column of SQLite, which takes all of them, could not give back as another type."""

from typing import Any

import sqlalchemy as sa

Condition = Any  # of sa.select().where(), or None

NUMBERS = (sa.Integer, sa.Numeric, sa.Float, sa.Boolean)

#: How SQLAlchemy reads what a column of SQLite has, which takes any text.
DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
HOUR = "[0-9][0-9]:[0-9][0-9]*"
MIDNIGHT = ("", " 00:00:00", "T00:00:00", " 00:00:00.000000")


def unreadable(column: sa.ColumnClause[Any], new: Any) -> Condition:
    """Return the condition that nobody could read a value, for SQLite itself takes all of them."""
    if isinstance(new, sa.Enum):
        return column.not_in(new.enums)
    if isinstance(new, sa.String):
        return None if new.length is None else sa.func.length(column) > new.length
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1])
    text = sa.type_coerce(column, sa.Text)
    if isinstance(new, NUMBERS):  # a text that is no number is not equal to any
        plain = sa.type_coerce(column, sa.Numeric(asdecimal=False))
        code = sa.func.ltrim(text, " +-").op("GLOB")("0[0-9]*")  # whose zeros are part of it
        other = sa.or_(plain != sa.cast(plain, new), code)
        scale = None if isinstance(new, sa.Float) else getattr(new, "scale", None)
        return other if scale is None else sa.or_(other, plain != sa.func.round(plain, scale))
    if isinstance(new, sa.Uuid):
        digits = sa.func.replace(column, "-", "")
        return sa.or_(sa.func.length(digits) != 32, digits.op("GLOB")("*[^0-9A-Fa-f]*"))
    if isinstance(new, sa.JSON):
        return sa.func.json_valid(column) == 0
    if isinstance(new, sa.Time):
        return sa.or_(sa.func.time(column).is_(None), sa.not_(text.op("GLOB")(HOUR)), text >= "24")
    if isinstance(new, sa.Date | sa.DateTime | sa.Interval):
        day, rest = sa.func.substr(text, 1, 10), sa.func.substr(text, 11)
        no_day = sa.or_(  # SQLite takes the 30th of February for the 2nd of March
            sa.func.julianday(column).is_(None),
            sa.not_(text.op("GLOB")(DAY)),
            sa.func.date(sa.func.julianday(day)) != day,
        )
        if isinstance(new, sa.Date):
            return sa.or_(no_day, rest.not_in(MIDNIGHT))
        hour = sa.and_(rest.op("GLOB")(f"[ T]{HOUR}"), sa.func.substr(rest, 2) < "24")
        no_hour = sa.or_(sa.not_(hour), sa.func.rtrim(rest) != rest)
        return sa.or_(no_day, sa.and_(rest != "", no_hour))
    return None
