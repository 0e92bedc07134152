"""All passes in their order: what autogenerate finds becomes what is written."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.comparison import apply
from alembic_guards.authoring.operations import flatten
from alembic_guards.authoring.pipeline import BEFORE_TRIAL, DOWNGRADE, UPGRADE
from alembic_guards.runtime.renames import RenameColumn
from compared import compared, said


def test_a_rename_comes_first_and_the_rest_in_the_order_of_what_it_needs() -> None:
    metadata = sa.MetaData()
    shelves = sa.Table("shelves", metadata, sa.Column("id", sa.Integer, primary_key=True))
    steps: list[MigrateOperation] = [
        RenameColumn("name", "title", table="items"),
        ops.DropTableOp("old"),
        ops.ModifyTableOps(
            "items",
            [
                ops.CreateForeignKeyOp("fk", "items", "shelves", ["shelf_id"], ["id"]),
                ops.AddColumnOp("items", sa.Column("shelf_id", sa.Integer, nullable=False)),
            ],
        ),
        ops.CreateTableOp.from_table(shelves),
    ]
    comparison = compared(metadata=metadata, answers="fill=items.shelf_id:1")
    assert said(apply(UPGRADE, flatten(steps), comparison)) == [
        "rename items.name to title",
        "create shelves",
        "add items.shelf_id",
        "items.shelf_id: no default",
        "foreign key items.shelf_id -> shelves",
        "drop old",
    ]


def test_the_operations_that_go_in_and_their_list_stay_as_they_are() -> None:
    alter = ops.AlterColumnOp(
        "items", "size", existing_type=sa.Text(), modify_type=sa.Integer(), modify_nullable=False
    )
    steps: list[MigrateOperation] = [ops.DropColumnOp("items", "old"), alter]
    before = [vars(op).copy() for op in steps]
    comparison = compared(answers="fill=items.size:1")
    for passes in (UPGRADE, *BEFORE_TRIAL):
        assert apply(passes, steps, comparison) is not steps
    apply(DOWNGRADE, steps, comparison.reversed())
    assert [vars(op) for op in steps] == before
    assert len(steps) == 2


def test_without_a_difference_only_renames_and_changes_of_enums_are_left() -> None:
    text = sa.Enum("a", "b", native_enum=False)
    steps: list[MigrateOperation] = [
        RenameColumn("name", "title", table="items"),
        ops.CreateIndexOp("ix", "items", ["title"]),
        ops.AlterColumnOp("items", "kind", existing_type=sa.String(1), modify_type=text),
        ops.AlterColumnOp("items", "size", existing_type=sa.String(1), modify_type=sa.Text()),
    ]
    assert said(apply(UPGRADE, steps, compared(drift=[]))) == [
        "rename items.name to title",
        "items.kind: VARCHAR(1)",
    ]
