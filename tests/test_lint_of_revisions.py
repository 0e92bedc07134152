"""`make check` says what a new revision would do to a PostgreSQL database that is in use."""

import shutil
import sysconfig
import venv
from pathlib import Path

from conftest import Bake, Project

LINT = (".venv/bin/python", "-m", "alembic_guards.squawk")
TEXT = "Mapped[str | None] = mapped_column(String({}))"
DANGEROUS = 'op.execute("ALTER TABLE users ALTER id TYPE BIGINT")'


def test_what_is_generated_is_harmless(bake: Bake) -> None:
    project = prepare(bake)
    assert "1 new revision (all, for git has no main branch here), and squawk finds nothing." in (
        project.make("check")
    )


def test_a_type_that_only_becomes_wider_is_harmless(bake: Bake) -> None:
    project = prepare(bake)
    model = project.path / "src" / project.package / "models" / "user.py"
    source = model.read_text().replace("import ForeignKey", "import ForeignKey, String")
    for length in (100, 300):
        model.write_text(f"{source}    nick: {TEXT.format(length)}\n")
        project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    assert "3 new revisions" in project.make("check")
    assert "squawk-ignore changing-column-type" in project.make("sql", "to=base:head")


def test_what_stops_a_database_is_a_failure_until_somebody_accepts_it(bake: Bake) -> None:
    project = prepare(bake)
    revision = write_revision(project, DANGEROUS)
    project.alembic("stamp", "head")
    said = project.make("check", status=2)
    assert f"{revision.relative_to(project.path)}: changing-column-type\n" in said
    assert "    ALTER TABLE users ALTER id TYPE BIGINT;\n" in said
    assert "Traceback" not in said
    with revision.open("a") as file:
        file.write("\n# squawk-ignore: changing-column-type\n")
    assert "squawk finds nothing" in project.make("check")


def test_only_what_is_new_on_a_branch_is_looked_at(bake: Bake) -> None:
    project = prepare(bake)
    write_revision(project, DANGEROUS)
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for command in (("init", "-b", "main"), ("add", "."), (*name, "commit", "-m", "all")):
        project.run("git", *command)
    assert "0 new revisions (not in main)" in project.run(*LINT, PYTHONPATH="libs")
    project.run("git", "checkout", "-b", "other")
    write_revision(project, "pass")
    assert "1 new revision (not in main)" in project.run(*LINT, PYTHONPATH="libs")
    write_revision(project, DANGEROUS)
    assert "squawk finds 1." in project.run(*LINT, status=1, PYTHONPATH="libs")


def test_a_revision_that_asks_the_database_is_named(bake: Bake) -> None:
    project = prepare(bake)
    revision = write_revision(project, 'op.get_bind().execute(sa.text("SELECT 1")).scalar()')
    said = project.run(*LINT, PYTHONPATH="libs")
    assert f"{revision.relative_to(project.path)} cannot be written as SQL" in said


def test_a_missing_git_or_squawk_is_one_line(bake: Bake) -> None:
    project = prepare(bake)
    said = project.run(*LINT, PYTHONPATH="libs", PATH="/nowhere")
    assert said == "1 new revision (all, for there is no git), and squawk finds nothing.\n"
    without_squawk(project)
    assert project.run(*LINT, status=1, PYTHONPATH="libs") == (
        "FAILED: squawk is not installed. Install what the project needs, again: make -B install\n"
    )


def prepare(bake: Bake) -> Project:
    """Generate a project, and bring its models into its database."""
    project = bake("postgresql")
    project.alembic("-x", "create-database", "current")
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    return project


def write_revision(project: Project, statement: str) -> Path:
    """Write a revision by hand."""
    project.alembic("revision", "--message=by hand")
    path = project.revisions()[-1]
    path.write_text(path.read_text().replace("pass", statement, 1))
    return path


def without_squawk(project: Project) -> None:
    """Give a project an environment that has the packages of these tests, but none of their commands."""
    shutil.rmtree(project.path / ".venv")
    venv.create(project.path / ".venv")
    [packages] = (project.path / ".venv" / "lib").glob("*/site-packages")
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib"))
