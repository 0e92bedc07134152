"""Colours are for terminals."""

import io

import pytest
from alembic_guards.terminal import RED, paint


class Terminal(io.StringIO):
    """A stream that a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_the_first_line_is_in_colour_at_a_terminal() -> None:
    assert paint("FAILED: a\nb", RED, Terminal()) == "\x1b[31mFAILED: a\x1b[0m\nb"


def test_a_file_has_no_colour() -> None:
    assert paint("FAILED: a", RED, io.StringIO()) == "FAILED: a"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_have_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert paint("FAILED: a", RED, Terminal()) == "FAILED: a"
