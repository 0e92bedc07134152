"""The small prompt executes whole statements: those of a file up to the first error."""

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.sql_prompt import Console, execute_all

LITERAL = "INSERT INTO notes VALUES ('first;\nDELETE FROM users;\nend');"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON notes BEGIN\nDELETE FROM users;\nEND;"


@pytest.fixture
def connection() -> sa.Connection:
    """A database of SQLite with one user."""
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    connection = engine.connect().execution_options(no_parameters=True)
    for statement in (
        "CREATE TABLE notes (n)",
        "CREATE TABLE users (n)",
        "INSERT INTO users VALUES (1)",
    ):
        connection.exec_driver_sql(statement)
    return connection


def count(connection: sa.Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


@pytest.mark.parametrize(("sql", "notes"), [(LITERAL, 1), (TRIGGER, 0)])
def test_what_is_within_a_literal_or_a_body_is_not_executed(
    connection: sa.Connection, sql: str, notes: int
) -> None:
    assert execute_all(connection, sql) == 0
    assert (count(connection, "users"), count(connection, "notes")) == (1, notes)


@pytest.mark.parametrize(("sql", "notes"), [(LITERAL, 1), (TRIGGER, 0)])
def test_a_terminal_waits_for_the_end_of_a_statement(
    connection: sa.Connection, sql: str, notes: int
) -> None:
    console = Console(connection)
    waits = [console.push(line) for line in sql.split("\n")]
    assert waits == [True, True, False]
    assert (count(connection, "users"), count(connection, "notes")) == (1, notes)


def test_a_terminal_executes_the_statements_of_a_line_up_to_an_error(
    connection: sa.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(connection)
    assert not console.push("SELECT 40 + 2 AS a; SELECT 1 AS b; -- both")
    assert capsys.readouterr().out.split("\n")[::2][:4] == ["a", "42", "b", "1"]
    assert not console.push("DELETE FROM nowhere; DELETE FROM users;")
    assert "nowhere" in capsys.readouterr().err
    assert count(connection, "users") == 1
    with pytest.raises(SystemExit):
        console.push("exit")


def test_a_file_is_executed_up_to_the_first_error(
    connection: sa.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "INSERT INTO notes VALUES (';'); DELETE FROM\nnowhere; DELETE FROM users"
    assert execute_all(connection, sql) == 1
    assert (count(connection, "users"), count(connection, "notes")) == (1, 1)
    said = capsys.readouterr().err
    assert said.startswith("Statement 2 of 3 failed, and none after it was executed: no such table")
    assert said.endswith("\nDELETE FROM\nnowhere\n")


@pytest.mark.parametrize("sql", ["DELETE FROM users; SELECT 'a;", "DELETE FROM users; /* a;"])
def test_a_file_that_ends_within_a_literal_is_refused(
    connection: sa.Connection, capsys: pytest.CaptureFixture[str], sql: str
) -> None:
    assert execute_all(connection, sql) == 1
    assert count(connection, "users") == 1
    assert "Nothing was executed." in capsys.readouterr().err


def test_a_file_may_leave_the_prompt(connection: sa.Connection) -> None:
    assert execute_all(connection, "INSERT INTO notes VALUES (1);\nexit\n") == 0
    assert execute_all(connection, "exit; DELETE FROM users;") == 0
    assert (count(connection, "users"), count(connection, "notes")) == (1, 1)


def test_delimiters_of_a_client_are_refused(
    connection: sa.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["DELIMITER //", *TRIGGER.removesuffix(";").split("\n"), "//", "DELIMITER ;"]
    assert execute_all(connection, "\n".join(["DELETE FROM users;", *lines])) == 1
    assert "DELIMITER is a command of a client" in capsys.readouterr().err
    console = Console(connection)
    assert [console.push(line) for line in lines] == [False, True, True, True, True, False]
    assert count(connection, "users") == 1
