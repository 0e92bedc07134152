"""A broken history is refused: by one message that names the files and the way out."""

import subprocess
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from alembic_guards.runtime.history import refuse_broken_history
from alembic_guards.runtime.origin import branches, removed_here


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of three revisions, one after the other."""
    monkeypatch.chdir(tmp_path)
    versions = tmp_path / "versions"
    versions.mkdir()
    for name, before in (("a", None), ("b", "a"), ("c", "b")):
        write(versions, name, before)
    return versions


def write(folder: Path, name: str, before: object, more: str = "") -> None:
    (folder / f"{name}.py").write_text(f"{more}\nrevision = {name!r}\ndown_revision = {before!r}\n")


def git(*arguments: str) -> None:
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(("git", *author, *arguments), check=True, capture_output=True)


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message=.")


def refuse(folder: Path) -> str:
    with pytest.raises(CommandError) as error:
        refuse_broken_history(ScriptDirectory(str(folder.parent)))
    message = str(error.value)
    assert message.startswith("The history of revisions is broken. Nothing was changed.\n")
    return message.partition("\n")[2]


def test_a_sound_history_is_accepted(folder: Path) -> None:
    write(folder, "d", ("b", "c"))
    (folder / "__init__.py").touch()
    refuse_broken_history(ScriptDirectory(str(folder.parent)))


def test_a_conflict_is_named_with_its_line(folder: Path) -> None:
    (folder / "b.py").write_text(
        "revision = 'b'\n<<<<<<< HEAD\ndown_revision = 'a'\n=======\ndown_revision = 'c'\n>>>>>>> x\n"
    )
    assert refuse(folder) == (
        "versions/b.py, line 2, has conflict markers of git."
        " Resolve the conflict, then: git add versions/b.py"
    )


def test_a_file_that_is_no_python_is_named(folder: Path) -> None:
    (folder / "b.py").write_text("revision = 'b'\ndown_revision = (\n")
    assert refuse(folder).startswith("versions/b.py, line 2: '(' was never closed\n")
    (folder / "b.py").write_bytes(b"revision = '\xff'\n")
    assert refuse(folder).startswith("versions/b.py cannot be imported.\n")


def test_a_file_that_cannot_be_imported_is_named_with_the_reason(folder: Path) -> None:
    write(folder, "b", "a", "import no_such_module")
    said = refuse(folder)
    assert said.startswith("versions/b.py cannot be imported.\n")
    assert "No module named 'no_such_module'" in said
    assert "make -B install" in said
    write(folder, "b", "a", "{}['key']")  # as the history does without one of its files
    said = refuse(folder)
    assert "KeyError: 'key'" in said
    assert "git checkout -- versions/b.py" in said


def test_an_id_of_two_files_is_refused(folder: Path) -> None:
    (folder / "copy.py").write_text((folder / "b.py").read_text())
    assert refuse(folder).startswith(
        "b is the id of several files: versions/b.py, versions/copy.py.\nDelete the copies."
    )
    (folder / "copy.py").unlink()
    (folder / "copy.py").symlink_to(folder / "b.py")
    refuse_broken_history(ScriptDirectory(str(folder.parent)))


@pytest.mark.parametrize("before", ["'c'", "('a', 'c')", "'a'\ndepends_on = ['c']"])
def test_a_circle_is_named_by_its_files(folder: Path, before: str) -> None:
    (folder / "b.py").write_text(f"revision = 'b'\ndown_revision = {before}\n")
    said = refuse(folder)
    assert said.startswith("These revisions follow each other in a circle: versions/")
    assert "versions/b.py" in said
    assert "versions/a.py" not in said


def test_a_missing_revision_is_named_with_where_it_is(folder: Path) -> None:
    (folder / "b.py").unlink()
    said = refuse(folder)
    assert said.startswith(
        "versions/c.py follows b, and no file defines that revision.\nNo git branch"
    )
    assert said.endswith("correct down_revision in versions/c.py")
    write(folder, "b", "a")
    git("init", "--quiet", "--initial-branch=main")
    commit()
    (folder / "b.py").unlink()
    assert "git has it. Restore it: git checkout HEAD -- versions/b.py" in refuse(folder)
    commit()
    said = refuse(folder)
    assert "has removed its file on this branch" in said
    restore = said.partition("Restore it: git ")[2].partition("\n")[0]
    git(*restore.split())
    refuse_broken_history(ScriptDirectory(str(folder.parent)))


def test_a_revision_of_another_branch_is_found_whatever_its_file_is_called(folder: Path) -> None:
    git("init", "--quiet", "--initial-branch=main")
    commit()
    git("switch", "--quiet", "--create", "orders")
    (folder / "of_orders.py").write_text('revision: str = "d.1"\ndown_revision = "c"\n')
    commit()
    git("switch", "--quiet", "main")
    assert branches(folder, "d.1") == ["orders"]
    assert removed_here(folder, "d.1") == ""
    assert branches(folder, "c") == ["main", "orders"]
    write(folder, "e", "d.1")
    assert "It is on the git branch orders. Merge that branch." in refuse(folder)
