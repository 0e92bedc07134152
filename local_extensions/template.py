"""What this template is: its variables, and the commit that holds it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
#: The template's own variables, in the order in which cookiecutter goes through them.
OWN: dict[str, Any] = json.loads((HERE / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = OWN.pop("__prompts__")
PROJECT_FOLDER = "{{cookiecutter.project_slug}}"
QUESTIONS = [name for name in OWN if not name.startswith("_")]


def git(*arguments: str) -> str:
    """Return what git says, without its line end; nothing where it fails or is not there."""
    command = ("git", *arguments)
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return ""
    return "" if said.returncode else os.fsdecode(said.stdout).strip()


def version() -> str:
    """Return the commit that holds this template."""
    return git("-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
