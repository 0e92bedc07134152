"""How operations are written: the same in each run, whatever the order of a set."""

from itertools import permutations

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic_guards import authoring


def test_the_constraints_of_a_new_table_are_written_in_the_order_of_the_models() -> None:
    authoring.install()
    table = sa.Table(
        "posts",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer),
        sa.UniqueConstraint("user_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.CheckConstraint("id > 0"),
    )
    context = MigrationContext.configure(dialect_name="mysql")
    written = set()
    for constraints in permutations(table.constraints):
        op = ops.CreateTableOp.from_table(table)
        op.columns = [*table.columns, *constraints]
        written.add(render_python_code(ops.UpgradeOps([op]), migration_context=context))
    [code] = written
    places = [code.index(f"sa.{kind}") for kind in ("Unique", "ForeignKey", "Check")]
    assert places == sorted(places)
