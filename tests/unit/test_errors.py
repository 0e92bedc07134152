"""What a user is told: in a few lines, with the command that mends it, and never a password."""

import ast
import re
from pathlib import Path
from runpy import run_path

import pytest
import sqlalchemy as sa
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from alembic_guards.errors import (
    COMMANDS,
    REMEDIES,
    STATEMENT_REMEDIES,
    commands,
    explain,
    first_line,
    plain_errors,
    remedy,
    unreachable,
)
from sqlalchemy.exc import OperationalError, PendingRollbackError

#: What drivers were heard to say, and the beginning of what helps.
SAID = {
    'FATAL:  database "shop" does not exist': "Create it: make database",
    "(1049, \"Unknown database 'shop'\")": "Create it: make database",
    "Access denied for user 'ada'@'%' to database 'shop'": "Create it with a user who may create",
    'FATAL:  password authentication failed for user "ada"': "Correct the user name",
    "Access denied for user 'ada'@'localhost' (using password: YES)": "Correct the user name",
    'FATAL:  role "ada" does not exist': "Correct the user name",
    "No module named 'psycopg'": "Install what the project needs",
    "'cryptography' package is required for sha256_password auth": "Install what the project needs",
    "no pq wrapper available": "Install what the project needs",
    "unable to open database file": "Create its folder",
    "[Errno 13] Permission denied: '/srv/shop'": "Create its folder",
    'invalid connection option "sslmod"': "Correct or remove what follows the ?",
    "connect() got an unexpected keyword argument 'pool'": "Correct or remove what follows the ?",
    "Can't connect to MySQL server on '127.0.0.1'": "Start the server (docker compose",
    "connection refused": "Start the server, or correct",
}
STATEMENTS = {
    "cannot cast type json to integer": "There is no cast between these types",
    "ERROR: permission denied\nThe statement was: CREATE DATABASE scratch_1": "SCRATCH_DATABASE_URL",
    "ERROR: permission denied\nThe statement was: CREATE DATABASE shop": "Create it with a user",
    "syntax error": "",
}

TEMPLATE = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"


@pytest.fixture(autouse=True)
def in_a_generated_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Makefile").write_text("help:\n\nrevision:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def failure(message: str, statement: str | None = "SELECT 1") -> OperationalError:
    return OperationalError(statement, None, Exception(message))


@pytest.mark.parametrize("said", SAID)
def test_each_failure_to_connect_has_its_remedy(said: str) -> None:
    assert remedy(said, REMEDIES).startswith(SAID[said])


@pytest.mark.parametrize("said", STATEMENTS)
def test_a_statement_that_fails_has_a_remedy_where_one_is_known(said: str) -> None:
    assert STATEMENTS[said] in remedy(said, STATEMENT_REMEDIES)
    assert bool(STATEMENTS[said]) == bool(remedy(said, STATEMENT_REMEDIES))


def test_a_url_is_shown_without_its_password_and_its_options() -> None:
    url = sa.make_url("postgresql+psycopg://ada:secret@db/shop?password=other")
    said = str(unreachable(url, failure("connection refused\nmore")))
    assert "postgresql+psycopg://ada:***@db/shop;" in said
    assert "connection refused" in said
    assert "secret" not in said and "other" not in said and "more" not in said


def test_the_first_line_of_an_error_is_a_text_that_was_made_to_be_read() -> None:
    assert first_line(Exception(1045, "  Access denied\nAt line 2")) == "Access denied"
    assert first_line(Exception({"password": "secret"})) == "Exception"
    assert first_line(None) == "NoneType"


def test_an_error_of_a_server_is_told_with_its_details_and_the_statement() -> None:
    said = explain(failure("it fails\nDETAIL:  key 3\nHINT: drop it\nCONTEXT: x", "SELECT\n  1"))
    assert said == "it fails\nkey 3\ndrop it\nThe statement was: SELECT 1"


