"""`make shell`, `make url`, `make reset` and `make seed`: tools for a database of development."""

import os
import pty
import re
import shlex
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from chain import write_revision
from conftest import DATABASES, MAKE, QUESTIONS, VARIANTS, Bake, Project, type_at_terminal
from test_log import TABLE
from test_upgrades import SERVERS, execute

CLIENTS = {"sqlite": "sqlite3", "postgresql": "psql", "mariadb": "mariadb"}
DELETES = "DELETE FROM items"
#: One statement, with another in a literal.
QUOTED = f"INSERT INTO items (n) SELECT 7 WHERE ';\n{DELETES};\n' <> '';"
PASSWORDS = {"postgresql": "PGPASSWORD", "mariadb": "MYSQL_PWD"}


def prepare(bake: Bake, database: str, **options: str | None) -> Project:
    """Return a project with one table of one row."""
    project = bake(database, **options)
    project.make("database")
    (project.path / "src" / project.package / "models" / "user.py").unlink()
    write_revision(project, TABLE.format("items"), 'op.drop_table("items")')
    project.make("upgrade")
    project.sql("INSERT INTO items (n) VALUES (41)")
    return project


def ask(project: Project, statements: str, **environment: str) -> str:
    """Return what `make shell` prints for the statements of a file."""
    (project.path / "in.sql").write_text(statements)
    return project.run("sh", "-c", "make shell < in.sql", status=0, **environment)


def database_of(bake: Bake, database: str) -> Project:
    """Return a project whose client is installed."""
    if not shutil.which(CLIENTS[database]):
        pytest.skip(f"{CLIENTS[database]} is not installed")
    return prepare(bake, database)


@pytest.mark.parametrize("database", DATABASES)
def test_the_client_of_the_database_takes_statements(bake: Bake, database: str) -> None:
    project = database_of(bake, database)
    assert "42" in ask(project, "SELECT n + 1 FROM items;\n")


def test_the_shell_keeps_an_embedded_server_up(bake: Bake) -> None:
    project = prepare(bake, "postgresql", url=None, engine="async")
    assert "42" in ask(project, "SELECT pg_sleep(1);\nSELECT n + 1 FROM items;\n")
    said = project.make("url")
    assert said.startswith("postgresql://postgres:***@/postgres?host=")
    assert "The embedded server runs as long as a command of this project does." in said


@pytest.mark.parametrize("database", SERVERS)
def test_a_password_is_no_argument_and_shown_on_demand_alone(
    bake: Bake, database: str, tmp_path: Path
) -> None:
    project = bake(database)
    programs = tmp_path / "programs"
    programs.mkdir()
    fake = programs / CLIENTS[database]
    fake.write_text(f'#!/bin/sh\necho "arguments: $*"\necho "secret: ${PASSWORDS[database]}"\n')
    fake.chmod(0o755)
    scheme = {"postgresql": "postgresql", "mariadb": "mysql"}[database]
    url = f"{scheme}://ada:p%40ss%20w@db.example.com:1234/shop"
    path = f"{programs}:{os.environ['PATH']}"
    said = project.make("shell", DATABASE_URL=url, PATH=path)
    arguments, secret = re.findall(r"^(?:arguments|secret): (.*)", said, re.MULTILINE)
    assert "p@ss w" not in arguments and "%40" not in arguments
    assert all(part in arguments for part in ("ada", "db.example.com", "1234", "shop"))
    assert secret == "p@ss w"
    assert project.make("url", DATABASE_URL=url) == f"{scheme}://ada:***@db.example.com:1234/shop\n"
    assert "p%40ss" not in project.make("url", DATABASE_URL=url, password="1")
    shown = project.make("-s", "url", "password=1", DATABASE_URL=url)
    assert sa.make_url(shown.strip()) == sa.make_url(url)


