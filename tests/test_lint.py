"""What the template generates passes its own linters, whatever it is called."""

from pathlib import Path

import pytest
from conftest import VARIANTS, Bake

NAMES = {
    "short": "A",
    "usual": "Shop",
    "first in the alphabet, with quotes": "Aaa \"the\" 'best' $HOME `id` %d \\n {x} # <b>",
    "long": "Zymurgy " + "x" * 42,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_a_fresh_project_is_clean_before_and_after_its_first_revision(
    bake: Bake, database: str, engine: str, name: str
) -> None:
    project = bake(database, engine=engine, project_name=name)
    project.make("lint")
    project.make("revision")
    assert len(project.revisions()) == 1
    project.make("lint")


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_every_rule_of_ruff_holds_before_and_after_the_first_revision(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    every_rule = (".venv/bin/python", "-m", "ruff", "check", "--select=ALL", "--quiet")
    assert project.run(*every_rule) == ""
    project.make("revision")
    assert project.run(*every_rule) == ""


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_no_template_syntax_is_left(bake: Bake, database: str, engine: str) -> None:
    project = bake(database, engine=engine)
    for path in project.files():
        text = Path(project.path, path).read_text()
        for mark in ("cookiecutter.", "{%", "{#"):
            assert mark not in text, path
