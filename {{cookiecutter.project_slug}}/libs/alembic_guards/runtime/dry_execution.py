"""Runs a revision without its changes on MariaDB and MySQL, where each of them would be done for good."""

import re
from collections.abc import Callable

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.statements import Kind, kind_of

#: What gives rows a value instead of none, or of another one: of no other column, see dry_run.py.
FILL = re.compile(r"UPDATE .+ SET (.+?) = .+ WHERE \1 (?:IS NULL|= '.*')", re.DOTALL)


class NotInDry(Exception):
    """What is to come depends on a change of rows that was not made."""


def run_dry(connection: Connection, migrate: Callable[[], None]) -> None:
    """Run a step without its changes.

    Raises the CommandError of a guard, which then finds nothing half done. It looks no further than
    the first change of rows that fills no column: what comes after that may depend on it.
    """
    connection.info[SKIPPED] = []
    try:
        migrate()
    except CommandError:
        raise
    except Exception:  # noqa: BLE001, S110 (what is missing was not made, see NotInDry)
        pass
    finally:
        del connection.info[SKIPPED]


def is_skipped(connection: Connection, statement: str) -> bool:
    """Return whether a dry run skips a statement; raises NotInDry where it can go no further."""
    skipped: list[str] = connection.info[SKIPPED]
    kind = kind_of(statement, connection.dialect.name)
    if kind in {Kind.READ, Kind.SESSION}:
        return False
    # What comes twice may be in a loop that waits for it to change rows.
    said = statement.replace("%%", "%")  # which a driver wants doubled
    fills = FILL.fullmatch(statement) and said not in skipped
    if kind is not Kind.IMPLICIT and not fills:
        raise NotInDry
    skipped.append(said)
    return True
