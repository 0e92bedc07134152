"""What the documents show is what happens."""

import html
import re
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from conftest import DATABASES, TEMPLATE, Bake

README = (TEMPLATE / "README.md").read_text()


def test_the_picture_is_what_the_demo_shows(tmp_path: Path) -> None:
    """The same file comes out again, and it holds what is shown at a terminal."""
    session = load_session()
    shown = session.normal(session.record(tmp_path))
    assert session.draw(shown) == (TEMPLATE / "docs/session.svg").read_text()
    assert "(docs/session.svg)" in README.split("```")[0]
    drawn = html.unescape(re.sub(r"<[^>]+>", "", session.draw(shown))).replace("\xa0", " ")
    assert "Applied 8d5e0c6f1a2b: add posts.summary (1 of 1, 0.1 s)" in drawn


def test_the_command_for_uv_works(tmp_path: Path) -> None:
    command = "uvx cookiecutter . -o .."
    assert f"`{command}`" in README
    uvx, *arguments, _ = command.split()
    subprocess.run(
        [TEMPLATE / ".venv" / "bin" / uvx, *arguments, tmp_path, "--no-input"],
        cwd=TEMPLATE,
        check=True,
    )
    assert (tmp_path / "my-project" / "Makefile").exists()


def load_session() -> Any:
    """Import the script that records the picture."""
    spec = spec_from_file_location("session", TEMPLATE / "docs/session.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize("file", ["README.md", "AGENTS.md"])
def test_every_command_of_make_that_a_generated_paper_names_is_there(bake: Bake, file: str) -> None:
    project = bake("mariadb")
    named = set(re.findall(r"make ([a-z][a-z-]*)", (project.path / file).read_text()))
    listed = set(re.findall(r"^  make ([a-z-]+)", project.make("help"), re.MULTILINE))
    assert {"revision", "upgrade", "status"} <= named
    assert named <= listed
