"""What the pages of the documentation show is what happens, and the pages are a site."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pages
import pytest
import sqlalchemy as sa
from conftest import TEMPLATE, Bake, Project
from markdown_it import MarkdownIt

DOCS = TEMPLATE / "docs"
PAGES = {path.stem: path.read_text() for path in sorted(DOCS.glob("*.md"))}
PARTS = {
    f"{name} {number}" if number else name: part
    for name, page in PAGES.items()
    for number, part in enumerate(pages.parts(page))
}
LONG = pytest.mark.long
#: The parts that `make test` runs; `make test-docs` runs all.
SHORT = {"how-a-change-travels", "production", "existing-database", "application"}
#: What the pages import beside what a project installs.
FRAMEWORKS = ("fastapi", "flask")
#: Pages whose commands need more than one project: their own tests are below, or where they say.
ELSEWHERE = {
    "start": "test_first_minute.py runs the lines of README, which are the same",
    "updating": "test_update.py runs them in a project with an older template",
}


@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=LONG) for name in PARTS]
)
def test_every_command_of_a_page_does_what_the_page_shows(bake: Bake, name: str) -> None:
    part = PARTS[name]
    for framework in FRAMEWORKS:
        if f"from {framework}" in part.text:
            pytest.importorskip(framework)
    project = bake(part.database, engine=part.engine)
    project.alembic("-x", "create-database", "current")
    pages.do(part.text, project)


def test_every_command_is_in_a_part_that_runs() -> None:
    for name, page in PAGES.items():
        before = page if not pages.parts(page) else pages.DATABASE.split(page)[0]
        outside = [block for block in pages.blocks(before) if block.kind == "console"]
        assert not outside or name in ELSEWHERE, name


def test_a_command_that_does_not_do_what_is_shown_is_found(bake: Bake) -> None:
    project = bake()
    for shown in (
        "$ echo one\ntwo",
        "$ false",
        "$ echo one\nFAILED: one",
        "$ make history\nnothing",
        "$ printf 'one\\ntwo\\n'\n...\none",
    ):
        with pytest.raises(AssertionError):
            pages.do(f"```console\n{shown}\n```\n", project)
    pages.do("```console\n$ printf 'one\\ntwo\\n'\none\n...\n```\n", project)


def test_every_target_of_make_is_there(bake: Bake) -> None:
    listed = set(re.findall(r"^  make ([a-z-]+)", bake().make("help"), re.MULTILINE))
    for name, page in PAGES.items():
        named = set(re.findall(r"(?:^\$.*|`)\bmake ([a-z][a-z-]*)", page, re.MULTILINE))
        assert named <= listed, name


def test_every_link_leads_somewhere_and_every_page_is_in_the_contents() -> None:
    for name, page in PAGES.items():
        for token in MarkdownIt().parse(page):
            for child in token.children or []:
                link = str(child.attrGet("href") or "")
                if link and not link.startswith("https://"):
                    assert (DOCS / unquote(link).partition("#")[0]).exists(), (name, link)
    contents = PAGES["index"].partition(":hidden:")[2].split("```")[0].split()
    assert sorted(contents) == sorted(set(PAGES) - {"index"})
    assert all(f"]({name}.md)" in PAGES["index"] for name in contents)


def sql_of(page: str, heading: str) -> list[str]:
    """Return the statements for an administrator that stand below a heading."""
    text = re.split(r"^#+ ", PAGES[page].partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    found = [block.text for block in pages.blocks(text) if block.kind == "sql"]
    assert found and all(one.startswith(pages.ADMINISTRATOR) for one in found)
    lines = "\n".join(found).splitlines()
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return [one.strip() for one in sql.split(";") if one.strip()]


LOGINS = ("shop_migrations", "shop_application")
CLEAN = {
    "postgresql": ["DROP OWNED BY {} CASCADE", "DROP ROLE {}"],
    "mariadb": ["DROP USER IF EXISTS {}"],
}


@pytest.fixture(params=CLEAN)
def granted(request: pytest.FixtureRequest, bake: Bake) -> Iterator[tuple[Project, list[str]]]:
    """A project with a database, and the statements of the page; its logins are gone at the end."""
    database = request.param
    project = bake(database)
    project.alembic("-x", "create-database", "revision", "--autogenerate")
    heading = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}[database]
    assert project.url is not None
    own = re.compile(r"(?<=DATABASE )shop\b|\bshop(?=\.\*)")
    execute(project, *(f"DROP USER IF EXISTS {login}" for login in LOGINS if database == "mariadb"))
    yield (
        project,
        [own.sub(str(project.url.database), one) for one in sql_of("production", heading)],
    )
    for login in LOGINS:
        execute(project, *(one.format(login) for one in CLEAN[database]))


def test_the_rights_of_the_page_are_enough(
    granted: tuple[Project, list[str]],
) -> None:
    project, statements = granted
    last = [one for one in statements if one.startswith("REVOKE")]
    execute(project, *(one for one in statements if one not in last))
    migrations, application = (login_url(project, name) for name in LOGINS)
    server = project.environment["DATABASE_URL"]

    def upgrade() -> None:
        project.alembic("upgrade", "head", DATABASE_URL=migrations)

    upgrade()
    model = project.path / "src/shop/models/user.py"
    model.write_text(
        model.read_text() + "    summary: Mapped[str | None] = mapped_column(index=True)\n"
    )
    project.alembic("revision", "--autogenerate", SCRATCH_DATABASE_URL=server)
    upgrade()
    execute(project, *last)
    with sa.create_engine(application, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("INSERT INTO users (email) VALUES ('ada@example.com')")
        connection.exec_driver_sql("UPDATE users SET email = 'alan@example.com'")
        assert connection.scalar(sa.text("SELECT email FROM users")) == "alan@example.com"
        connection.exec_driver_sql("DELETE FROM users")
    refused = ["DROP TABLE users", "CREATE TABLE more (id int)", "ALTER TABLE users ADD more int"]
    refused += ["DELETE FROM alembic_version"] * bool(last)
    for statement in refused:
        with (
            pytest.raises(sa.exc.DBAPIError),
            sa.create_engine(application, poolclass=sa.NullPool).begin() as connection,
        ):
            connection.exec_driver_sql(statement)
    project.alembic("downgrade", "base", DATABASE_URL=migrations)
    upgrade()


def login_url(project: Project, name: str) -> str:
    """Return the URL of the project's database for a login of the page."""
    assert project.url is not None
    password = {"shop_migrations": "choose one", "shop_application": "choose another"}[name]
    url = project.url.set(username=name, password=password)
    return url.render_as_string(hide_password=False)


