"""Names are written as each dialect wants them."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic_guards.database.identifiers import (
    bare,
    free_name,
    is_in,
    quoted_table,
    quoter,
    serial_name,
    spelled_as,
    table_key,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

SQLITE: Any = sqlite.dialect
POSTGRESQL: Any = postgresql.dialect
MYSQL: Any = mysql.dialect


def test_the_key_of_a_table_holds_its_schema() -> None:
    assert table_key(ops.DropTableOp("users")) == "users"
    assert table_key(ops.DropTableOp("users", schema="shop")) == "shop.users"


@pytest.mark.parametrize(
    ("schema", "default", "asked", "found"),
    [
        (None, "public", None, True),
        ("public", "public", None, True),
        ("shop", "public", "shop", True),
        ("shop", "public", None, False),
        (None, "public", "shop", False),
        (None, None, None, True),
    ],
)
def test_the_default_schema_may_be_named_or_not(
    schema: str | None, default: str | None, asked: str | None, found: bool
) -> None:
    dialect = POSTGRESQL()
    dialect.default_schema_name = default
    assert is_in(sa.Table("t", sa.MetaData(), schema=schema), asked, dialect) is found


@pytest.mark.parametrize(
    ("dialect", "name", "quoted"),
    [
        (SQLITE(), "users", "users"),
        (SQLITE(), "order", '"order"'),
        (SQLITE(), 'a "b"', '"a ""b"""'),
        (POSTGRESQL(), "Users", '"Users"'),
        (POSTGRESQL(paramstyle="format"), "100 %", '"100 %"'),
        (MYSQL(), "order", "`order`"),
        (MYSQL(paramstyle="format"), "100 %", "`100 %`"),
    ],
)
def test_a_name_is_quoted_as_it_is_executed(dialect: sa.Dialect, name: str, quoted: str) -> None:
    assert quoter(dialect)(name) == quoted


def test_the_name_of_a_table_is_quoted_with_its_schema() -> None:
    op = ops.DropTableOp("order", schema="my shop")
    assert quoted_table(op, MYSQL()) == "`my shop`.`order`"
    assert quoted_table(ops.DropTableOp("users"), SQLITE()) == "users"


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("users", "id", "users_id_seq"),
        ("t" * 63, "id", f"{'t' * 56}_id_seq"),
        ("t" * 40, "c" * 40, f"{'t' * 29}_{'c' * 29}_seq"),
        ("é" * 40, "id", f"{'é' * 28}_id_seq"),
    ],
)
def test_the_sequence_of_a_column_has_the_name_that_postgresql_gives_it(
    table: str, column: str, name: str
) -> None:
    assert serial_name(table, column) == name
    assert len(name.encode()) <= 63


def test_names_lose_their_quotes() -> None:
    assert bare('"a b" and `c`') == "a b and c"


@pytest.mark.parametrize("name", ["position", "a$b", "shop.position", '"Position"'])
def test_a_name_is_spelled_as_in_the_catalog(name: str) -> None:
    assert spelled_as(name, ["other", f'"{bare(name)}"']) == f'"{bare(name)}"'
    assert spelled_as(name, ["other"]) == name


@pytest.mark.parametrize("name", ["size", "s" * 63, "ö" * 40, "{}"])
def test_a_free_name_fits_and_is_not_taken(name: str) -> None:
    taken: set[str] = set()
    for _ in range(3):
        free = free_name("new_{}", name, taken)
        assert free.startswith("new_") and len(free.encode()) <= 63 and free not in taken
        assert free == free_name("new_{}", name, taken)
        taken.add(free)
    assert free_name("new_{}", "size", ()) == "new_size"
