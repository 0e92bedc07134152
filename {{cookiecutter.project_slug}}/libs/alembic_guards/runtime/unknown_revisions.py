"""Refuses a database that is at an unknown revision, and names the git branches that have it."""

import subprocess
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

UNKNOWN = """The database is at {revision}, an unknown revision: no file in {folder} defines it. \
Nothing was changed.
{origin}
If its file is lost, and the database matches the models: alembic stamp --purge head"""
ON_BRANCHES = (
    "It is on the git branch {}. Merge that branch, or revert the revision there: make downgrade"
)
ON_NO_BRANCH = (
    "No git branch here has it. Fetch the others (git fetch --all), or ask who upgraded last."
)


def refuse_unknown_revisions(migration: MigrationContext, heads: tuple[str, ...]) -> None:
    """Raise CommandError where one of `heads`, the revisions of the database, has no file here."""
    script = migration.script
    if script is None or migration.purge:
        return
    for head in heads:
        try:
            script.get_revision(head)
        except CommandError as error:
            folder = Path(script.versions)
            branches = ", ".join(_branches(folder, head))
            origin = ON_BRANCHES.format(branches) if branches else ON_NO_BRANCH
            raise CommandError(
                UNKNOWN.format(revision=head, folder=folder, origin=origin)
            ) from error


def _branches(folder: Path, revision: str) -> list[str]:
    """Return the git branches with a file of this revision; none without git or a repository."""
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
