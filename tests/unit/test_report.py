"""The report of a command: what is put into it, and the codes of errors."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import pytest
from alembic.config import Config
from alembic.util import CommandError
from alembic_guards.authoring.pipeline import DRIFT, MISSED
from alembic_guards.errors import CODES, error_code
from alembic_guards.runtime import history, runner, unknown_revisions, verify
from alembic_guards.runtime.report import Reporter, add_to_report

#: Messages of the library, and the codes that programs know them by.
MESSAGES = {
    "drift": DRIFT,
    "broken_history": history.BROKEN,
    "inserted_revision": verify.INSERTED,
    "schema_differs": verify.DIFFERS,
    "unproven": verify.UNPROVEN,
    "unknown_revision": unknown_revisions.UNKNOWN,
    "interrupted": runner.INTERRUPTED,
    "error": MISSED,
    "lock_timeout": "It has waited for a lock for 600 s",
    "invalid_answer": "'x' is not a valid answer. Nothing was written.",
    "revision_failed": runner.FAILED.replace("{outcome}", "stopped: 1 statement was applied"),
}


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_has_its_code(code: str) -> None:
    assert error_code(CommandError(MESSAGES[code])) == code


def test_other_errors_are_faults_and_wrong_arguments_are_named() -> None:
    assert error_code(ZeroDivisionError()) == "fault"
    assert error_code(SystemExit(2)) == "usage"
    assert [*CODES][-1] == "", "an error without a code of its own has one"


def test_parts_are_added_only_where_a_report_is_written() -> None:
    config, reporter = Config(), Reporter()
    add_to_report(config, files=["a"])
    reporter.attach(config, "revision")
    add_to_report(config, files=["b"])
    add_to_report(config, files=["c"], summary=["add x"])
    assert reporter.report["command"] == "revision"
    assert reporter.report["files"] == ["b", "c"]
    assert reporter.report["summary"] == ["add x"]


def test_what_a_command_prints_is_kept_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    config, reporter = Config(), Reporter()
    reporter.attach(config, "heads")
    config.print_stdout("a %s", "b")
    config.print_stdout("c")
    assert reporter.report["output"] == ["a b", "c"]
    assert capsys.readouterr().err == "a b\nc\n"


def ends_with(status: int | str, cause: BaseException | None = None) -> Callable[[], None]:
    def command() -> None:
        raise SystemExit(status) from cause

    return command


def parse(*arguments: str) -> Callable[[], Any]:
    parser = ArgumentParser()
    parser.add_argument("--number", type=int)
    return lambda: parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (parse("--number", "a"), "usage", "The arguments are not valid."),
        (parse("--other"), "usage", "The arguments are not valid."),
        (ends_with(2), "error", "The command ended with the exit status 2."),
        (ends_with("Not now."), "error", "Not now."),
        (ends_with(2, CommandError("psql ended.")), "error", "psql ended."),
    ],
)
def test_only_arguments_that_are_not_valid_are_named_so(
    command: Callable[[], None],
    code: str,
    message: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", sys.stdin)
    monkeypatch.setenv("NO_COLOR", "1")
    saved = os.dup(1)
    reporter = Reporter()
    try:
        assert reporter.run(command) == 1
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    capfd.readouterr()
    assert reporter.report["error"] == {"code": code, "message": message}
