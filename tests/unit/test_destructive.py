"""Drops of data are refused however they are spelled and executed, unless the operation consents."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic_guards import runtime
from alembic_guards.runtime.destructive import refuse_drops
from alembic_guards.runtime.refusals import Refused

runtime.install()


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    """Return a connection to a database with a row in a table."""
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE Users (id INTEGER, nick TEXT, age INTEGER)")
        connection.exec_driver_sql("INSERT INTO users (id, nick) VALUES (1, 'ada')")
        connection.exec_driver_sql("ATTACH ':memory:' AS blog")
        connection.exec_driver_sql("CREATE TABLE blog.posts (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO blog.posts VALUES (1)")
        connection.exec_driver_sql("CREATE TEMP TABLE helper AS SELECT * FROM users")
        yield connection


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE users",
        "DROP TABLE USERS",
        "ALTER TABLE users DROP COLUMN Nick",
        "DROP TABLE Blog.Posts",
        "DROP SCHEMA BLOG",
    ],
)
def test_a_drop_is_found_in_another_case(connection: sa.Connection, sql: str) -> None:
    with pytest.raises(Refused, match="1 row holds data in"):
        refuse_drops(connection, sql, {})
    with pytest.raises(Refused, match="1 row holds data in"):
        Operations(MigrationContext.configure(connection)).execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE missing",
        "DROP TABLE missing.users",
        "DROP SCHEMA missing",
        "ALTER TABLE users DROP COLUMN age",
        "DROP TABLE helper",
    ],
)
def test_a_drop_of_no_data_is_let_through(connection: sa.Connection, sql: str) -> None:
    refuse_drops(connection, sql, {})


def test_a_consent_covers_the_statement_of_its_operation(connection: sa.Connection) -> None:
    operations = Operations(MigrationContext.configure(connection))
    consent = {"data_loss": True, "ticket": 7}
    operations.drop_column("users", "nick", info=consent)
    refuse_drops(connection, "ALTER TABLE users DROP COLUMN nick", {})
    with pytest.raises(Refused):
        refuse_drops(connection, "DROP TABLE users", {})
    operations.drop_table("users", info=consent)
    refuse_drops(connection, "DROP TABLE users", {})


@pytest.mark.parametrize("info", [None, {}, {"data_loss": False}, {"ticket": 7}])
def test_another_info_is_no_consent(
    connection: sa.Connection, info: dict[object, object] | None
) -> None:
    with pytest.raises(Refused):
        Operations(MigrationContext.configure(connection)).drop_table("users", info=info)
