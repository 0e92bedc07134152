"""Values are written as SQL of each dialect, and refused where they are none of the type."""

import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.util import CommandError
from alembic_guards.authoring.write.literals import (
    NEUTRALS,
    READERS,
    as_sql,
    literal,
    neutral_value,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

SQLITE, POSTGRESQL, MYSQL = (module.dialect() for module in (sqlite, postgresql, mysql))
INTEGERS = (sa.SmallInteger, sa.Integer, sa.BigInteger)
DIALECTS = [SQLITE, POSTGRESQL, MYSQL]


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


def _named(value: object) -> str:
    """Return the name of a case, the same in each process."""
    return value.name if isinstance(value, sa.Dialect) else str(value)


@pytest.mark.parametrize(
    ("value", "type_", "dialect", "sql"),
    [
        ("7", sa.Integer(), SQLITE, "7"),
        ("-7", sa.Integer(), POSTGRESQL, "-7"),
        ("it's", sa.String(10), SQLITE, "'it''s'"),
        ("", sa.String(10), MYSQL, "''"),
        ("1.50", sa.Numeric(5, 2), SQLITE, "1.50"),
        ("0.5", sa.Float(), MYSQL, "0.5"),
        ("true", sa.Boolean(), POSTGRESQL, "true"),
        ("0", sa.Boolean(), POSTGRESQL, "false"),
        ("1", sa.Boolean(), SQLITE, "1"),
        ("2026-01-31", sa.Date(), POSTGRESQL, "'2026-01-31'"),
        ("2026-01-31 10:00", sa.DateTime(), SQLITE, "'2026-01-31 10:00:00.000000'"),
        ("2026-01-31T10:00+02:00", sa.DateTime(timezone=True), MYSQL, "'2026-01-31 10:00:00'"),
        ("90", sa.Interval(), SQLITE, "'1970-01-01 00:01:30.000000'"),
        ("ab", sa.LargeBinary(), SQLITE, "X'6162'"),
        ("ab", sa.LargeBinary(), POSTGRESQL, "'\\x6162'::bytea"),
        ("RED", sa.Enum(Color), SQLITE, "'RED'"),
        ("r", sa.Enum("r", "g"), SQLITE, "'r'"),
        (Color.GREEN, sa.Enum(Color), POSTGRESQL, "'GREEN'"),
        ('{"a": 1}', sa.JSON(), SQLITE, "'{\"a\": 1}'"),
        ({"a": [1]}, sa.JSON(), MYSQL, "'{\"a\": [1]}'"),
        ("{1,2}", sa.ARRAY(sa.Integer), POSTGRESQL, "'{1,2}'"),
        ("10.0.0.1", postgresql.INET(), POSTGRESQL, "'10.0.0.1'"),
        ("00000000-0000-0000-0000-000000000001", sa.Uuid(), SQLITE, f"'{UUID(int=1).hex}'"),
    ],
    ids=_named,
)
def test_a_value_is_written_as_sql(
    value: Any, type_: sa.types.TypeEngine[Any], dialect: sa.Dialect, sql: str
) -> None:
    assert literal("users.x", value, type_, dialect).replace("::TIMESTAMP", "") == sql


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("x", sa.Integer()),
        ("", sa.Integer()),
        ("1.5", sa.Integer()),
        (str(2**31), sa.Integer()),
        (str(-(2**31) - 1), sa.Integer()),
        (str(2**15), sa.SmallInteger()),
        ("abcd", sa.String(3)),
        ("1.234", sa.Numeric(5, 2)),
        ("1000", sa.Numeric(5, 2)),
        ("yes", sa.Boolean()),
        ("31.1.2026", sa.Date()),
        ("soon", sa.DateTime()),
        ("x", sa.Interval()),
        ("BLUE", sa.Enum(Color)),
        ("{", sa.JSON()),
        ("1", sa.Uuid()),
    ],
    ids=_named,
)
def test_a_value_that_is_none_of_the_type_is_refused(
    value: str, type_: sa.types.TypeEngine[Any]
) -> None:
    with pytest.raises(CommandError, match=r"fill=users.x:.* is no .*Nothing was written"):
        literal("users.x", value, type_, POSTGRESQL)


