"""The command `seed`: runs the owner's script of first rows."""

import runpy
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.errors import command_errors, explain
from alembic_guards.runtime.place import read_place

MISSING = """There is no {file}. Nothing was changed.
Write one that may run again and again: README.md has an example ("Seeds")."""
FAILED = "{file} failed: {reason}{remedy}"
PENDING = "\nThe database is not at the newest revision: make upgrade"


def seed(config: Config, file: str) -> None:
    """Run the script that adds first rows.

    Raises CommandError where there is none, and for an exception of it.
    """
    with command_errors():
        if not Path(file).exists():
            raise CommandError(MISSING.format(file=file))
        arguments, sys.argv = sys.argv, [file]
        try:
            runpy.run_path(file, run_name="__main__")
        except Exception as error:
            remedy = PENDING if _is_behind(config) else ""
            reason = explain(error)
            raise CommandError(FAILED.format(file=file, reason=reason, remedy=remedy)) from error
        finally:
            sys.argv = arguments


def _is_behind(config: Config) -> bool:
    try:
        heads = read_place(config).heads
    except CommandError:
        return False
    return set(heads) != set(ScriptDirectory.from_config(config).get_heads())