def test_a_long_statement_is_cut() -> None:
    assert len(explain(failure("it fails", "x" * 1000))) < 400


def test_an_error_that_the_end_of_a_block_hides_is_the_one_that_is_told() -> None:
    hidden = PendingRollbackError("Can't reconnect")
    hidden.__context__ = PendingRollbackError("Can't reconnect")  # of an inner block
    hidden.__context__.__context__ = failure("it fails")
    assert explain(hidden).startswith("it fails")


def test_an_error_of_a_module_is_told_with_its_place(in_a_generated_project: Path) -> None:
    module = in_a_generated_project / "models.py"
    module.write_text("x = 1\ny = unknown")
    try:
        run_path(str(module))
    except NameError as error:
        said = explain(error)
    assert said == "models.py, line 2:\n  NameError: name 'unknown' is not defined"


@pytest.mark.parametrize("place", ["my_alembic_guards_demo/models.py", "shop/my_env.py"])
def test_only_libraries_and_env_py_are_left_out_of_a_place(
    in_a_generated_project: Path, place: str
) -> None:
    path = in_a_generated_project / place
    for library in ("site-packages/attr/__init__.py", "alembic_guards/config.py", "env.py"):
        called = path.parent / library
        called.parent.mkdir(parents=True, exist_ok=True)
        called.write_text("x = unknown")
        path.write_text(f"from runpy import run_path\nrun_path({str(called)!r})")
        with pytest.raises(NameError) as raised:
            run_path(str(path))
        assert explain(raised.value).startswith(f"{place}, line 2:\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (sa.exc.ArgumentError("no URL"), "no URL"),
        (sa.exc.IdentifierError("too long"), "too long"),
        (failure("it fails"), "it fails\nThe statement was: SELECT 1"),
        (KeyboardInterrupt(), "Interrupted."),
        (CommandError("Ambiguous walk"), "Ambiguous walk: a merge follows several revisions."),
        (CommandError("as it is"), "as it is"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_goes_wrong_becomes_a_message(error: BaseException, told: str) -> None:
    with pytest.raises(CommandError) as raised, plain_errors():
        raise error
    assert str(raised.value).startswith(told)


def test_several_heads_are_named_with_the_command_that_joins_them() -> None:
    with pytest.raises(CommandError) as raised, plain_errors():
        raise CommandError("Multiple heads") from MultipleHeads(("a1", "b2"), "head")
    assert "There are several heads: a1, b2." in str(raised.value)
    assert "make merge" in str(raised.value)


def test_a_programming_error_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), plain_errors():
        raise ZeroDivisionError


@pytest.mark.parametrize("makefile", [None, "help:\n\nupgrades:\n"], ids=["none", "another"])
def test_without_a_generated_makefile_messages_name_the_commands_of_alembic(
    in_a_generated_project: Path, makefile: str | None
) -> None:
    path = in_a_generated_project / "Makefile"
    path.unlink()
    if makefile:
        path.write_text(makefile)
    assert commands("Name one: make downgrade to=REVISION").endswith("alembic downgrade REVISION")
    missing = remedy("No module named 'psycopg'", REMEDIES)
    assert commands(missing) == "Install the dependencies of the project."
    texts = [*REMEDIES.values(), *STATEMENT_REMEDIES.values(), *map(str, COMMANDS)]
    assert not [text for text in texts if "make " in commands(text)]


def test_each_command_of_make_in_a_message_has_one_of_alembic(in_a_generated_project: Path) -> None:
    (in_a_generated_project / "Makefile").unlink()
    targets = "|".join(
        re.findall(r"^([a-z-]+):", (TEMPLATE / "Makefile").read_text(), re.MULTILINE)
    )
    texts = [
        node.value
        for path in (TEMPLATE / "libs").rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in texts if re.search(rf"\bmake ({targets})\b", commands(text))]


def test_with_a_generated_makefile_messages_name_its_commands() -> None:
    assert commands("Join them: make merge") == "Join them: make merge"
