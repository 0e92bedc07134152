"""Makes a dry run of a revision on MariaDB and MySQL, which cannot roll back DDL."""

import re
from collections.abc import Callable

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.statements import Kind, kind_of

#: An UPDATE that replaces NULL or one value of a column, and changes no other column.
BACKFILL = re.compile(r"UPDATE .+ SET (.+?) = .+ WHERE \1 (?:IS NULL|= '.*')", re.DOTALL)


class EndOfDryRun(Exception):
    """The rest of the revision depends on a change of rows that a dry run does not make."""


def run_dry(connection: Connection, migrate: Callable[[], None]) -> None:
    """Run a step with all DDL and backfills skipped, so that the guards check the rows before it.

    Raises the CommandError of a guard. The dry run ends at the first other change of rows, because
    the statements after it may depend on it.
    """
    connection.info[SKIPPED] = []
    try:
        migrate()
    except CommandError:
        raise
    except Exception:  # noqa: BLE001, S110 (statements fail on what the skipped ones would create)
        pass
    finally:
        del connection.info[SKIPPED]


def is_skipped(connection: Connection, statement: str) -> bool:
    """Return whether a dry run skips a statement; raises EndOfDryRun at a change of rows."""
    skipped: list[str] = connection.info[SKIPPED]
    kind = kind_of(statement, connection.dialect.name)
    if kind in {Kind.READ, Kind.SESSION}:
        return False
    # A statement that is repeated may be in a loop that ends when it changes no more rows.
    text = statement.replace("%%", "%")  # % is doubled for the driver
    is_backfill = BACKFILL.fullmatch(statement) and text not in skipped
    if kind is not Kind.IMPLICIT and not is_backfill:
        raise EndOfDryRun
    skipped.append(text)
    return True
