"""The conversions of PostgreSQL: a USING clause for each pair of types, and the rows that lose data.

Within a family, as from VARCHAR(20) to VARCHAR(10), there is no clause: PostgreSQL itself refuses values
that do not fit, where an explicit cast would truncate them.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic_guards.compat import type_affinity
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
    first,
    limit,
)

#: The format of a number, and of a code such as 007, which would lose its zeros.
NUMBER = "(?i)^ *([-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[-+]?[0-9]+)?|nan|[-+]?inf(inity)?) *$"
CODE = "^[-+ ]*0[0-9]"

#: The type that holds each value that a text can denote, by family.
WIDE: tuple[tuple[Family, Any], ...] = (
    (COUNTS, sa.Numeric()),
    (DAYS, sa.TIMESTAMP(timezone=True)),
    (Family.TIME, postgresql.TIME(timezone=True)),
    (Family.INTERVAL, postgresql.INTERVAL()),
    (Family.BIT, postgresql.BIT(varying=True)),
)
#: The families whose values are compared as one of these types.
READ_AS = TEXTS | Family.ENUM | Family.JSON | Family.MONEY

#: Text in braces is an array, as a downgrade has written it; other text becomes the only element.
TEXT_TO_ARRAY = (
    "CASE WHEN left({0}, 1) || right({0}, 1) = '{{}}' THEN {0}::{type}"
    " WHEN {0} IS NOT NULL THEN ARRAY[{0}]::text[]::{type} END"
)
ONLY_ELEMENT = "CASE WHEN {0} IS NOT NULL THEN ARRAY[{0}::text]::{type} END"
#: There is no cast from JSON to an array, and USING allows no subquery. jsonb_populate_record() converts
#: JSON to a row: here to that of a system catalog with a column of the type text[].
JSON_TO_ARRAY = (
    "(jsonb_populate_record(NULL::pg_extension,"
    " jsonb_build_object('extcondition', {0}))).extcondition::{type}"
)

#: A JSON path that finds arrays and objects in an array.
NESTED = """'$[*] ? (@.type() == "object" || @.type() == "array")'"""

#: The SQL for types that gain or lose a time zone. In all other conversions between types with and
#: without one, the server applies the time zone of the session.
ZONED: dict[tuple[Family, Family], str] = {
    (Family.DATETIME, Family.DATETIME): "{0} AT TIME ZONE {zone}",
    (Family.DATETIME, Family.DATE): "({0} AT TIME ZONE {zone})::DATE",
    (Family.DATE, Family.DATETIME): "{0}::timestamp AT TIME ZONE {zone}",
}


def convert(change: Change) -> Conversion:
    """Return the USING clause of a change of type, and the condition of rows that lose data."""
    conversion = first(RULES, change).convert(change)
    if _converts_implicitly(change.old, change.new):
        conversion = conversion._replace(value="")
    elif change.families[0] in READ_AS_TEXT and change.families[1] not in TAKES_ANY_TEXT:
        conversion = conversion._replace(loses=_invalid_or(conversion.loses, change))
    if _has_zone(change.old) == _has_zone(change.new):
        return conversion
    zoned = ZONED.get(change.families)
    if change.families == (Family.TIME, Family.TIME) and _has_zone(change.old):
        zoned = "{0} AT TIME ZONE {zone}"
    if zoned is None:
        return conversion._replace(in_session=True)
    loses = conversion.loses if change.zone is None else _changed_in_zone(change)
    return Conversion(change.write(zoned), loses)


def _invalid_or(loses: Condition, change: Change) -> Condition:
    """Return the condition that a text is not valid as the new type, or that `loses` holds.

    Before PostgreSQL 16 it is `loses` alone: the server then refuses the first invalid text.
    """
    if (getattr(change.dialect, "server_version_info", None) or (0,)) < (16,):
        return loses
    type_ = sa.literal(change.new.compile(dialect=change.dialect), sa.Text)
    invalid = sa.not_(sa.func.pg_input_is_valid(_source(change), type_))
    return invalid if loses is None else _guarded(invalid, loses)


def _guarded(invalid: Condition, loses: Condition) -> Condition:
    """Join two conditions by OR; the second is evaluated only where the first is false."""
    return sa.case((invalid, sa.true()), else_=loses)


def _converts_implicitly(old: Any, new: Any) -> bool:
    """Whether PostgreSQL converts values of one type to another without a USING clause."""
    families = family(old), family(new)
    if families[0] in TEXTS and families[1] in TEXTS:
        return True
    if families[0] != families[1]:
        return False
    if isinstance(old, sa.ARRAY):
        return _converts_implicitly(old.item_type, new.item_type)
    if isinstance(old, sa.Enum):
        return bool(old.name == new.name)
    if families[0] in Family.RANGE | Family.MULTIRANGE:
        return type(old) is type(new)
    return families[0] != Family.OTHER or type_affinity(old) is type_affinity(new)


def _has_zone(type_: Any) -> bool:
    if isinstance(type_, sa.ARRAY):
        return _has_zone(type_.item_type)
    zoned_range = isinstance(type_, postgresql.TSTZRANGE | postgresql.TSTZMULTIRANGE)
    return zoned_range or bool(getattr(type_, "timezone", False))


def _changed_in_zone(change: Change) -> Condition:
    """Return the condition that a time changes by a conversion and back, as at a change of DST."""
    column, new = change.column, change.new
    if family(change.old) is Family.DATE:
        return None
    zone = sa.literal(change.zone, sa.Text)
    moved = sa.func.timezone(zone, column)
    if family(new) is Family.TIME:
        return column != moved  # its offset differs, and would be lost
    if family(new) is Family.DATE:
        return moved != sa.cast(sa.cast(moved, sa.Date), sa.TIMESTAMP)
    return column != sa.func.timezone(zone, sa.cast(moved, new))


def _as_text(change: Change) -> Any:
    return sa.cast(change.column, sa.Text)


def _source(change: Change) -> Any:
    """Return the column as a cast reads it."""
    if isinstance(change.old, sa.JSON):
        return change.column.op("#>>")(sa.literal_column("'{}'"))
    return _as_text(change) if isinstance(change.old, sa.Enum) else change.column


def _wide(change: Change) -> Any:
    """Return the type that holds the old values without loss; None where there is none."""
    if family(change.old) not in READ_AS:
        return change.old
    return next((wide for kind, wide in WIDE if family(change.new) in kind), None)


def _too_long(change: Change) -> Condition:
    return _longer(_as_text(change), change.new)


def _longer(text: Any, new: Any) -> Condition:
    return None if new.length is None else sa.func.char_length(text) > new.length


def _uuid_too_long(change: Change) -> Condition:
    return None if change.new.length == 32 else _too_long(change)


def _address_too_long(change: Change) -> Condition:
    return _longer(sa.func.abbrev(change.column), change.new)


def _unlisted(change: Change) -> Condition:
    return _as_text(change).not_in(change.new.enums)


def _no_uuid(change: Change) -> Condition:
    digits = sa.func.replace(_as_text(change), "-", "")
    return sa.not_(digits.regexp_match("^[0-9A-Fa-f]{32}$"))


def _not_one(change: Change) -> Condition:
    """Return the condition that an array has another element than the one at index 1."""
    column = change.column
    one = sa.func.array_lower(column, 1), sa.func.array_ndims(column)
    return sa.or_(sa.func.cardinality(column) != 1, *(number != 1 for number in one))


def _no_list(change: Change) -> Condition:
    """Return the condition that JSON is not an array of scalars."""
    json = sa.cast(change.column, postgresql.JSONB)
    nested = sa.func.jsonb_path_exists(json, sa.text(NESTED))
    return sa.or_(sa.func.jsonb_typeof(json) != "array", nested)


def _merged(change: Change) -> Condition:
    return change.column != sa.cast(sa.func.range_merge(change.column), change.old)


def _round_trip(change: Change) -> Condition:
    """Return the condition that a value changes by a cast to the new type and back."""
    source, wide = _source(change), _wide(change)
    if wide is None:
        return None
    lost = sa.cast(source, wide) != sa.cast(sa.cast(source, change.new), wide)
    day = isinstance(change.new, sa.Time) and wide is not change.old
    return sa.or_(lost, source.regexp_match("-.*-")) if day else lost


def _other_elements(change: Change) -> Condition:
    items = (type_.item_type for type_ in (change.old, change.new))
    no_cast = any(isinstance(item, sa.Enum | sa.JSON) for item in items)
    return None if no_cast else _round_trip(change)


def _no_money(change: Change) -> Condition:
    return change.column.regexp_match(r"\.\d{3}")


def _no_number(change: Change) -> Condition:
    """Return the condition that a value would be rounded, is out of range, or is not a number."""
    source, wide = _source(change), _wide(change)
    if wide is None or family(wide) not in COUNTS:
        return None
    number = change.column if wide is change.old else sa.cast(source, wide)
    beyond = _beyond(number, change.new, change.dialect)
    if not isinstance(change.old, sa.String):
        return beyond
    no_number = sa.or_(source.regexp_match(CODE), sa.not_(source.regexp_match(NUMBER)))
    return no_number if beyond is None else _guarded(no_number, beyond)


def _beyond(column: sa.ColumnElement[Any], new: Any, dialect: sa.Dialect) -> Condition:
    """Return the condition that a number does not fit, without a cast: that would fail, or round."""
    if isinstance(new, sa.Boolean):
        return column.not_in([0, 1])
    if isinstance(new, sa.Integer):
        size = 2 ** BITS.get(sql_name(new, dialect), 63)
        beyond: Condition = sa.not_(column.between(limit(-size), limit(size - 1)))
        whole = isinstance(column.type, sa.Integer)
        return beyond if whole else sa.or_(beyond, column != sa.func.round(column))
    if isinstance(new, sa.Float):
        return column != sa.cast(sa.cast(column, new), column.type)
    if new.precision is None:
        return None
    exact, scale = sa.cast(column, sa.Numeric), new.scale or 0
    most = 10 ** (new.precision - scale)
    rounded = exact != sa.func.round(exact, scale)
    return sa.or_(exact >= limit(most), exact <= limit(-most), rounded)


def _array_to_array(change: Change) -> str:
    by_text = isinstance(change.new.item_type, sa.Enum)
    return "{0}::text[]::{type}" if by_text else "{0}::{type}"


def _elements(template: str) -> Callable[[Change], str]:
    """Return a template for arrays; elements of text get no length, because a cast would truncate."""

    def fill(change: Change) -> str:
        is_text = family(change.new.item_type) in TEXTS
        return template.replace("{type}", "text[]") if is_text else template

    return fill


def _uuid_to_text(change: Change) -> str:
    return "replace({0}::text, '-', '')" if has_no_hyphens(change.new) else "{0}::text"


def _range_to_range(change: Change) -> str:
    """Return a cast through text, except to ranges of dates: it would drop the time silently."""
    is_date = isinstance(change.new, postgresql.DATERANGE | postgresql.DATEMULTIRANGE)
    return "{0}::{type}" if is_date else "{0}::text::{type}"


#: The families to which PostgreSQL casts with silent data loss.
SHORTENED = TIMES | Family.INTERVAL | Family.BIT | Family.CIDR | Family.MONEY

#: The families whose values a cast reads as text, and those that accept any text.
READ_AS_TEXT = TEXTS | Family.JSON
TAKES_ANY_TEXT = TEXTS | Family.ARRAY | Family.BINARY | Family.HEX

RULES = (
    Rule(Family.ARRAY, Family.ARRAY, _array_to_array, _other_elements),
    Rule(Family.JSON, Family.ARRAY, _elements(JSON_TO_ARRAY), _no_list),
    Rule(TEXTS, Family.ARRAY, _elements(TEXT_TO_ARRAY)),
    Rule(ANY, Family.ARRAY, _elements(ONLY_ELEMENT)),
    Rule(Family.ARRAY, Family.JSON, "to_jsonb({0})::{type}"),
    Rule(Family.ARRAY, Family.TEXT, "{0}::text", _too_long),
    Rule(Family.ARRAY, ANY, "{0}[1]::text::{type}", _not_one),
    Rule(Family.BINARY, TEXTS, "convert_from({0}, 'UTF8')"),  # a cast writes hexadecimal digits
    Rule(TEXTS, Family.BINARY, "convert_to({0}, 'UTF8')"),
    Rule(Family.JSON, Family.CHOICE, "{0} #>> '{{}}'", lambda c: _source(c).not_in(c.new.enums)),
    Rule(Family.JSON, Family.ENUM, "({0} #>> '{{}}')::{type}"),
    Rule(ANY, Family.CHOICE, "{0}::text", _unlisted),
    Rule(ANY, Family.ENUM, "{0}::text::{type}"),
    Rule(Family.UUID, Family.TEXT, _uuid_to_text, _uuid_too_long),
    Rule(Family.INET, Family.TEXT, "abbrev({0})", _address_too_long),  # a cast adds /32
    Rule(ANY, Family.TEXT, "{0}::text", _too_long),  # a cast to a length would truncate
    Rule(Family.HEX, Family.HEX),
    Rule(Family.UUID, Family.HEX, "replace({0}::text, '-', '')"),
    Rule(ANY, Family.HEX, "replace({0}::text, '-', '')", _no_uuid),
    Rule(Family.MULTIRANGE, Family.RANGE, "range_merge({0})::{type}", _merged),
    Rule(Family.RANGE, Family.RANGE, _range_to_range),
    Rule(Family.MULTIRANGE, Family.MULTIRANGE, _range_to_range),
    Rule(TEXTS, Family.JSON, "{0}::{type}"),
    Rule(ANY, Family.JSON, "to_jsonb({0})::{type}"),
    Rule(Family.BOOLEAN, COUNTS, "{0}::integer::{type}"),
    Rule(COUNTS, Family.BOOLEAN, "{0}::integer::{type}", _no_number),
    Rule(Family.JSON, NUMBERS, "({0} #>> '{{}}')::{type}", _no_number),
    Rule(Family.ENUM, NUMBERS, "{0}::text::{type}", _no_number),
    Rule(ANY, NUMBERS, "{0}::{type}", _no_number),
    Rule(Family.TIME, DAYS, "{0}::{type}", always),  # the date would be invented
    Rule(DAYS, Family.TIME, "{0}::{type}", always),
    Rule(TEXTS, Family.MONEY, "{0}::{type}", _no_money),
    Rule(Family.JSON, SHORTENED, "({0} #>> '{{}}')::{type}", _round_trip),
    Rule(Family.JSON, ANY, "({0} #>> '{{}}')::{type}"),
    Rule(Family.ENUM, SHORTENED, "{0}::text::{type}", _round_trip),
    Rule(Family.ENUM, ANY, "{0}::text::{type}"),
    Rule(ANY, SHORTENED, "{0}::{type}", _round_trip),
    Rule(ANY, ANY, "{0}::{type}"),
)
