"""The default of a model is written as SQL, or as a function of Python, for rows that are there."""

import secrets
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.authoring.write.callables import Code
from alembic_guards.authoring.write.row_defaults import RowDefault, row_default
from sqlalchemy.dialects import mysql, postgresql, sqlite

POSTGRESQL, MARIADB, SQLITE = (module.dialect() for module in (postgresql, mysql, sqlite))


class GUID(sa.TypeDecorator[uuid.UUID]):
    """A UUID that is stored as text."""

    impl = sa.CHAR(32)
    cache_ok = True

    def process_bind_param(self, value: Any, _: sa.Dialect) -> Any:
        return value and value.hex


class Odd(GUID):
    """A UUID that is stored in a way of its own."""

    def process_bind_param(self, value: Any, _: sa.Dialect) -> Any:
        return value and f"~{value}"


def written(
    type_: Any, default: Any, dialect: sa.Dialect, *, is_unique: bool = False
) -> RowDefault | None:
    column = sa.Column("x", type_, default=default)
    return row_default(column, "items.x", dialect, is_unique=is_unique)


@pytest.mark.parametrize(
    ("type_", "default", "dialect", "sql", "differs"),
    [
        (sa.Integer(), 5, SQLITE, "5", False),
        (sa.JSON(), dict, SQLITE, "'{}'", False),
        (sa.JSON(), list, MARIADB, "'[]'", False),
        (sa.ARRAY(sa.Text), list, POSTGRESQL, "'{}'", False),
        (sa.Date(), sa.func.current_date(), POSTGRESQL, "CURRENT_DATE", True),
        (sa.Uuid(), uuid.uuid4, POSTGRESQL, "gen_random_uuid()", True),
        (
            sa.Uuid(native_uuid=False),
            uuid.uuid4,
            POSTGRESQL,
            "replace(CAST(gen_random_uuid() AS TEXT), '-', '')",
            True,
        ),
        (GUID(), uuid.uuid4, POSTGRESQL, "replace(CAST(gen_random_uuid() AS TEXT), '-', '')", True),
        (sa.DateTime(timezone=True), lambda: datetime.now(UTC), POSTGRESQL, "now()", False),
        (sa.DateTime(), lambda: datetime.now(UTC), MARIADB, "(utc_timestamp(6))", False),
        (sa.DateTime(), lambda: datetime.now(UTC), SQLITE, "CURRENT_TIMESTAMP", False),
        (sa.DateTime(), datetime.now, POSTGRESQL, "LOCALTIMESTAMP", False),
        (sa.Date(), date.today, MARIADB, "(CURRENT_DATE)", False),
    ],
)
def test_sql_gives_rows_what_the_model_gives_new_ones(
    type_: Any, default: Any, dialect: sa.Dialect, sql: str, *, differs: bool
) -> None:
    assert written(type_, default, dialect) == RowDefault(sql, differs)


@pytest.mark.parametrize(
    ("type_", "default", "dialect", "text"),
    [
        (sa.Uuid(), uuid.uuid4, SQLITE, "uuid.uuid4"),
        (sa.Uuid(), uuid.uuid4, MARIADB, "uuid.uuid4"),
        (sa.Uuid(), uuid.uuid1, POSTGRESQL, "uuid.uuid1"),
        (GUID(), uuid.uuid4, SQLITE, "lambda: uuid.uuid4().hex"),
        (sa.String(64), secrets.token_hex, POSTGRESQL, "secrets.token_hex"),
    ],
)
def test_a_function_is_called_where_no_sql_does_the_same(
    type_: Any, default: Any, dialect: sa.Dialect, text: str
) -> None:
    found = written(type_, default, dialect)
    assert found is not None
    assert (found.sql, found.code and found.code.text) == ("", text)


def test_a_time_of_the_server_does_not_fill_a_unique_column() -> None:
    found = written(sa.DateTime(), datetime.now, POSTGRESQL, is_unique=True)
    assert found == RowDefault(code=Code("datetime.datetime.now", frozenset({"datetime"})))


def test_an_old_server_has_no_function_for_random_uuids() -> None:
    (old,) = (module.dialect() for module in (postgresql,))
    old.server_version_info = (12, 1)
    found = written(sa.Uuid(), uuid.uuid4, old)
    assert found is not None
    assert found.code is not None


@pytest.mark.parametrize(
    ("type_", "default"),
    [
        (sa.Integer(), None),
        (Odd(), uuid.uuid4),  # no conversion that is known does that
        (sa.Text(), lambda context: context.get_current_parameters()["y"]),
    ],
)
def test_what_is_not_known_is_none(type_: Any, default: Any) -> None:
    assert written(type_, default, SQLITE) is None
