"""Refuses a broken history: files of revisions that cannot be read, or that do not form a history."""

import ast
import os
import re
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple
from weakref import WeakSet

from alembic.script import ScriptDirectory
from alembic.util import CommandError, coerce_resource_to_filename

from alembic_guards.errors import explain
from alembic_guards.runtime.origin import branches, removed_here

BROKEN = "The history of revisions is broken. Nothing was changed.\n{}"
CONFLICT = (
    "{file}, line {line}, has conflict markers of git. Resolve the conflict, then: git add {file}"
)
NO_PYTHON = "{file}, line {line}: {reason}\nCorrect it, or restore it: git checkout -- {file}"
NOT_IMPORTED = "{file} cannot be imported.\n  {reason}\n{remedy}"
NOT_INSTALLED = (
    "Install that module (name it in the dependencies of pyproject.toml, then: make -B install), or"
    " remove its import from the file."
)
INCORRECT = "Correct the file, or restore it: git checkout -- {file}"
TWICE = """{revision} is the id of several files: {files}.
Delete the copies. A revision of its own needs an id of its own, and follows the other: revision = ..., \
down_revision = {revision!r}"""
ON_BRANCHES = "It is on the git branch {}. Merge that branch."
ON_NO_BRANCH = "No git branch here has it. Fetch the others (git fetch --all), or have its author commit the file."
MISSING = """{file} follows {revision}, and no file defines that revision.
{origin}
If it is lost, and no database has it: correct down_revision in {file}"""
CIRCLE = """These revisions follow each other in a circle: {files}.
Correct down_revision in one of them. What changed it: git log -p -- {file}"""

MARKER = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)

#: Warnings of Alembic about what is an error here.
WARNED = r"Revision .* is present more than once|Revision .* referenced from .* is not present"


#: Histories that were found to be intact: connect() and options() both ask in one command.
INTACT: WeakSet[ScriptDirectory] = WeakSet()


class Declared(NamedTuple):
    """What the file of a revision declares."""

    file: str
    revision: str
    follows: tuple[str, ...]  # of down_revision and depends_on


def refuse_broken_history(script: ScriptDirectory) -> None:
    """Load all revisions; raises CommandError, which names the files, where they form no history."""
    if script in INTACT:
        return
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", WARNED)
            loaded = {found.revision for found in script.walk_revisions()}
    except Exception as error:
        problem = _problem(revision_files(script), error)
        raise CommandError(BROKEN.format(problem)) from error
    files = revision_files(script)
    if len(files) > len(loaded) and (problem := _same_ids(list(_declared(files)))):
        raise CommandError(BROKEN.format(problem))
    INTACT.add(script)


def version_folders(script: ScriptDirectory) -> list[Path]:
    """Return the folders with the files of revisions."""
    locations = script.version_locations or [str(Path(script.dir, "versions"))]
    return [Path(coerce_resource_to_filename(location)).absolute() for location in locations]


def revision_files(script: ScriptDirectory) -> list[Path]:
    """Return the files that Alembic reads as revisions; a file with two paths is one."""
    pattern = "**/*.py" if script.recursive_version_locations else "*.py"
    files = {path.resolve() for folder in version_folders(script) for path in folder.glob(pattern)}
    return sorted(path for path in files if not path.name.startswith(("__init__", ".#")))


def _problem(files: list[Path], error: Exception) -> str:
    """Return what is wrong with the files, and the way out; `error` is what loading them has raised."""
    for path in files:
        if problem := _not_readable(path):
            return problem
    if problem := _not_imported(files, error):
        return problem
    revisions = list(_declared(files))
    checks: list[Callable[[list[Declared]], str]] = [_same_ids, _missing, _circle]
    found = (check(revisions) for check in checks)
    return next((problem for problem in found if problem), str(error))


def _not_readable(path: Path) -> str:
    file = os.path.relpath(path)
    try:
        text = path.read_text(encoding="utf-8")
        ast.parse(text)
    except SyntaxError as error:
        if marker := MARKER.search(text):
            return CONFLICT.format(file=file, line=text.count("\n", 0, marker.start()) + 1)
        return NO_PYTHON.format(file=file, line=error.lineno, reason=error.msg)
    except (OSError, ValueError) as error:
        return NOT_IMPORTED.format(file=file, reason=error, remedy=INCORRECT.format(file=file))
    return ""


def _not_imported(files: list[Path], error: Exception) -> str:
    frames = {Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)}
    for path in files:
        if path in frames:
            file = os.path.relpath(path)
            missing = isinstance(error, ModuleNotFoundError)
            remedy = NOT_INSTALLED if missing else INCORRECT.format(file=file)
            return NOT_IMPORTED.format(file=file, reason=explain(error), remedy=remedy)
    return ""


def _same_ids(revisions: list[Declared]) -> str:
    files = defaultdict(list)
    for one in revisions:
        files[one.revision].append(one.file)
    problems = (
        TWICE.format(revision=revision, files=", ".join(found))
        for revision, found in files.items()
        if len(found) > 1
    )
    return "\n".join(problems)


def _missing(revisions: list[Declared]) -> str:
    known = {one.revision for one in revisions}
    problems = (
        MISSING.format(file=one.file, revision=revision, origin=_origin(one.file, revision))
        for one in revisions
        for revision in one.follows
        if revision not in known
    )
    return "\n".join(problems)


def _origin(file: str, revision: str) -> str:
    folder = Path(file).absolute().parent
    if removed := removed_here(folder, revision):
        return removed
    found = ", ".join(branches(folder, revision))
    return ON_BRANCHES.format(found) if found else ON_NO_BRANCH


def _circle(revisions: list[Declared]) -> str:
    files = {one.revision: one.file for one in revisions}
    try:
        TopologicalSorter({one.revision: one.follows for one in revisions}).prepare()
    except CycleError as error:
        circle = [files[revision] for revision in dict.fromkeys(error.args[1])]
        return CIRCLE.format(files=", ".join(circle), file=circle[0])
    return ""


def _declared(files: list[Path]) -> Iterator[Declared]:
    """Yield what files declare, read without running them; files without `revision` are left out."""
    for path in files:
        values = _assigned(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(revision := values.get("revision"), str):
            follows = (*_names(values.get("down_revision")), *_names(values.get("depends_on")))
            yield Declared(os.path.relpath(path), revision, follows)


def _assigned(tree: ast.Module) -> dict[str, object]:
    """Return the literals that a module assigns to names."""
    values: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        try:
            value = ast.literal_eval(node.value) if node.value else None
        except ValueError:
            continue
        values |= {target.id: value for target in targets if isinstance(target, ast.Name)}
    return values


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, tuple | list | set | frozenset) else ()
