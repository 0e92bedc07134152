"""What the documents show is what happens."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import DATABASES, TEMPLATE, Bake

README = (TEMPLATE / "README.md").read_text()


def test_the_transcript_is_what_the_demo_prints(tmp_path: Path) -> None:
    said = subprocess.run(
        ["./demo.sh", str(tmp_path)],
        cwd=TEMPLATE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    ).stdout
    shown = README.split("```console\n")[2].split("```")[0]
    assert normal(shown) in normal(said.replace(f"{tmp_path.resolve()}/shop/", ""))


def test_the_first_command_works_with_uvx(tmp_path: Path) -> None:
    command = README.split("```console\n$ ")[1].split("#")[0].split()
    assert command == ["uvx", "cookiecutter", ".", "-o", ".."]
    subprocess.run(
        [TEMPLATE / ".venv" / "bin" / command[0], *command[1:-1], tmp_path, "--no-input"],
        cwd=TEMPLATE,
        check=True,
    )
    assert (tmp_path / "my-project" / "Makefile").exists()


def test_every_path_in_the_tree_is_there(bake: Bake) -> None:
    project = bake("mariadb")  # the one that has every file
    tree = README.split("    shop/\n")[1].split("\n\n")[0]
    for line in tree.splitlines():
        for path in line.strip().split("  ")[0].split(", "):
            assert (project.path / path).exists(), path


@pytest.mark.parametrize("database", DATABASES)
def test_the_generated_tree_is_there(bake: Bake, database: str) -> None:
    project = bake(database)
    readme = (project.path / "README.md").read_text()
    folders: list[str] = []
    for line in readme.split("## Where things are\n\n")[1].split("\n\n")[0].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2 - 2
        name = line.split()[0]
        folders[depth:] = [name]
        assert (project.path / "".join(folders)).exists(), folders


def test_the_changes_are_for_the_newest_version() -> None:
    assert "## Unreleased" in (TEMPLATE / "CHANGELOG.md").read_text()


def normal(transcript: str) -> str:
    """Replace what differs from run to run: times and the identifiers of revisions."""
    return re.sub(r"[0-9a-f]{12}|\d{4}(_\d\d){2}_\d{6}|\d+\.\d s", "x", transcript)


@pytest.mark.parametrize("file", ["README.md", "AGENTS.md"])
def test_every_command_of_make_that_a_generated_paper_names_is_there(bake: Bake, file: str) -> None:
    project = bake("mariadb")
    named = set(re.findall(r"make ([a-z][a-z-]*)", (project.path / file).read_text()))
    listed = set(re.findall(r"^  make ([a-z-]+)", project.make("help"), re.MULTILINE))
    assert {"revision", "upgrade", "status"} <= named
    assert named <= listed
