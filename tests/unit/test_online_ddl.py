"""What takes long on PostgreSQL moves into a revision of its own, with its inverse."""

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.operations import AutocommitOp, FillOp, RevisionOps
from alembic_guards.authoring.passes.online import drop_columns_with_indexes, is_online, split
from alembic_guards.database.identifiers import bare
from alembic_guards.runtime.backfill import BackfillOp
from alembic_guards.runtime.operations import SQLOp
from compared import compared, said


def add(name: str) -> ops.AddColumnOp:
    return ops.AddColumnOp("items", sa.Column(name, sa.Integer))


def index(name: str = "ix") -> tuple[ops.CreateIndexOp, ops.DropIndexOp]:
    create = ops.CreateIndexOp(name, "items", ["size"])
    return create, ops.DropIndexOp(name, "items")


def revision(up: list[MigrateOperation], down: list[MigrateOperation]) -> RevisionOps:
    return RevisionOps(up, down)


def both(revisions: list[RevisionOps]) -> list[tuple[list[str], list[str]]]:
    return [(said(each.upgrade), said(each.downgrade)) for each in revisions]


POSTGRESQL = compared().dialect


def test_an_index_moves_behind_a_column_and_its_drop_before_that() -> None:
    create, drop = index()
    parts = split(
        revision([add("size"), create], [drop, ops.DropColumnOp("items", "size")]),
        POSTGRESQL,
        set(),
    )
    assert both(parts) == [
        (["add items.size"], ["drop items.size"]),
        (["create index ix"], ["drop index ix"]),
    ]
    assert [is_online(each) for each in parts] == [False, True]


def test_an_index_alone_stays_one_revision_and_is_built_concurrently() -> None:
    create, drop = index()
    (only,) = split(revision([create], [drop]), POSTGRESQL, set())
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
    assert split(whole, POSTGRESQL, set()) == [whole]


def test_an_index_without_its_inverse_stays() -> None:
    create, _ = index()
    whole = revision([create], [])
    assert split(whole, POSTGRESQL, set()) == [whole]


def test_other_databases_write_one_revision() -> None:
    create, drop = index()
    whole = revision([add("size"), create], [drop])
    for database in ("sqlite", "mysql"):
        assert split(whole, compared(database).dialect, set()) == [whole]


def test_not_null_is_proven_by_a_check_before_it_is_set() -> None:
    to_not_null = ops.AlterColumnOp("items", "size", modify_nullable=False)
    back = ops.AlterColumnOp("items", "size", modify_nullable=True)
    for has_key in (False, True):
        update = FillOp(to_not_null, "size", "1", POSTGRESQL, has_key=has_key)
        (only,) = split(revision([update, to_not_null], [back]), POSTGRESQL, set())
        block, *last = only.upgrade
        assert isinstance(block, AutocommitOp)
        fill = block.ops[1]
        assert isinstance(fill, BackfillOp) if has_key else fill is update
        assert said(last) == ["items.size: NOT NULL"]


@pytest.mark.parametrize("column", ["size", "s" * 52, "s" * 63, "ö" * 30])
def test_the_check_of_not_null_has_a_name_of_its_own(column: str) -> None:
    to_not_null = ops.AlterColumnOp("items", column, modify_nullable=False)
    back = ops.AlterColumnOp("items", column, modify_nullable=True)
    whole, taken, names = revision([to_not_null], [back]), set[str](), set[str]()
    for _ in range(3):
        (only,) = split(whole, POSTGRESQL, taken)
        drop = only.upgrade[-1]
        assert isinstance(drop, SQLOp)
        name = bare(drop.statements[0].rpartition(" ")[2])
        names.add(name)
        taken = {*taken, name}
    assert len(names) == 3, "a constraint of the table keeps its name"
    assert max(len(name.encode()) for name in names) <= 63


def test_an_index_is_built_beside_another_one_under_a_name_that_is_free() -> None:
    create, drop = index()
    (only,) = split(revision([drop, create], [drop, create]), POSTGRESQL, {"ix", "new_ix"})
    (block, *_) = only.upgrade
    assert isinstance(block, AutocommitOp)
    built = next(op for op in block.ops if isinstance(op, ops.CreateIndexOp))
    assert built.index_name not in {"ix", "new_ix"}


def test_a_column_is_dropped_together_with_its_index() -> None:
    table = sa.Table("items", sa.MetaData(), sa.Column("size", sa.Integer))
    on_column = ops.DropIndexOp.from_index(sa.Index("ix", table.c.size))
    steps = [on_column, ops.DropColumnOp("items", "size")]
    assert said(drop_columns_with_indexes(steps, compared())) == ["drop items.size"]
    assert said(drop_columns_with_indexes(steps, compared("mysql"))) == [
        "drop index ix",
        "drop items.size",
    ]


def test_an_index_whose_name_a_new_one_takes_is_dropped_before_its_column() -> None:
    table = sa.Table("items", sa.MetaData(), sa.Column("size", sa.Integer))
    drop = ops.DropIndexOp.from_index(sa.Index("ix", table.c.size))
    create = ops.CreateIndexOp("ix", "items", ["other"])
    steps = [drop, create, ops.DropColumnOp("items", "size")]
    assert drop_columns_with_indexes([*steps], compared()) == steps
