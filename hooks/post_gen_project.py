"""Says what was made and where, and which steps are left to its owner."""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path

HERE = Path.cwd()
STEPS = """
{{ cookiecutter.project_slug }} is made: models, migrations and tests for {{ cookiecutter.__title }}. Left to do:

    cd {folder}
    git init && git add . && git commit -m "Start from the template"
{{ cookiecutter._databases[cookiecutter.database].first_steps }}    make revision m="create users"
    make upgrade

Then change src/{{ cookiecutter.__package }}/models/ and do the last two again. `make` lists all commands.
"""
HAS_AUTHOR = "{{ 'yes' * (cookiecutter.full_name != 'Your Name') }}"


def goodbye() -> str:
    """Return what is left to do on this machine."""
    steps = STEPS.format(folder=shlex.quote(str(HERE)))
    if any((folder / ".git").exists() for folder in HERE.parents) or not shutil.which("git"):
        steps = "".join(line for line in steps.splitlines(keepends=True) if "git init" not in line)
    if not shutil.which("make"):
        steps += "There is no make here: README.md has the commands without it.\n"
    if not HAS_AUTHOR:
        steps += "Your name is still missing in pyproject.toml.\n"
    return f"{steps}\n"


if "{{ 'yes' | if_new }}":
    with suppress(OSError):  # whoever does not listen has the project nevertheless
        os.write(1, goodbye().encode(errors="backslashreplace"))
os.remove(__file__)  # cookiecutter would leave this copy of the hook behind
