"""The log of what was applied: an upgrade says where the database is not what its revisions made."""

import json
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic_guards.database.journal_store import journal_store
from chain import CHAIN, write_chain, write_revision
from conftest import DATABASES, Bake, Project

SERVERS = [database for database in DATABASES if database != "sqlite"]

TABLE = '\n    op.create_table("{0}", sa.Column("n", sa.Integer), sa.Column("m", sa.Integer))'


def prepare(bake: Bake, database: str) -> Project:
    """Return a project with three revisions, which are applied."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    for name in ("first", "second", "third"):
        write_revision(project, TABLE.format(name), f'op.drop_table("{name}")')
    project.alembic("upgrade", "head")
    return project


def log(project: Project) -> dict[str, dict[str, dict[str, object]]]:
    """Return what is recorded in the project's database."""
    query = "SELECT result FROM alembic_guards WHERE n = 0"
    with project.connect() as connection:
        if connection.dialect.name == "postgresql":
            query = "SELECT split_part(obj_description('alembic_version'::regclass), 'guards: ', 2)"
        found: dict[str, dict[str, dict[str, object]]] = json.loads(
            connection.exec_driver_sql(query).scalar_one()
        )
        return found


def execute(project: Project, *statements: str) -> None:
    """Execute statements on the project's database."""
    with project.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text in a file, whose compiled form Python knows by time and size."""
    assert old in path.read_text()
    later = path.stat().st_mtime + 1
    path.write_text(path.read_text().replace(old, new))
    os.utime(path, (later, later))


@pytest.mark.parametrize("database", DATABASES)
def test_what_was_applied_is_recorded_and_what_is_missing_is_named(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    records = log(project)["revisions"]
    assert list(records) == ["r0", "r1", "r2"]
    assert {record["how"] for record in records.values()} == {"applied"}
    assert all(records["r0"][key] for key in ("file", "code", "at", "by", "version"))
    project.alembic("downgrade", "r1", ALLOW_DATA_LOSS="1")
    assert list(log(project)["revisions"]) == ["r0", "r1"]
    project.alembic("upgrade", "head")
    execute(project, "CREATE TABLE by_hand (n INTEGER)")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    execute(project, "DROP TABLE by_hand", "DROP TABLE first")
    execute(project, "ALTER TABLE second DROP COLUMN m")
    said = project.alembic("upgrade", "head", status=1)
    assert said.startswith(
        "FAILED: The database is at r2, but it is not what the revisions have made"
    )
    assert "\n  table first is missing: " in said
    assert "\n  column second.m is missing: " in said
    assert "first.n" not in said
    assert "by_hand" not in said
    assert "stamp --purge r2" in said
    assert "Stamped: nothing was applied." in project.alembic("stamp", "--purge", "r2")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    assert list(log(project)["revisions"]) == ["r0", "r1", "r2"]
    assert "alembic_guards" not in project.alembic("check", status=1)


#: What an application and the upgrade of another tenant create while a revision runs, and its dry run.
MEANWHILE = """
    CREATE SCHEMA IF NOT EXISTS customer; CREATE TABLE IF NOT EXISTS customer.t (n int);
    CREATE SCHEMA IF NOT EXISTS tenant; CREATE TABLE IF NOT EXISTS tenant.t (n int);
    CREATE TABLE IF NOT EXISTS tenant.versions (version_num text)"""
WITH_OTHERS = """
    import os
    op.execute("CREATE SCHEMA named")
    op.create_table("t", sa.Column("n", sa.Integer), sa.Column("m", sa.Integer), schema="named")
    op.create_table("t", sa.Column("n", sa.Integer))  # as tenant.t
    with sa.create_engine(op.get_bind().engine.url).begin() as connection:
        connection.exec_driver_sql(os.environ["MEANWHILE"])"""


def test_columns_of_other_schemas_are_those_that_a_revision_names(bake: Bake) -> None:
    project = prepare(bake, "postgresql")
    write_revision(project, WITH_OTHERS)
    project.alembic("upgrade", "head", MEANWHILE=MEANWHILE)
    columns = log(project)["columns"]
    assert columns.keys() == {"first", "second", "third", "t", "named.t"}
    execute(project, "DROP SCHEMA customer CASCADE", "DROP SCHEMA tenant CASCADE")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    execute(project, "ALTER TABLE named.t DROP COLUMN m")
    assert "column named.t.m is missing" in project.alembic("upgrade", "head", status=1)


def test_an_edited_revision_and_one_that_came_to_lie_beneath_are_named(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    first, second, third = project.revisions()
    text = first.read_text()
    first.write_text(text.replace("number 0", "another").replace('"n", sa', "'n',  # why\n sa"))
    replace(second, "op.drop_table", "op.drop_table  ")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    replace(first, '"m"', '"k"')
    write_revision(project, TABLE.format("fourth"), 'op.drop_table("fourth")')
    said = project.alembic("upgrade", "head", status=1)
    assert said.startswith("Applied r3")
    assert f"{first.relative_to(project.path)} was edited after it was applied (on 2" in said
    replace(first, '"k"', '"m"')
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    replace(first, '"m"', '"k"')
    project.alembic("stamp", "--purge", "r3")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")

    between = write_revision(project, TABLE.format("between"), 'op.drop_table("between")')
    replace(between, "down_revision = 'r3'", "down_revision = 'r1'")
    replace(third, "down_revision = 'r1'", "down_revision = 'r4'")
    for command in (["upgrade", "head"], ["check"]):
        said = project.alembic(*command, status=1)
        assert f"{between.relative_to(project.path)} was never applied here, and r2, which" in said
        assert "in its file down_revision = 'r3'" in said
        assert "those that follow it (r2) down_revision = 'r1'" in said
    replace(between, "down_revision = 'r1'", "down_revision = 'r3'")
    replace(third, "down_revision = 'r4'", "down_revision = 'r1'")
    assert "Applied r4" in project.alembic("upgrade", "head")

    beneath = write_revision(project, TABLE.format("beneath"))
    replace(beneath, "down_revision = 'r4'", "down_revision = 'r1'")
    replace(third, "down_revision = 'r1'", "down_revision = 'r5'")
    said = project.alembic("upgrade", "head", status=1)
    assert "make downgrade to=r5 && alembic stamp --purge r1 && make upgrade" in said
    project.alembic("downgrade", "r5", ALLOW_DATA_LOSS="1")
    project.alembic("stamp", "--purge", "r1")
    assert project.alembic("upgrade", "head").count("Applied r") == 4
    with project.connect() as connection:
        assert sa.inspect(connection).has_table("beneath")


@pytest.mark.parametrize("database", DATABASES)
def test_a_database_without_a_log_works_as_before_and_gets_one(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    if database == "postgresql":
        execute(project, "COMMENT ON TABLE alembic_version IS 'of the owner'")
    else:
        execute(project, "DROP TABLE alembic_guards")
    execute(project, "DROP TABLE first")
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    write_revision(project, TABLE.format("fourth"), 'op.drop_table("fourth")')
    project.alembic("upgrade", "head")
    records = log(project)["revisions"]
    assert [record["how"] for record in records.values()] == ["before"] * 3 + ["applied"]
    write_revision(project, "\n    pass")
    execute(project, "UPDATE alembic_version SET version_num = 'r4'")
    said = project.alembic("upgrade", "head")
    assert said.startswith("r4 came to be applied without a record")
    assert "without a record" not in project.alembic("upgrade", "head")
    if database == "postgresql":
        with project.connect() as connection:
            query = "SELECT obj_description('alembic_version'::regclass)"
            assert connection.exec_driver_sql(query).scalar_one().startswith("of the owner")


@pytest.mark.parametrize("database", SERVERS)
def test_a_revision_that_an_older_release_has_left_half_done_is_completed(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    write_chain(project, database)
    blob = {"postgresql": "BYTEA", "mariadb": "LONGBLOB"}[database]
    write_revision(
        project,
        "\n    with op.get_context().autocommit_block():"
        '\n        op.execute("CREATE TABLE one (n INTEGER)")'
        '\n        op.execute("CREATE TABLE two (n INTEGER)")'
        '\n    op.execute("SELECT n FROM three")',
    )
    project.alembic("upgrade", "head", status=1)
    with project.connect() as connection:
        store = journal_store(connection, MigrationContext.configure(connection))
        entries = store.read()
        store.clear()
        connection.exec_driver_sql(
            "CREATE TABLE alembic_progress (n INTEGER PRIMARY KEY, step VARCHAR(100), state VARCHAR(10),"
            f" statement VARCHAR(1000), seen CHAR(32), result {blob})"
        )
        columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in vars(entries[0])]
        table = sa.table("alembic_progress", *columns)
        connection.execute(sa.insert(table), [vars(entry) for entry in entries])
    execute(project, "CREATE TABLE three (n INTEGER)")
    assert len(CHAIN) == 5
    assert "Applied r5" in project.alembic("upgrade", "head")
    with project.connect() as connection:
        assert not sa.inspect(connection).has_table("alembic_progress")


@pytest.mark.parametrize("database", SERVERS)
def test_a_column_that_an_interrupted_revision_has_dropped_is_not_missing(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_revision(
        project,
        "\n    with op.get_context().autocommit_block():"
        '\n        op.drop_column("second", "m")'
        '\n        op.alter_column("third", "m", new_column_name="k", existing_type=sa.Integer)'
        '\n    op.execute("SELECT n FROM later")',
    )
    project.alembic("upgrade", "head", status=1)
    assert "is missing" not in project.make("status")
    execute(project, "CREATE TABLE later (n INTEGER)")
    said = project.alembic("upgrade", "head")
    assert said.startswith("Applied r3") and "missing" not in said
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
