"""The log of a version table: services that share a database do not share it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic_guards.database.bookkeeping import TABLE, key_of
from alembic_guards.database.log_store import LogTable
from alembic_guards.runtime.applied_log import AppliedLog, How, Record


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    with sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}").connect() as connection:
        yield connection


def log_of(connection: sa.Connection, version_table: str) -> AppliedLog:
    options = {"version_table": version_table}
    log = AppliedLog(connection, MigrationContext.configure(connection, opts=options))
    log.load()
    return log


def test_services_that_share_a_database_have_a_log_each(connection: sa.Connection) -> None:
    first = log_of(connection, "first_version")
    assert not first.exists
    first.records["a"] = Record(How.APPLIED, at="2026-01-02T03:04:05+00:00", by="ada@host")
    first.columns.names = {("users", "id"), ("users", "name")}
    first.save(["a"])
    assert not log_of(connection, "second_version").exists
    read = log_of(connection, "first_version")
    assert (read.exists, read.heads, read.records) == (True, {"a"}, first.records)
    assert read.columns.names == first.columns.names
    assert read.records["a"].when == "on 2026-01-02 03:04 UTC by ada@host"
    assert Record().when == "earlier"


def test_what_is_missing_is_a_table_or_its_columns(connection: sa.Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE users (id INTEGER)")
    connection.exec_driver_sql(f"CREATE TABLE {TABLE} (version_table, n, state, result)")
    log = log_of(connection, "alembic_version")
    log.columns.names = {("users", "id"), ("users", "name"), ("posts", "id"), ("posts", "text")}
    log.columns.heads = {"a"}
    log.columns.begin(["a"])
    assert log.columns.present == {("users", "id")}
    assert log.columns.missing() == {"users": ["name"], "posts": []}
    log.columns.begin(["b"])  # another tool has been there: only what is there is expected
    assert log.columns.missing() == {}
    connection.exec_driver_sql("ALTER TABLE users RENAME COLUMN id TO key")
    log.trace_end(["b"], has_changed=True)
    assert log_of(connection, "alembic_version").columns.names == {("users", "key")}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"revisions": [1]}', '{"revisions": {"a": {"x": 1}}}']
)
def test_a_log_of_another_form_ends_no_upgrade(connection: sa.Connection, text: str) -> None:
    LogTable(connection, "alembic_version").write(text)
    log = log_of(connection, "alembic_version")
    assert set(log.records) <= {"a"}
    assert not log.columns.missing()


def test_the_key_holds_the_schema(connection: sa.Connection) -> None:
    options = {"version_table": "v", "version_table_schema": "s"}
    assert key_of(MigrationContext.configure(connection, opts=options)) == "s.v"
