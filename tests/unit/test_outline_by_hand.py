"""The outline of SQL by hand stands after what is added, and before NOT NULL and the drops."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import ByHandOp
from alembic_guards.authoring.passes.backfill import add_backfills
from alembic_guards.authoring.passes.by_hand import write_by_hand
from compared import compared


def written(comparison: Comparison, *operations: MigrateOperation) -> list[MigrateOperation]:
    assert comparison.answers
    for name in ("users.name", "s.o t.full name", "admins"):
        comparison.answers.is_by_hand(name)  # as the question about what is gone does
    return write_by_hand(add_backfills([*operations], comparison), comparison)


def outline(operations: list[MigrateOperation]) -> list[str]:
    return [sql for op in operations if isinstance(op, ByHandOp) for sql in op.statements]


def add(table: str, name: str, schema: str | None = None, **options: Any) -> ops.AddColumnOp:
    column: sa.Column[Any] = sa.Column(name, sa.String(9), **{"nullable": False, **options})
    return ops.AddColumnOp(table, column, schema=schema)


def kinds(operations: list[MigrateOperation]) -> list[str]:
    return [type(op).__name__ for op in operations if type(op).__name__ != "Barrier"]


def test_the_order_is_add_move_not_null_constraint_drop() -> None:
    comparison = compared(answers="byhand=users.name")
    unique = ops.CreateUniqueConstraintOp("uq", "users", ["last"])
    drop = ops.DropColumnOp("users", "name")
    found = written(comparison, drop, add("users", "first"), add("users", "last"), unique)
    assert outline(found) == ["UPDATE users SET first = ..., last = ..."]
    assert kinds(found) == [
        *["AddColumnOp"] * 2,
        "ByHandOp",
        *["AlterColumnOp"] * 2,
        "CreateUniqueConstraintOp",
        "DropColumnOp",
    ]
    assert all(op.column.nullable for op in found if isinstance(op, ops.AddColumnOp))


@pytest.mark.parametrize(
    ("database", "sql"),
    [
        ("postgresql", 'UPDATE s."o t" SET "a b" = ..., "order" = ...'),
        ("mysql", "UPDATE s.`o t` SET `a b` = ..., `order` = ..."),
    ],
)
def test_names_are_quoted(database: str, sql: str) -> None:
    comparison = compared(database, answers="'byhand=s.o t.full name'")
    drop = ops.DropColumnOp("o t", "full name", schema="s")
    found = written(comparison, add("o t", "a b", "s"), add("o t", "order", "s"), drop)
    assert outline(found) == [sql]


def test_what_has_a_value_is_no_part_of_it_and_a_nullable_column_of_the_table_is() -> None:
    comparison = compared(answers="byhand=users.name fill=users.size:7")
    operations = (
        add("users", "size"),
        add("users", "age", default="x"),
        add("users", "made", server_default="x"),
        add("users", "nick", nullable=True),
        add("posts", "title"),
        add("posts", "note", nullable=True),
        ops.DropColumnOp("users", "name"),
    )
    found = written(comparison, *operations)
    assert outline(found) == ["UPDATE users SET nick = ...", "UPDATE posts SET title = ..."]


def test_rows_of_a_table_go_into_what_the_person_names_and_come_back() -> None:
    comparison = compared(answers="byhand=admins")
    found = written(comparison, ops.DropTableOp("admins"))
    assert outline(found) == ["INSERT INTO ... (...) SELECT ... FROM admins"]
    keys = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))
    create = ops.CreateTableOp("admins", [*keys])
    down = write_by_hand([create], comparison.reversed())
    assert outline(down) == ["INSERT INTO admins (name) SELECT ... FROM ..."]


def test_a_downgrade_consents_to_drop_the_columns_that_were_filled_and_no_other() -> None:
    comparison = compared(answers="byhand=users.name fill=users.size:7")
    added = [add("users", name) for name in ("first", "size")]
    written(comparison, *added, ops.DropColumnOp("users", "name"))
    back = [*map(ops.DropColumnOp, ["users", "users", "posts"], ["first", "size", "x"])]
    down = comparison.reversed()
    found = write_by_hand(add_backfills([add("users", "name"), *back], down), down)
    assert outline(found) == ["UPDATE users SET name = ..."]
    drops = {op.column_name: op.kw for op in found if isinstance(op, ops.DropColumnOp)}
    assert [name for name, kw in drops.items() if kw.get("info")] == ["first"]


def test_without_the_answer_nothing_changes() -> None:
    operations: list[MigrateOperation] = [ops.DropColumnOp("users", "name")]
    assert write_by_hand(operations, compared()) is operations
    assert write_by_hand(operations, compared(answers=None)) is operations


def test_a_downgrade_fills_columns_in_the_order_of_their_names() -> None:
    comparison = compared(answers="byhand=users.name byhand=users.b byhand=users.a")
    assert comparison.answers
    for name in ("users.name", "users.b", "users.a"):
        comparison.answers.is_by_hand(name)
    down = comparison.reversed()
    added = [add("users", name, nullable=True) for name in ("b", "name", "a")]
    for order in (added, added[::-1]):
        assert outline(write_by_hand([*order], down)) == [
            "UPDATE users SET a = ..., b = ..., name = ..."
        ]
