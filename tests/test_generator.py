"""The ways to a project: tools, kinds of source, terminals, and folders it goes into or does not."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import product
from pathlib import Path

import pytest
from conftest import DATABASES, TEMPLATE, VARIANTS, Bake, git, type_at_terminal
from packaging.requirements import Requirement

BIN = Path(sys.executable).parent
TOOLS = ("uvx cookiecutter", "pipx run cookiecutter", "cookiecutter", "uvx cruft create")
SOURCES = ("folder", "git URL", "zip")
WITHOUT_ZIP = "uvx cruft create"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has these tools, and no configuration of git or any other."""
    (tmp_path / "home").mkdir()
    foreign = ("COOKIECUTTER", "GIT_", "XDG_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    cache = subprocess.check_output((BIN / "uv", "cache", "dir"), text=True).strip()
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(tmp_path / "home"), "PATH": path, "UV_CACHE_DIR": cache}


def run(command: list[str], home: dict[str, str], folder: Path, status: int = 0) -> str:
    """Run a command in a folder; return what it prints to either stream."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=home,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert result.returncode == status, result.stdout
    return result.stdout


@pytest.mark.parametrize(
    ("tool", "source"), [way for way in product(TOOLS, SOURCES) if way != (WITHOUT_ZIP, "zip")]
)
def test_every_tool_takes_every_kind_of_source(
    tmp_path: Path, published: Path, home: dict[str, str], tool: str, source: str
) -> None:
    where = {
        "folder": lambda: str(published),
        "git URL": lambda: f"{'git+' * (tool != WITHOUT_ZIP)}file://{published}",
        "zip": lambda: shutil.make_archive(
            str(tmp_path / "t"), "zip", published.parent, published.name
        ),
    }[source]()
    said = run([*tool.split(), where, "--no-input"], home, tmp_path)
    assert "Traceback" not in said
    project = tmp_path / "my-project"
    assert (project / "alembic" / "env.py").exists()
    assert (project / ".cruft.json").exists() == (source != "zip")


def test_a_machine_without_git_gets_no_version_of_the_template(
    tmp_path: Path, published: Path, home: dict[str, str]
) -> None:
    command = [str(BIN / "cookiecutter"), str(published), "--no-input"]
    run(command, {**home, "PATH": str(BIN)}, tmp_path)
    assert not (tmp_path / "my-project" / ".cruft.json").exists()


@pytest.mark.parametrize("tool", ["cookiecutter", "uvx cruft create"])
def test_every_tool_refuses_in_one_line(
    tmp_path: Path, published: Path, home: dict[str, str], tool: str
) -> None:
    answer = {"cookiecutter": ["project_slug=json"]}.get(
        tool, ["--extra-context", '{"project_slug": "json"}']
    )
    said = run([*tool.split(), str(published), "--no-input", *answer], home, tmp_path, status=1)
    assert said.splitlines()[-1].startswith("project_slug cannot be 'json': it is a module")
    assert "Traceback" not in said
    assert not (tmp_path / "json").exists()


def test_a_misspelt_question_is_refused_with_the_nearest(bake: Bake) -> None:
    with pytest.raises(SystemExit, match="'databse' is no question: try database"):
        bake(databse="sqlite")


@pytest.mark.parametrize("private", ["__package=../x", "_drivers=x", "__state_file=/x"])
def test_what_is_not_asked_cannot_be_answered(
    tmp_path: Path, home: dict[str, str], private: str
) -> None:
    said = run(["cookiecutter", str(TEMPLATE), "--no-input", private], home, tmp_path, status=1)
    assert "is no question" in said
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_a_replayed_answer_is_checked_too(tmp_path: Path, home: dict[str, str]) -> None:
    run(["cookiecutter", str(TEMPLATE), "--no-input"], home, tmp_path)
    [notes] = (tmp_path / "home" / ".cookiecutter_replay").iterdir()
    notes.write_text(notes.read_text().replace('"my-project"', '"../outside"'))
    command = ["cookiecutter", str(TEMPLATE), "--replay"]
    assert "project_slug cannot be '../outside'" in run(command, home, tmp_path, status=1)
    assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize(
    ("replies", "shown"),
    [
        (["", "json", ""], "project_slug cannot be 'json': it is a module of Python: try json-db."),
        (["a\u200bb", "Shop"], "project_name cannot be 'a\\u200bb': it holds U+200B"),
        (["", "", "{{ 7*7 }}", "", "me", "you@example.com"], "email cannot be 'me'"),
        (["", "my.shop"], "try my-shop"),
        ([""] * 5 + ["oracle", "Postgres", "2"], "database cannot be 'oracle': try one of sqlite"),
    ],
)
def test_a_terminal_is_asked_again_at_once(
    tmp_path: Path, home: dict[str, str], replies: list[str], shown: str
) -> None:
    said = at_terminal(tmp_path, home, [*replies, *[""] * 8])
    assert shown in said
    [project] = [path for path in tmp_path.iterdir() if path.name != "home"]
    assert (project / "pyproject.toml").exists()


def test_in_a_terminal_the_suggestion_is_the_default(tmp_path: Path, home: dict[str, str]) -> None:
    at_terminal(tmp_path, home, ["", "json", *[""] * 8])
    assert (tmp_path / "json-db").exists()


def test_author_and_address_are_those_of_git(tmp_path: Path, home: dict[str, str]) -> None:
    (tmp_path / "home" / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@x.org\n")
    said = run(["cookiecutter", str(TEMPLATE), "--no-input"], home, tmp_path)
    assert "Your name is still missing" not in said
    assert authors(tmp_path / "my-project") == [{"name": "Ada", "email": "ada@x.org"}]


@pytest.mark.parametrize("missing", ["git", "HOME", "make"])
def test_it_works_without(tmp_path: Path, home: dict[str, str], missing: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in {"git", "make", "cookiecutter"} - {missing}:
        (tools / tool).symlink_to(str(shutil.which(tool, path=home["PATH"])))
    environment = home | {"PATH": str(tools)}
    environment.pop(missing, None)
    (tmp_path / "in").mkdir()
    said = run(["cookiecutter", str(TEMPLATE), "--no-input"], environment, tmp_path / "in")
    assert ("git init" in said) == (missing != "git")
    assert ("README.md has the commands without it" in said) == (missing == "make")
    assert authors(tmp_path / "in" / "my-project")[0]["name"]


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "hi"', "{{ 7*7 }}", "{% raw %}", "{#", "$HOME"]
)
def test_the_target_may_have_any_name(tmp_path: Path, home: dict[str, str], name: str) -> None:
    target = tmp_path / name
    command = ["cookiecutter", str(TEMPLATE), "--no-input", "-o", str(target)]
    said = run(command, home, tmp_path)
    folder = re.search(r"    cd (.*)\n", said)
    assert folder
    shell = ["sh", "-c", f"cd {folder[1]} && pwd -P"]
    assert run(shell, home, tmp_path).strip() == str((target / "my-project").resolve())
    assert {path.name for path in target.rglob("models")} == {"models"}


@pytest.mark.parametrize("there", ["folder", "link", "dead link"])
def test_a_target_that_is_there_already_is_left_alone(
    tmp_path: Path, home: dict[str, str], there: str
) -> None:
    target = tmp_path / "my-project"
    if there == "folder":
        target.mkdir()
    else:
        target.symlink_to("/nowhere/at/all" if there == "dead link" else TEMPLATE / "LICENSE")
    said = run(["cookiecutter", str(TEMPLATE), "--no-input"], home, tmp_path, status=1)
    assert said == (
        f"{target} is there already: try project_slug=my-project-2, or another folder with "
        "--output-dir. Nothing was written.\n"
    )


def test_a_target_that_cannot_be_written_to_is_one_line(
    tmp_path: Path, home: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    command = ["cookiecutter", str(TEMPLATE), "--no-input", "-o", "file/below"]
    said = run(command, home, tmp_path, status=1)
    assert said == (
        f"{tmp_path}/file cannot be written to: try another folder with --output-dir. "
        "Nothing was written.\n"
    )


def test_inside_another_repository_git_needs_no_init(tmp_path: Path, home: dict[str, str]) -> None:
    git(tmp_path, "init", "--quiet")
    assert "git init" not in run(["cookiecutter", str(TEMPLATE), "--no-input"], home, tmp_path)


@pytest.mark.parametrize("database", DATABASES)
def test_the_goodbye_is_short_and_says_what_is_left(
    tmp_path: Path, home: dict[str, str], database: str
) -> None:
    command = ["cookiecutter", str(TEMPLATE), "--no-input", f"database={database}"]
    said = run(command, home, tmp_path)
    assert len(said.strip().splitlines()) <= 12
    assert f"    cd {tmp_path / 'my-project'}\n" in said
    assert ("docker compose up" in said) == (database == "mariadb")
    assert said.count('make revision m="create users"') == 1


@pytest.mark.parametrize("name", ["a", "x" * 50], ids=["1", "50"])
@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_the_shortest_and_the_longest_name_work_in_every_variant(
    bake: Bake, database: str, engine: str, name: str
) -> None:
    project = bake(database, engine=engine, project_name=name, project_slug=name)
    project.make("lint")
    project.alembic("-x", "create-database", "current")
    project.alembic("revision", "--autogenerate", "--message=create users")
    project.alembic("upgrade", "head")
    project.alembic("check")


def test_every_target_can_be_read_and_is_in_the_list(bake: Bake) -> None:
    project = bake()
    source = (project.path / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (help .*)$", source, re.MULTILINE)
    assert targets
    listed = re.findall(r"^  make (\S+) ", project.make(), re.MULTILINE)
    assert listed == targets[1].split()
    project.make("--dry-run", *listed)


def test_the_readme_has_commands_for_people_without_make(bake: Bake) -> None:
    project = bake()
    readme = (project.path / "README.md").read_text()
    commands = re.findall(r"^> python (-m alembic .*)$", readme, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        project.run("sh", "-c", f".venv/bin/python {command}")
    assert len(project.revisions()) == 1


def test_no_name_of_what_a_project_installs_is_taken_for_its_own(bake: Bake) -> None:
    problems = TEMPLATE / "local_extensions" / "problems.py"
    spec = importlib.util.spec_from_file_location("rules", problems)
    assert spec and spec.loader
    rules = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rules)
    names = set()
    for n, (database, engine) in enumerate(VARIANTS):
        project = bake(database, url=None, engine=engine, project_slug=f"p{n}")
        written = tomllib.loads((project.path / "pyproject.toml").read_text())
        for line in written["project"]["dependencies"] + written["dependency-groups"]["dev"]:
            names |= installed_by(Requirement(line), set())
    slugs = {name.lower().replace("_", "-").replace(".", "-") for name in names}
    possible = {slug for slug in slugs if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug)}
    assert not {slug for slug in possible if rules.slug_reason(slug) is None}


def installed_by(requirement: Requirement, seen: set[str]) -> set[str]:
    """Return the names of all that comes with a requirement, and of what can be imported then."""
    if requirement.name in seen:
        return set()
    seen.add(requirement.name)
    distribution = metadata.distribution(requirement.name)
    modules = (
        file.parent if file.name.startswith("__init__.") else file
        for file in distribution.files or []
    )
    names = {module.name.split(".")[0] for module in modules if len(module.parts) == 1}
    names.add(requirement.name)
    for line in distribution.requires or []:
        needed = Requirement(line)
        extras = requirement.extras or {""}
        if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            names |= installed_by(needed, seen)
    return names


def authors(project: Path) -> list[dict[str, str]]:
    """Return whom pyproject.toml names."""
    written = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    people: list[dict[str, str]] = written["project"]["authors"]
    return people


def at_terminal(folder: Path, home: dict[str, str], replies: list[str]) -> str:
    """Run cookiecutter with a terminal, type the replies, and return what it shows."""
    typed = "".join(f"{reply}\n" for reply in replies)
    command = ["cookiecutter", str(TEMPLATE)]
    return type_at_terminal(command, typed, folder, home | {"COLUMNS": "200"})
