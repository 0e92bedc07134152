"""Prints what was generated, and the next steps."""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path

HERE = Path.cwd()
STEPS = """
{{ cookiecutter.project_slug }} was generated: models, migrations and tests for {{ cookiecutter.__title }}. Next steps:

    cd {folder}
    git init && git add . && git commit -m "Start from the template"
{{ cookiecutter._databases[cookiecutter.database].first_steps }}    make revision m="create users"
    make upgrade

models/user.py and tests/test_models.py are an example: keep them, or delete both before that.
Then change src/{{ cookiecutter.__package }}/models/, and repeat the last two commands. `make` lists all commands.
"""
HAS_AUTHOR = "{{ 'yes' * (cookiecutter.full_name != 'Your Name') }}"


def goodbye() -> str:
    """Return the steps that this machine and this project need."""
    steps = STEPS.format(folder=shlex.quote(str(HERE)))
    if any((folder / ".git").exists() for folder in HERE.parents) or not shutil.which("git"):
        steps = "".join(line for line in steps.splitlines(keepends=True) if "git init" not in line)
    if not shutil.which("make"):
        steps += "make is not installed: README.md has the commands without it.\n"
    if not HAS_AUTHOR:
        steps += "Your name is still missing in pyproject.toml.\n"
    return f"{steps}\n"


if "{{ 'yes' | if_new }}":
    with suppress(OSError):  # the project is complete, even if stdout is closed
        os.write(1, goodbye().encode(errors="backslashreplace"))
os.remove(__file__)  # cookiecutter would leave this copy of the hook behind
