"""What a statement answered is the same when it is read from the journal."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from alembic_guards.runtime.recorded_results import (
    NotRecordable,
    RecordedCursor,
    Result,
    decode_result,
    encode_result,
)

VALUES: list[Any] = [
    None,
    True,
    1,
    2**70,
    1.5,
    "ö'\x00",
    b"\x00\xff",
    Decimal("1.10"),
    date(2026, 1, 2),
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    time(3, 4),
    timedelta(days=-1, microseconds=1),
    UUID(int=1),
    [1, ["a"]],
    {"a": [1, {"b": None}], 2: "c"},
    (1, b"a"),
]


class Colour(IntEnum):
    """A subclass of a type that can be recorded."""

    RED = 1


def test_a_result_comes_back_with_values_of_the_same_types() -> None:
    result = Result(3, None, [("a", 23)], [(value,) for value in VALUES])
    again = decode_result(encode_result(result))
    assert again == result
    assert [type(row[0]) for row in again.rows] == [type(value) for value in VALUES]


@pytest.mark.parametrize("value", [object(), Colour.RED, [object()]])
def test_what_would_come_back_as_something_else_is_not_recorded(value: object) -> None:
    with pytest.raises(NotRecordable):
        encode_result(Result(1, None, [("a", 0)], [(value,)]))


def test_a_cursor_gives_the_rows_in_pieces_and_the_rest() -> None:
    cursor = RecordedCursor(object(), Result(4, 9, [("n", 23)], [(1,), (2,), (3,), (4,)]))
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany(2) == [(2,), (3,)]
    assert cursor.fetchall() == [(4,)]
    assert (cursor.fetchone(), cursor.fetchall()) == (None, [])
    assert (cursor.rowcount, cursor.lastrowid) == (4, 9)
    assert [column[:2] for column in cursor.description] == [("n", 23)]


def test_a_statement_without_rows_has_no_description() -> None:
    assert RecordedCursor(object(), Result(5, None, None, [])).description is None
