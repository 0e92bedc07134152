"""What an upgrade needs of its session: one of its own, which is given back, and the search path of its URL."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from conftest import Bake, Project

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIGURATION = """
[databases]
* = host={socket} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
"""

#: Upgrades by a connection of the caller, and prints settings before and after it.
GIVEN_BACK = """
import json, sqlalchemy as sa
from alembic import command
from alembic.config import Config
from {package}.settings import migration_url

config = Config("alembic.ini")
with sa.create_engine(migration_url()).connect() as connection:
    def settings():
        found = [connection.exec_driver_sql(query).scalar() for query in {queries!r}]
        connection.rollback()
        return found
    before = settings()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    print(json.dumps([before, settings()]))
"""
QUERIES = {
    "postgresql": (
        "SHOW lock_timeout",
        "SHOW statement_timeout",
        "SHOW client_connection_check_interval",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    ),
    "mariadb": (
        "SELECT @@lock_wait_timeout",
        "SELECT @@innodb_lock_wait_timeout",
        "SELECT IS_USED_LOCK(CONCAT('alembic ', SHA1(DATABASE())))",
    ),
}


@pytest.mark.parametrize("database", QUERIES)
def test_an_upgrade_gives_its_session_back_as_it_was(bake: Bake, database: str) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "revision", "--autogenerate")
    code = GIVEN_BACK.format(package=project.package, queries=QUERIES[database])
    before, after = project.python(code)
    assert before == after


@pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")
def test_a_pooler_in_transaction_mode_is_refused_and_one_in_session_mode_is_not(
    bake: Bake, tmp_path: Path
) -> None:
    project = bake("postgresql")
    project.alembic("-x", "create-database", "revision", "--autogenerate")
    with pooler(project, "transaction", tmp_path) as url:
        said = project.alembic("upgrade", "head", status=1, DATABASE_URL=url)
        assert "pooler in transaction mode" in said and "MIGRATION_DATABASE_URL" in said
        assert project.columns() == {}
        direct = project.environment["DATABASE_URL"]
        project.alembic("upgrade", "head", DATABASE_URL=url, MIGRATION_DATABASE_URL=direct)
    with pooler(project, "session", tmp_path) as url:
        project.alembic("downgrade", "base", DATABASE_URL=url)


@contextmanager
def pooler(project: Project, mode: str, folder: Path) -> Iterator[str]:
    """Run PgBouncer before the server of a project; yield the URL of the project's database there."""
    assert PGBOUNCER and project.url
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    folder.chmod(0o755)
    file = folder / "pgbouncer.ini"
    server = str(project.url.query["host"])
    file.write_text(CONFIGURATION.format(socket=server, port=port, mode=mode))
    owner = pwd.getpwuid(os.stat(server).st_uid).pw_name
    user = ["-u", owner] if os.geteuid() == 0 else []
    with subprocess.Popen([PGBOUNCER, "-q", *user, str(file)]) as running:
        try:
            for _ in range(100):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield f"postgresql://postgres@127.0.0.1:{port}/{project.url.database}"
        finally:
            running.terminate()


def test_tenants_have_a_schema_each_by_their_search_path(bake: Bake) -> None:
    project = bake("postgresql")
    assert project.url
    project.alembic("-x", "create-database", "revision", "--autogenerate")
    role = f"test_{uuid4().hex[:12]}"
    urls = {
        "one": project.url.update_query_dict({"options": "-csearch_path=one"}),
        "Two": project.url.update_query_dict({"options": '-csearch_path="Two"'}),
        role: project.url.set(username=role),
    }
    text = {name: url.render_as_string(hide_password=False) for name, url in urls.items()}
    with project.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN SUPERUSER")
        for name in urls:
            connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
        connection.exec_driver_sql(f"ALTER ROLE {role} SET search_path = {role}, public")
    try:
        with project.connect() as connection:  # another tenant is being upgraded
            lock = "SELECT pg_advisory_lock(hashtext('alembic Two'))"
            connection.exec_driver_sql(lock)
            project.alembic("upgrade", "head", DATABASE_URL=text["one"], MIGRATION_TIMEOUT="5")
        waits = {"DATABASE_URL": text["Two"], "MIGRATION_TIMEOUT": "1"}
        with project.connect() as connection:
            connection.exec_driver_sql(lock)
            said = project.alembic("upgrade", "head", status=1, **waits)
            assert "Another upgrade is still running" in said
        for url in text.values():
            project.alembic("upgrade", "head", DATABASE_URL=url)
            project.alembic("check", DATABASE_URL=url)
            said = project.alembic("revision", "--autogenerate", DATABASE_URL=url)
            assert "Nothing to write" in said
        project.make("test", DATABASE_URL=text["Two"])
        project.alembic("upgrade", "head")
        project.alembic("check")  # the tables of the tenants are not unwanted
        with project.connect() as connection:
            connection.exec_driver_sql(f"DROP TABLE {role}.alembic_version")
        said = project.alembic("upgrade", "head", status=1, DATABASE_URL=text[role])
        assert "finds alembic_version in the schema public" in said
    finally:
        with project.connect() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role} CASCADE")
            connection.exec_driver_sql(f"DROP ROLE {role}")
