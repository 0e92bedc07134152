"""How clients are called, what is shown of a URL, and which database is on this machine."""

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
    "postgresql+psycopg://ada@/shop?host=/run/a&password=s3cret": [
        "--dbname=host=/run/a dbname=shop user=ada"
    ],
    "mysql+pymysql://ada:s3cret@db:1/shop": [
        "--host=db",
        "--port=1",
        "--user=ada",
        "--default-character-set=utf8mb4",
        "--skip-ssl",
        "--",
        "shop",
    ],
    "mysql+pymysql://ada@localhost/-shop?unix_socket=/run/m.sock&ssl-mode=REQUIRED": [
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
        "--host=db",
        "--user=ada",
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
    ],
)
def test_a_password_is_in_the_environment(text: str, variable: str) -> None:
    _, environment = find_client(sa.make_url(text))
    assert environment[variable] == "s3@"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql+psycopg://a:b@c/d", "postgresql://a:***@c/d"),
        ("postgresql+psycopg://a@c/d?password=b", "postgresql://a@c/d?password=%2A%2A%2A"),
        ("mysql+pymysql://a@c/d?ssl_ca=e", "mysql://a@c/d?ssl_ca=e"),
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
