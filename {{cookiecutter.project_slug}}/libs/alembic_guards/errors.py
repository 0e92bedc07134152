"""Turns errors into messages of a few lines: what happened, what was not changed, and the remedy."""

import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import (
    ArgumentError,
    CompileError,
    DBAPIError,
    IdentifierError,
    NoReferenceError,
    PendingRollbackError,
)

from alembic_guards.terminal import RED, paint

#: The folder of Python's standard library.
STDLIB = Path(sysconfig.get_path("stdlib"))

#: Remedies for a failed connection, by a pattern of the driver's message; the first match counts.
REMEDIES = {
    "No module named|package is required|pq wrapper": (
        "Install what the project needs, again: make -B install"
    ),
    "database .* does not exist|Unknown database": "Create it: make database",
    "Access denied .* to database": (
        "Create it with a user who may create databases (make database), or grant this user access"
        " to it (GRANT ALL ON ...)."
    ),
    "password|Access denied|authentication|role .* does not exist": (
        "Correct the user name or the password in DATABASE_URL (percent-encoded; see .env.example)."
    ),
    "Invalid SQLite URL|unable to open|Permission denied|Not a directory|File exists": (
        "Create its folder (make database), or correct DATABASE_URL (see .env.example)."
    ),
    "certificate verify failed|root certificate": (
        "Name the file of the authority that signed the certificate: ?ssl_ca=FILE in DATABASE_URL,"
        " for PostgreSQL ?sslrootcert=FILE."
    ),
    "keyword argument|connection option|invalid .* (value|literal)|no attribute|load plugin": (
        "Correct or remove what follows the ? in DATABASE_URL: the driver has its own options."
    ),
    "Can't connect to MySQL": (
        "Start the server (docker compose up --wait), or correct DATABASE_URL (see .env.example)."
    ),
    "": "Start the server, or correct DATABASE_URL (see .env.example).",
}

#: Remedies for a failed statement, likewise.
STATEMENT_REMEDIES = {
    "[Cc]annot cast (type|'.*' as)": (
        "\nThere is no cast between these types: give the column of the new type another name, and write"
        ' what becomes of the values by hand: make revision x="byhand=TABLE.OLD_COLUMN"'
    ),
    "out of shared memory": (
        "\nA transaction locks all that it creates and drops, and the server has room for so many locks: "
        "max_locks_per_transaction times max_connections.\nRaise it (ALTER SYSTEM SET max_locks_per_transaction"
        " = 1024) and restart the server. Or have the revision commit its statements one by one, below\n"
        "with op.get_context().autocommit_block():"
    ),
    "denied(?s:.*)CREATE DATABASE scratch_": (
        "\nNothing was changed. Let this user create databases, or set SCRATCH_DATABASE_URL to one"
        " who may create them (see .env.example)."
    ),
    "statement timeout|max_statement_time exceeded": (
        "\nThe limit is MIGRATION_STATEMENT_TIMEOUT, in seconds, or one that the revision sets: raise it,"
        " or remove it."
    ),
    "readonly database": "\nThe file of the database, or its folder, cannot be written to by this user.",
    "read-only transaction|read-only option": (
        "\nThe server takes no changes: it is a standby, or set to read only. Name the primary in DATABASE_URL,"
        " or in MIGRATION_DATABASE_URL."
    ),
    "denied(?s:.*)CREATE DATABASE": "\nNothing was changed. Create it with a user who may create databases.",
    "": "",
}

#: What a statement says that creates what is there already.
EXISTS = re.compile(r"(?:relation|type|table|Table) \S+ already exists|Duplicate key name")
#: What follows that in a database without a revision.
ADOPT = """
The database was not made by this project: no revision is applied to it. To take over what it holds: make adopt"""

