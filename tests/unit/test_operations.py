"""Operations are taken out of their groups and put back; a key names an operation's inverse."""

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.operations import (
    Barrier,
    OpKey,
    apart,
    columns_of,
    flatten,
    op_key,
    regroup,
)


def column(name: str, table: str = "users") -> ops.AddColumnOp:
    return ops.AddColumnOp(table, sa.Column(name, sa.Integer))


def shape(operations: list[MigrateOperation]) -> list[object]:
    """Return the names of tables and columns of groups, and the types of all other operations."""
    return [
        (op.table_name, [part.column.name for part in op.ops if isinstance(part, ops.AddColumnOp)])
        if isinstance(op, ops.ModifyTableOps)
        else type(op)
        for op in operations
    ]


def test_groups_are_the_same_after_they_were_taken_apart() -> None:
    groups: list[MigrateOperation] = [
        ops.ExecuteSQLOp("SELECT 1"),
        ops.ModifyTableOps("users", [column("a"), column("b")]),
        ops.ModifyTableOps("users", [column("c")]),
        ops.ModifyTableOps("posts", [column("d", "posts")]),
        ops.DropTableOp("old"),
    ]
    flat = flatten(groups)
    assert [type(op) for op in flat].count(Barrier) == 1
    assert shape(regroup(flat)) == shape(groups)


def test_neighbours_on_one_table_become_one_group_and_tables_of_other_schemas_do_not() -> None:
    one, other = column("a"), ops.AddColumnOp("users", sa.Column("b", sa.Integer), schema="archive")
    assert shape(regroup([one, column("c"), other])) == [("users", ["a", "c"]), ("users", ["b"])]


def test_an_empty_group_leaves_nothing() -> None:
    assert regroup(flatten([ops.ModifyTableOps("users", [])])) == []


@pytest.mark.parametrize(
    ("op", "key"),
    [
        (ops.CreateIndexOp("ix", "users", ["a"]), OpKey(True, "index", "users", "ix")),
        (ops.DropIndexOp("ix", "users", schema="s"), OpKey(False, "index", "s.users", "ix")),
        (
            ops.CreateUniqueConstraintOp("uq", "users", ["a"]),
            OpKey(True, "unique", "users", "uq"),
        ),
        (
            ops.CreateForeignKeyOp("fk", "posts", "users", ["a"], ["id"], source_schema="s"),
            OpKey(True, "foreign key", "s.posts", "fk"),
        ),
        (
            ops.DropConstraintOp("fk", "posts", "foreignkey", schema="s"),
            OpKey(False, "foreign key", "s.posts", "fk"),
        ),
        (ops.DropConstraintOp("ck", "posts", "check"), OpKey(False, "check", "posts", "ck")),
        (
            ops.AlterColumnOp("users", "a", modify_nullable=False),
            OpKey(True, "not null", "users", "a"),
        ),
        (ops.AlterColumnOp("users", "a", modify_nullable=False, modify_type=sa.Text()), None),
        (ops.DropConstraintOp("pk", "users", "primary"), None),
        (column("a"), None),
    ],
)
def test_a_key_identifies_an_operation_on_a_named_part(
    op: MigrateOperation, key: OpKey | None
) -> None:
    assert op_key(op) == key


def test_the_key_of_the_reverse_is_the_inverse() -> None:
    table = sa.Table("users", sa.MetaData(), sa.Column("a", sa.Integer), schema="s")
    check = sa.CheckConstraint("a > 0", name="ck")
    table.append_constraint(check)
    for op in (
        ops.CreateIndexOp.from_index(sa.Index("ix", table.c.a)),
        ops.AddConstraintOp.from_constraint(check),
    ):
        key = op_key(op)
        assert key
        assert op_key(op.reverse()) == key.inverse()
        assert key.inverse().inverse() == key


def test_operations_that_are_kept_apart_are_groups_of_their_own() -> None:
    steps = [column("a"), *apart([column("b"), column("c")]), column("d")]
    groups = [("users", [name]) for name in "abcd"]
    assert shape(regroup(steps)) == groups


def test_a_primary_key_an_exclusion_and_a_check_without_a_name_have_no_key() -> None:
    for op in (
        ops.CreatePrimaryKeyOp("pk", "users", ["id"]),
        ops.CreateCheckConstraintOp(None, "users", "a > 0"),
    ):
        assert op_key(op) is None


def test_an_index_names_its_plain_columns_alone() -> None:
    op = ops.CreateIndexOp("ix", "users", ["a", sa.text("lower('b')")])
    assert columns_of(op) == {"a"}


def test_an_operation_on_a_column_names_it() -> None:
    assert columns_of(column("a")) == {"a"}
    assert columns_of(ops.DropColumnOp("users", "b")) == {"b"}
    assert columns_of(ops.AlterColumnOp("users", "c")) == {"c"}
    assert columns_of(ops.CreateUniqueConstraintOp("uq", "users", ["d", "e"])) == {"d", "e"}
    assert columns_of(ops.DropTableOp("users")) == set()
