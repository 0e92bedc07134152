"""A small prompt for SQL, for machines without the client of the database."""

import sys
from code import InteractiveConsole
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connections import open_connection
from alembic_guards.errors import first_line

BANNER = "{client} is not installed; this is a small prompt. A statement ends with ; and Ctrl-D or exit ends it."
#: How many rows of a result are shown.
ROWS = 1000


def prompt(url: sa.URL, client: str) -> int:
    """Execute the statements of stdin, each in a transaction of its own; return the exit status.

    Raises CommandError where it cannot connect.
    """
    with open_connection(url):  # for its message
        pass
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    is_terminal = sys.stdin.isatty()
    if is_terminal:
        with suppress(ImportError):
            import readline  # noqa: F401 (input() uses it once it is imported)
    sys.ps1, sys.ps2 = ("sql> ", "   > ") if is_terminal else ("", "")
    print(BANNER.format(client=client), file=sys.stderr)
    with engine.connect() as connection:
        console = Console(connection)
        console.interact(banner="", exitmsg="")
        if not is_terminal:
            console.runsource("\n".join(console.buffer) + ";")  # the last one may have no ;
    return int(console.has_failed and not is_terminal)


class Console(InteractiveConsole):
    """Reads statements, and executes them."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__()
        self.connection = connection.execution_options(no_parameters=True)
        self.has_failed = False

    def runsource(self, source: str, *_: Any, **__: Any) -> bool:
        """Execute `source` where it is complete; return whether more lines have to follow."""
        text = source.strip()
        if not text.strip(";"):
            return False
        if text.rstrip(";").strip().lower() in {"exit", "quit", r"\q", ".quit"}:
            raise SystemExit(0)
        if not text.endswith(";"):
            return True
        try:
            result = self.connection.exec_driver_sql(text.rstrip("; \n"))
            print("\n".join(table(result)))
        except SQLAlchemyError as error:
            self.has_failed = True
            print(first_line(getattr(error, "orig", error)), file=sys.stderr)
        return False


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
