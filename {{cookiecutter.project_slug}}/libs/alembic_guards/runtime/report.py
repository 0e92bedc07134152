"""The report of a command as one JSON document on stdout, for programs: `python -m alembic_guards --json`."""

import io
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from alembic.config import Config
from alembic.util import CommandError

from alembic_guards.errors import error_code

#: The key of the report in Config.attributes; without it a command writes none.
KEY = "alembic_guards_report"

USAGE = "The arguments are not valid."
ENDED = "The command ended with the exit status {status}."


def add_to_report(config: Config, **parts: Any) -> None:
    """Put parts into the report of the running command, if it writes one; lists are joined."""
    report: dict[str, Any] | None = config.attributes.get(KEY)
    if report is None:
        return
    for name, value in parts.items():
        report[name] = [*report[name], *value] if isinstance(value, list) else value


class Reporter:
    """Runs a command, whose output goes to stderr, and writes its report to stdout."""

    def __init__(self) -> None:
        self.report: dict[str, Any] = {
            "command": "",
            "ok": True,
            "error": None,  # {"code": ..., "message": ...}
            "questions": [],  # what needs an answer: {"code", "kind", "name", "answers"}
            "summary": [],  # what a new revision changes
            "files": [],  # that were written
            "proofs": [],  # of files: {"file", "result": "proved", "failed" or "by hand", ...}
            "differences": [],  # between the database and the models
            "sql": [],  # that takes the database back to the revisions
            "output": [],  # the lines that the command prints without this report
        }

    def run(self, command: Callable[[], None]) -> int:
        """Run a command, write the report, and return the exit status."""
        sys.stdout.flush()
        stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # hooks and libraries print, too
        sys.stdin = io.StringIO()  # nobody is asked
        os.environ["NO_COLOR"] = "1"
        try:
            command()
        except SystemExit as end:
            if end.code:
                self._fail(_reason(end))
        except BaseException as error:  # noqa: BLE001 (whatever ends a command)
            traceback.print_exc()
            self._fail(error)
        with stdout:
            json.dump(self.report, stdout, ensure_ascii=False, indent=2, default=str)
            stdout.write("\n")
        return 0 if self.report["ok"] else 1

    def attach(self, config: Config, command: str) -> None:
        """Have the command that a configuration is for add to the report."""
        self.report["command"] = command
        config.attributes[KEY] = self.report
        recorder: Any = _Recorder(sys.stderr, self.report["output"])
        config.stdout = recorder

    def _fail(self, error: BaseException) -> None:
        message = USAGE if isinstance(error, SystemExit) else str(error)
        self.report["ok"] = False
        self.report["error"] = {"code": error_code(error), "message": message}


def _reason(end: SystemExit) -> BaseException:
    """Return why a command has ended: `end` itself where its arguments are not valid."""
    frames = [frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(end.__traceback__)]
    if frames[-1:] == ["argparse"]:
        return end
    text = end.code if isinstance(end.code, str) else ENDED.format(status=end.code)
    return end.__cause__ or end.__context__ or CommandError(text)


class _Recorder:
    """A stream that keeps the lines that are written to it."""

    def __init__(self, stream: TextIO, lines: list[str]) -> None:
        self.stream, self.lines, self.begun = stream, lines, ""
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        *whole, self.begun = (self.begun + text).split("\n")
        self.lines += whole
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
