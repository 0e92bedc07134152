"""Says where a revision may come from that the database has, and this folder has not."""

import subprocess
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

UNKNOWN = """The database is at {revision}, and no file in {folder} is that revision. Nothing was changed.
{origin}
If it is gone for good, and the database is as the models say: alembic stamp --purge head"""
BRANCHES = "It is on the git branch {}. Merge that one, or take it back there: make downgrade"
NOWHERE = "No git branch here has it. Fetch the others (git fetch --all), or ask who upgraded last."


def refuse_strangers(migration: MigrationContext, heads: tuple[str, ...]) -> None:
    """Raise CommandError where one of `heads`, the revisions of the database, is not known here."""
    script = migration.script
    if script is None or migration.purge:
        return
    for head in heads:
        try:
            script.get_revision(head)
        except CommandError as error:
            folder = Path(script.versions)
            branches = ", ".join(_branches(folder, head))
            origin = BRANCHES.format(branches) if branches else NOWHERE
            raise CommandError(
                UNKNOWN.format(revision=head, folder=folder, origin=origin)
            ) from error


def _branches(folder: Path, revision: str) -> list[str]:
    """Return the branches of git that have a file of this revision; none where git knows nothing."""
    commits = _git(folder, "log", "--all", "--diff-filter=A", "--format=%H", "--", f"*{revision}*")
    each = "--format=%(refname:short)"
    return _git(folder, "branch", "--all", each, "--contains", commits[0]) if commits else []


def _git(folder: Path, *arguments: str) -> list[str]:
    try:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []
