"""What operations do is said in a few words, in their order."""

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic_guards.authoring.write.describe import describe
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.sqlite import RebuildTableOp

COLUMN = sa.Column("email", sa.String(50))


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (ops.CreateTableOp("users", [sa.Column("id", sa.Integer)]), ["create users"]),
        (ops.DropTableOp("users"), ["drop users"]),
        (ops.AddColumnOp("users", COLUMN), ["add users.email"]),
        (ops.DropColumnOp("users", "email"), ["drop users.email"]),
        (ops.AlterColumnOp("users", "email", modify_nullable=True), ["users.email: may be NULL"]),
        (
            ops.AlterColumnOp(
                "users",
                "age",
                existing_type=sa.Integer(),
                modify_type=sa.BigInteger(),
                modify_nullable=False,
                modify_server_default=None,
            ),
            ["users.age: INTEGER -> BIGINT, NOT NULL, no default"],
        ),
        (ops.CreateCheckConstraintOp("ck", "users", "age > 0"), ["check users: age > 0"]),
        (
            ops.CreateForeignKeyOp("fk", "users", "shops", ["shop_id"], ["id"]),
            ["foreign key users.shop_id -> shops"],
        ),
        (ops.CreateIndexOp("ix_a", "users", ["email"]), ["create index ix_a"]),
        (ops.DropIndexOp("ix_a", "users"), ["drop index ix_a"]),
        (ops.CreateUniqueConstraintOp("uq_a", "users", ["email"]), ["unique users: email"]),
        (ops.DropConstraintOp("uq_a", "users"), ["drop constraint uq_a"]),
        (ops.CreateTableCommentOp("users", "all of them"), ["comment users"]),
        (ops.DropTableCommentOp("users"), ["comment users"]),
        (SQLOp(["UPDATE users SET x = 1"], [], "fill users.x"), ["fill users.x"]),
        (SQLOp(["UPDATE users SET x = 1"], [], ""), []),
        (RebuildTableOp("users", "CREATE TABLE users (id)"), ["rebuild users"]),
        (ops.ExecuteSQLOp("DELETE FROM users"), ["DELETE FROM users"]),
        (ops.RenameTableOp("users", "people"), ["RenameTableOp"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ops.MigrateOperation) else "",
)
def test_an_operation_is_said_in_a_line(operation: ops.MigrateOperation, said: list[str]) -> None:
    assert list(describe(operation)) == said


def test_containers_are_said_by_their_parts_in_their_order() -> None:
    column = ops.AddColumnOp("users", sa.Column("age", sa.Integer))
    table = ops.ModifyTableOps("users", [column, ops.DropColumnOp("users", "name")])
    up = ops.UpgradeOps([ops.DropTableOp("posts"), table])
    assert list(describe(up)) == ["drop posts", "add users.age", "drop users.name"]
