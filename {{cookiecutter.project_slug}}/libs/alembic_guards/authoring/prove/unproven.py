"""Marks a revision that is unproven, and proves it again with `-x prove`."""

import ast
import os
from collections.abc import Set as AbstractSet
from pathlib import Path

from alembic import context
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from alembic_guards.authoring.normalize import normalized
from alembic_guards.authoring.prove.proof import ProofError, prove
from alembic_guards.authoring.prove.template import TemplateDatabase
from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.runtime.report import add_to_report

LINE = 'unproven = "{}"  # upgrades refuse this revision until its proof passes'

#: The names that Alembic reads; the mark stands after them.
IDENTIFIERS = {"revision", "down_revision", "branch_labels", "depends_on"}


def mark(path: Path, reason: str) -> None:
    """Write into the file of a revision why it is unproven."""
    unmark(path)
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    end = max((last for _, last in _assignments(content, IDENTIFIERS)), default=len(lines))
    newline = "\r\n" if b"\r\n" in content else "\n"
    lines.insert(end, f"{LINE.format(reason)}{newline}".encode())
    path.write_bytes(b"".join(lines))


def unmark(path: Path) -> None:
    """Remove what mark() has written; the rest of the file stays as it is."""
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for first, last in reversed(_assignments(content, {"unproven"})):
        del lines[first:last]
    path.write_bytes(b"".join(lines))


def _assignments(content: bytes, names: AbstractSet[str]) -> list[tuple[int, int]]:
    """Return the lines of the assignments to `names` in a module; none where it does not parse."""
    try:
        module = ast.parse(content)
    except SyntaxError:
        return []
    found = []
    for statement in module.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name))
            ) if name in names:
                found.append((statement.lineno - 1, statement.end_lineno or statement.lineno))
    return found


def revisions_to_prove(scripts: ScriptDirectory) -> list[Script]:
    """Return the revisions that are unproven, oldest first; without any, the newest one.

    Raises CommandError where there is none, and for one that merges others.
    """
    found = [one for one in scripts.walk_revisions() if getattr(one.module, "unproven", "")]
    head = scripts.get_current_head()
    if not found and head:
        found = [scripts.get_revision(head)]
    if not found:
        raise CommandError("There is no revision to prove. Write one: make revision")
    for one in found:
        if one.is_merge_point:
            raise CommandError(f"{os.path.relpath(str(one.path))} merges others: nothing to prove.")
    return found[::-1]


def prove_revisions(
    migration: MigrationContext, _: object, directives: list[ops.MigrationScript]
) -> None:
    """Prove the revisions of revisions_to_prove(); unmark those that pass, and mark the one that fails.

    This is a process_revision_directives function of context.configure(), which writes no revision.
    Raises the CommandError of the first proof that fails.
    """
    directives.clear()
    connection, scripts = migration.connection, context.script
    if connection is None:
        return
    template: TemplateDatabase = connection.info[TEMPLATE]
    models = normalized(migration.opts["target_metadata"], connection)
    for revision in revisions_to_prove(scripts):
        file = os.path.relpath(str(revision.path))
        is_last = revision.revision in scripts.get_heads()
        path = Path(str(revision.path))
        try:
            prove(context.config, file, revision.revision, template, models if is_last else None)
        except ProofError as error:
            mark(path, error.what)
            proof = {"file": file, "result": "failed", "reason": error.what}
            add_to_report(context.config, proofs=[proof])
            raise
        unmark(path)
        add_to_report(context.config, proofs=[{"file": file, "result": "proved"}])
        context.config.print_stdout(f"Proven: {file}")
    template.close()
