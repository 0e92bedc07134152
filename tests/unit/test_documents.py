"""What the documents of the repository name is there."""

import re
from pathlib import Path

import alembic_guards
import pytest
import yaml

TEMPLATE = Path(__file__).parents[2]
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
LIBRARY = PROJECT / "libs/alembic_guards"
TARGETS = re.findall(r"^([a-z-]+):.*## ", (TEMPLATE / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted((TEMPLATE / ".github/workflows").glob("*.yml")))
def test_a_workflow_runs_what_there_is(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    made = [command.split()[1] for command in commands if command.startswith("make ")]
    assert set(made) <= {*TARGETS, ".venv/installed"}
    files = re.findall(r"\b(tests/\S+\.py)", " ".join(commands))
    assert all((TEMPLATE / file).exists() for file in files)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_document_names_what_there_is(name: str) -> None:
    text = (TEMPLATE / name).read_text()
    made = set(re.findall(r"make (test-[a-z]+|build|benchmark)\b", text))
    assert made <= set(TARGETS)
    assert all((TEMPLATE / file).exists() for file in re.findall(r"\btests/\S+\.py\b", text))


def test_the_map_of_the_library_has_a_line_for_each_module() -> None:
    text = (LIBRARY / "README.md").read_text().partition("\n## Map\n")[2].partition("\n## ")[0]
    named = [
        f"{folder}{module}".removeprefix("alembic_guards/")
        for folder, lines in re.findall(r"^### `(.+?)`\n((?:(?!###).*\n)*)", text, re.MULTILINE)
        for module in re.findall(r"^- `(\w+\.py)`: \S", lines, re.MULTILINE)
    ]
    modules = (path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py"))
    assert sorted(named) == sorted(name for name in modules if not name.endswith("__init__.py"))


def test_the_newest_version_is_the_first_in_the_changelog() -> None:
    versions = re.findall(
        r"^## (\d\S+) - \d{4}-\d\d-\d\d$", (TEMPLATE / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert versions[0] == alembic_guards.__version__


def test_a_project_takes_the_minor_versions_that_the_library_is_tested_with() -> None:
    library = (TEMPLATE / "pyproject.toml").read_text()
    assert '"alembic>=1.20.1,<1.21"' in library and '"sqlalchemy>=2.1,<2.2"' in library
    assert '"alembic[tz]~=1.20.1"' in (PROJECT / "pyproject.toml").read_text()
    packages = re.findall(r'"(sqlalchemy[\[~]\S*?)"', (TEMPLATE / "cookiecutter.json").read_text())
    assert packages and all(package.endswith("~=2.1.0") for package in packages)
