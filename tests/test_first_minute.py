"""On a machine with little on it, the first commands work, and what is in their way is one line."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pages
import pytest
import sqlalchemy as sa
from conftest import NO_MARIADB, TEMPLATE, VARIANTS, Project, drop_database, type_at_terminal

#: What every Unix has, and make; Python beside it is all that a project needs.
TOOLS = (
    "make", "sh", "awk", "cat", "echo", "grep", "mkdir", "mv", "rm", "sed", "sleep", "tail", "wc"
)  # fmt: skip
CUT_OFF = ("/usr/bin/unshare", "--net", "--map-root-user")
INSTALLING = "Installing into .venv (seconds with uv, a minute or two with pip) ...\n"

#: How an environment comes to be without make.
OTHER_WAYS = {
    "uv sync": "uv sync",
    "production": "uv sync --no-dev --no-editable",
    "by hand": "python3 -m venv --upgrade-deps .venv && "
    ".venv/bin/python -m pip install --quiet --editable . --group dev",
}

#: What the first revision of a new project creates.
TABLES = {
    "posts": ["id", "author_id", "title", "body"],
    "users": ["id", "email", "created_at"],
}

Generate = Callable[..., Project]


def test_the_quick_start_works_word_for_word(tmp_path: Path, published: Path) -> None:
    """On a machine with Python and make alone, by whoever types the one name that README has."""
    template = tmp_path / "template"
    shutil.copytree(published, template)
    readme, page = ((template / name).read_text() for name in ("README.md", "docs/start.md"))
    script = first_commands(readme)
    assert first_commands(page) == script
    environment = {"PATH": str(machine(tmp_path / "bin", uv=False)), "HOME": str(tmp_path)}
    environment |= {name: text for name, text in os.environ.items() if name.startswith("PIP_")}
    command = ("/bin/sh", "-ec", "\n".join(script))
    answers = f"Shop{os.linesep * 7}"
    subprocess.run(command, cwd=template, env=environment, input=answers, text=True, check=True)
    assert Project(tmp_path / "shop", None).columns() == TABLES


def first_commands(document: str) -> list[str]:
    """Return the commands of the first block of a document."""
    block = next(block for block in pages.blocks(document) if block.kind == "console")
    return [command.text for command in pages.commands(block)]


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_the_first_commands_make_the_tables(generate: Generate, database: str, engine: str) -> None:
    project = generate(database, engine)
    commands = first_commands((project.path / "README.md").read_text())
    assert commands[-2:] == ['make revision m="create users"', "make upgrade"]
    docker = "docker compose up --wait"  # or a server of yours, as README says
    assert (docker in commands) == (database == "mariadb")
    said = "".join(project.run("/bin/sh", "-c", one) for one in commands if one != docker)
    assert project.columns() == TABLES
    assert said.startswith(INSTALLING)
    assert said.count("Installing") == 1
    assert "WARNING" not in said


def test_the_commands_without_make_do_the_same(generate: Generate) -> None:
    project = generate()
    readme = (project.path / "README.md").read_text()
    lines = re.findall(r"^> (.+)$", readme, re.MULTILINE)
    assert len(lines) == 6
    for folder in (
        (r".venv\Scripts\activate", ". .venv/bin/activate"),
        ("python -m venv", "python3 -m venv"),
    ):
        lines = [line.replace(*folder) for line in lines]
    project.environment["PATH"] += f"{os.pathsep}/usr/bin{os.pathsep}/bin"  # activate needs more
    project.run("/bin/sh", "-ec", "\n".join(lines))
    assert project.columns() == TABLES


def test_uv_is_used_where_it_is_there(generate: Generate) -> None:
    project = generate(uv=True)
    project.make("revision", "m=create users")
    project.make("upgrade")
    assert (project.path / "uv.lock").exists()
    assert list(project.columns()) == ["posts", "users"]


def test_a_moved_folder_is_installed_anew(generate: Generate) -> None:
    project = generate(uv=True)
    project.make("install")
    project.path = project.path.rename(project.path.with_name('it\'s "moved" by $me'))
    assert without_progress(project.make("current")) == INSTALLING
    assert project.make("current") == ""
    package = f"import {project.package}; print({project.package}.__file__)"
    assert str(project.path) in project.run(".venv/bin/python", "-c", package)


def test_a_vanished_python_is_replaced(generate: Generate) -> None:
    project = generate(uv=True)
    project.make("install")
    Path(project.environment["PATH"], "uv").unlink()
    python = project.path / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert without_progress(project.make("current")) == INSTALLING
    assert project.make("current") == ""


def test_a_machine_without_python_is_told_what_it_needs(generate: Generate) -> None:
    project = generate()
    Path(project.environment["PATH"], "python3").unlink()
    reason, _ = project.make("current", status=2).split("make: ***")
    assert reason == "Python 3.11 or newer with venv is needed, and none is on the PATH\n"


@pytest.mark.parametrize("uv", [False, True], ids=["pip", "uv"])
def test_a_missing_network_is_one_line_and_the_next_run_repairs_it(
    generate: Generate, uv: bool, tmp_path: Path
) -> None:
    if subprocess.run([*CUT_OFF, "true"], check=False).returncode:
        pytest.skip("unshare may not cut off the network here")
    project = generate(uv=uv)
    said = project.run(*CUT_OFF, "make", "current", status=None, UV_CACHE_DIR=str(tmp_path / "no"))
    first, reason, make = without_progress(said).splitlines()
    assert first == INSTALLING.strip()
    assert reason.startswith("Not installed (it takes a network): ")
    assert make.startswith("make: ***")
    assert without_progress(project.make("current")) == INSTALLING


def test_an_interrupted_install_is_repaired(generate: Generate) -> None:
    project = generate()
    installing = start(project, "current")
    while not list(project.path.glob(".venv/lib/*/site-packages/alembic")):
        assert installing.poll() is None
        time.sleep(0.01)
    os.killpg(installing.pid, signal.SIGKILL)
    installing.wait()
    assert without_progress(project.make("current")) == INSTALLING


def test_two_at_once_wait_for_each_other(generate: Generate) -> None:
    project = generate(uv=True)
    both = [start(project, "current"), start(project, "heads")]
    assert [process.wait() for process in both] == [0, 0]
    assert project.make("current") == ""


def test_a_changed_pyproject_is_installed(generate: Generate) -> None:
    project = generate(uv=True)
    project.make("install")
    pyproject = project.path / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text().replace("dependencies = [", 'dependencies = ["idna",', 1)
    )
    assert without_progress(project.make("current")) == INSTALLING
    project.run(".venv/bin/python", "-c", "import idna")


@pytest.mark.parametrize("uv", [False, True], ids=["pip", "uv"])
@pytest.mark.parametrize("command", OTHER_WAYS.values(), ids=OTHER_WAYS)
def test_an_environment_that_make_did_not_make_is_used_as_it_is(
    generate: Generate, command: str, uv: bool
) -> None:
    project = generate(uv=True)
    project.run("sh", "-c", command)
    if not uv:
        Path(project.environment["PATH"], "uv").unlink()
    before = contents(project)
    assert project.make("install") == project.make("heads") == ""
    assert contents(project) == before


def test_a_link_to_the_environment_of_another_project_is_used_as_it_is(generate: Generate) -> None:
    project = generate(uv=True)
    project.make("install")
    other = (project.path / ".venv").rename(project.path.with_name("other"))
    (other / "installed").write_text("/another/project\n")
    (project.path / ".venv").symlink_to(other)
    assert project.make("heads") == ""
    assert (other / "installed").read_text() == "/another/project\n"


@pytest.mark.parametrize("broken", ["its Python", "a package", "all of it"])
def test_an_environment_that_make_did_not_make_and_that_lacks_something_is_left_alone(
    generate: Generate, broken: str
) -> None:
    project = generate(uv=True)
    environment = project.path / ".venv"
    if broken == "all of it":
        environment.mkdir()
        (environment / "notes").touch()
    elif broken == "its Python":
        project.run("uv", "venv")
        (environment / "bin" / "python").unlink()
    else:
        project.run("uv", "sync")
        project.run("uv", "pip", "uninstall", "alembic", "sqlalchemy")
    before = contents(project)
    said, _ = project.make("heads", status=2).split("make: ***")
    lacks = {"a package": "alembic, sqlalchemy"}.get(broken, "a Python 3.11 or newer that runs")
    assert said == (
        f".venv lacks {lacks}. It was not made by make, or cannot be written to: it was not changed.\n"
        "Install with the tool that made it, such as uv sync; or remove .venv, and run make again.\n"
    )
    assert contents(project) == before


@pytest.mark.parametrize("by", ["make", "uv sync", "nobody"])
def test_a_read_only_file_system_is_used_as_it_is(generate: Generate, by: str) -> None:
    project = generate(uv=True)
    if by != "nobody":
        project.run("sh", "-c", "make install" if by == "make" else by)
    (project.path / "pyproject.toml").touch()  # as new as a checkout
    mount = 'mount --bind "$PWD" "$PWD" && mount --options remount,bind,ro "$PWD"'
    unshare = ("/usr/bin/unshare", "--mount", "--map-root-user", "/bin/sh", "-c")
    path = f"PATH=/usr/bin:/bin; {mount}"
    if subprocess.run([*unshare, path], cwd=project.path, check=False).returncode:
        pytest.skip("unshare may not mount here")
    command = f'{path} && cd "$PWD" && PATH={project.environment["PATH"]} exec make heads'
    said = project.run(*unshare, command, status=2 if by == "nobody" else 0)
    reason = "Not installed: this folder cannot be written to\n" if by == "nobody" else ""
    assert said.split("make: ***")[0] == reason


def test_a_failure_of_uv_is_told_with_what_helps(generate: Generate) -> None:
    project = generate(uv=True)
    uv = Path(project.environment["PATH"], "uv")
    uv.unlink()
    reason = "invalid peer certificate: UnknownIssuer"
    uv.write_text(f"#!/bin/sh\necho '  Caused by: {reason}'; exit 2\n")
    uv.chmod(0o755)
    assert project.make("install", status=2).splitlines()[:-1] == [
        INSTALLING.strip(),
        f"Not installed (it takes a network): {reason} (uv; with pip: make install uv=)",
        "To trust the certificates of this machine: UV_SYSTEM_CERTS=1 make install",
    ]
    assert without_progress(project.make("install", "uv=")) == INSTALLING
    assert project.make("current") == ""


def test_what_is_installed_is_shown_each_second_at_a_terminal_and_each_10_s_elsewhere(
    generate: Generate,
) -> None:
    project = generate()
    uv = Path(project.environment["PATH"], "uv")
    uv.write_text("#!/bin/sh\necho 'Downloading sqlalchemy'\nsleep ${LONG-0}\n")
    uv.chmod(0o755)
    bootstrap = ["sh", "scripts/bootstrap", str(uv)]
    said = project.run(*bootstrap, LONG="6")  # venv and sync
    assert said == f"{INSTALLING}10 s: Downloading sqlalchemy\n"
    shutil.rmtree(project.path / ".venv")
    environment = project.environment | {"LONG": "1.5"}
    said = type_at_terminal(bootstrap, "", project.path, environment)
    assert said.startswith(INSTALLING) and said.endswith("\r\x1b[K")
    assert "\r\x1b[K1 s: Downloading sqlalchemy" in said


def test_a_member_of_a_workspace_of_uv_has_its_own_environment(generate: Generate) -> None:
    project = generate(uv=True)
    workspace = f'[tool.uv.workspace]\nmembers = ["{project.path.name}"]\n'
    (project.path.parent / "pyproject.toml").write_text(workspace)
    assert without_progress(project.make("current")) == INSTALLING
    assert project.make("current") == ""
    assert not (project.path.parent / ".venv").exists()


@pytest.fixture
def generate(tmp_path: Path, servers: dict[str, sa.URL]) -> Iterator[Generate]:
    """Generate a project as its owner does, on a machine that has only Python, make and `uv=`."""
    made: list[sa.URL] = []

    def generate(database: str = "sqlite", engine: str = "sync", uv: bool = False) -> Project:
        if database == "mariadb" and "mariadb" not in servers:
            pytest.skip(NO_MARIADB)
        slug = f"first-minute-{uuid4().hex[:8]}"
        answers = (f"project_slug={slug}", f"database={database}", f"engine={engine}")
        cookiecutter = Path(sys.executable).with_name("cookiecutter")
        command = (cookiecutter, TEMPLATE, "--no-input", *answers)
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        project = Project(tmp_path / slug, None)
        project.environment["PATH"] = str(machine(tmp_path / "bin", uv))
        if database == "mariadb":
            made.append(servers["mariadb"].set(database=project.package))
            if "TEST_MARIADB_URL" in os.environ:
                project.environment["DATABASE_URL"] = made[0].render_as_string(hide_password=False)
        return project

    yield generate
    for url in made:
        drop_database(url)


def machine(folder: Path, uv: bool) -> Path:
    """Make a folder that holds the only commands there are."""
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    (folder / "python3").symlink_to(Path(sys.base_prefix, "bin", "python3"))
    if uv:
        (folder / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    return folder


def without_progress(said: str) -> str:
    """Return what was said without the signs of life of a long installation."""
    return re.sub(r"^\d+ s: .*\n", "", said, flags=re.MULTILINE)


def contents(project: Project) -> dict[str, int]:
    """Return all files of the environment, and when each was changed; not what Python caches."""
    return {
        str(path): path.lstat().st_mtime_ns
        for path in (project.path / ".venv").rglob("*")
        if "__pycache__" not in str(path) and not path.is_dir()  # a folder gets one
    }


def start(project: Project, target: str) -> subprocess.Popen[bytes]:
    """Run make beside these tests, in a process group of its own."""
    return subprocess.Popen(
        ("make", target),
        cwd=project.path,
        env=project.environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
