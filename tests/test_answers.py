"""Every answer gives a valid project, or one line and nothing else, whatever way it comes."""

import configparser
import importlib
import os
import re
import sys
import tempfile
import tomllib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from answers import REFUSED, TAKEN
from conftest import QUESTIONS, TEMPLATE, in_a_copy
from cookiecutter import config
from cookiecutter.cli import main
from cookiecutter.main import cookiecutter
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from markdown_it import MarkdownIt

sys.modules["examples"] = None  # type: ignore[assignment]  # aiomysql's: cruft takes it for another
import cruft

DEVICES = {
    "aux",
    "con",
    "nul",
    "prn",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}

Answers = dict[str, Any]
Result = tuple[int, str]


class Machine:
    """A home, a folder for temporary files, one to work in and one to write into: all empty."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.repository = repository
        self.home = folder / "home"
        self.temporary = folder / "tmp"
        self.work = folder / "work"
        self.target = folder / "target"
        for path in (self.home, self.temporary, self.work, self.target):
            path.mkdir()

    def run(self, command: Callable[[], object]) -> Result:
        """Run what a command line does in a copy of this process; return status and output."""

        def at_home() -> None:
            tempfile.tempdir = None
            config.USER_CONFIG_PATH = str(self.home / ".cookiecutterrc")
            config.DEFAULT_CONFIG["cookiecutters_dir"] = str(self.home / ".cookiecutters")
            config.DEFAULT_CONFIG["replay_dir"] = str(self.home / ".cookiecutter_replay")
            command()

        places = {"HOME": str(self.home), "TMPDIR": str(self.temporary)}
        return in_a_copy(at_home, self.work, os.environ | places)

    def generate(self, way: str, **answers: Any) -> Result:
        """Generate a project with these answers, and import it; return status and output."""

        def generate() -> None:
            try:
                WAYS[way](self, answers)
            except SystemExit as end:
                if end.code:
                    raise
            import_last(*self.target.iterdir())

        return self.run(generate)

    def assert_nothing_outside(self) -> None:
        """Nothing is where nothing was to be written; cookiecutter keeps notes in the home."""
        assert not list(self.temporary.iterdir())
        assert not list(self.work.iterdir())
        notes = {".cookiecutter_replay", ".cookiecutterrc", ".cookiecutters"}
        assert {path.name for path in self.home.iterdir()} <= notes


def by_command_line(machine: Machine, answers: Answers) -> None:
    extra = [f"{question}={answer}" for question, answer in answers.items()]
    main([str(TEMPLATE), "--no-input", "-o", str(machine.target), *extra])


def by_configuration(machine: Machine, answers: Answers) -> None:
    (machine.home / ".cookiecutterrc").write_text(yaml.safe_dump({"default_context": answers}))
    main([str(TEMPLATE), "--no-input", "-o", str(machine.target)])


def by_function(machine: Machine, answers: Answers) -> None:
    cookiecutter(str(TEMPLATE), None, True, answers, output_dir=str(machine.target))


def by_cruft(machine: Machine, answers: Answers) -> None:
    cruft.create(str(machine.repository), output_dir=machine.target, extra_context=answers)


WAYS: dict[str, Callable[[Machine, Answers], None]] = {
    "command line": by_command_line,
    "configuration": by_configuration,
    "function": by_function,
    "cruft": by_cruft,
}
#: The ways take turns; what is no text cannot stand on a command line.
INPUTS: list[tuple[str, Any, bool]] = [
    *((question, answer, True) for question, answer in TAKEN),
    *((question, answer, False) for question, answer in REFUSED),
]
CASES = [
    (list(WAYS)[n % 4 if isinstance(answer, str) else 1 + n % 3], question, answer, taken)
    for n, (question, answer, taken) in enumerate(INPUTS)
]


@pytest.fixture
def machine(tmp_path: Path, published: Path) -> Machine:
    return Machine(tmp_path, published)


@pytest.mark.parametrize(
    ("way", "question", "answer", "taken"),
    CASES,
    ids=[f"{way}-{question}-{n}" for n, (way, question, *_) in enumerate(CASES)],
)
def test_every_answer_gives_a_valid_project_or_one_line(
    machine: Machine, way: str, question: str, answer: Any, taken: bool
) -> None:
    status, said = machine.generate(way, **{question: answer})
    machine.assert_nothing_outside()
    if taken:
        assert status == 0, said
        assert_valid(machine.target, {question: answer})
    else:
        assert status == 1
        assert re.fullmatch(rf"{question} cannot be .*\. Nothing was written\.\n", said), said
        assert not list(machine.target.iterdir())


def assert_valid(target: Path, answers: dict[str, str]) -> None:
    """A project is all there is, each file can be read, and says what was answered."""
    [project] = target.iterdir()
    files = [path for path in project.rglob("*") if path.is_file()]
    readers: dict[str, Callable[[str], object]] = {
        ".py": compiled,
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
        ".ini": configparser.ConfigParser().read_string,
    }
    for path in files:
        readers.get(path.suffix, str)(path.read_text(encoding="utf-8"))
    assert_portable([path.relative_to(target) for path in files])
    assert_exact(project, answers)


@cache
def compiled(source: str) -> None:
    """Compile Python, where a warning is an error."""
    with warnings.catch_warnings(action="error"):
        compile(source, "source", "exec")


def assert_portable(paths: list[Path]) -> None:
    """Every system can hold these files beside each other."""
    assert len({str(path).lower() for path in paths}) == len(paths)
    for part in {part for path in paths for part in path.parts}:
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", part), part
        assert not part.endswith("."), part
        assert part.split(".")[0].lower() not in DEVICES, part


def assert_exact(project: Path, answers: dict[str, str]) -> None:
    """pyproject.toml says what was answered, and the README shows it as text."""
    written = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = answers.get("project_name", QUESTIONS["project_name"])
    description = answers.get("description", f"The database of {name}.")
    author = {"name": answers.get("full_name", "Your Name")}
    if email := answers.get("email", "you@example.com"):
        author["email"] = email
    assert written["name"] == answers.get("project_slug", project.name) == project.name
    assert written["description"] == description
    assert written["authors"] == [author]
    built = ProjectMetadata(str(project), PluginManager()).core
    assert (built.name, built.description) == (project.name, description)
    assert built.authors_data["email" if email else "name"]

    readme = (project / "README.md").read_text(encoding="utf-8")
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(readme)
    texts = [token for token in shown if token.type == "inline"][:2]
    for token, text in zip(texts, (name, description), strict=True):
        assert {child.type for child in token.children or []} <= {"text", "text_special"}
        assert "".join(child.content for child in token.children or []) == text.strip()


def import_last(project: Path) -> None:
    """Import the package where the standard library is found before it."""
    package = project.name.replace("-", "_")
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]  # a tool of these tests has that name
    installed = next(n for n, path in enumerate(sys.path) if path.endswith("site-packages"))
    sys.path.insert(installed, str(project / "src"))
    models = importlib.import_module(f"{package}.models")
    assert models.__file__ and models.__file__.startswith(str(project))
