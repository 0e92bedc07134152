"""A constraint without a name is dropped by the name that the server chose."""

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.passes.unnamed import (
    name_dropped_constraints,
    remove_unnamed_on_sqlite,
)
from alembic_guards.database.catalog import Entry, Reference, catalog_of
from compared import compared

PRESENT = catalog_of(
    [
        Entry(kind="table", table="items", definition=""),
        Entry(
            kind="unique",
            table="items",
            name="items_code_key",
            definition="UNIQUE (code)",
            columns=("code",),
            unique=("code",),
        ),
        Entry(
            kind="foreign key",
            table="items",
            name="items_by_fkey",
            definition="FOREIGN KEY (by)",
            columns=("by",),
            refers_to=Reference("users", ("id",)),
        ),
    ]
)


def drops() -> list[MigrateOperation]:
    """Return the drops of two constraints without names."""
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    unique, key = sa.UniqueConstraint("code"), sa.ForeignKeyConstraint(["by"], ["users.id"])
    columns = [sa.Column("code", sa.Integer), sa.Column("by", sa.Integer)]
    sa.Table("items", metadata, *columns, unique, key)
    return [ops.DropConstraintOp.from_constraint(each) for each in (unique, key)]


def test_dropped_constraints_get_the_names_of_the_catalog() -> None:
    unnamed = drops()
    named = name_dropped_constraints(unnamed, compared(present=PRESENT))
    names = [op.constraint_name for op in named if isinstance(op, ops.DropConstraintOp)]
    assert names == ["items_code_key", "items_by_fkey"]
    assert [op.constraint_name for op in unnamed if isinstance(op, ops.DropConstraintOp)] == [
        None,
        None,
    ]


def test_a_constraint_that_the_catalog_does_not_hold_stays_unnamed() -> None:
    (op, _) = name_dropped_constraints(drops(), compared())
    assert isinstance(op, ops.DropConstraintOp)
    assert op.constraint_name is None


@pytest.mark.parametrize(("database", "count"), [("sqlite", 1), ("postgresql", 3), ("mysql", 3)])
def test_sqlite_leaves_unnamed_constraints_to_the_repairs(database: str, count: int) -> None:
    named = ops.CreateUniqueConstraintOp("uq", "items", ["code"])
    assert len(remove_unnamed_on_sqlite([*drops(), named], compared(database))) == count
