"""A drop that a person has answered for is marked as confirmed."""

import sqlalchemy as sa
from alembic.operations import ops
from alembic_guards.authoring.passes.consent import confirm_drops
from alembic_guards.runtime.destructive import INFO
from compared import compared


def test_drops_of_tables_and_columns_are_marked_and_nothing_else_is() -> None:
    table, column = ops.DropTableOp("items"), ops.DropColumnOp("users", "age", schema="s")
    index = ops.DropIndexOp("ix", "users")
    add = ops.AddColumnOp("users", sa.Column("size", sa.Integer))
    marked_table, marked_column, *others = confirm_drops([table, column, index, add], compared())
    assert isinstance(marked_table, ops.DropTableOp)
    assert isinstance(marked_column, ops.DropColumnOp)
    assert (marked_table.info, marked_column.kw) == (INFO, {"info": INFO})
    assert not table.info and not column.kw, "the operations that went in are the same"
    assert others == [index, add]
