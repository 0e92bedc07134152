"""The command line of Alembic with commands of the guards. A broken history stops every command.

Alembic runs env.py, and with it the guards, only for commands that need the database. Those that read
nothing but the files of revisions (`heads`, `merge`) are run by `python -m alembic_guards`.
"""

from argparse import Namespace

from alembic import command
from alembic.config import CommandLine, Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.errors import command_errors, exit_with
from alembic_guards.runtime.history import refuse_broken_history
from alembic_guards.runtime.pending_sql import sql
from alembic_guards.runtime.status import history, status
from alembic_guards.runtime.undo import undo

#: The commands of Alembic that others replace.
REPLACED = {command.history: history}


class GuardedCommandLine(CommandLine):
    """The command line of Alembic."""

    def run_cmd(self, config: Config, options: Namespace) -> None:
        """Run a command, unless the history is broken; print the message of an error, and exit with 1."""
        run, *arguments = options.cmd
        options.cmd = (REPLACED.get(run, run), *arguments)
        shows_traceback, options.raiseerr = options.raiseerr, True
        try:
            with command_errors():
                refuse_broken_history(ScriptDirectory.from_config(config))
            super().run_cmd(config, options)
        except CommandError as error:
            if shows_traceback:
                raise
            raise exit_with(error) from error


if __name__ == "__main__":
    line = GuardedCommandLine(prog="alembic")
    for added in (sql, status, undo):
        line.register_command(added)
    line.main()
