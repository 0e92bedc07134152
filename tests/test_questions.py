"""What the models do not say is asked at a terminal, answered with x=, or refused; never guessed."""

import pytest
from conftest import DATABASES, Bake, Project, type_at_terminal
from test_upgrades import execute, is_there

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
    assert "The column items.name is gone from the models. Was it" in said
    assert "1) renamed to title           [rename=items.name:title]" in said
    assert "2) dropped, with its values   [drop=items.name]" in said
    assert "The column items.size is NOT NULL. What value do existing rows get?" in said
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


def test_a_wrong_value_asks_again_and_loses_no_answer(project: Project) -> None:
    said = at_terminal(project, "1\n", "many\n", "=nothing(id)\n", "7\n")
    assert "fill=items.size:many is no INTEGER" in said
    assert "fill=items.size:=nothing(id) is no valid SQL expression." in said
    assert said.count("What value do existing rows get?") == 3
    assert "server_default=sa.text('7')" in project.revisions()[1].read_text().replace('"', "'")


def test_an_empty_text_is_typed_as_two_quotes(project: Project) -> None:
    project.write_model(BEFORE + "    note: Mapped[str]\n")
    at_terminal(project, "\n", "''\n")
    assert "note" in project.revisions()[1].read_text()


def at_terminal(project: Project, *replies: str) -> str:
    """Run `make revision` with a terminal, type the replies, and return what it shows."""
    return type_at_terminal(
        ["make", "revision"], "".join(replies), project.path, project.environment
    )


SPLIT = BEFORE.replace("name: Mapped[str]", "first: Mapped[str]\n    last: Mapped[str | None]")
PARTS = {
    "sqlite": ("substr(name, 1, instr(name, ' ') - 1)", "substr(name, instr(name, ' ') + 1)"),
    "postgresql": ("split_part(name, ' ', 1)", "split_part(name, ' ', 2)"),
    "mariadb": ("substring_index(name, ' ', 1)", "substring_index(name, ' ', -1)"),
}


@pytest.mark.parametrize("database", DATABASES)
def test_an_expression_reads_a_column_that_is_dropped_beside_it(bake: Bake, database: str) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(BEFORE)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    execute(project, "INSERT INTO items (id, name) VALUES (1, 'Ada Lovelace'), (2, 'Alan Turing')")
    project.write_model(SPLIT)
    first, last = (
        f'"fill=items.{name}:={sql}"'
        for name, sql in zip(("first", "last"), PARTS[database], strict=True)
    )
    project.alembic("-x", f"drop=items.name {first} {last}", "revision", "--autogenerate")
    project.alembic("upgrade", "head")
    rows = "SELECT first, last FROM items ORDER BY id"
    assert is_there(project, rows) == [["Ada", "Lovelace"], ["Alan", "Turing"]]
    project.alembic("check")


def test_a_text_that_may_be_sql_is_asked_about_and_one_in_quotes_is_a_text(
    project: Project,
) -> None:
    project.write_model(BEFORE + "    note: Mapped[str]\n")
    for text, reason in (("lower(name)", "a call of a function"), ("name", "the name of a column")):
        said = project.alembic(
            "-x", f"fill=items.note:{text}", "revision", "--autogenerate", status=1
        )
        assert f"fill=items.note:{text} is ambiguous: it " in said and reason in said
        assert f"For its value in each row: fill=items.note:={text}\n" in said
        assert f"""For this text in all rows: fill="items.note:'{text}'"\n""" in said
    said = project.alembic(
        "-x", "fill=items.note:=lower(nothing)", "revision", "--autogenerate", status=1
    )
    assert (
        "fill=items.note:=lower(nothing) is no valid SQL expression. Nothing was written." in said
    )
    assert len(project.revisions()) == 1
    said = at_terminal(project, "lower(name)\n", "x\n", "2\n")
    assert "'lower(name)': it looks like a call of a function. Do rows get" in said
    assert "lower(name)" in project.revisions()[1].read_text()
    project.make("upgrade")


@pytest.mark.parametrize("database", DATABASES)
def test_a_question_says_how_many_rows_are_at_stake(bake: Bake, database: str) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(BEFORE.replace("Mapped[str]", "Mapped[str | None]"))
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    execute(project, "INSERT INTO items (id, name) VALUES (1, 'a'), (2, NULL), (3, NULL)")
    project.write_model(AFTER)
    said = at_terminal(project, "2\n", "q\n", "\x04")
    assert "The column items.name (set in 1 row) is gone from the models. Was it" in said
    assert "What value do 3 existing rows get?" in said
    project.write_model(
        BEFORE.replace("items", "goods").replace("Mapped[str]", "Mapped[str | None]")
    )
    said = at_terminal(project, "q\n")
    assert "The table items (3 rows) is gone from the models. Was it" in said
    assert "1) renamed to goods         [rename=items:goods]" in said
    assert "2) dropped, with its rows   [drop=items]" in said
