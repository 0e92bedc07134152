"""The tests that a project is born with hold from the first minute, and find what they are for."""

from pathlib import Path

import pytest
from conftest import DATABASES, VARIANTS, Bake, Project

COLUMN = '    nickname: Mapped[str | None] = mapped_column(String(50))\n\n    posts: Mapped[list["Post"]]'


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_they_pass_before_the_first_revision_and_after_it_also_in_parallel(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    assert "1 skipped" in project.make("test")  # what the revisions lead to: there are none
    project.make("revision")
    assert "7 passed" in project.make("test")
    assert "7 passed" in project.run(".venv/bin/python", "-m", "pytest", "-n", "2")


@pytest.mark.parametrize("database", DATABASES)
def test_they_fail_where_a_model_changed_without_a_revision(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("revision")
    add_column(project)
    said = project.make("test", status=None)
    assert "1 failed" in said
    assert "nickname" in said


@pytest.mark.parametrize("database", DATABASES)
def test_they_never_touch_the_database_that_somebody_works_with(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    project.make("revision")
    project.make("upgrade")
    project.sql("INSERT INTO users (email) VALUES ('ada@example.com')")
    project.make("test")
    assert project.sql("SELECT email FROM users") == [["ada@example.com"]]


def test_they_leave_no_database_behind(bake: Bake) -> None:
    project = bake("postgresql")  # its server is this process's own: nobody else makes databases
    project.make("database")
    project.make("revision")
    before = databases(project)
    project.make("test")
    assert databases(project) == before


def test_they_find_a_revision_that_cannot_go_back(bake: Bake) -> None:
    project = bake()
    project.make("revision")
    [revision] = project.revisions()
    revision.write_text(revision.read_text().replace('op.drop_table("posts")', "pass"))
    assert "test_every_revision_goes_up_down_and_up_again" in project.make("test", status=None)


def test_two_heads_are_named_and_a_merge_joins_them(bake: Bake) -> None:
    project = bake()
    project.make("revision", "m=first")
    first = Path(project.revisions()[0])
    add_column(project)
    project.make("revision", "m=second")
    second = project.revisions()[1]
    other = first.with_name(first.name.replace("_first", "_other").replace("20", "21", 1))
    text = second.read_text().replace("nickname", "pet_name")
    identifier = second.name.split("_")[4]
    other.write_text(text.replace(identifier, "0123456789ab"))

    for target in ("revision", "upgrade"):
        assert "make merge" in project.make(target, status=None)
    assert "make merge" in project.make("test", status=None)
    project.make("merge")
    project.make("upgrade")
    assert "nickname" in project.columns()["users"]
    assert "pet_name" in project.columns()["users"]


def add_column(project: Project) -> None:
    """Give the example model one column more."""
    model = project.path / "src" / project.package / "models" / "user.py"
    text = model.read_text().replace('    posts: Mapped[list["Post"]]', COLUMN)
    model.write_text(text.replace("ForeignKey, Text", "ForeignKey, String, Text"))


def databases(project: Project) -> list[list[object]]:
    """Return the names of all databases on the project's server."""
    return project.sql("SELECT datname FROM pg_database ORDER BY datname")
