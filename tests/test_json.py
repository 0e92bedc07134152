"""`json=1`: one JSON document on stdout and nothing else, for questions, answers, files and errors."""

import json
import subprocess
from typing import Any

import pytest
from conftest import DATABASES, MAKE, Bake, Project
from test_check import run
from test_upgrades import execute, is_there

BEFORE = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
AFTER = (
    BEFORE.replace("name:", "title:") + "    size: Mapped[int]\n    note: Mapped[str]\n"
    "    other: Mapped[str | None]\n"
)
NOTE = """it's "$HOME" `id` %s \\ # = :x é; $(touch executed)"""
ANSWERS = f"""# the answers
rename=items.name:title

fill=items.size:7
fill=items.note:{NOTE}
"""


def report(
    project: Project, *arguments: str, ok: bool = True, **environment: str
) -> dict[str, Any]:
    """Run make with json=1; return what it writes to stdout, which is one document."""
    result = subprocess.run(
        [MAKE, *arguments, "json=1"],
        cwd=project.path,
        env=project.environment | environment,
        text=True,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    assert (result.returncode == 0) == ok, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] is ok
    assert (found["error"] is None) == ok
    assert ok or found["error"]["message"].splitlines()[0] in result.stderr
    return found


@pytest.mark.parametrize("database", DATABASES)
def test_a_program_reads_the_questions_and_answers_them_by_a_file(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    assert report(project, "database")["ok"]
    project.write_model(BEFORE)
    found = report(project, "revision", 'm=say "it"')
    [file] = found["files"]
    assert found["command"] == "revision"
    assert found["summary"] == ["create items"]
    assert (project.path / file).read_text().startswith('"""say \\"it\\"')
    assert [(proof["file"], proof["result"]) for proof in found["proofs"]] == [(file, "proved")]
    assert report(project, "upgrade")["output"][-1].startswith("The database is at ")
    execute(project, "INSERT INTO items (id, name) VALUES (1, 'a')")

    project.write_model(AFTER)
    found = report(project, "revision", ok=False)
    assert found["error"]["code"] == "unanswered"
    assert found["files"] == [] and found["proofs"] == []
    names = ("title", "note", "other")
    renames = {f"rename=items.name:{name}" for name in names}
    gone, size = found["questions"]
    assert {**gone, "answers": set(gone["answers"])} == {
        "code": "gone",
        "kind": "column",
        "name": "items.name",
        "answers": {*renames, "drop=items.name", "byhand=items.name"},
    }
    assert size == {
        "code": "not_null",
        "kind": "column",
        "name": "items.size",
        "answers": ["fill=items.size:VALUE", "fill=items.size:=SQL", "byhand=items.size"],
    }
    (project.path / "answers.txt").write_text(ANSWERS, encoding="utf-8")
    found = report(project, "revision", "x=@answers.txt")
    assert [proof["result"] for proof in found["proofs"]] == ["proved"] * len(found["files"])
    report(project, "upgrade")
    assert is_there(project, "SELECT title, size, note FROM items") == [["a", 7, NOTE]]
    assert report(project, "check")["differences"] == []
    assert not (project.path / "executed").exists()

    execute(project, "ALTER TABLE items ADD COLUMN extra INTEGER")
    found = report(project, "check", ok=False)
    assert found["error"]["code"] == "drift"
    assert any("extra" in line for line in found["differences"])
    run(project, found["sql"])
    report(project, "check")
    assert report(project, "status")["output"][1].startswith("Revision: ")


def test_answers_may_be_a_json_list_and_what_cannot_be_read_is_refused(bake: Bake) -> None:
    project = bake()
    project.write_model(BEFORE)
    project.alembic("revision", "--autogenerate")
    project.write_model(AFTER)
    file = project.path / "answers.json"
    for text, reason in (
        (None, "No such file"),
        ("{}", "it is no JSON list of texts"),
        ("[1]", "it is no JSON list of texts"),
        ("[", "Expecting value"),
    ):
        if text is not None:
            file.write_text(text)
        found = report(project, "revision", "x=@answers.json", ok=False)
        assert found["error"]["code"] == "invalid_answer"
        assert f"Answers cannot be read from answers.json: {reason}" in found["error"]["message"]
    file.write_text(json.dumps(["fill=items.note:two\nlines", "byhand=items.name"]))
    found = report(project, "revision", "x=@answers.json rename=items.name:title", ok=False)
    assert found["error"]["code"] in ("unanswered", "invalid_answer")
    found = report(project, "revision", "x=@answers.json")
    assert [proof["result"] for proof in found["proofs"]] == ["by hand"]
    found = report(project, "upgrade", ok=False)
    assert found["error"]["code"] == "unproven"
    found = report(project, "prove", ok=False)
    assert found["error"]["code"] == "revision_fails"


@pytest.mark.parametrize(
    ("setup", "command", "code"),
    [
        ("src/shop/models/user.py: 1 +", "revision", "models_not_imported"),
        ("alembic/versions/a.py: <<<<<<< a", "upgrade", "broken_history"),
        ("alembic.ini: [alembic]", "upgrade", "error"),
        ("alembic/env.py: 1 / 0", "upgrade", "fault"),
    ],
)
def test_an_error_has_a_code(bake: Bake, setup: str, command: str, code: str) -> None:
    project = bake()
    name, _, text = setup.partition(": ")
    (project.path / name).write_text(f"{text}\n")
    assert report(project, command, ok=False)["error"]["code"] == code


def test_a_database_that_does_not_answer_has_a_code(bake: Bake) -> None:
    project = bake("postgresql")
    url = "postgresql://ada:secret@127.0.0.1:1/shop"
    found = report(project, "upgrade", ok=False, DATABASE_URL=url)
    assert found["error"]["code"] == "no_connection"
    assert "secret" not in json.dumps(found)
