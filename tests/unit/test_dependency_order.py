"""Operations in, operations out: an order that every database accepts."""

from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.operations import flatten, regroup
from alembic_guards.authoring.passes.dependency_order import sort_by_dependency
from compared import URLS, compared, said


def in_order(steps: Iterable[MigrateOperation], database: str = "postgresql") -> list[str]:
    return said(sort_by_dependency(flatten(steps), compared(database)))


def table(metadata: sa.MetaData, name: str, *targets: str) -> sa.Table:
    keys: list[sa.Column[int]] = [
        sa.Column(f"{target}_id", sa.ForeignKey(f"{target}.id", name=f"fk_{name}_{target}"))
        for target in targets
    ]
    return sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *keys)


@pytest.mark.parametrize("database", URLS)
def test_a_table_is_created_after_those_that_it_refers_to_and_dropped_before(database: str) -> None:
    metadata = sa.MetaData()
    tables = [
        table(metadata, "a", "b"),
        table(metadata, "b", "c"),
        table(metadata, "c"),
        table(metadata, "d", "a"),
    ]
    created = in_order(map(ops.CreateTableOp.from_table, tables), database)
    assert created == ["create c", "create b", "create a", "create d"]
    dropped = in_order(map(ops.DropTableOp.from_table, tables), database)
    assert dropped == ["drop d", "drop a", "drop b", "drop c"]


def test_foreign_keys_in_a_circle_are_added_when_both_tables_are_there() -> None:
    metadata = sa.MetaData()
    tables = [table(metadata, "a", "b"), table(metadata, "b", "a")]
    assert in_order(map(ops.CreateTableOp.from_table, tables)) == [
        "create a",
        "create b",
        "foreign key a.b_id -> b",
    ]
    assert in_order(map(ops.CreateTableOp.from_table, tables), "sqlite") == [
        "create a",
        "create b",
    ]
    assert in_order(map(ops.DropTableOp.from_table, tables))[0] == "drop constraint fk_a_b"


def test_a_foreign_key_is_dropped_before_the_index_that_it_needs() -> None:
    steps = [
        ops.DropIndexOp("ix", "posts"),
        ops.DropConstraintOp("fk", "posts", type_="foreignkey"),
    ]
    assert in_order([ops.ModifyTableOps("posts", steps)], "mysql") == [
        "drop constraint fk",
        "drop index ix",
    ]


def test_mariadb_drops_columns_at_the_end_for_rows_may_refuse_what_comes_before() -> None:
    steps = [
        ops.DropColumnOp("posts", "a"),
        ops.CreateUniqueConstraintOp("uq", "posts", ["b"]),
    ]
    assert in_order([ops.ModifyTableOps("posts", steps)], "mysql") == [
        "unique posts: b",
        "drop posts.a",
    ]


def test_a_generated_column_is_added_after_the_columns_that_it_is_computed_from() -> None:
    steps = [
        ops.AddColumnOp("t", sa.Column("b", sa.Integer, sa.Computed("a + 1"))),
        ops.AddColumnOp("t", sa.Column("a", sa.Integer)),
    ]
    assert in_order([ops.ModifyTableOps("t", steps)]) == ["add t.a", "add t.b"]


def test_tables_that_a_rewriter_makes_of_loose_columns_keep_their_foreign_keys() -> None:
    key = sa.ForeignKey("users.id", name="fk")
    steps = [
        ops.CreateTableOp("posts", [sa.Column("by", sa.Integer, key)], if_not_exists=True),
        ops.CreateTableOp("users", [sa.Column("id", sa.Integer, primary_key=True)]),
    ]
    ordered = regroup(sort_by_dependency(list(steps), compared()))
    assert said(ordered) == ["create users", "create posts"]
    posts = ordered[1]
    assert isinstance(posts, ops.CreateTableOp)
    assert posts.if_not_exists
    for _ in range(2):
        assert [key.name for key in posts.to_table().foreign_key_constraints] == ["fk"]


def test_an_index_of_sqlite_moves_to_another_table_after_it_is_dropped() -> None:
    steps = [
        ops.CreateIndexOp("ix", "a", ["x"]),
        ops.DropIndexOp("ix", "b"),
        ops.AddColumnOp("b", sa.Column("y", sa.Integer)),
    ]
    assert in_order(steps, "sqlite") == ["drop index ix", "create index ix", "add b.y"]


def test_an_index_of_sqlite_takes_the_name_of_one_of_a_dropped_table() -> None:
    old = sa.Table("old", sa.MetaData(), sa.Column("id", sa.Integer))
    steps = [
        ops.CreateIndexOp("ix", "a", ["x"]),
        ops.DropIndexOp("ix", "old"),
        ops.DropTableOp.from_table(old),
    ]
    assert in_order(steps, "sqlite") == ["drop old", "create index ix"]


def test_a_column_of_sqlite_is_added_before_a_foreign_key_refers_to_it() -> None:
    steps = [
        ops.CreateForeignKeyOp("fk", "a", "b", ["x"], ["y"]),
        ops.AddColumnOp("b", sa.Column("y", sa.Integer)),
    ]
    assert in_order(steps, "sqlite") == ["add b.y", "foreign key a.x -> b"]