@pytest.mark.parametrize(
    ("type_", "dialect", "lowest", "highest"),
    [
        *((type_(), SQLITE, -(2**63), 2**63 - 1) for type_ in INTEGERS),
        (sa.SmallInteger(), POSTGRESQL, -(2**15), 2**15 - 1),
        (sa.Integer(), POSTGRESQL, -(2**31), 2**31 - 1),
        (sa.BigInteger(), POSTGRESQL, -(2**63), 2**63 - 1),
        (sa.SmallInteger(), MYSQL, -(2**15), 2**15 - 1),
        (sa.BigInteger(), MYSQL, -(2**63), 2**63 - 1),
        (mysql.INTEGER(11), MYSQL, -(2**31), 2**31 - 1),
        (mysql.TINYINT(unsigned=True), MYSQL, 0, 2**8 - 1),
        (mysql.BIGINT(unsigned=True), MYSQL, 0, 2**64 - 1),
    ],
    ids=_named,
)
def test_an_integer_is_taken_where_the_column_of_the_database_holds_it(
    type_: sa.types.TypeEngine[Any], dialect: sa.Dialect, lowest: int, highest: int
) -> None:
    for value in (lowest, highest):
        assert literal("users.x", str(value), type_, dialect) == str(value)
    for value in (lowest - 1, highest + 1):
        with pytest.raises(CommandError, match="Nothing was written"):
            literal("users.x", str(value), type_, dialect)


def test_the_largest_values_of_a_type_are_taken() -> None:
    for value, type_ in (
        (2**31 - 1, sa.Integer()),
        (-(2**31), sa.Integer()),
        (2**63 - 1, sa.BigInteger()),
        (2**15 - 1, sa.SmallInteger()),
    ):
        assert literal("x", str(value), type_, POSTGRESQL) == str(value)
    assert literal("x", "999.99", sa.Numeric(5, 2), POSTGRESQL) == "999.99"
    assert literal("x", "abc", sa.String(3), POSTGRESQL) == "'abc'"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("type_", [str, bool, int, float, Decimal, date, timedelta, bytes])
def test_a_neutral_value_can_be_written(type_: type, dialect: sa.Dialect) -> None:
    types: dict[type, Any] = {
        str: sa.String(),
        bool: sa.Boolean(),
        int: sa.Integer(),
        float: sa.Float(),
        Decimal: sa.Numeric(5, 2),
        date: sa.Date(),
        timedelta: sa.Interval(),
        bytes: sa.LargeBinary(),
    }
    value = neutral_value(types[type_], dialect)
    assert isinstance(value, type_)
    assert literal("x", value, types[type_], dialect)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (sa.Enum(Color), "RED"),
        (sa.JSON(), {}),
        (sa.ARRAY(sa.Integer), "{}"),
        (postgresql.INET(), "0.0.0.0"),
        (postgresql.BIT(3), "000"),
        (postgresql.INT4RANGE(), "empty"),
        (sa.DateTime(), datetime(1970, 1, 1)),
        (sa.types.NullType(), None),
    ],
    ids=_named,
)
def test_each_type_has_a_neutral_value(type_: sa.types.TypeEngine[Any], value: object) -> None:
    assert neutral_value(type_, POSTGRESQL) == value


def test_each_neutral_value_of_python_is_one_of_its_type() -> None:
    assert not [kind for kind, (_, value) in READERS.items() if not isinstance(value, kind)]


def test_the_types_of_postgresql_that_have_a_neutral_value_exist() -> None:
    names = {str(getattr(kind, "__visit_name__", "")) for kind in vars(postgresql).values()}
    assert NEUTRALS.keys() <= names


def test_an_expression_is_written_without_parameters() -> None:
    clause = sa.column("a") == "it's"
    assert as_sql(clause, SQLITE) == "a = 'it''s'"
