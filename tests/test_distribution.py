"""The library as a distribution: in a project of Alembic's own, and in place of libs/."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic_guards import __version__
from conftest import DATABASES, FOREIGN, NO_MARIADB, TEMPLATE, Bake, drop_database, git

LIBRARY = TEMPLATE / "{{cookiecutter.project_slug}}" / "libs" / "alembic_guards"
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in FOREIGN}

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

metadata = MetaData()
users = Table("users", metadata, Column("id", Integer, primary_key=True),
    Column("name", String(50), nullable=False{unique}))
Table("posts", metadata, Column("id", Integer, primary_key=True),
    Column("author_id", ForeignKey("users.id"), nullable=False), Column("{title}", String(50)))
"""

REPLACED = """
import sys
import alembic
from alembic.autogenerate.render import renderers
from alembic.operations import Operations, toimpl
from alembic.runtime import plugins
ours = [name for name in sys.modules if name.startswith("alembic_guards")]
{install}
functions = [*Operations._to_impl._registry.values(), *renderers._registry.values()]
replaced = [each for each in functions if "alembic_guards" in each.__module__]
print("alembic_guards" in plugins._all_plugins, bool(replaced), *sorted(ours))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, as `make build` makes them."""
    folder = tmp_path_factory.mktemp("dist")
    build(TEMPLATE, folder)
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, and with the other packages of these tests."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    [wheel] = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    (python.parent / "squawk").symlink_to(Path(sys.executable).with_name("squawk"))
    return python


@pytest.fixture
def url(request: pytest.FixtureRequest, servers: dict[str, sa.URL]) -> Iterator[sa.URL]:
    """The URL of a new database on the server that the parameter names."""
    if request.param == "sqlite":
        yield sa.make_url("sqlite:///plain.db")
        return
    if request.param not in servers:
        pytest.skip(NO_MARIADB)
    url = servers[request.param].set(database=f"test_{uuid4().hex[:12]}")
    named = url.drivername.replace(
        "mysql", request.param, 1
    )  # SQLAlchemy takes mariadb+pymysql, too
    yield url.set(drivername=named)
    drop_database(url)


def build(source: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_holds_the_library_and_its_documents(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    files = content(wheel)
    ours = {p for p in LIBRARY.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {name for name in files if ".dist-info/" not in name} == {
        path.relative_to(LIBRARY.parent).as_posix() for path in ours
    }
    info = f"alembic_guards-{__version__}.dist-info"
    metadata = files[f"{info}/METADATA"].decode()
    for line in (
        "Name: alembic-guards",
        f"Version: {__version__}",
        "License-Expression: MIT",
        "Requires-Python: >=3.11",
        "Requires-Dist: alembic<1.21,>=1.20.1",
        "Requires-Dist: sqlalchemy<2.2,>=2.1",
    ):
        assert line in metadata.splitlines()
    assert (LIBRARY / "README.md").read_text() in metadata
    assert files[f"{info}/licenses/LICENSE"] == (LIBRARY / "LICENSE").read_bytes()
    assert (
        b"[alembic.plugins]\nalembic_guards = alembic_guards.plugin"
        in files[f"{info}/entry_points.txt"]
    )


def test_the_source_distribution_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    [source] = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    build(unpacked, tmp_path / "again")
    [again], [wheel] = (tmp_path / "again").glob("*.whl"), built.glob("*.whl")
    assert content(again) == content(wheel)


@pytest.mark.parametrize("asked", [False, True], ids=["installed", "asked"])
def test_an_installed_library_changes_nothing_until_it_is_asked(python: Path, asked: bool) -> None:
    install = "from alembic_guards import runtime; runtime.install()" if asked else ""
    said = run(python.parent, python, "-c", REPLACED.format(install=install))
    assert said.split() == ["True", str(asked), "alembic_guards", "alembic_guards.plugin"]


@pytest.mark.parametrize("url", DATABASES, indirect=True)
def test_a_project_of_alembic_init_works_with_the_lines_of_the_readme(
    url: sa.URL, python: Path, tmp_path: Path
) -> None:
    project = tmp_path / "plain"
    project.mkdir()
    git(project, "init", "--quiet")

    def alembic(*arguments: str, status: int = 0) -> str:
        return run(project, python, "-m", "alembic", *arguments, status=status)

    alembic("init", "migrations")
    env = project / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            "target_metadata = None", "from models import metadata\n\ntarget_metadata = metadata"
        )
    )
    ini = project / "alembic.ini"
    text = url.render_as_string(hide_password=False).replace("%", "%%")
    example = "driver://user:pass@localhost/dbname"
    ini.write_text(ini.read_text().replace(example, text))
    apply_readme(env)

    (project / "models.py").write_text(MODELS.format(title="title", unique=""))
    alembic("-x", "create-database", "current")
    alembic("revision", "--autogenerate", "-m", "first")
    alembic("upgrade", "head")
    assert "CREATE TABLE users" in alembic("upgrade", "head", "--sql")
    (project / "models.py").write_text(MODELS.format(title="headline", unique=", unique=True"))
    asked = alembic("revision", "--autogenerate", status=1)
    assert 'alembic -x "ANSWER ANSWER ..." revision --autogenerate' in asked
    assert "posts.title is gone" in asked
    alembic("-x", "rename=posts.title:headline", "revision", "--autogenerate", "-m", "second")
    assert "Bring it up to date: alembic upgrade head" in alembic("check", status=1)
    alembic("upgrade", "head")
    alembic("check")
    alembic("downgrade", "base")


def apply_readme(env: Path) -> None:
    """Change env.py as the README of the library shows."""
    [patch] = re.findall("```diff\n(.*?)```", (LIBRARY / "README.md").read_text(), re.DOTALL)
    assert len(re.findall(r"(?m)^\+(?!\+)", patch)) < 10
    file = env.with_name("readme.patch")
    file.write_text(patch)
    git(env.parent, "apply", "--recount", "--unidiff-zero", file.name)


@pytest.mark.parametrize("database", DATABASES)
def test_a_generated_project_works_with_the_wheel_in_place_of_libs(
    bake: Bake, python: Path, database: str
) -> None:
    project = bake(database)
    shutil.rmtree(project.path / "libs")
    (project.path / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    project.make("database")
    project.make("revision", "m=create users")
    for command in ("upgrade", "check", "lint", "test", "downgrade"):
        project.make(command)


def run(folder: Path, *command: str | Path, status: int = 0) -> str:
    """Run a command in a folder; return what it prints to either stream."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
