"""`make status` says where the database is, what is pending, and what is wrong; `make upgrade` at a terminal, too."""

import os
import re
from pathlib import Path

import pytest
from chain import write_revision
from conftest import DATABASES, MAKE, Bake, Project, type_at_terminal
from test_log import TABLE, replace
from test_upgrades import SERVERS, execute

MODEL = '''"""Things."""

from sqlalchemy.orm import Mapped, mapped_column

from {package}.models.base import Base


class Thing(Base):
    """A thing."""

    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    {more}
'''


def prepare(bake: Bake, database: str) -> Project:
    """Return a project with one model, an empty database, and two pending revisions by hand."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    write_model(project)
    write_revision(
        project, TABLE.format("things").replace('"n"', '"id"'), 'op.drop_table("things")'
    )
    write_revision(project, TABLE.format("second"), 'op.drop_table("second")')
    return project


def write_model(project: Project, more: str = "") -> Path:
    """Write the model, and delete the example."""
    folder = project.path / "src" / project.package / "models"
    (folder / "user.py").unlink(missing_ok=True)
    path = folder / "thing.py"
    path.write_text(MODEL.format(package=project.package, more=more))
    return path


def lines(project: Project) -> list[str]:
    """Return the lines of `make status`, without that of the database, and without the graph."""
    said = project.make("status")
    assert said.startswith("Database: ")
    return re.sub(r"^History.*\n( .*\n)*", "", said, flags=re.MULTILINE).splitlines()[1:]


def graph(project: Project) -> list[str]:
    """Return the lines of the graph of `make status`."""
    found = re.search(r"^History.*\n((?: .*\n)*)", project.make("status"), re.MULTILINE)
    return found[1].splitlines() if found else []


@pytest.mark.parametrize("database", DATABASES)
def test_status_says_what_is_pending_applied_missing_and_edited(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    assert lines(project) == [
        "Revision: none is applied",
        "Pending: 2 revisions. To apply them: make upgrade",
        "  r0: number 0",
        "  r1: number 1",
    ]
    project.alembic("upgrade", "r0")
    first, *rest = lines(project)
    assert first.startswith("Revision: r0: number 0, applied on 2")
    assert rest == ["Pending: 1 revision. To apply it: make upgrade", "  r1: number 1"]

    project.alembic("upgrade", "head")
    first, *rest = lines(project)
    assert first.startswith("Revision: r1 (head): number 1, applied on 2")
    assert rest == []

    execute(project, "DROP TABLE second")
    replace(project.revisions()[0], '"m"', '"k"')
    _, differs, missing, edited, *remedies = lines(project)
    assert differs == "The database is at r1, but it is not what the revisions have made of it:"
    assert missing.startswith("  table second is missing: ")
    assert "was edited after it was applied" in edited
    assert remedies[-1].endswith("alembic stamp --purge r1")


@pytest.mark.parametrize("database", DATABASES)
def test_status_and_history_show_the_place_of_the_database(bake: Bake, database: str) -> None:
    project = bake(database, engine="async")
    project.make("database")
    assert graph(project) == []
    write_revision(project, TABLE.format("first"), 'op.drop_table("first")')
    for name in ("left", "right"):
        write_revision(project, TABLE.format(name), f'op.drop_table("{name}")')
    replace(project.revisions()[2], "down_revision = 'r1'", "down_revision = 'r0'")
    replace(write_revision(project, "\n    pass"), "= 'r2'", "= 'r1', 'r2'")
    assert sorted(graph(project)) == sorted(
        [
            "  o r3 (head): number 3",
            "  |\\",
            "  | o r2: number 2",
            "  o | r1: number 1",
            "  |/",
            "  o r0: number 0",
            "  @ no revision  <- you are here",
        ]
    )
    assert "(current)" not in project.make("history")

    project.alembic("upgrade", "r1")
    assert sorted(graph(project)) == sorted(
        [
            "  o r3 (head): number 3",
            "  |\\",
            "  | o r2: number 2",
            "  @ | r1: number 1  <- you are here",
            "  |/",
            "  * r0: number 0",
        ]
    )
    listed = project.make("history").splitlines()
    assert [line for line in listed if "(current)" in line] == ["r0 -> r1 (current), number 1"]
    assert len(listed) == 4

    project.alembic("upgrade", "head")
    assert graph(project)[0] == "  @ r3 (head): number 3  <- you are here"
    assert " (head) (current) (mergepoint), number 3\n" in project.make("history")


@pytest.mark.parametrize("database", DATABASES)
def test_the_history_is_listed_without_a_database_too(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    gone = {
        "sqlite": f"sqlite:///{project.path}/none/none.db",
        "postgresql": "postgresql://a:secret@127.0.0.1:1/none",
        "mariadb": "mysql://a:secret@127.0.0.1:1/none",
    }
    *listed, line = project.make("history", DATABASE_URL=gone[database]).splitlines()
    assert listed == ["r0 -> r1 (head), number 1", "<base> -> r0, number 0"]
    assert line.startswith("The place of the database is not marked: No connection to ")
    assert "secret" not in line


def test_the_graph_of_a_long_history_shows_the_revisions_around_the_database(bake: Bake) -> None:
    project = bake()
    for _ in range(30):
        write_revision(project, "\n    pass")
    project.alembic("upgrade", "r20")
    assert graph(project) == [
        "  o r29 (head): number 29",
        "  :   5 more",
        *(f"  o r{n}: number {n}" for n in (23, 22, 21)),
        "  @ r20: number 20  <- you are here",
        *(f"  * r{n}: number {n}" for n in (19, 18, 17)),
        "  :   16 more",
        "  * r0: number 0",
    ]
    assert "  r24: number 24" in lines(project)


@pytest.mark.parametrize("database", DATABASES)
def test_what_the_models_have_and_no_revision_creates_is_named_at_a_terminal_too(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    project.alembic("upgrade", "head")
    write_model(project, "m: Mapped[int]\n    size: Mapped[int]")
    ahead = "The models have what no revision creates: column things.size. Write a revision: "
    assert lines(project)[1:] == [f"{ahead}make revision"]
    for said in (project.make("upgrade"), at_terminal(project, "upgrade")):
        assert said.endswith(f"The database is at r1 (head).\n{ahead}make revision\n")
    project.alembic("downgrade", "-1")
    assert ahead not in project.make("upgrade")
    project.alembic("downgrade", "-1")
    assert ahead in at_terminal(project, "upgrade")
    path = write_model(project, "size: int = ").relative_to(project.path)
    assert lines(project)[1] == f"The models cannot be imported: {path}, line 14:"


def at_terminal(project: Project, command: str) -> str:
    """Run make at a terminal; return what is shown."""
    return type_at_terminal([MAKE, command], "", project.path, project.environment)


@pytest.mark.parametrize("database", SERVERS)
def test_status_names_a_revision_that_is_half_done(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_revision(
        project,
        "\n    with op.get_context().autocommit_block():"
        '\n        op.execute("CREATE TABLE one (n INTEGER)")'
        '\n    op.execute("SELECT n FROM two")',
    )
    project.alembic("upgrade", "head", status=1)
    assert lines(project)[-1] == (
        "Not complete: upgrade r2. 1 statement was applied and cannot be rolled back."
        " Unless it is running now, complete it: make upgrade"
    )
    execute(project, "CREATE TABLE two (n INTEGER)")
    project.alembic("upgrade", "head")
    assert "Not complete" not in project.make("status")


def test_status_names_heads_and_revisions_that_are_unproven_or_inserted(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    project.alembic("upgrade", "head")
    beneath = write_revision(project, TABLE.format("beneath"))
    replace(beneath, "down_revision = 'r1'", "down_revision = 'r0'")
    assert (
        "Two revisions follow the same one. The heads are r1 and r2. Merge them: make merge"
        in lines(project)
    )
    replace(project.revisions()[1], "down_revision = 'r0'", "down_revision = 'r2'")
    file = os.path.relpath(beneath, project.path)
    said = project.make("status")
    assert f"{file} was never applied here, and r1, which follows it, was. Nothing was" in said
    assert "If its changes are in the database already: alembic stamp --purge r1" in said
    replace(project.revisions()[1], "down_revision = 'r2'", "down_revision = 'r0'")
    replace(beneath, "down_revision = 'r0'", "down_revision = 'r1'\nunproven = 'it fails'")
    assert lines(project)[-1] == (
        f"Unproven: {file}, because it fails. Complete it, and prove it: make prove"
    )


def test_status_of_what_cannot_be_read_is_one_message(bake: Bake) -> None:
    project = prepare(bake, "postgresql")
    said = project.make("status", status=2, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "FAILED: No connection to " in said and "Traceback" not in said
    project.alembic("upgrade", "head")
    project.revisions()[1].unlink()
    said = project.make("status", status=2)
    assert "FAILED: The database is at r1, an unknown revision" in said


def test_undo_removes_the_newest_revision_that_is_not_applied(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    project.alembic("upgrade", "r0")
    first, second = project.revisions()
    said = project.make("undo")
    assert said == f"Removed {second.relative_to(project.path)}\n"
    assert project.revisions() == [first]
    said = project.make("undo", status=2)
    assert f"FAILED: {first.relative_to(project.path)} is applied to this database. Nothing" in said
    project.make("downgrade")
    project.make("undo")
    assert project.revisions() == []
    assert "There is no revision to remove." in project.make("undo", status=2)


def test_undo_names_each_file_that_it_removes(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    newest = project.revisions()[-1]
    files = [newest, newest.with_suffix(".sql"), newest.with_suffix(".drop.sql")]
    for file in files[1:]:
        file.write_text("")
    said = project.make("undo")
    assert said == "".join(f"Removed {file.relative_to(project.path)}\n" for file in files)
    assert not any(file.exists() for file in files)


def test_undo_of_two_heads_removes_nothing(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    replace(write_revision(project, "\n    pass"), "down_revision = 'r1'", "down_revision = 'r0'")
    assert "There are several heads: r1 and r2. Nothing was removed." in project.make(
        "undo", status=2
    )
    assert len(project.revisions()) == 3
