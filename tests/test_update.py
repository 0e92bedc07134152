"""A project of an older version of the template gets the newest, and keeps what its owner did."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pages
import pytest
from conftest import TEMPLATE, Project, commit, git, lend_environment

BIN = Path(sys.executable).parent
MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
CONFLICT = "Updated, but for what you and the template have both changed:\n{}"
GENERATED = "{{cookiecutter.project_slug}}"
GUARDS = "libs/alembic_guards"


@pytest.fixture
def template(tmp_path: Path, published: Path) -> Path:
    """A repository of the template that this test may change."""
    git(tmp_path, "clone", "--quiet", str(published), "template")
    return tmp_path / "template"


@pytest.fixture
def project(tmp_path: Path, template: Path) -> Project:
    """A project of tag 1 that its owner has put into git and worked on."""
    return generated(tmp_path, template, "1")


def generated(folder: Path, template: Path, tag: str, *answers: str) -> Project:
    """Return a project of a version of the template that its owner has put into git."""
    subprocess.run(
        (
            BIN / "cookiecutter",
            f"git+file://{template}",
            "-c",
            tag,
            "--no-input",
            "project_name=Shop",
            *answers,
        ),
        cwd=folder,
        env=os.environ | {"HOME": str(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    project = Project(folder / "shop", None)
    project.environment["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    lend_environment(project.path)
    git(project.path, "init", "--quiet")
    git(project.path, "add", "--all")
    git(project.path, "commit", "--quiet", "--message=Start from the template")
    return project


def change(folder: Path, path: str, before: str = "", after: str = "") -> None:
    """Put a line before or after all others of a file."""
    file = folder / path
    file.write_text(before + file.read_text() + after)


def owner_works(project: Project) -> dict[str, str]:
    """Do what an owner does; return the contents of all files that are the owner's alone."""
    project.write_model(MODEL, "item")
    project.alembic("revision", "--autogenerate", "--message=create all")
    change(project.path, "src/shop/settings.py", before="# the owner's\n")
    change(project.path, "README.md", after="\nWhat the owner says.\n")
    (project.path / "src/shop/models/user.py").unlink()
    git(project.path, "add", "--all")
    git(project.path, "commit", "--quiet", "--message=Work")
    own = [project.path / "src/shop/models/item.py", *project.revisions()]
    return {str(file): file.read_text() for file in own}


def template_grows(template: Path) -> None:
    """Give the template a second version, in which everything that can change has changed."""
    change(template, f"{GENERATED}/{GUARDS}/errors.py", after="# newer\n")
    (template / GENERATED / GUARDS / "brand_new.py").write_text('"""New."""\n')
    change(
        template, f"{GENERATED}/src/{{{{cookiecutter.__package}}}}/settings.py", after="# newer\n"
    )
    change(template, f"{GENERATED}/README.md", before="{{ 'Newer' | shouted }}\n\n")
    extensions = template / "local_extensions" / "__init__.py"
    extensions.write_text(
        extensions.read_text().replace(
            "        super().__init__(environment)\n",
            "        super().__init__(environment)\n"
            '        environment.filters["shouted"] = str.upper\n',
        )
    )
    commit(template, "2")


@pytest.mark.parametrize("command", ["make template-update", "uvx cruft update --skip-apply-ask"])
def test_an_update_brings_the_newest_and_keeps_every_edit(
    template: Path, project: Project, command: str
) -> None:
    own = owner_works(project)
    template_grows(template)
    project.run(*command.split())
    assert {path: Path(path).read_text() for path in own} == own
    settings = (project.path / "src/shop/settings.py").read_text()
    assert settings.startswith("# the owner's\n") and settings.endswith("# newer\n")
    readme = (project.path / "README.md").read_text()
    assert readme.startswith("NEWER\n") and readme.endswith("What the owner says.\n")
    assert not (project.path / "src/shop/models/user.py").exists()
    assert guards(project.path) == guards(template / GENERATED)
    assert remembered(project) == git(template, "rev-parse", "2").strip()
    assert not conflicts(project)


@pytest.mark.parametrize("folder", ["", "a folder of a repository/"])
def test_a_line_that_both_changed_is_a_conflict_of_git_and_an_error(
    template: Path, project: Project, folder: str
) -> None:
    change(project.path, "src/shop/settings.py", after="# the owner's\n")
    git(project.path, "commit", "--quiet", "--all", "--message=Work")
    if folder:
        move_into(project, folder)
    template_grows(template)
    said = project.make("template-update", status=2)
    assert CONFLICT.format("  src/shop/settings.py: both versions are there, ") in said
    assert "Good work" not in said
    assert conflicts(project) == ["src/shop/settings.py"]
    assert "<<<<<<< ours\n# the owner's\n" in (project.path / "src/shop/settings.py").read_text()
    assert remembered(project) == git(template, "rev-parse", "2").strip()


def test_what_cannot_be_merged_is_named_with_the_file_that_has_it(
    template: Path, project: Project
) -> None:
    shutil.rmtree(project.path / ".git")  # the owner began git with an edited file
    change(project.path, "src/shop/settings.py", after="# the owner's\n")
    git(project.path, "init", "--quiet")
    git(project.path, "add", "--all")
    git(project.path, "commit", "--quiet", "--message=Begin")
    template_grows(template)
    said = project.make("template-update", status=2)
    file = "src/shop/settings.py"
    assert CONFLICT.format(f"  {file}: the lines of the template are in {file}.rej\n") in said
    assert "+# newer" in (project.path / f"{file}.rej").read_text()


