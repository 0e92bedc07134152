"""What takes long on PostgreSQL moves into a revision of its own, with its inverse."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.operations import AutocommitOp, Revision
from alembic_guards.authoring.passes.online import drop_columns_with_indexes, is_online, split
from compared import compared, said


def add(name: str) -> ops.AddColumnOp:
    return ops.AddColumnOp("items", sa.Column(name, sa.Integer))


def index(name: str = "ix") -> tuple[ops.CreateIndexOp, ops.DropIndexOp]:
    create = ops.CreateIndexOp(name, "items", ["size"])
    return create, ops.DropIndexOp(name, "items")


def revision(up: list[MigrateOperation], down: list[MigrateOperation]) -> Revision:
    return Revision(up, down)


def both(revisions: list[Revision]) -> list[tuple[list[str], list[str]]]:
    return [(said(each.upgrade), said(each.downgrade)) for each in revisions]


POSTGRESQL = compared().dialect


def test_an_index_moves_behind_a_column_and_its_drop_before_that() -> None:
    create, drop = index()
    parts = split(
        revision([add("size"), create], [drop, ops.DropColumnOp("items", "size")]), POSTGRESQL
    )
    assert both(parts) == [
        (["add items.size"], ["drop items.size"]),
        (["create index ix"], ["drop index ix"]),
    ]
    assert [is_online(each) for each in parts] == [False, True]


def test_an_index_alone_stays_one_revision_and_is_built_concurrently() -> None:
    create, drop = index()
    (only,) = split(revision([create], [drop]), POSTGRESQL)
    (block,) = only.upgrade
    assert isinstance(block, AutocommitOp)
    (built,) = block.ops
    assert isinstance(built, ops.CreateIndexOp)
    assert built.kw == {"postgresql_concurrently": True}
    assert create.kw == {}, "the operation that went in is the same"


def test_an_index_of_a_new_table_is_made_with_it() -> None:
    create, drop = index()
    table = ops.CreateTableOp("items", [sa.Column("size", sa.Integer)])
    whole = revision([table, create], [drop, ops.DropTableOp("items")])
    assert split(whole, POSTGRESQL) == [whole]


def test_an_index_without_its_inverse_stays() -> None:
    create, _ = index()
    whole = revision([create], [])
    assert split(whole, POSTGRESQL) == [whole]


def test_other_databases_write_one_revision() -> None:
    create, drop = index()
    whole = revision([add("size"), create], [drop])
    for database in ("sqlite", "mysql"):
        assert split(whole, compared(database).dialect) == [whole]


def test_not_null_is_proven_by_a_check_before_it_is_set() -> None:
    to_not_null = ops.AlterColumnOp("items", "size", modify_nullable=False)
    update = ops.ExecuteSQLOp("UPDATE items SET size = 1 WHERE size IS NULL")
    back = ops.AlterColumnOp("items", "size", modify_nullable=True)
    (only,) = split(revision([update, to_not_null], [back]), POSTGRESQL)
    block, *last = only.upgrade
    assert isinstance(block, AutocommitOp)
    assert update in block.ops
    assert said(last) == ["alter items.size"]


def test_a_column_is_dropped_together_with_its_index() -> None:
    table = sa.Table("items", sa.MetaData(), sa.Column("size", sa.Integer))
    on_column = ops.DropIndexOp.from_index(sa.Index("ix", table.c.size))
    steps = [on_column, ops.DropColumnOp("items", "size")]
    assert said(drop_columns_with_indexes(steps, compared())) == ["drop items.size"]
    assert said(drop_columns_with_indexes(steps, compared("mysql"))) == [
        "drop index ix",
        "drop items.size",
    ]
