"""Values that no type can read are looked for, and a table that cannot be read is named."""

import sqlalchemy as sa
from alembic_guards.authoring.adopt.report import NOT_READ, lines
from alembic_guards.authoring.adopt.values import unreadable_values


def test_a_table_that_cannot_be_read_is_named_once() -> None:
    metadata = sa.MetaData()
    sa.Table("away", metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
    there = sa.Table("there", metadata, sa.Column("a", sa.Integer))
    with sa.create_engine("sqlite://").connect() as connection:
        there.create(connection)
        connection.exec_driver_sql("INSERT INTO there VALUES ('x')")
        connection.commit()
        found = unreadable_values(connection, metadata)
    assert found.values == ["there.a (INTEGER): 1 row, such as 'x'"]
    assert found.tables == ["away: no such table: away"]
    assert f"{NOT_READ}\n  away: no such table: away" in [*lines([], "", found, [])]
