"""A revision that makes new orphaned rows is refused, whichever old ones it deletes or renames."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.orphans import Key, find_orphans, grown, read_orphans

ITEMS = Key("items", "users", ("user_id",))
LINES = Key("lines", "users", ("user_id",))
OTHER = ITEMS._replace(columns=("author_id",))
FAR = Key("far", "shops", ("shop_id",))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {ITEMS: 1}, [ITEMS]),
        ({ITEMS: 5}, {ITEMS: 5}, []),
        ({ITEMS: 5, LINES: 0}, {ITEMS: 0, LINES: 5}, [LINES]),
        ({ITEMS: 5, OTHER: 0}, {ITEMS: 0, OTHER: 5}, [OTHER]),
        ({ITEMS: 5}, {ITEMS: 0, LINES: 5}, [LINES]),
        ({ITEMS: 5}, {LINES: 5}, []),
        ({ITEMS: 5}, {OTHER: 5}, []),
        ({ITEMS: 5}, {LINES: 6}, [LINES]),
        ({ITEMS: 5}, {LINES: 5, OTHER: 5}, [OTHER]),
        ({ITEMS: 5}, {FAR: 5}, [FAR]),
    ],
)
def test_only_keys_that_were_renamed_take_over_orphans(
    before: dict[Key, int], after: dict[Key, int], expected: list[Key]
) -> None:
    assert list(grown(before, after, lambda key: key)) == expected


def test_a_key_may_be_renamed_in_all_its_parts() -> None:
    assert not list(grown({ITEMS: 5}, {FAR: 5}, lambda _: ITEMS))


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    with sa.create_engine("sqlite://").begin() as connection:
        for table in ("items", "Lines"):
            connection.exec_driver_sql(
                f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id))"
            )
        connection.exec_driver_sql("CREATE TABLE users (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO items (user_id) VALUES (1), (2)")
        yield connection


def test_orphans_of_another_table_are_new(connection: sa.Connection) -> None:
    before = read_orphans(connection).counts
    assert before == {ITEMS: 2, LINES: 0}
    assert not find_orphans(connection, before)
    connection.exec_driver_sql("DELETE FROM items")
    connection.exec_driver_sql("INSERT INTO Lines (user_id) VALUES (3), (4)")
    [refusal] = find_orphans(connection, before)
    assert "2 of 2 rows of Lines refer by user_id to rows of users" in str(refusal)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE items RENAME TO things",
        "ALTER TABLE items RENAME user_id TO owner_id",
        "ALTER TABLE users RENAME TO people",
    ],
)
def test_orphans_of_what_was_renamed_are_old(connection: sa.Connection, sql: str) -> None:
    before = read_orphans(connection).counts
    connection.exec_driver_sql(sql)
    assert not find_orphans(connection, before)