#: Remedies that follow messages of CommandError, by a part of the message.
HINTS = {
    "Ambiguous walk": ": a merge follows several revisions. Name one: make downgrade to=REVISION",
    "Target database is not up to date": " Bring it up to date: make upgrade",
    "produce 1 migrations": ": no revision is applied to the database.",
    "is written, but": "",
    "fails on a scratch database": (
        "\nNothing was written. Correct that file, or delete it where no database has it yet."
    ),
    "copy_from": "\nSQLite rebuilds the whole table, and offline its definition is not known: make upgrade",
}

#: The commands of a generated Makefile, and those of Alembic for a project without it.
COMMANDS = {
    "make database": "alembic -x create-database current",
    'make revision x="(.*?)"': r'alembic -x "\1" revision --autogenerate',
    "with x=, as in": "with -x, as in",
    "make revision empty=1": "alembic revision",
    "make revision": "alembic revision --autogenerate",
    "make upgrade": "alembic upgrade head",
    "make downgrade to=": "alembic downgrade ",
    "make downgrade": "alembic downgrade -1",
    "make merge": "alembic merge heads",
    "make prove": "alembic -x prove revision --autogenerate",
    "make check": "alembic check",
    "make adopt": "python -m alembic_guards adopt",
    "make stamp to=": "alembic stamp ",
    "make stamp": "alembic stamp head",
    "make undo": "python -m alembic_guards undo",
    "make status": "python -m alembic_guards status",
    "make shell": "python -m alembic_guards shell",
    "make reset drop=": "python -m alembic_guards reset --drop ",
    "make sql to=base:head": "alembic upgrade base:head --sql",
    "make test": "alembic upgrade head && alembic check",
    "Install what the project needs, again: make -B install": "Install the dependencies of the project.",
    ", then: make -B install": "",
    "make -B install": "install the dependencies of the project",
}


#: The codes of errors in a report for programs, by a pattern of the message; the first match counts.
CODES = {
    "some changes need an answer": "unanswered",
    "is not a valid answer|no change in the models matches|is given twice|cannot be renamed to"
    "|is ambiguous|is no valid SQL expression|^fill=|^zone=|No (closing quotation|escaped character)"
    "|Answers cannot be read": "invalid_answer",
    "^The database differs from the models": "drift",
    "^The models cannot be imported": "models_not_imported",
    "is written, but": "unproven",
    "is unproven": "unproven",
    "^No connection to": "no_connection",
    "^The history of revisions is broken": "broken_history",
    "^There are several heads": "several_heads",
    "^Target database is not up to date": "behind",
    "an unknown revision: no file": "unknown_revision",
    "was never applied here": "inserted_revision",
    "but it is not what the revisions have made": "schema_differs",
    "fails on a scratch database": "revision_fails",
    "Another upgrade is still running|has waited for a lock": "lock_timeout",
    "was rolled back; no changes were applied|stopped: |lost its connection": "revision_failed",
    "^Interrupted": "interrupted",
    "^The arguments are not valid": "usage",
    "": "error",
}


def error_code(error: BaseException) -> str:
    """Return the code of an error in a report: stable, while messages may change."""
    if isinstance(error, SystemExit):
        return "usage"
    if not isinstance(error, CommandError):
        return "fault"
    return next(code for pattern, code in CODES.items() if re.search(pattern, str(error)))


@contextmanager
def plain_errors(config: Config | None = None) -> Iterator[None]:
    """Turn errors that a user can mend into a message.

    On a command line it is printed to stderr, with the exit status 1. Otherwise it is raised as a
    CommandError. `config` is that of the command; in env.py it is known.
    """
    config = config or getattr(context, "config", None)  # env.py alone has one; tests do not
    options: Any = config and config.cmd_opts
    try:
        with command_errors():
            yield
    except CommandError as error:
        if options is None or options.raiseerr:
            raise
        raise exit_with(error) from error
    except BrokenPipeError:  # the reader of the SQL has ended, such as `head`
        if options is None:
            raise
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # Python flushes stdout at its end
        raise SystemExit(0) from None