@pytest.mark.parametrize("database", DATABASES)
def test_without_a_client_there_is_a_small_prompt(
    bake: Bake, database: str, tmp_path: Path
) -> None:
    project = prepare(bake, database)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("make", "sh", "grep", "dirname"):
        (programs / name).symlink_to(str(shutil.which(name)))
    said = ask(project, "SELECT n,\n n + 1 AS next, '5%' FROM items;", PATH=str(programs))
    assert f"{CLIENTS[database]} is not installed; this is a small prompt." in said
    assert re.search(r"^41 +\| 42 +\| 5%$", said, re.MULTILINE)
    assert "(1 rows)" in said
    ask(
        project,
        "INSERT INTO items (n) VALUES (1);\nDELETE FROM items WHERE n = 41",
        PATH=str(programs),
    )
    assert project.sql("SELECT n FROM items") == [[1]]
    (project.path / "in.sql").write_text("SELECT missing FROM nowhere;\nSELECT 40 + 2;\n")
    said = project.run("sh", "-c", "make shell < in.sql", status=2, PATH=str(programs))
    assert "Statement 1 of 2 failed, and none after it was executed: " in said
    assert "nowhere" in said and "42" not in said and "Traceback" not in said
    (project.path / "in.sql").write_text(f"{QUOTED} SELECT missing FROM nowhere; {DELETES};")
    said = project.run("sh", "-c", "make shell < in.sql", status=2, PATH=str(programs))
    assert "Statement 2 of 3 failed" in said
    assert project.sql("SELECT n FROM items ORDER BY n") == [[1], [7]]


@pytest.mark.parametrize("database", DATABASES)
def test_a_client_stops_at_the_first_error_of_a_file(bake: Bake, database: str) -> None:
    project = database_of(bake, database)
    (project.path / "in.sql").write_text(f"SELECT missing FROM nowhere;\n{DELETES};\n")
    project.run("sh", "-c", "make shell < in.sql", status=2)
    assert project.sql("SELECT n FROM items") == [[41]]


def test_at_a_terminal_ctrl_c_is_for_the_client(bake: Bake) -> None:
    project = prepare(bake, "postgresql", url=None)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.path)
        environment = project.environment | {"TERM": "dumb", "PAGER": "cat"}
        os.execvpe(MAKE, [MAKE, "shell"], environment)
    said = until(terminal, "=# ")
    for typed, answer in (
        ("\x03", "=# "),
        ("\x03", "=# "),
        ("\x1a", ""),
        ("SELECT n + 1 FROM items;\n", "42"),
        ("\\q\n", ""),
    ):
        os.write(terminal, typed.encode())
        said += until(terminal, answer)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, said


def until(terminal: int, words: str) -> str:
    """Return what a terminal shows until it has shown these words."""
    said = b""
    while words.encode() not in said:
        said += os.read(terminal, 1024)
    return said.decode()


