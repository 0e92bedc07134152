"""What the models do not say is asked at a terminal, answered with x=, or refused; never guessed."""

import pytest
from conftest import Bake, Project, type_at_terminal

BEFORE = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
AFTER = BEFORE.replace("name:", "title:") + "    size: Mapped[int]\n"


@pytest.fixture
def project(bake: Bake) -> Project:
    """A project with a revision, whose model has changed in two ways that leave a question."""
    project = bake()
    project.write_model(BEFORE)
    project.make("revision")
    project.write_model(AFTER)
    return project


def test_without_a_terminal_every_question_is_named_with_its_answers(project: Project) -> None:
    said = project.make("revision", status=2)
    assert "items.name is gone from the models: rename=items.name:title or drop=items.name" in said
    said = project.make("revision", "x=drop=items.name", status=2)
    assert "items.title is NOT NULL" in said
    assert "fill=items.title:VALUE" in said
    assert len(project.revisions()) == 1


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ("rename=items.name:title fill=items.size:many", "fill=items.size:many is no INTEGER"),
        ("rename=items.name:title fill=items.size:1 fill=items.size:1", "given twice"),
        (
            "rename=items.name:title fill=items.size:1 drop=items.id",
            "no change in the models matches drop=items.id",
        ),
        ("rename=items.name:other fill=items.size:1", "items.name cannot be renamed to other"),
        ("move=items.name:title", "'move=items.name:title' is not a valid answer"),
        ("rename=items.name", "'rename=items.name' is not a valid answer"),
        ("rename=items.name:title fill=items.size:'1", "No closing quotation"),
    ],
)
def test_a_wrong_answer_is_refused_in_a_line(project: Project, answers: str, reason: str) -> None:
    said = project.make("revision", f"x={answers}", status=2)
    assert reason in said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 3
    assert len(project.revisions()) == 1


def test_right_answers_lead_to_a_revision_that_keeps_the_rows(project: Project) -> None:
    project.make("upgrade")
    project.sql("INSERT INTO items (name) VALUES ('a')")
    project.make("revision", "x=rename=items.name:title fill=items.size:7")
    project.make("upgrade")
    assert project.sql("SELECT title, size FROM items") == [["a", 7]]


def test_a_terminal_is_asked(project: Project) -> None:
    said = at_terminal(project, "1\n", "7\n")
    assert "1) it was renamed to title   [rename=items.name:title]" in said
    assert "2) drop its data   [drop=items.name]" in said
    assert len(project.revisions()) == 2
    assert '"name", new_column_name="title"' in project.revisions()[1].read_text()


def test_a_wrong_key_asks_again_and_enter_is_no_answer(project: Project) -> None:
    said = at_terminal(project, "\n", "3\n", "x\n", "1\n", "\n", "  \n", "7\n")
    assert said.count("Type a number from 1 to 2, or q.") == 3
    assert "server_default=sa.text('7')" in project.revisions()[1].read_text().replace('"', "'")


@pytest.mark.parametrize("replies", [("q\n",), ("Q\n",), ("\x04",), ("1\n", "\x04")])
def test_who_quits_changes_nothing(project: Project, replies: tuple[str, ...]) -> None:
    said = at_terminal(project, *replies)
    assert "Nothing was written." in said or "Interrupted." in said
    assert "Traceback" not in said
    assert len(project.revisions()) == 1


def test_an_empty_text_is_typed_as_two_quotes(project: Project) -> None:
    project.write_model(BEFORE + "    note: Mapped[str]\n")
    at_terminal(project, "\n", "''\n")
    assert "note" in project.revisions()[1].read_text()


def at_terminal(project: Project, *replies: str) -> str:
    """Run `make revision` with a terminal, type the replies, and return what it shows."""
    return type_at_terminal(
        ["make", "revision"], "".join(replies), project.path, project.environment
    )
