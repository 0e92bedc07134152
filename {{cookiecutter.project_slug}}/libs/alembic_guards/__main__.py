"""The command line of Alembic, with the commands `status` and `undo`. A broken history stops every command.

`--json` before the command writes one JSON document to stdout, and all else to stderr.

Alembic runs env.py, and with it the guards, only for commands that need the database. Those that read
nothing but the files of revisions (`history`, `heads`, `merge`) are run by `python -m alembic_guards`.
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
from alembic_guards.runtime.report import Reporter
from alembic_guards.runtime.status import status
from alembic_guards.runtime.undo import undo


class GuardedCommandLine(CommandLine):
    """The command line of Alembic."""

    reporter: Reporter | None = None  # for --json

    def run_cmd(self, config: Config, options: Namespace) -> None:
        """Run a command, unless the history is broken: then print what is wrong, and exit with 1."""
        if self.reporter:
            self.reporter.attach(config, options.cmd[0].__name__)
        try:
            with command_errors():
                refuse_broken_history(ScriptDirectory.from_config(config))
        except CommandError as error:
            raise exit_with(error) from error
        if options.cmd[0] in (command.merge, command.revision) and not _is_autogenerate(options):
            _show_new_files()  # env.py does it for autogenerate
        super().run_cmd(config, options)


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


if __name__ == "__main__":
    line = GuardedCommandLine(prog="alembic")
    for each in (status, undo):
        line.register_command(each)
    if sys.argv[1:2] == ["--json"]:
        line.reporter = Reporter()
        sys.exit(line.reporter.run(lambda: line.main(sys.argv[2:])))
    line.main()
