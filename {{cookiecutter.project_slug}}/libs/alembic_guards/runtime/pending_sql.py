"""The command `sql`: prints the SQL of what an upgrade would do now, or that of a range of revisions."""

import sys

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.compat import leave_out_version_table, pending_steps
from alembic_guards.errors import command_errors, commands
from alembic_guards.runtime.journal import say_applied
from alembic_guards.runtime.place import Place, read_place

ALL = """{reason}
This is the SQL of all revisions, as of make sql to=base:head"""
NOT_READ = """{reason}
The pending revisions are those after the revision of the database. The SQL of all takes no database: \
make sql to=base:head"""
#: Begins the message of a database that does not answer.
NO_CONNECTION = "No connection to "
INTERRUPTED = """{step} is not complete: {applied}. Its SQL would execute them again.
Complete it first: make {command}"""


def sql(config: Config, revision: str) -> None:
    """Print the SQL of the pending revisions up to `revision`, or of a range of them (first:last).

    A range takes no database. Where no database answers, print the SQL of all revisions, and say so on
    stderr. Raises CommandError where the revision of the database cannot be read for another reason, for
    a `revision` relative to it (+1), and where an upgrade of it was interrupted.
    """
    if ":" in revision:
        command.upgrade(config, revision, sql=True)
        return
    try:
        place = read_place(config)
    except CommandError as error:
        is_relative = revision.startswith(("+", "-"))
        if is_relative or not str(error).startswith(NO_CONNECTION):
            with command_errors():
                raise CommandError(NOT_READ.format(reason=error)) from error
        print(commands(ALL.format(reason=error)), file=sys.stderr)
        command.upgrade(config, revision, sql=True)
        return
    _refuse_interrupted(place)
    script = ScriptDirectory.from_config(config)
    with command_errors():
        steps = pending_steps(script, revision, place.heads)
    if steps:
        _print(config, script, revision, place)
    else:
        newest = script.get_heads()
        names = [f"{head} (head)" if head in newest else head for head in place.heads]
        current = " and ".join(names) or "no revision"
        print(f"Nothing to do. The database is at {current}.", file=sys.stderr)


def _refuse_interrupted(place: Place) -> None:
    if place.interrupted:
        step = place.interrupted[0].step
        applied, name = say_applied(len(place.interrupted)), step.partition(" ")[0]
        with command_errors():
            raise CommandError(INTERRUPTED.format(step=step, applied=applied, command=name))


def _print(config: Config, script: ScriptDirectory, to: str, place: Place) -> None:
    def upgrade(heads: tuple[str, ...], migration: MigrationContext) -> list[RevisionStep]:
        if place.has_version_table:
            leave_out_version_table(migration)
        return pending_steps(script, to, heads)

    start = [*place.heads] or None
    options = {"as_sql": True, "starting_rev": start, "destination_rev": to}
    with EnvironmentContext(config, script, fn=upgrade, **options):
        script.run_env()
