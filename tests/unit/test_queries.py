"""Guards ask the database that an operation runs on, and leave no transaction behind."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from alembic_guards import runtime
from alembic_guards.runtime.queries import connection_to_query


def test_a_transaction_that_is_open_stays_open() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection)
        with connection_to_query(context) as found:
            assert found is connection and connection.in_transaction()
        assert not connection.in_transaction()
        connection.begin()
        with connection_to_query(context) as found:
            assert found is connection
        assert connection.in_transaction()


def test_an_operation_without_a_transaction_leaves_none() -> None:
    runtime.install()
    with sa.create_engine("sqlite://").connect() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with connection.begin():
            connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)")
        with operations.batch_alter_table("t") as table:
            table.alter_column("a", type_=sa.Integer())
            table.drop_column("b")
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO t (a) VALUES (1)")
        with pytest.raises(CommandError, match="1 row holds data in t"):
            operations.drop_table("t")
        assert not connection.in_transaction()


@pytest.mark.parametrize("url", ["mysql+pymysql://", "postgresql+psycopg://", "sqlite://"])
def test_a_stand_in_of_a_connection_is_asked_nothing(url: str) -> None:
    runtime.install()
    written: list[str] = []

    def write(construct: Any, *_: Any, **__: Any) -> None:
        written.append(" ".join(str(construct.compile(dialect=engine.dialect)).split()))

    engine: Any = sa.create_mock_engine(url, write)
    operations = Operations(MigrationContext(engine.dialect, engine, {}))
    operations.drop_table("t")
    operations.drop_column("t", "a")
    operations.execute("DROP TABLE u")
    operations.create_index("i", "t", ["b"], unique=True)
    assert written == [
        "DROP TABLE t",
        "ALTER TABLE t DROP COLUMN a",
        "DROP TABLE u",
        "CREATE UNIQUE INDEX i ON t (b)",
    ]
    if url != "sqlite://":
        operations.alter_column("t", "b", type_=sa.Integer())
        assert written[-1].startswith("ALTER TABLE t ")
