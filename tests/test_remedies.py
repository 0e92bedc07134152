"""The remedies that messages name are followed here, as a person would, and work."""

import pytest
from conftest import DATABASES, Bake, Project, git, type_at_terminal
from test_check import MODEL, prepare, remedy, run
from test_upgrades import execute, is_there

HEAD = """
from sqlalchemy import DOMAIN_IMPORT
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
ITEM = HEAD.replace("DOMAIN_IMPORT", "Text")
PROVE = ("-x", "prove", "revision", "--autogenerate")


@pytest.mark.parametrize("database", DATABASES)
def test_what_is_missing_is_created_by_the_sql_of_check(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    execute(project, "DROP TABLE items", "DROP TABLE parents")
    said = project.alembic("upgrade", "head", status=1)
    assert "table items is missing: dropped by hand" in said
    assert "make check shows SQL for that" in said
    run(project, remedy(project.alembic("check", status=1)))
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")
    project.alembic("check")


def test_a_type_without_a_cast_is_changed_under_another_name(bake: Bake) -> None:
    project = bake("postgresql")
    project.write_model(ITEM + "    paid: Mapped[bool]\n")
    commit(project)
    execute(project, "INSERT INTO items (id, paid) VALUES (1, true)")
    project.write_model("from datetime import date" + ITEM + "    paid: Mapped[date]\n")
    said = project.make("revision", status=2)
    assert "There is no cast between these types: give the column of the new type another" in said
    assert 'by hand: make revision x="byhand=TABLE.OLD_COLUMN"' in said
    project.revisions()[-1].unlink()
    project.write_model("from datetime import date" + ITEM + "    paid_on: Mapped[date]\n")
    project.make("revision", "x=byhand=items.paid")
    file = project.revisions()[-1]
    text = file.read_text().replace("paid_on = ...", "paid_on = date '2026-01-02'")
    file.write_text(text.replace("paid = ...", "paid = paid_on IS NOT NULL"))
    for command in (PROVE, ("upgrade", "head"), ("downgrade", "-1"), ("upgrade", "head")):
        project.alembic(*command)
    assert is_there(project, "SELECT paid_on::text FROM items") == [["2026-01-02"]]


def test_a_change_that_no_operation_is_known_for_is_written_by_hand(bake: Bake) -> None:
    project = bake("postgresql")
    domain = "    code: Mapped[str | None] = mapped_column(DOMAIN('code', {}))\n"
    head = HEAD.replace(
        "DOMAIN_IMPORT", "String, Text\nfrom sqlalchemy.dialects.postgresql import DOMAIN"
    )
    project.write_model(head + domain.format("Text()"))
    commit(project)
    project.write_model(head + domain.format("String(3)"))
    said = project.make("revision", status=2)
    assert "No file was written. Write the revision by hand: make revision empty=1\n" in said
    assert "Then prove it: make prove\n" in said
    project.make("revision", "empty=1")
    file = project.revisions()[-1]
    change = "ALTER TABLE items ALTER code TYPE {0}; DROP DOMAIN code; CREATE DOMAIN code AS {0}; ALTER TABLE items ALTER code TYPE code"
    for type_ in ("varchar(3)", "text"):
        line = f'    op.execute("{change.format(type_)}")\n'
        file.write_text(file.read_text().replace("    pass\n", line, 1))
    project.make("prove")
    project.make("upgrade")
    project.alembic("check")


def test_a_file_that_cannot_be_read_is_restored_by_git(bake: Bake) -> None:
    project = bake()
    project.alembic("revision", "--autogenerate")
    [file] = project.revisions()
    git(project.path, "init", "--quiet")
    git(project.path, "add", "--all")
    git(project.path, "commit", "--quiet", "--message=.")
    for text in ("def x(:\n", "import nothing_of_this_name\n"):
        file.write_text(file.read_text() + text)
        said = project.alembic("upgrade", "head", status=1)
        assert "Traceback" not in said and "importlib" not in said
        if "git checkout" in said:
            assert f"git checkout -- {file.relative_to(project.path)}" in said
        git(project.path, "checkout", "--", str(file.relative_to(project.path)))
    project.alembic("upgrade", "head")


def test_a_downgrade_of_a_merge_names_where_to(bake: Bake) -> None:
    project = bake()
    for name in ("one", "two"):
        project.alembic("revision", f"--message={name}", "--head=base", "--splice")
    project.make("merge")
    project.alembic("upgrade", "head")
    said = project.make("downgrade", status=2)
    assert "a merge follows several revisions. Name one: make downgrade to=REVISION" in said
    one = project.revisions()[0].name.split("_")[4]
    project.make("downgrade", f"to={one}")


def test_a_rebuild_that_cannot_be_written_as_sql_is_upgraded(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    project.write_model(MODEL.replace("    price", "    cost"))
    project.alembic("-x", "drop=items.price", "revision", "--autogenerate")
    said = project.make("sql", status=2)
    assert "offline its definition is not known: make upgrade" in said
    project.make("upgrade")


def test_a_question_about_one_row_is_in_the_singular(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    project.write_model(MODEL + "    count: Mapped[int]\n")
    said = type_at_terminal(["make", "revision"], "7\n", project.path, project.environment)
    assert "What value does 1 existing row get?" in said


def test_a_syntax_error_in_a_model_is_told_without_frames_of_python(bake: Bake) -> None:
    project = bake()
    project.write_model("def x(:\n", "broken")
    for command in ("revision", "check"):
        said = project.make(command, status=2)
        assert "src/shop/models/broken.py, line 2:" in said
        assert "Traceback" not in said and "importlib" not in said


def test_two_heads_fail_one_test_with_one_line(bake: Bake) -> None:
    project = bake()
    project.alembic("revision", "--autogenerate")
    project.alembic("revision", "--message=other", "--head=base", "--splice")
    said = project.make("test", status=2)
    assert "1 failed" in said
    assert "\ntwo revisions follow the same one: make merge\n" in said
    assert "Traceback" not in said and "Error:" not in said
    project.make("merge")
    project.make("test")


def commit(project: Project) -> None:
    """Bring the models into the database."""
    project.alembic("-x", "create-database", "current")
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
