"""A small prompt for SQL, for machines without the client of the database."""

import sys
from code import InteractiveConsole
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.errors import first_line
from alembic_guards.runtime.sql_parser import is_ended, is_open, split

BANNER = "{client} is not installed; this is a small prompt. A statement ends with ; and Ctrl-D or exit ends it."
FAILED = """Statement {number} of {count} failed, and none after it was executed: {reason}
{statement}"""
OPEN = "The SQL ends within a literal, a quoted name, a comment or a body. Nothing was executed."
DELIMITER = "DELIMITER is a command of a client, and not needed here: a body ends with its END. Nothing was executed."
#: What ends the prompt.
ENDS = {"exit", "quit", r"\q", ".quit"}
#: How many rows of a result are shown.
ROWS = 1000


def prompt(url: sa.URL, client: str) -> int:
    """Execute the statements of stdin, each in a transaction of its own; return the exit status.

    Without a terminal the first error ends it. Raises CommandError where it cannot connect.
    """
    with open_connection(url):  # for its message
        pass
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    print(BANNER.format(client=client), file=sys.stderr)
    with engine.connect() as connection:
        connection = connection.execution_options(no_parameters=True)
        if not sys.stdin.isatty():
            return execute_all(connection, sys.stdin.read())
        with suppress(ImportError):
            import readline  # noqa: F401 (input() uses it once it is imported)
        sys.ps1, sys.ps2 = "sql> ", "   > "
        Console(connection).interact(banner="", exitmsg="")
    return 0


def execute_all(connection: sa.Connection, sql: str) -> int:
    """Execute statements up to the first error, which is printed; return the exit status."""
    dialect = backend_name(connection.dialect)
    if is_open(sql, dialect):
        print(OPEN, file=sys.stderr)
        return 1
    statements = split(sql, dialect)
    if any(map(_sets_delimiter, statements)):
        print(DELIMITER, file=sys.stderr)
        return 1
    for number, statement in enumerate(statements, 1):
        if statement.lower() in ENDS:
            break
        if reason := execute(connection, statement):
            known = {"number": number, "count": len(statements), "statement": statement}
            print(FAILED.format(reason=reason, **known), file=sys.stderr)
            return 1
    return 0


def execute(connection: sa.Connection, statement: str) -> str:
    """Execute a statement, and print its result; return why it failed, or ""."""
    try:
        lines = table(connection.exec_driver_sql(statement))
    except SQLAlchemyError as error:
        return first_line(getattr(error, "orig", None) or error)
    print("\n".join(lines))
    return ""


class Console(InteractiveConsole):
    """Reads statements, and executes them."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__()
        self.connection = connection
        self.dialect = backend_name(connection.dialect)

    def runsource(self, source: str, *_: Any, **__: Any) -> bool:
        """Execute `source` where it is complete; return whether more lines have to follow."""
        if source.strip().rstrip(";").strip().lower() in ENDS:
            raise SystemExit(0)
        if _sets_delimiter(source):
            print(DELIMITER, file=sys.stderr)
            return False
        if not is_ended(source, self.dialect):
            return bool(source.strip())
        for statement in split(source, self.dialect):
            if reason := execute(self.connection, statement):
                print(reason, file=sys.stderr)
                break
        return False


def _sets_delimiter(statement: str) -> bool:
    return statement.split()[:1] in (["DELIMITER"], ["delimiter"])


def table(result: Any) -> list[str]:
    """Return the lines that show a result."""
    if not result.returns_rows:
        return [f"{max(result.rowcount, 0)} rows"]
    found = [[_shown(value) for value in row] for row in result.fetchmany(ROWS + 1)]
    rows = [[*map(str, result.keys())], *found[:ROWS]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    more = f" of more than {ROWS}" if len(found) > ROWS else ""
    return [*lines, f"({len(rows) - 1} rows{more})"]


def _shown(value: object) -> str:
    return "NULL" if value is None else str(value).replace("\n", "\\n")