def execute(project: Project, *statements: str) -> None:
    """Execute statements as the administrator of the server."""
    with project.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_the_image_of_the_page_upgrades_a_database(bake: Bake, tmp_path: Path) -> None:
    """The lines of the Dockerfile are done one by one, in a folder and an environment of its own."""
    project = bake("sqlite")
    project.alembic("revision", "--autogenerate")
    lines = next(b for b in pages.blocks(PAGES["production"]) if b.kind == "dockerfile").text
    image = tmp_path / "image"
    image.mkdir()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    done = []
    environment = {"PATH": f"{tmp_path / 'python' / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    environment |= {key: value for key, value in project.environment.items() if "PIP_" in key}
    for line in lines.splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                path = project.path / source
                if path.is_dir():
                    shutil.copytree(path, image / target)
                else:
                    shutil.copy(path, image / target)
        elif word == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=image, env=environment, check=True)
        elif word == "CMD":
            done = re.findall(r'"(.+?)"', rest)
    url = f"sqlite:///{tmp_path / 'production.db'}"
    subprocess.run(done, cwd=image, env={**environment, "DATABASE_URL": url}, check=True)
    assert set(sa.inspect(sa.create_engine(url)).get_table_names()) >= {"users", "posts"}


@pytest.mark.docs
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(TEMPLATE / name, template)
    shutil.copytree(DOCS, template / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["make", "docs"], cwd=template, check=True)
    for name in PAGES:
        assert (template / "site" / f"{name}.html").exists()
