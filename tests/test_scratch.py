"""Scratch databases are gone afterwards, whatever happens to the process that works on one."""

import time
from uuid import uuid4

import pytest
import sqlalchemy as sa
from conftest import DATABASES, Bake, Project, drop_database

SERVERS = [database for database in DATABASES if database != "sqlite"]
DIE = """import os, signal
from alembic_guards.testing import scratch_database
from {package}.settings import migration_url
with scratch_database(migration_url()) as url:
    print(url.database, flush=True)
    os.kill(os.getpid(), signal.{signal})
"""


@pytest.mark.parametrize("database", SERVERS)
@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_what_a_killed_process_left_is_removed_by_the_next(
    bake: Bake, database: str, signal: str
) -> None:
    project = bake(database)
    project.make("database")
    code = DIE.format(package=project.package, signal=signal)
    said = project.run(".venv/bin/python", "-c", code, status=None, PYTHONPATH="src:libs")
    project.make("revision")
    assert said.split()[0] not in databases(project)


@pytest.mark.parametrize("database", SERVERS)
def test_what_somebody_works_on_is_left_alone(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    code = f"""import sqlalchemy
from alembic_guards.testing import scratch_database
from {project.package}.settings import migration_url
with scratch_database(migration_url()) as mine:
    with scratch_database(migration_url()) as another:
        print(another.database)
    sqlalchemy.create_engine(mine).connect().close()
"""
    assert "scratch_" in project.run(".venv/bin/python", "-c", code, PYTHONPATH="src:libs")


@pytest.mark.parametrize("database", SERVERS)
def test_a_database_that_only_begins_with_the_same_word_is_left_alone(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    assert project.url
    others = [
        project.url.set(database=f"scratch_{end}_{uuid4().hex[:8]}") for end in ("pad", "0123")
    ]
    try:
        for other in others:
            project.make("database", DATABASE_URL=other.render_as_string(hide_password=False))
        project.make("revision")
        assert {other.database for other in others} <= set(databases(project))
    finally:
        for other in others:
            drop_database(other)


def databases(project: Project) -> list[object]:
    """Return the names of all databases on the project's server."""
    assert project.url
    is_postgresql = project.url.get_backend_name() == "postgresql"
    query = "SELECT datname FROM pg_database" if is_postgresql else "SHOW DATABASES"
    return [name for (name,) in project.sql(query)]


@pytest.mark.parametrize("collation", ["utf8mb4_unicode_ci", "latin1_german1_ci"])
def test_a_scratch_database_has_the_collation_of_the_real_one(bake: Bake, collation: str) -> None:
    project = bake("mariadb")
    project.alembic("-x", "create-database", "current")
    with project.connect() as connection:
        name = connection.engine.url.database
        charset = collation.partition("_")[0]
        alter = f"ALTER DATABASE `{name}` CHARACTER SET {charset} COLLATE {collation}"
        connection.exec_driver_sql(alter)
    for command in (("revision", "--autogenerate"), ("upgrade", "head"), ("check",)):
        project.alembic(*command)


@pytest.mark.parametrize("database", SERVERS)
def test_what_another_machine_works_on_is_left_alone_for_a_day(bake: Bake, database: str) -> None:
    """Its lock looks free through a pooler, and on another node of a cluster."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    now = int(time.time())
    new, old = (f"scratch_{created:08x}{uuid4().hex[:24]}" for created in (now, now - 25 * 3600))
    quote = "`" if database == "mariadb" else '"'
    assert project.url
    engine = sa.create_engine(project.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name in (new, old):
            connection.exec_driver_sql(f"CREATE DATABASE {quote}{name}{quote}")
        try:
            project.alembic("revision", "--autogenerate")
            found = databases(project)
            assert new in found and old not in found
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {quote}{new}{quote}")
