"""Writes the default of a column of the models for existing rows: as SQL, or as a function of Python.

A function may return another value for each row, such as a UUID. One value for all rows would violate a unique
constraint, or silently make rows equal.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter, methodcaller
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.schema import ColumnElementColumnDefault, ScalarElementColumnDefault

from alembic_guards.authoring.write.callables import Code, code_of, constant_of
from alembic_guards.authoring.write.literals import as_sql, literal, neutral_value
from alembic_guards.compat import python_default
from alembic_guards.database.features import backend_name
from alembic_guards.runtime.lossy.families import Family, family, plain_type

#: Classes that return the same value at each call without arguments.
CONSTANT_CLASSES = (bool, bytes, dict, float, int, list, set, str, tuple)

#: Conversions that a custom type may make of a value, by their code.
CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "{}": lambda value: value,
    "str({})": str,
    "({}).hex": attrgetter("hex"),
    "({}).bytes": attrgetter("bytes"),
    "({}).isoformat()": methodcaller("isoformat"),
    "({}).timestamp()": methodcaller("timestamp"),
}

#: The current time in UTC, as people write it.
NOW_IN_UTC = (
    "lambda: datetime.datetime.now(datetime.UTC)",
    "lambda: datetime.datetime.now(datetime.timezone.utc)",
    "lambda: datetime.datetime.now(tz=datetime.UTC)",
    "lambda: datetime.datetime.now(tz=datetime.timezone.utc)",
)


class RowDefault(NamedTuple):
    """What existing rows get: SQL, or else a function of Python."""

    sql: str = ""
    differs: bool = False  # SQL that has another value in each row
    code: Code | None = None


class Equivalent(NamedTuple):
    """SQL of a dialect that returns what a function of Python does, for columns of some families."""

    dialect: str
    families: Family
    sql: str
    differs: bool = False
    has_zone: bool | None = None  # for types with, or without a time zone; None for both


def _of_random_uuid() -> Iterator[tuple[str, Equivalent]]:
    """Yield the SQL of random UUIDs: PostgreSQL 13 has it. UUID() of MariaDB tells the time and the machine."""
    for code, family_, sql in (
        ("uuid.uuid4", Family.UUID, "gen_random_uuid()"),
        ("uuid.uuid4", Family.HEX, "replace(CAST(gen_random_uuid() AS TEXT), '-', '')"),
        (
            "lambda: uuid.uuid4().hex",
            Family.TEXT,
            "replace(CAST(gen_random_uuid() AS TEXT), '-', '')",
        ),
        ("lambda: str(uuid.uuid4())", Family.TEXT, "CAST(gen_random_uuid() AS TEXT)"),
    ):
        yield code, Equivalent("postgresql", family_, sql, differs=True)


def _of_current_time() -> Iterator[tuple[str, Equivalent]]:
    for code in NOW_IN_UTC:
        yield code, Equivalent("postgresql", Family.DATETIME, "now()", has_zone=True)
        yield code, Equivalent("mysql", Family.DATETIME, "(utc_timestamp(6))")
        yield code, Equivalent("sqlite", Family.DATETIME, "CURRENT_TIMESTAMP")
    for code, sql in (
        ("datetime.datetime.utcnow", "(now() AT TIME ZONE 'UTC')"),
        ("datetime.datetime.now", "LOCALTIMESTAMP"),
    ):
        yield code, Equivalent("postgresql", Family.DATETIME, sql, has_zone=False)
    yield "datetime.datetime.utcnow", Equivalent("mysql", Family.DATETIME, "(utc_timestamp(6))")
    yield "datetime.datetime.utcnow", Equivalent("sqlite", Family.DATETIME, "CURRENT_TIMESTAMP")
    yield "datetime.datetime.now", Equivalent("mysql", Family.DATETIME, "(now(6))")
    local = "(datetime('now', 'localtime'))"
    yield "datetime.datetime.now", Equivalent("sqlite", Family.DATETIME, local)
    yield "datetime.date.today", Equivalent("postgresql", Family.DATE, "CURRENT_DATE")
    yield "datetime.date.today", Equivalent("mysql", Family.DATE, "(CURRENT_DATE)")
    yield "datetime.date.today", Equivalent("sqlite", Family.DATE, "(date('now', 'localtime'))")


#: The SQL of functions, by their code.
EQUIVALENTS = (*_of_random_uuid(), *_of_current_time())


def row_default(
    column: sa.Column[Any], name: str, dialect: sa.Dialect, *, is_unique: bool
) -> RowDefault | None:
    """Return what existing rows get by the default of a column of the models; None if none is known.

    `name` is the column in messages. A time of the server, which is the same in all rows, is none for a
    unique column. Raises CommandError for a scalar that is no value of the type.
    """
    default: Any = column.default
    if isinstance(default, ScalarElementColumnDefault):
        return RowDefault(literal(name, default.arg, column.type, dialect))
    if isinstance(default, ColumnElementColumnDefault):
        return RowDefault(as_sql(default.arg, dialect), differs=True)
    if isinstance(default, sa.Sequence):
        return _next_value(default, dialect)
    function = python_default(default)
    if function is None:
        return None
    if function in CONSTANT_CLASSES:
        return _constant(function(), column, name, dialect)
    code = code_of(function)
    if code is None:
        return None
    if constant := constant_of(code):
        return _constant(constant[0], column, name, dialect)
    code = _converted(code, function, column.type, dialect)
    if code is None:
        return None
    return _equivalent(code, column.type, dialect, is_unique=is_unique) or RowDefault(code=code)


def _next_value(sequence: sa.Sequence, dialect: sa.Dialect) -> RowDefault | None:
    if not dialect.supports_sequences or (sequence.optional and not dialect.sequences_optional):
        return None
    return RowDefault(as_sql(sequence.next_value(), dialect), differs=True)


def _constant(value: Any, column: sa.Column[Any], name: str, dialect: sa.Dialect) -> RowDefault:
    """Return a value that is the same in all rows; an empty collection is the neutral value of its type."""
    type_ = plain_type(column.type, dialect)
    if not isinstance(type_, sa.JSON) and value in ([], {}, set()):
        value = neutral_value(type_, dialect)
    return RowDefault(literal(name, value, column.type, dialect))


def _converted(
    code: Code, function: Callable[[], Any], type_: Any, dialect: sa.Dialect
) -> Code | None:
    """Return code whose result the plain type binds as the owner's type binds that of `function`.

    A revision imports no type of the project, such as one that stores a UUID as text. A value is tried.
    None if nothing is known that does the same.
    """
    plain = plain_type(type_, dialect)
    sample = function()
    try:
        expected = _bound(sample, type_, dialect)
    except Exception:  # noqa: BLE001 (whatever the type of the owner raises)
        return None
    for conversion, convert in CONVERSIONS.items():
        try:
            if _bound(convert(sample), plain, dialect) == expected:
                return code if conversion == "{}" else code.converted(conversion)
        except Exception:  # noqa: BLE001, S112 (it is no conversion of such a value)
            continue
    return None


def _bound(value: Any, type_: Any, dialect: sa.Dialect) -> Any:
    """Return what the driver gets for a value of a type."""
    process = type_.dialect_impl(dialect).bind_processor(dialect)
    bound = process(value) if process else value
    return getattr(bound, "obj", bound)  # psycopg wraps bytes in objects that are never equal


def _equivalent(
    code: Code, type_: Any, dialect: sa.Dialect, *, is_unique: bool
) -> RowDefault | None:
    plain = plain_type(type_, dialect)
    for text, found in EQUIVALENTS:
        if (
            (text, found.dialect) == (code.text, backend_name(dialect))
            and family(plain) in found.families
            and found.has_zone in (None, bool(getattr(plain, "timezone", False)))
            and (found.differs or not is_unique)
            and not (
                found.differs and (getattr(dialect, "server_version_info", None) or (13,)) < (13,)
            )
        ):
            return RowDefault(found.sql, found.differs)
    return None
