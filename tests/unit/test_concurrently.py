"""A build or drop of an index is known as CONCURRENTLY in each spelling."""

from io import StringIO

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic_guards import runtime
from alembic_guards.runtime.postgresql import BUILD, CONCURRENTLY


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (n)",
        "create unique index concurrently i on only s.t using btree (n)",
        "-- why\nCREATE  INDEX\n  CONCURRENTLY i\n  ON t (n)",
    ],
)
def test_a_build_is_recognised_with_its_index_and_table(sql: str) -> None:
    found = BUILD.match(sql)
    assert found
    assert (found[1], found[2].rpartition(".")[2]) == ("i", "t")


@pytest.mark.parametrize(
    "sql", ["drop index concurrently if exists i", "DROP INDEX CONCURRENTLY i"]
)
def test_a_drop_is_recognised(sql: str) -> None:
    assert CONCURRENTLY.match(sql)
    assert not BUILD.match(sql)


@pytest.mark.parametrize("sql", ["CREATE INDEX i ON t (n)", "SELECT 'CREATE INDEX CONCURRENTLY i'"])
def test_all_else_is_not(sql: str) -> None:
    assert not CONCURRENTLY.match(sql)


@pytest.mark.parametrize("is_online", [False, True])
def test_an_index_may_include_columns(is_online: bool) -> None:
    runtime.install()
    written = StringIO()
    options = {"as_sql": True, "output_buffer": written}
    operations = Operations(MigrationContext.configure(dialect_name="postgresql", opts=options))
    operations.create_index(
        "i", "t", ["a"], postgresql_include=["b"], postgresql_concurrently=is_online
    )
    words = "CREATE INDEX CONCURRENTLY" if is_online else "CREATE INDEX"
    assert written.getvalue().strip() == f"{words} i ON t (a) INCLUDE (b);"