@pytest.mark.parametrize("database", DATABASES)
def test_a_database_that_a_variable_names_is_reset_by_its_name_alone(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    if project.url is None:
        project.url = sa.make_url(f"sqlite:///{project.path}/a b.db")
        project.environment["DATABASE_URL"] = str(project.url)
        project.make("upgrade")
        project.sql("INSERT INTO items (n) VALUES (41)")
    name = str(project.url.database)
    said = project.make("reset", status=2)
    assert "FAILED: DATABASE_URL names the database " in said and "Nothing was dropped." in said
    assert shlex.split(said.partition("make reset ")[2].partition("\n")[0]) == [f"drop={name}"]
    assert "Nothing was dropped." in project.make("reset", "drop=other", status=2)
    assert project.sql("SELECT n FROM items") == [[41]]
    execute(project, "CREATE VIEW seen AS SELECT n FROM items", "CREATE TABLE by_hand (n INTEGER)")
    other = sa.create_engine(project.url).connect()
    other.exec_driver_sql("SELECT 1")
    said = project.make("reset", f"drop={name}", "to=head")
    other.invalidate()  # a server may have ended it
    other.close()
    assert "Dropped all that " in said and "The database is at r0 (head)." in said
    assert project.sql("SELECT n FROM items") == []
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        assert "by_hand" not in inspector.get_table_names() and not inspector.get_view_names()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_database_of_development_is_reset_after_a_question_at_a_terminal(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database, url=None)
    said = type_at_terminal([MAKE, "reset"], "\n", project.path, project.environment)
    assert "holds? [y/N]" in said and "Nothing was dropped." in said
    assert project.sql("SELECT n FROM items") == [[41]]
    piped = ["sh", "-c", "make reset | tee log"]
    said = type_at_terminal(piped, "\n", project.path, project.environment)
    assert "holds? [y/N]" in said and "Nothing was dropped." in said
    assert project.sql("SELECT n FROM items") == [[41]]
    said = type_at_terminal([MAKE, "reset"], "y\n", project.path, project.environment)
    assert "The database is at r0 (head)." in said
    assert project.sql("SELECT n FROM items") == []
    project.sql("INSERT INTO items (n) VALUES (41)")
    assert "[y/N]" not in project.make("reset")
    assert project.sql("SELECT n FROM items") == []


def test_a_login_that_may_not_create_databases_loses_nothing(bake: Bake) -> None:
    project = prepare(bake, "postgresql")
    assert project.url is not None
    login = f"login_{project.url.database}"
    execute(project, f"CREATE ROLE {login} LOGIN", f"GRANT pg_read_all_data TO {login}")
    try:
        url = project.url.set(username=login).render_as_string(hide_password=False)
        drop = f"drop={project.url.database}"
        said = project.make("reset", drop, status=2, DATABASE_URL=url)
        assert " was not dropped: permission denied to create database\n" in said
        assert "or let this user drop and create it; then run the same command again." in said
        assert project.sql("SELECT n FROM items") == [[41]]
        said = project.make("reset", drop)
        assert "The database is at r0 (head)." in said
    finally:
        execute(project, f"DROP ROLE {login}")


def test_a_database_of_mariadb_that_is_in_use_is_not_dropped(bake: Bake) -> None:
    project = prepare(bake, "mariadb")
    assert project.url is not None
    execute(project, "ALTER DATABASE CHARACTER SET latin1")
    with project.connect() as other:
        other.exec_driver_sql("SELECT n FROM items")
        said = project.make("reset", f"drop={project.url.database}", status=2)
        assert " was not dropped: Lock wait timeout exceeded" in said
    assert project.sql("SELECT n FROM items") == [[41]]
    project.make("reset", f"drop={project.url.database}")
    assert project.sql("SELECT @@character_set_database") == [["latin1"]]


def test_nothing_is_dropped_where_an_upgrade_would_be_refused(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    second = write_revision(project, TABLE.format("more"))
    text = second.read_text()
    second.write_text(text.replace("down_revision = 'r0'", "down_revision = None"))
    assert "There are several heads" in project.make("reset", status=2)
    second.write_text(text.replace("= 'r0'", "= 'r0'\nunproven = 'it fails'"))
    assert "unproven" in project.make("reset", status=2)
    second.unlink()
    with project.connect() as other:
        other.exec_driver_sql("INSERT INTO items (n) VALUES (1)")
        said = project.make("reset", status=2)
    assert "was not dropped: database is locked" in said
    far = {"DATABASE_URL": "", "MIGRATION_DATABASE_URL": f"sqlite:///{project.path}/shop.db"}
    assert "MIGRATION_DATABASE_URL names the database" in project.make("reset", status=2, **far)
    assert project.sql("SELECT n FROM items ORDER BY n") == [[1], [41]]


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_the_example_of_seeds_may_run_again(bake: Bake, database: str, engine: str) -> None:
    project = bake(database, engine=engine)
    project.make("database")
    file = f"src/{project.package}/seed.py"
    said = project.make("seed", status=2)
    assert f"FAILED: There is no {file}. Nothing was changed.\n" in said and "README.md" in said
    readme = (project.path / "README.md").read_text()
    code = readme.partition("Seeds are a script")[2].partition("```python\n")[2].partition("```")[0]
    (project.path / file).write_text(code)
    project.make("revision")
    said = project.make("seed", status=2)
    assert f"FAILED: {file} failed: " in said and "Traceback" not in said
    assert "\nThe database is not at the newest revision: make upgrade\n" in said
    project.make("upgrade")
    drop = [f"drop={project.url.database}"] if project.url else []
    for targets in (["seed"], ["seed"], ["-j4", "reset", "seed", *drop]):
        project.make(*targets)
        assert project.sql("SELECT email FROM users") == [["ada@example.com"]]
    for command in (["check"], ["format", "--check"]):
        project.run(".venv/bin/python", "-m", "ruff", *command, file)


def test_a_script_of_seeds_has_arguments_of_its_own(bake: Bake) -> None:
    project = bake("sqlite")
    file = f"src/{project.package}/seed.py"
    (project.path / file).write_text("import sys\n\nprint(sys.argv)\n")
    assert f"{[file]}\n" in project.make("seed")


@pytest.mark.parametrize("database", DATABASES)
def test_the_workflow_compares_the_models_with_the_revisions(bake: Bake, database: str) -> None:
    project = bake(database)
    workflow = yaml.safe_load((project.path / ".github/workflows/test.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    [command] = [step["run"] for step in steps if "check" in step.get("run", "")]
    project.make("revision")
    project.run(*command.split())
    model = project.path / "src" / project.package / "models" / "user.py"
    model.write_text(f"{model.read_text()}    more: Mapped[str | None]\n")
    assert "posts.more" in project.run(*command.split(), status=2)


def test_every_database_has_a_client() -> None:
    assert CLIENTS.keys() == QUESTIONS["_databases"].keys()
