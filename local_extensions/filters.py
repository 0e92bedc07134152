"""The filters of the template: they write answers into other languages, and what is known of them."""

import json
import re
from pathlib import Path
from typing import Any

from local_extensions.call import command
from local_extensions.problems import problem
from local_extensions.template import HERE, QUESTIONS, git, version


def from_git(question: str) -> str:
    """Return whom git's configuration names, if it does and the answer would do."""
    text = git("config", {"full_name": "user.name", "email": "user.email"}[question])
    return "" if problem(question, text) else text


def if_versioned(file: str) -> str:
    """Return the name, or nothing where no commit holds this template as it is."""
    known = version() if (HERE / ".git").exists() else ""  # nothing without git, too
    return file if known and not known.endswith("-dirty") else ""


def origin(answers: dict[str, Any]) -> str:
    """Write what `cruft update` has to know: the template, its version, and the answers."""
    template = Path(answers["_template"]).absolute()
    state = {
        "template": str(template)
        if template.is_dir()
        else git("-C", str(HERE), "remote", "get-url", "origin"),
        "commit": version(),
        "checkout": None,
        "context": {"cookiecutter": {name: answers[name] for name in QUESTIONS}},
        "directory": None,
    }
    return json.dumps(state, ensure_ascii=False, indent=2)


def if_new(text: str) -> str:
    """Return the text, or nothing for the projects that `cruft update` and `diff` compare."""
    return text if command() else ""


def driver_of(name: str, url: str) -> str:
    """Write the driver of a URL as Python; {scheme} in its name is that of `url`, an expression.

    Projects that `cruft update` compares keep mysql: SQLAlchemy's dialect for MariaDB ignores the options
    mysql_... of their tables.
    """
    if "{scheme}" in name and command():
        return f'f"{name.format(scheme=f"{{{url}.get_backend_name()}}")}"'
    return json.dumps(name.format(scheme="mysql"))


def toml(value: str | dict[str, str]) -> str:
    """Write a string, or a table without its empty values, as TOML."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{key} = {toml(text)}" for key, text in value.items() if text) + " }"
        )
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def markdown(text: str) -> str:
    """Write a text so that Markdown shows it as it is, also at the beginning of a line."""
    text = re.sub(r"([\\`*_\[\]<>&~|#$]|:(?=\w+:))", r"\\\1", text.strip())
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", text)
