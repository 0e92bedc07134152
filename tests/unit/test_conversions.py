"""Conversions of types, as SQL: one table for each dialect."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.lossy.conversions import TABLES, convert
from alembic_guards.runtime.lossy.families import CLASSES, Family, family
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import TypeDecorator


class GUID(TypeDecorator[Any]):
    """The recipe of SQLAlchemy's documentation: a UUID where there is one, else its digits."""

    impl = sa.CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        is_known = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if is_known else sa.CHAR(32))


DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect,
    "mysql": mysql.dialect,
    "sqlite": sqlite.dialect,
}
Flexible = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
Mood = sa.Enum("good", "bad", name="mood")
ONLY_ELEMENT = (
    "CASE WHEN left(c, 1) || right(c, 1) = '{}' THEN c::text[]"
    " WHEN c IS NOT NULL THEN ARRAY[c]::text[]::text[] END"
)

#: The new value by dialect, present type and new type; "" is left to the server.
VALUES: list[tuple[str, Any, Any, str]] = [
    ("postgresql", sa.String(20), sa.String(10), ""),
    ("postgresql", sa.Integer(), sa.BigInteger(), ""),
    ("postgresql", sa.String(20), sa.Integer(), "c::INTEGER"),
    ("postgresql", sa.Integer(), sa.String(9), "c::text"),
    ("postgresql", sa.Boolean(), sa.Numeric(5, 2), "c::integer::NUMERIC(5, 2)"),
    ("postgresql", sa.CHAR(32), GUID(), "c::UUID"),
    ("postgresql", GUID(), sa.CHAR(32), "replace(c::text, '-', '')"),
    ("postgresql", GUID(), sa.CHAR(36), "c::text"),
    ("postgresql", sa.Text(), Flexible, "c::JSONB"),
    ("postgresql", Flexible, sa.Text(), "c::text"),
    ("postgresql", sa.JSON(), Flexible, ""),
    ("postgresql", sa.Text(), sa.ARRAY(sa.Text()), ONLY_ELEMENT),
    ("postgresql", sa.ARRAY(sa.Text()), postgresql.JSONB(), "to_jsonb(c)::JSONB"),
    ("postgresql", sa.ARRAY(sa.Integer()), sa.Integer(), "c[1]::text::INTEGER"),
    ("postgresql", sa.Text(), Mood, "c::text::mood"),
    ("postgresql", Mood, sa.Text(), "c::text"),
    ("postgresql", sa.DateTime(), sa.DateTime(True), "c AT TIME ZONE 'UTC'"),
    ("postgresql", sa.DateTime(True), sa.DateTime(), "c AT TIME ZONE 'UTC'"),
    ("postgresql", sa.DateTime(True), sa.Date(), "(c AT TIME ZONE 'UTC')::DATE"),
    ("postgresql", sa.Date(), sa.DateTime(True), "c::timestamp AT TIME ZONE 'UTC'"),
    ("postgresql", sa.Time(True), sa.Time(), "c AT TIME ZONE 'UTC'"),
    ("mysql", sa.Integer(), sa.BigInteger(), ""),
    ("mysql", Mood, sa.Integer(), "c"),
    ("mysql", sa.Integer(), Mood, "c"),
    ("mysql", Mood, sa.Text(), ""),
    ("mysql", sa.Uuid(), sa.CHAR(32), "replace(c, '-', '')"),
    ("mysql", sa.Uuid(), sa.CHAR(36), ""),
    ("mysql", sa.CHAR(32), GUID(), ""),
    ("sqlite", sa.Integer(), sa.Text(), ""),
    ("sqlite", sa.DateTime(), sa.Date(), "substr(c, 1, 10)"),
    ("sqlite", sa.Date(), sa.DateTime(), "c || ' 00:00:00.000000'"),
    ("sqlite", sa.Text(), sa.Uuid(), "lower(replace(c, '-', ''))"),
    ("sqlite", sa.LargeBinary(), sa.Text(), "CAST(c AS TEXT)"),
    ("sqlite", sa.Text(), sa.LargeBinary(), "CAST(c AS BLOB)"),
]


@pytest.mark.parametrize(("name", "old", "new", "value"), VALUES)
def test_a_value_is_written_as_sql(name: str, old: Any, new: Any, value: str) -> None:
    assert convert("c", old, new, DIALECTS[name](), "UTC").value == value


