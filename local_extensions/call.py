"""The call that generates a project: its arguments, and whoever sits at its terminal."""

import difflib
import inspect
import os
import sys
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import FailedHookException
from cookiecutter.prompt import read_user_variable

from local_extensions.problems import chosen, problem
from local_extensions.template import PROMPTS, QUESTIONS


class AnswerRefused(SystemExit, FailedHookException):
    """An answer will not do: its one line is all that `cookiecutter`, `cruft` or a script shows."""

    def __init__(self, line: str) -> None:
        super().__init__(f"{line}. Nothing was written.")


def command() -> dict[str, Any]:
    """Return the arguments of `cookiecutter()` or of cruft's `create()`, which called this.

    An extension is not told them. It is empty where `cruft update` compares two versions.
    """
    frame = inspect.currentframe()
    while frame and not (
        frame.f_code.co_name in {"cookiecutter", "create"} and "extra_context" in frame.f_locals
    ):
        frame = frame.f_back
    return frame.f_locals if frame else {}


def check_names() -> None:
    """Refuse a question that nobody asks, which cookiecutter would pass over in silence."""
    for name in command().get("extra_context") or {}:
        if name not in QUESTIONS:
            near = difflib.get_close_matches(str(name), QUESTIONS, 1) or [", ".join(QUESTIONS)]
            raise AnswerRefused(f"{name!a} is no question: try {near[0]}")


def check_target(slug: str, output_dir: str, overwrite_if_exists: bool) -> None:
    """Refuse a folder that cannot be made, for which cookiecutter has a traceback."""
    folder = Path(output_dir).absolute()
    if os.path.lexists(folder / slug) and not overwrite_if_exists:
        raise AnswerRefused(
            f"{folder / slug} is there already: try project_slug={slug}-2, or another folder with "
            "--output-dir"
        )
    parent = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        raise AnswerRefused(f"{parent} cannot be written to: try another folder with --output-dir")


def ask_again(question: str, reason: str, default: str) -> str:
    """Return a better answer from whoever sits at a terminal; without one, refuse."""
    if command().get("no_input") is not False or not sys.stdin.isatty():
        raise AnswerRefused(reason)
    number = f"  [dim][{QUESTIONS.index(question) + 1}/{len(QUESTIONS)}][/] "
    while True:
        print(f"  {reason}.")
        answer: str = read_user_variable(question, default, PROMPTS, number)
        if not (found := problem(question, answer)):
            return str(chosen(question, answer))
        reason = found
