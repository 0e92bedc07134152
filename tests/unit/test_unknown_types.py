"""A column of a type that SQLAlchemy does not know comes back by its definition in the catalog."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.passes.unknown_types import write_unknown_types
from alembic_guards.database.catalog import Entry, catalog_of
from alembic_guards.runtime.operations import SQLOp
from compared import compared, said
from sqlalchemy.types import NullType

BEFORE = catalog_of(
    [
        Entry(kind="column", table="items", name="place", definition="point"),
        Entry(kind="default", table="items", name="place", definition="'(0,0)'::point"),
        Entry(kind="not null", table="items", name="place", definition="NOT NULL"),
    ]
)
ADD = "ALTER TABLE items ADD place point DEFAULT '(0,0)'::point NOT NULL"


def written(op: MigrateOperation) -> list[MigrateOperation]:
    return write_unknown_types([op], compared(target=BEFORE, is_upgrade=False))


def test_a_column_of_an_unknown_type_is_added_as_sql() -> None:
    (op,) = written(ops.AddColumnOp("items", sa.Column("place", NullType(), nullable=False)))
    assert isinstance(op, SQLOp)
    assert op.statements == [ADD]


def test_a_column_whose_rows_are_filled_first_is_added_as_nullable() -> None:
    (op,) = written(ops.AddColumnOp("items", sa.Column("place", NullType(), nullable=True)))
    assert isinstance(op, SQLOp)
    assert op.statements == [ADD.replace(" NOT NULL", "")]


def test_a_table_is_created_without_such_a_column_which_is_added_then() -> None:
    create = ops.CreateTableOp(
        "items", [sa.Column("id", sa.Integer), sa.Column("place", NullType())]
    )
    table, add = written(create)
    assert isinstance(table, ops.CreateTableOp)
    assert [getattr(part, "name", "") for part in table.columns] == ["id"]
    assert len(create.columns) == 2
    assert said([add]) == ["add items.place"]


def test_a_column_that_is_altered_names_no_unknown_type() -> None:
    alter = ops.AlterColumnOp("items", "place", existing_type=NullType(), modify_nullable=False)
    (op,) = written(alter)
    assert isinstance(op, ops.AlterColumnOp)
    assert (op.existing_type, op.modify_nullable) == (None, False)
    assert alter.existing_type is not None


def test_columns_of_known_types_stay() -> None:
    op = ops.AddColumnOp("items", sa.Column("size", sa.Integer))
    assert written(op) == [op]


def test_a_table_whose_key_is_of_an_unknown_type_is_created_as_sql() -> None:
    reflected = sa.Table(
        "items",
        sa.MetaData(),
        sa.Column("place", NullType(), primary_key=True),
    )
    key = Entry(
        kind="primary key", table="items", name="items_pkey", definition="PRIMARY KEY (place)"
    )
    create = ops.CreateTableOp.from_table(reflected)
    target = {**BEFORE, key.key: key}
    (op,) = write_unknown_types([create], compared(target=target, is_upgrade=False))
    assert isinstance(op, SQLOp)
    assert op.statements == [
        (
            "CREATE TABLE items (place point DEFAULT '(0,0)'::point NOT NULL,"
            " CONSTRAINT items_pkey PRIMARY KEY (place))"
        )
    ]
    assert said([op]) == ["create items"]
