"""The command `undo`: removes the file of the newest revision, if the database does not have it."""

import os
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.runtime.applied_log import revisions_of
from alembic_guards.runtime.sql_file import files_of

NONE = "There is no revision to remove."
SEVERAL = "There are several heads: {heads}. Nothing was removed. Delete the file of one by hand."
APPLIED = """{file} is applied to this database. Nothing was removed.
Revert it first (make downgrade), if no other database has it; else write a new revision: make revision"""


def undo(config: Config) -> None:
    """Remove the files of the newest revision, if the database does not have it."""
    script = ScriptDirectory.from_config(config)

    def remove(heads: tuple[str, ...], _: MigrationContext) -> list[None]:
        newest = script.get_heads()
        if not newest:
            raise CommandError(NONE)
        if len(newest) > 1:
            raise CommandError(SEVERAL.format(heads=" and ".join(newest)))
        revision = script.get_revision(newest[0])
        file = os.path.relpath(str(revision.path))
        if revision.revision in {one.revision for one in revisions_of(script, heads)}:
            raise CommandError(APPLIED.format(file=file))
        for path in files_of(Path(str(revision.path))):
            if path.exists():
                path.unlink()
                config.print_stdout("Removed %s", os.path.relpath(path))
        return []

    with EnvironmentContext(config, script, fn=remove, dont_mutate=True):
        script.run_env()
