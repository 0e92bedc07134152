"""A function is written as code that imports nothing of the project, or not at all."""

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from string import ascii_letters
from types import SimpleNamespace
from typing import Any

import pytest
from alembic_guards.authoring.write.callables import Code, code_of, constant_of

ALPHABET = "abc"
SECRET = "s3cret" * 2
OWN = SimpleNamespace(size=3)


def new_code() -> str:
    """Return a code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def of_two_statements() -> str:
    made = uuid.uuid4()
    return made.hex


def of_the_project() -> str:
    return new_code()


def closure() -> Callable[[], str]:
    text = new_code()
    return lambda: text


@pytest.mark.parametrize(
    ("function", "text", "modules"),
    [
        (uuid.uuid4, "uuid.uuid4", {"uuid"}),
        (datetime.now, "datetime.datetime.now", {"datetime"}),
        (date.today, "datetime.date.today", {"datetime"}),
        (dict, "dict", set()),
        (partial(secrets.token_hex, 16), "lambda: secrets.token_hex(16)", {"secrets"}),
        (partial(secrets.token_hex, nbytes=4), "lambda: secrets.token_hex(nbytes=4)", {"secrets"}),
        (lambda: str(uuid.uuid4()), "lambda: str(uuid.uuid4())", {"uuid"}),
        (lambda: uuid.uuid4().hex, "lambda: uuid.uuid4().hex", {"uuid"}),
        (lambda: uuid.uuid4(), "uuid.uuid4", {"uuid"}),
        (lambda: ascii_letters + ALPHABET, "lambda: string.ascii_letters + 'abc'", {"string"}),
        (lambda: datetime.now(UTC), "lambda: datetime.datetime.now(datetime.UTC)", {"datetime"}),
        (
            new_code,
            "lambda: ''.join((secrets.choice('abc') for _ in range(8)))",
            {"secrets"},
        ),
    ],
)
def test_a_function_is_imported_or_copied(
    function: Callable[[], Any], text: str, modules: set[str]
) -> None:
    code = code_of(function)
    assert code == Code(text, frozenset(modules))


@pytest.mark.parametrize(
    "function",
    [
        of_two_statements,
        of_the_project,
        closure(),
        lambda: OWN.size,
        lambda: SECRET,
        partial(new_code),
        partial(str, SECRET),
        OWN,
    ],
)
def test_what_a_revision_cannot_hold_is_not_copied(function: Any) -> None:
    assert code_of(function) is None


def test_each_of_two_functions_in_a_line_is_found() -> None:
    first, second = (lambda: uuid.uuid1().hex), (lambda: uuid.uuid4().hex)
    assert [code and code.text for code in map(code_of, (first, second))] == [
        "lambda: uuid.uuid1().hex",
        "lambda: uuid.uuid4().hex",
    ]


def test_a_result_is_converted() -> None:
    assert Code("uuid.uuid4").converted("({}).hex").text == "lambda: uuid.uuid4().hex"
    assert Code("lambda: f(1)").converted("str({})").text == "lambda: str(f(1))"


def test_a_function_that_returns_a_literal_is_a_constant() -> None:
    assert constant_of(Code("lambda: []")) == ([],)
    assert constant_of(Code("lambda: None")) == (None,)
    assert constant_of(Code("uuid.uuid4")) is None
    assert constant_of(Code("lambda: uuid.uuid4()")) is None


def test_a_constant_is_copied_from_the_module_that_assigns_the_literal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "s3cret")
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "shop_of_callables"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "settings.py").write_text(
        'import os\nKEY = os.environ["SHOP_KEY"]\nPREFIX = "a"\nSIZE: int = -1\n'
        'MODE = "b"\nMODE = os.environ["SHOP_KEY"]\n'
    )
    (package / "models.py").write_text(
        "from . import settings\nfrom .settings import KEY, MODE, PREFIX as FIRST, SIZE\n"
        "key = lambda: KEY\nmode = lambda: MODE\nread = lambda: settings.KEY\n"
        "text = lambda: f'{FIRST}{KEY}'\nfirst = lambda: FIRST * SIZE\n"
    )
    models = import_module("shop_of_callables.models")
    codes = [code_of(one) for one in (models.key, models.mode, models.read, models.text)]
    assert codes == [None] * 4
    assert code_of(models.first) == Code("lambda: 'a' * -1")