#: The condition of rows that would lose something; None where there is none, or the server says so.
LOSSES: list[tuple[str, Any, Any, str | None]] = [
    ("postgresql", sa.Integer(), sa.BigInteger(), "c NOT BETWEEN -9223372036854775808 AND"),
    ("postgresql", sa.Numeric(9, 2), sa.Integer(), "c != round(c)"),
    ("postgresql", sa.Text(), sa.JSON(), None),
    ("postgresql", sa.Text(), sa.ARRAY(sa.Text()), None),
    ("postgresql", sa.String(9), sa.String(3), "char_length(CAST(c AS TEXT)) > 3"),
    ("postgresql", sa.Time(), sa.DateTime(), "true"),
    ("postgresql", postgresql.JSONB(), sa.ARRAY(sa.Text()), "jsonb_typeof(CAST(c AS JSONB)) !="),
    ("postgresql", sa.DateTime(True), sa.DateTime(), "timezone('UTC', CAST(timezone('UTC', c)"),
    ("mysql", sa.String(9), sa.Integer(), "NOT REGEXP"),
    ("mysql", sa.String(9), Mood, "NOT IN ('good', 'bad')"),
    ("mysql", sa.LargeBinary(), sa.Text(), "convert(c USING utf8mb4)"),
    ("mysql", sa.Integer(), mysql.YEAR(), "c BETWEEN 1901 AND 2155"),
    ("mysql", Mood, mysql.YEAR(), "CAST(c AS CHAR) BETWEEN 1901 AND 2155"),
    ("sqlite", sa.Text(), sa.String(3), "length(c) > 3"),
    ("sqlite", sa.Text(), sa.JSON(), "json_valid(c) = 0"),
    ("sqlite", sa.Text(), sa.Text(), None),
]


@pytest.mark.parametrize(("name", "old", "new", "loses"), LOSSES)
def test_a_loss_is_a_condition_in_sql(name: str, old: Any, new: Any, loses: str | None) -> None:
    dialect = DIALECTS[name]()
    found = convert("c", old, new, dialect, "UTC").loses
    if loses is None:
        assert found is None
    else:
        options = {"literal_binds": True}
        assert loses in str(found.compile(dialect=dialect, compile_kwargs=options))


@pytest.mark.parametrize(
    ("old", "new", "in_session"),
    [
        (sa.Text(), sa.DateTime(True), True),
        (sa.Time(), sa.Time(True), True),
        (sa.ARRAY(sa.DateTime()), sa.ARRAY(sa.DateTime(True)), True),
        (postgresql.TSRANGE(), postgresql.TSTZRANGE(), True),
        (sa.DateTime(), sa.DateTime(True), False),
        (sa.Text(), sa.DateTime(), False),
        (sa.DateTime(True), postgresql.TIMESTAMP(True, 3), False),
    ],
)
def test_what_no_expression_says_depends_on_the_session(
    old: Any, new: Any, in_session: bool
) -> None:
    assert convert("c", old, new, DIALECTS["postgresql"](), "UTC").in_session is in_session


#: One type of each family, as far as a dialect can write it.
SAMPLES: dict[Family, Any] = {
    **{kind: types[0]() for kind, types in CLASSES if types[0] not in (sa.ARRAY, sa.Enum)},
    Family.ENUM: Mood,
    Family.CHOICE: sa.Enum("good", native_enum=False),
    Family.HEX: sa.Uuid(native_uuid=False),
    Family.SET: mysql.SET("good"),
    Family.ARRAY: sa.ARRAY(sa.Integer()),
    Family.MULTIRANGE: postgresql.INT4MULTIRANGE(),
    Family.RANGE: postgresql.INT4RANGE(),
    Family.TEXT: sa.String(9),
    Family.OTHER: postgresql.TSVECTOR(),
}
FOREIGN = {
    "sqlite": {
        "ARRAY",
        "BIT",
        "CIDR",
        "INET",
        "MONEY",
        "MULTIRANGE",
        "OTHER",
        "RANGE",
        "SET",
        "YEAR",
    },
    "mysql": {"ARRAY", "BIT", "CIDR", "INET", "MONEY", "MULTIRANGE", "OTHER", "RANGE"},
    "postgresql": {"SET", "YEAR"},
}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_pair_of_families_has_a_conversion_without_parameters(name: str) -> None:
    dialect, options = DIALECTS[name](), {"literal_binds": True}
    samples = [type_ for kind, type_ in SAMPLES.items() if kind.name not in FOREIGN[name]]
    for old in samples:
        for new in samples:
            loses = convert("c", old, new, dialect).loses
            if loses is not None:
                assert str(loses.compile(dialect=dialect, compile_kwargs=options))


def test_each_dialect_of_the_project_has_a_table() -> None:
    assert set(TABLES) == {"sqlite", "postgresql", "mysql", "mariadb"}


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (sa.DECIMAL(9, 2), Family.NUMERIC),
        (mysql.TINYINT(1), Family.INTEGER),
        (mysql.ENUM("a"), Family.ENUM),
        (mysql.SET("a"), Family.SET),
        (postgresql.BYTEA(), Family.BINARY),
        (postgresql.TSTZRANGE(), Family.RANGE),
        (sa.Enum("a", native_enum=False), Family.CHOICE),
        (sa.Uuid(native_uuid=False), Family.HEX),
        (postgresql.TSVECTOR(), Family.OTHER),
    ],
)
def test_a_type_is_of_one_family(type_: Any, kind: Family) -> None:
    assert family(type_) is kind
