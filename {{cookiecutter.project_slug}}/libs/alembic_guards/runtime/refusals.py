"""Refuses a statement because of rows, and collects all refusals of a revision where nothing is applied yet."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.database.connection_info import REFUSALS

#: The execution option of a statement of a rebuild, whose drop loses nothing.
KEEPS_ROWS = "alembic_keeps_rows"


class Refusal(NamedTuple):
    """A reason not to execute a statement, and the query that finds the rows; "" for none."""

    reason: str
    query: str = ""
    is_one: bool = False  # one row

    def __str__(self) -> str:
        """Return both, as one line of a message."""
        found = f" Find {'it' if self.is_one else 'them'}: {self.query}" if self.query else ""
        return f"{self.reason}{found}"


class Refused(CommandError):
    """The error for refusals; `statement` is the one above which a revision may correct the rows."""

    def __init__(self, refusals: Iterable[Refusal], statement: str = "") -> None:
        self.refusals, self.statement = list(dict.fromkeys(refusals)), statement
        lines = list(map(str, self.refusals))
        if statement:
            lines.append(
                "To correct them in the revision, put an UPDATE or a DELETE directly above: "
                + " ".join(statement.split())[:300]
            )
        super().__init__("\n".join(lines))


def refuse(connection: Connection, refusal: Refusal | str) -> None:
    """Raise Refused, or collect the refusal where refusals are collected: the caller goes on then."""
    refusal = Refusal(refusal) if isinstance(refusal, str) else refusal
    collected: list[Refusal] | None = connection.info.get(REFUSALS)
    if collected is None:
        raise Refused([refusal])
    collected.append(refusal)


@contextmanager
def collecting(connection: Connection) -> Iterator[list[Refusal]]:
    """Collect the refusals in the block; what the block executes is rolled back, or has no effect."""
    collected: list[Refusal] = []
    connection.info[REFUSALS] = collected
    try:
        yield collected
    finally:
        connection.info.pop(REFUSALS, None)