def test_an_update_with_a_conflict_can_be_finished_or_taken_back(
    template: Path, project: Project
) -> None:
    change(project.path, "src/shop/settings.py", after="# the owner's\n")
    git(project.path, "commit", "--quiet", "--all", "--message=Work")
    template_grows(template)
    said = project.make("template-update", status=2)
    _, _, back = said.partition("To take the update back: ")
    project.run("sh", "-c", back.splitlines()[0])
    assert git(project.path, "status", "--short") == ""
    assert remembered(project) == git(template, "rev-parse", "1").strip()
    project.make("template-update", status=2)
    git(project.path, "checkout", "--theirs", "src/shop/settings.py")
    _, _, then = said.partition("then: ")
    project.run("sh", "-c", then.splitlines()[0].removesuffix(" && make test"))
    git(project.path, "commit", "--quiet", "--message=Update")
    assert "already up to date" in project.make("template-update")


def test_the_page_shows_what_an_update_prints(template: Path, project: Project) -> None:
    first, second, *_ = pages.blocks((TEMPLATE / "docs/updating.md").read_text())
    template_grows(template)
    pages.do(f"```console\n{first.text}```\n", project)
    git(project.path, "commit", "--quiet", "--all", "--message=Update")
    change(project.path, "src/shop/settings.py", after="# the owner's\n")
    git(project.path, "commit", "--quiet", "--all", "--message=Work")
    settings = f"{GENERATED}/src/{{{{cookiecutter.__package}}}}/settings.py"
    change(template, settings, after="# even newer\n")
    commit(template, "3")
    pages.do(f"```console\n{second.text}```\n", project)
    assert not conflicts(project)


def test_the_answers_alone_are_remembered(template: Path, project: Project) -> None:
    before = (project.path / ".cruft.json").read_text()
    template_grows(template)
    project.make("template-update")
    after = (project.path / ".cruft.json").read_text()
    first, second = (git(template, "rev-parse", tag).strip() for tag in "12")
    assert after == before.replace(first, second)
    assert ".cruft.json" in git(project.path, "diff", "--name-only", "--staged")


def test_guards_are_replaced_whole_whatever_was_done_to_them(
    template: Path, project: Project
) -> None:
    change(project.path, f"{GUARDS}/errors.py", after="# the owner's\n")
    change(project.path, f"{GUARDS}/runtime/journal.py", after="# the owner's\n")
    git(project.path, "commit", "--quiet", "--all", "--message=Work")
    template_grows(template)
    project.make("template-update")
    assert guards(project.path) == guards(template / GENERATED)
    assert not conflicts(project)


def test_a_project_keeps_the_dialect_of_mysql_that_it_has(tmp_path: Path, template: Path) -> None:
    questions = template / "cookiecutter.json"
    present = questions.read_text()
    questions.write_text(present.replace("{scheme}", "mysql"))
    commit(template, "older")
    project = generated(tmp_path, template, "older", "database=mariadb")
    settings = project.path / "src/shop/settings.py"
    before = settings.read_text()
    assert before.count('"mysql+pymysql"') == 3
    questions.write_text(present)
    change(template, f"{GENERATED}/README.md", before="Newer\n\n")
    commit(template, "2")
    project.make("template-update")
    assert settings.read_text() == before
    assert (project.path / "README.md").read_text().startswith("Newer")

    (tmp_path / "new").mkdir()
    new = generated(tmp_path / "new", template, "2", "database=mariadb")
    assert "mysql+pymysql" not in (new.path / "src/shop/settings.py").read_text()


def test_an_unclean_tree_is_left_as_it_is(template: Path, project: Project) -> None:
    template_grows(template)
    change(project.path, "README.md", after="unsaved\n")
    said = project.make("template-update", status=2)
    assert "make sure your git working tree is clean" in said
    assert "Traceback" not in said
    assert remembered(project) == git(template, "rev-parse", "1").strip()


def test_a_project_that_knows_no_template_is_told_how_to_name_it(project: Project) -> None:
    (project.path / ".cruft.json").unlink()
    said = project.make("template-update", status=2)
    assert "cruft link" in said


def move_into(project: Project, folder: str) -> None:
    """Make the project a folder of a bigger repository."""
    inside = project.path / folder
    inside.mkdir()
    for file in project.path.iterdir():
        if file.name not in (".git", inside.name):
            file.rename(inside / file.name)
    git(project.path, "add", "--all")
    git(project.path, "commit", "--quiet", "--message=Move")
    project.path = inside


def guards(project: Path) -> dict[str, str]:
    """Return the files that keep data safe, with what is in them."""
    folder = project / GUARDS
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.py")}


def remembered(project: Project) -> str:
    """Return the version of the template that a project says it is of."""
    version: str = json.loads((project.path / ".cruft.json").read_text())["commit"]
    return version


def conflicts(project: Project) -> list[str]:
    """Return the files that git wants a decision on."""
    return git(project.path, "diff", "--relative", "--name-only", "--diff-filter=U").split()
