"""The command line of Alembic with commands of the guards. A broken history stops every command.

`--json` before the command writes one JSON document to stdout, and all else to stderr.

Alembic runs env.py, and with it the guards, only for commands that need the database. Those that read
nothing but the files of revisions (`heads`, `merge`) are run by `python -m alembic_guards`.
"""

import sys
from argparse import Namespace

from alembic import command
from alembic.config import CommandLine, Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.errors import command_errors, exit_with
from alembic_guards.runtime.history import refuse_broken_history
from alembic_guards.runtime.new_files import show_new_files
from alembic_guards.runtime.pending_sql import sql
from alembic_guards.runtime.report import Reporter
from alembic_guards.runtime.reset import reset
from alembic_guards.runtime.seed import seed
from alembic_guards.runtime.shell import shell, url
from alembic_guards.runtime.status import history, status
from alembic_guards.runtime.undo import undo

#: The commands of Alembic that others replace.
REPLACED = {command.history: history}
#: The commands that read no revisions.
WITHOUT_HISTORY = (shell, url)


class GuardedCommandLine(CommandLine):
    """The command line of Alembic."""

    reporter: Reporter | None = None  # for --json

    def run_cmd(self, config: Config, options: Namespace) -> None:
        """Run a command, unless the history is broken; print the message of an error, and exit with 1."""
        run, *arguments = options.cmd
        options.cmd = (REPLACED.get(run, run), *arguments)
        if self.reporter:
            self.reporter.attach(config, run.__name__)
        if run in (command.merge, command.revision) and not _is_autogenerate(options):
            _show_new_files()  # env.py does it for autogenerate
        shows_traceback, options.raiseerr = options.raiseerr, True
        try:
            if run not in WITHOUT_HISTORY:
                with command_errors():
                    refuse_broken_history(ScriptDirectory.from_config(config))
            super().run_cmd(config, options)
        except CommandError as error:
            if shows_traceback:
                raise
            raise exit_with(error) from error


def _is_autogenerate(options: Namespace) -> bool:
    return bool(getattr(options, "autogenerate", False))


def _show_new_files() -> None:
    """Have the command show its files; it makes a ScriptDirectory of its own."""
    from_config = ScriptDirectory.from_config

    def shown(config: Config) -> ScriptDirectory:
        directory = from_config(config)
        show_new_files(directory, config)
        return directory

    ScriptDirectory.from_config = shown  # type: ignore[method-assign]


def adopt(config: Config) -> None:
    """Write a baseline and models for an existing database: -x schemas= -x leave=."""
    from alembic_guards.authoring.adopt.command import adopt

    adopt(config)


if __name__ == "__main__":
    line = GuardedCommandLine(prog="alembic")
    for added in (adopt, reset, seed, shell, sql, status, undo, url):
        line.register_command(added)
    parsers = line.subparsers.choices
    parsers["reset"].add_argument("--drop", help="The name of the database that may be dropped")
    parsers["url"].add_argument("--password", action="store_true", help="Print the password, too")
    if sys.argv[1:2] == ["--json"]:
        line.reporter = Reporter()
        sys.exit(line.reporter.run(lambda: line.main(sys.argv[2:])))
    line.main()
