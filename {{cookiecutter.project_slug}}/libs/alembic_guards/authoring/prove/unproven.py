"""Marks a revision that has failed its proof, and proves it again with `-x prove`."""

import os
import re
from pathlib import Path

from alembic import context
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from alembic_guards.authoring.normalize import normalized
from alembic_guards.authoring.prove.proof import ProofError, prove
from alembic_guards.authoring.prove.replica import TemplateDatabase

LINE = 'unproven = "{}"  # upgrades refuse it; make prove removes this line\n'
PATTERN = re.compile(r"^unproven = .*\n", re.MULTILINE)

#: The last assignment to the names that Alembic reads.
IDENTIFIERS = re.compile(
    r"^(?:revision|down_revision|branch_labels|depends_on)\b.*\n", re.MULTILINE
)


def mark(path: Path, reason: str) -> None:
    """Write into the file of a revision that it has failed its proof."""
    text = PATTERN.sub("", path.read_text(encoding="utf-8"))
    *_, last = IDENTIFIERS.finditer(text)
    path.write_text(
        f"{text[: last.end()]}{LINE.format(reason)}{text[last.end() :]}", encoding="utf-8"
    )


def unmark(path: Path) -> None:
    """Remove what mark() has written."""
    path.write_text(PATTERN.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")


def revisions_to_prove(scripts: ScriptDirectory) -> list[Script]:
    """Return the revisions that have failed their proof, oldest first; without any, the newest one.

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
    template: TemplateDatabase = connection.info["template"]
    models = normalized(migration.opts["target_metadata"], connection)
    for revision in revisions_to_prove(scripts):
        file = os.path.relpath(str(revision.path))
        is_last = revision.revision in scripts.get_heads()
        path = Path(str(revision.path))
        try:
            prove(context.config, file, revision.revision, template, models if is_last else None)
        except ProofError as error:
            mark(path, error.what)
            raise
        unmark(path)
        context.config.print_stdout(f"Proven: {file}")
    template.close()