def exit_with(error: CommandError) -> SystemExit:
    """Print the message of an error to stderr, and return the end of the process to raise."""
    sys.stdout.flush()
    print(paint(f"FAILED: {error}", RED, sys.stderr), file=sys.stderr)
    return SystemExit(1)


@contextmanager
def command_errors() -> Iterator[None]:
    """Raise errors that a user can mend as CommandError, with the commands of this project."""
    try:
        with _command_errors():
            yield
    except CommandError as error:
        raise CommandError(commands(str(error))) from error.__cause__


def commands(message: str) -> str:
    """Return a message with commands of make, or of Alembic in a project without the Makefile."""
    makefile = Path("Makefile")
    if makefile.exists() and "\nrevision:" in makefile.read_text(encoding="utf-8"):
        return message
    for pattern, command in COMMANDS.items():
        message = re.sub(pattern, command, message)
    return message


@contextmanager
def _command_errors() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, CompileError, IdentifierError, NoReferenceError) as error:
        raise CommandError(str(error)) from error
    except DBAPIError as error:
        raise CommandError(explain(error)) from error
    except KeyboardInterrupt:
        raise CommandError("Interrupted.") from None
    except CommandError as error:
        if isinstance(error.__cause__, MultipleHeads):
            raise CommandError(
                f"There are several heads: {', '.join(error.__cause__.heads)}.\n"
                "Two revisions follow the same one. Nothing was changed. Merge them: make merge"
            ) from error
        hint = next((hint for part, hint in HINTS.items() if part in str(error)), "")
        raise CommandError(f"{error}{hint}") from error


def explain(error: Exception) -> str:
    """Return the message of an error: its reason, its SQL statement, and its line in the owner's code."""
    if isinstance(error, CommandError):
        return str(error)
    while isinstance(error, PendingRollbackError) and isinstance(error.__context__, Exception):
        error = error.__context__  # the cause, which the end of a savepoint or a block hides
    if isinstance(error, DBAPIError):
        statement = " ".join((error.statement or "none").split())
        details = re.findall("^(?:DETAIL|HINT): +(.+)$", str(error.orig), re.MULTILINE)
        message = "\n".join(
            [first_line(error.orig), *details, f"The statement was: {statement[:300]}"]
        )
        return message + remedy(message, STATEMENT_REMEDIES)
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if _is_own(frame.filename)]
    lines = "".join(traceback.format_exception_only(error)).strip().splitlines()
    if isinstance(error, SyntaxError) and error.filename:
        places, lines = [(error.filename, error.lineno)], lines[1:]  # the first one is the place
    where = [f"{os.path.relpath(file)}, line {number}:" for file, number in places[-1:]]
    return "\n  ".join(line.strip() for line in [*where, *lines])


def _is_own(file: str) -> bool:
    """Whether a file of a traceback is code of the owner: not env.py, and no library."""
    path = Path(file)
    is_library = {"site-packages", "alembic_guards"} & {*path.parts[:-1]} or STDLIB in path.parents
    return not (is_library or path.name == "env.py" or file.startswith(("<frozen", "<string")))


def unreachable(url: URL, error: Exception) -> CommandError:
    """Return the error to raise when connecting to `url` failed with `error`: without a password."""
    reason = first_line(getattr(error, "orig", error))
    address = url.set(query={}).render_as_string()  # the query may have a password, too
    return CommandError(
        f"No connection to {address}; nothing was changed.\n{reason}\n{remedy(reason, REMEDIES)}"
    )


def remedy(message: str, remedies: dict[str, str]) -> str:
    """Return the first of `remedies` whose pattern matches a message."""
    return next(remedy for pattern, remedy in remedies.items() if re.search(pattern, message))


def first_line(error: BaseException | None) -> str:
    """Return the first line of the message of a driver's error, after a possible error number.

    Only text is returned: other arguments of the error may contain the password.
    """
    texts = [text for text in getattr(error, "args", ()) if isinstance(text, str)]
    return (texts or [type(error).__name__])[0].strip().partition("\n")[0]
