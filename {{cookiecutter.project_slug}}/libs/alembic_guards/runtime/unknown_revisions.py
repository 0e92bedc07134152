"""Refuses a database that is at an unknown revision, and says where the revision is."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.runtime.history import version_folders
from alembic_guards.runtime.origin import branches, removed_here

UNKNOWN = """The database is at {revision}, an unknown revision: no file in {folders} defines it. \
Nothing was changed.
{origin}
Only if its file is lost, and the database is what the revisions here make: alembic stamp --purge head
It writes {heads} as the revision of the database, and changes no table."""
ON_BRANCHES = (
    "It is on the git branch {}. Merge that branch, or revert the revision there: make downgrade"
)
OLDER = """The likely cause: this code is older than the database, such as after a release was rolled back. Its \
newest revision is {heads}.
Deploy the release that has {revision}; or with that release: make downgrade to={heads}, and then deploy this one.
No git branch here has it. Fetch the others (git fetch --all), or ask who upgraded last."""


def refuse_unknown_revisions(migration: MigrationContext, heads: tuple[str, ...]) -> None:
    """Raise CommandError where one of `heads`, the revisions of the database, has no file here."""
    script = migration.script
    if script is None or migration.purge:
        return
    for head in heads:
        try:
            script.get_revision(head)
        except CommandError as error:
            raise CommandError(_message(script, head)) from error


def _message(script: ScriptDirectory, revision: str) -> str:
    folders, heads = version_folders(script), " and ".join(script.get_heads()) or "base"
    origin = next((text for folder in folders if (text := removed_here(folder, revision))), "")
    if not origin:
        found = dict.fromkeys(name for folder in folders for name in branches(folder, revision))
        older = OLDER.format(revision=revision, heads=heads)
        origin = ON_BRANCHES.format(", ".join(found)) if found else older
    shown = " and ".join(map(str, folders))
    return UNKNOWN.format(revision=revision, folders=shown, origin=origin, heads=heads)
