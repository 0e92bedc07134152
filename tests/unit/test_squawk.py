"""squawk's findings are read, shown with their statement, and accepted by a line in a revision."""

import json
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from alembic_guards import squawk

SQUAWK = """#!{python}
import json, sys
sys.stdin.read()
print(json.dumps({findings}))
with open("arguments", "w") as file:
    json.dump(sys.argv[1:], file)
"""
FINDING = {
    "rule_name": "changing-column-type",
    "line": 0,
    "message": "It rewrites the table.",
    "help": "Add a column.",
}
ENV = """
from alembic import context
context.configure(dialect_name="postgresql", literal_binds=True)
with context.begin_transaction():
    context.run_migrations()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a revision, without git, and with a squawk beside Python."""
    monkeypatch.chdir(tmp_path)
    config = Config("alembic.ini", stdout=open("/dev/null", "w"))  # noqa: SIM115
    command.init(config, "migrations")
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    command.revision(config, "first", rev_id="r1")
    [revision] = (tmp_path / "migrations" / "versions").glob("*.py")
    revision.write_text(revision.read_text().replace("pass", "op.execute('SELECT 1')", 1))
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", "")
    return tmp_path


def install_squawk(project: Path, findings: object, python: str = sys.executable) -> None:
    program = project / "bin" / "squawk"
    program.write_text(SQUAWK.format(python=python, findings=findings))
    program.chmod(0o755)


def excluded(project: Path) -> list[str]:
    """Return the rules that squawk was told to leave out."""
    arguments = json.loads((project / "arguments").read_text())
    [rules] = [each for each in arguments if each.startswith("--exclude=")]
    return str(rules).removeprefix("--exclude=").split(",")


def test_without_squawk_the_command_that_installs_it_is_named(project: Path) -> None:
    with pytest.raises(CommandError, match="squawk is not installed"):
        squawk.lint()


def test_a_finding_is_shown_with_its_statement_and_what_helps(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install_squawk(project, [FINDING])
    assert not squawk.lint()
    said = capsys.readouterr().out
    assert "1 new revision (all, for there is no git), and squawk finds 1." in said
    for words in (
        "r1_first.py: changing-column-type",
        "BEGIN;",
        "rewrites the table. Add a column.",
    ):
        assert words in said
    assert "# squawk-ignore: changing-column-type" in said


def test_nothing_found_is_said_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install_squawk(project, [])
    assert squawk.lint()
    assert "squawk finds nothing." in capsys.readouterr().out


def test_rules_are_left_out_for_all_and_for_a_revision(project: Path) -> None:
    install_squawk(project, [])
    [revision] = (project / "migrations" / "versions").glob("*.py")
    text = revision.read_text() + "\n# squawk-ignore: one-rule, another-rule\n"
    revision.write_text(text)
    squawk.lint()
    rules = excluded(project)
    assert {"one-rule", "another-rule", "ban-drop-table", "prefer-robust-stmts"} <= {*rules}
    assert "" not in rules and not [rule for rule in rules if " " in rule]


def test_what_squawk_says_of_its_own_failure_is_told(project: Path) -> None:
    program = project / "bin" / "squawk"
    program.write_text("#!/bin/sh\necho broken >&2\n")
    program.chmod(0o755)
    with pytest.raises(CommandError, match="squawk fails at .*: broken"):
        squawk.lint()


def test_a_revision_that_only_a_database_can_write_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install_squawk(project, [])
    [revision] = (project / "migrations" / "versions").glob("*.py")
    revision.write_text(revision.read_text().replace("op.execute('SELECT 1')", "1 / 0"))
    assert squawk.lint()
    assert "cannot be written as SQL, so squawk does not check it" in capsys.readouterr().out
