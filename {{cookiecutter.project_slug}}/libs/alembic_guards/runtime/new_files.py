"""Shows each new file of a revision in a line, instead of what Alembic says of it and of its hooks."""

import os
from typing import Any

from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from alembic_guards.compat import run_write_hook
from alembic_guards.errors import plain_errors
from alembic_guards.runtime.report import add_to_report

WROTE = "Wrote {file}"


def show_new_files(directory: ScriptDirectory, config: Config) -> None:
    """Have `directory` show each file that it writes, and run the hooks without their names.

    Alembic shows the names of those that it runs itself, and an absolute path.
    """
    hooks, directory.hooks = directory.hooks, []
    directory.messaging_opts = {"quiet": True}
    generate = directory.generate_revision

    def generate_revision(*arguments: Any, **options: Any) -> Script | None:
        with plain_errors(config):
            script = generate(*arguments, **options)
            if script is not None:
                file = os.path.relpath(str(script.path))
                config.print_stdout("%s", WROTE.format(file=file))
                add_to_report(config, files=[file])
                for hook in hooks:
                    run_write_hook(str(script.path), hook)
            return script

    directory.generate_revision = generate_revision  # type: ignore[method-assign]
