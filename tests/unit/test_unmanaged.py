"""The tables that no model manages are read anew: a revision may make more of them."""

import sqlalchemy as sa
from alembic_guards.database.unmanaged import unmanaged_tables


def test_a_table_that_is_made_later_is_found() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        assert unmanaged_tables(connection) == set()
        connection.exec_driver_sql("CREATE VIRTUAL TABLE notes USING fts5(body)")
        assert (None, "notes") in unmanaged_tables(connection)
