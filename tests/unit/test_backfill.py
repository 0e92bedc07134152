"""Rows get a value before their column becomes NOT NULL."""

from functools import partial
from secrets import randbelow
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic.util import CommandError
from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import regroup
from alembic_guards.authoring.passes.backfill import add_backfills
from alembic_guards.database.catalog.model import Entry, Reference, catalog_of
from alembic_guards.runtime.backfill import BackfillOp
from compared import compared, said


def filled(comparison: Comparison, *operations: MigrateOperation) -> list[str]:
    return said(add_backfills([*operations], comparison))


def add(name: str, **options: object) -> ops.AddColumnOp:
    return ops.AddColumnOp("items", sa.Column(name, sa.Integer, nullable=False, **options))  # type: ignore[arg-type]


def items(*columns: sa.Column[int]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("items", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


def test_a_new_column_gets_its_value_as_a_default_for_as_long_as_rows_are_filled() -> None:
    op = add("size")
    added, _, altered = add_backfills([op], compared(answers="fill=items.size:7"))
    assert isinstance(added, ops.AddColumnOp)
    assert str(added.column.server_default.arg) == "7"  # type: ignore[union-attr]
    assert isinstance(altered, ops.AlterColumnOp)
    assert altered.modify_server_default is None
    assert op.column.server_default is None, "the operation that went in is the same"


def test_the_second_change_of_a_table_is_a_batch_of_its_own() -> None:
    steps = add_backfills([add("size")], compared("sqlite", answers="fill=items.size:7"))
    assert len(regroup(steps)) == 2


def test_rows_of_a_column_that_becomes_not_null_are_updated_before() -> None:
    alter = ops.AlterColumnOp("items", "size", existing_type=sa.Integer(), modify_nullable=False)
    comparison = compared(metadata=items(sa.Column("size", sa.Integer, default=3)))
    assert filled(comparison, alter) == [
        "UPDATE items SET size = 3 WHERE size IS NULL",
        "items.size: NOT NULL",
    ]


@pytest.mark.parametrize(
    ("database", "has_key", "is_batched"),
    [("mysql", True, True), ("mysql", False, False), ("sqlite", True, False)],
)
def test_where_no_transaction_holds_all_rows_are_updated_in_batches(
    database: str, has_key: bool, is_batched: bool
) -> None:
    alter = ops.AlterColumnOp("items", "size", existing_type=sa.Integer(), modify_nullable=False)
    metadata = items(sa.Column("size", sa.Integer, default=3))
    key = Entry(kind="primary key", table="items", definition="id", columns=("id",))
    catalog = catalog_of([key] if has_key else [])
    comparison = compared(database, catalog, catalog, metadata=metadata)
    update, _ = add_backfills([alter], comparison)
    assert isinstance(update, BackfillOp) == is_batched
    if isinstance(update, BackfillOp):
        assert (update.values, update.where) == ({"size": "3"}, "size IS NULL")


def test_a_type_changes_before_the_rows_are_updated_and_not_null_comes_after() -> None:
    alter = ops.AlterColumnOp(
        "items",
        "size",
        existing_type=sa.Text(),
        modify_type=sa.Integer(),
        modify_nullable=False,
    )
    steps = add_backfills([alter], compared(answers="fill=items.size:3"))
    first, update, last = steps
    assert isinstance(first, ops.AlterColumnOp)
    assert isinstance(last, ops.AlterColumnOp)
    assert (first.modify_type is not None, first.modify_nullable) == (True, None)
    assert said([update]) == ["UPDATE items SET size = 3 WHERE size IS NULL"]
    assert (last.modify_type, last.modify_nullable) == (None, False)
    assert alter.modify_type is not None


def test_a_downgrade_takes_the_key_of_a_row_that_a_foreign_key_refers_to() -> None:
    key = Entry(
        kind="foreign key",
        table="items",
        name="fk",
        definition="",
        columns=("shelf_id",),
        refers_to=Reference("shelves", ("id",)),
    )
    comparison = compared(target=catalog_of([key]), metadata=items(), is_upgrade=False)
    assert filled(comparison, add("shelf_id")) == [
        "add items.shelf_id",
        "UPDATE items SET shelf_id = (SELECT id FROM shelves LIMIT 1) WHERE shelf_id IS NULL",
        "items.shelf_id: NOT NULL",
    ]


def test_a_downgrade_takes_both_columns_of_a_foreign_key_from_one_row() -> None:
    key = Entry(
        kind="foreign key",
        table="items",
        name="fk",
        definition="",
        columns=("x", "y"),
        refers_to=Reference("places", ("a", "b")),
    )
    comparison = compared(target=catalog_of([key]), metadata=items(), is_upgrade=False)
    said = filled(comparison, add("x"), add("y"))
    assert (
        "UPDATE items SET x = (SELECT a FROM places ORDER BY a, b LIMIT 1) WHERE x IS NULL" in said
    )
    assert (
        "UPDATE items SET y = (SELECT b FROM places ORDER BY a, b LIMIT 1) WHERE y IS NULL" in said
    )


def unique(*columns: str) -> Entry:
    name = "uq_" + "_".join(columns)
    return Entry(
        kind="unique", table="items", name=name, definition="", columns=columns, unique=columns
    )


def test_a_downgrade_numbers_a_unique_column_and_gives_others_a_neutral_value() -> None:
    target = catalog_of([unique("code")])
    comparison = compared(target=target, metadata=items(), is_upgrade=False)
    assert filled(comparison, add("code"))[1:] == [
        "UPDATE items SET code = CAST(id AS INTEGER) WHERE code IS NULL",
        "items.code: NOT NULL",
    ]
    added, *_ = add_backfills([add("size")], comparison)
    assert isinstance(added, ops.AddColumnOp)
    assert str(added.column.server_default.arg) == "0"  # type: ignore[union-attr]


def test_a_downgrade_needs_no_distinct_values_beside_columns_that_stay_unique() -> None:
    target = catalog_of([unique("name", "code"), unique("name")])
    present = catalog_of([unique("name")])
    comparison = compared(present=present, target=target, metadata=items(), is_upgrade=False)
    added, *_ = add_backfills([add("code")], comparison)
    assert isinstance(added, ops.AddColumnOp)
    assert str(added.column.server_default.arg) == "0"  # type: ignore[union-attr]


def test_numbers_beside_others_are_larger_than_those() -> None:
    alter = ops.AlterColumnOp("items", "code", existing_type=sa.Integer(), modify_nullable=False)
    target = catalog_of([unique("code")])
    comparison = compared(target=target, metadata=items(), is_upgrade=False)
    assert filled(comparison, alter)[0] == (
        "UPDATE items SET code = CAST(id AS INTEGER) + (SELECT coalesce(max(code), 0) FROM items)"
        " WHERE code IS NULL"
    )


def test_a_downgrade_asks_once_where_no_value_is_known() -> None:
    metadata = sa.MetaData()
    sa.Table("items", metadata, sa.Column("key", sa.Text, primary_key=True))
    target = catalog_of([unique("code")])
    comparison = compared(target=target, metadata=metadata, is_upgrade=False)
    add_backfills([add("code")], comparison)
    assert comparison.answers is not None
    with pytest.raises(
        CommandError, match="NOT NULL again after a downgrade.*fill=items.code:=SQL"
    ):
        comparison.answers.check_complete()
    answered = compared(
        target=target, metadata=metadata, is_upgrade=False, answers="fill=items.code:=length(key)"
    )
    assert "UPDATE items SET code = length(key) WHERE code IS NULL" in filled(answered, add("code"))


@pytest.mark.parametrize(
    ("default", "backfill"),
    [
        (uuid4, "uuid.uuid4"),
        (lambda: uuid4().int, "lambda: uuid.uuid4().int"),
        (partial(randbelow, 5), "lambda: secrets.randbelow(5)"),
    ],
)
def test_a_function_of_python_fills_each_row_by_its_key(default: Any, backfill: str) -> None:
    type_: Any = sa.Uuid() if default is uuid4 else sa.Integer()
    column = sa.Column("code", type_, nullable=False, default=default)
    key = Entry(kind="primary key", table="items", definition="id", columns=("id",))
    comparison = compared("mysql", catalog_of([key]), catalog_of([key]), metadata=items())
    assert filled(comparison, ops.AddColumnOp("items", column)) == [
        "add items.code",
        f"backfill items.code: {backfill}",
        "items.code: NOT NULL",
    ]


def test_without_a_key_for_its_batches_a_function_is_asked_about() -> None:
    column = sa.Column("code", sa.Uuid(), nullable=False, default=uuid4)
    comparison = compared("mysql", metadata=items())
    add_backfills([ops.AddColumnOp("items", column)], comparison)
    assert comparison.answers is not None
    with pytest.raises(CommandError, match="What value do existing rows get"):
        comparison.answers.check_complete()


def test_a_column_with_a_value_of_its_own_and_a_check_need_no_backfill() -> None:
    comparison = compared(answers=None)
    assert filled(comparison, add("size")) == ["add items.size"]
    assert filled(compared(), add("size", server_default="1")) == ["add items.size"]


def test_an_answer_that_is_no_value_of_the_type_is_refused() -> None:
    with pytest.raises(CommandError, match="fill=items.size:big is no INTEGER"):
        add_backfills([add("size")], compared(answers="fill=items.size:big"))
