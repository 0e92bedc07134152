"""Drops the NOT VALID constraints of a failed revision, with their records in the journal.

Such a constraint refuses new rows at once. When the backfill or the validation after it fails for good, it
would stay. It is dropped where all statements since may be executed again.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import driver_cursor, driver_of
from alembic_guards.database.identifiers import qualified
from alembic_guards.runtime.constraint_parser import (
    Constraint,
    ConstraintKey,
    Validation,
    constraints_in,
    dropped_constraints,
)
from alembic_guards.runtime.journal import Journal
from alembic_guards.runtime.statements import is_backfill, is_repeatable


class Withdrawal(NamedTuple):
    """The constraints to drop, and the number in the journal from which records are removed."""

    constraints: list[Constraint]
    first: int


class CommittedChanges:
    """The changes that the running step has committed outside of a transaction, in their order."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, str]] = []  # the number in the journal, and the statement

    def append(self, number: int, statement: str) -> None:
        """Add a statement that was executed or replayed."""
        self.changes.append((number, statement))

    def withdrawal(self, last: int) -> Withdrawal | None:
        """Return what can be withdrawn; `last` is the number of the last committed record."""
        found: Withdrawal | None = None
        unvalidated = self._unvalidated(last)
        for number, statement in reversed([one for one in self.changes if one[0] <= last]):
            added = [each for each in constraints_in(statement) if each.key in unvalidated]
            if added:
                found = Withdrawal([*added, *(found.constraints if found else [])], number)
            elif not _may_be_repeated(statement):
                break
        return found

    def repair_above(self, statement: str) -> str:
        """Return the statement above which a revision may correct the rows that violate `statement`.

        For a statement that validates a constraint, it is that which has added the constraint.
        """
        for constraint in constraints_in(statement):
            if isinstance(constraint, Validation):
                return self._statement_adding(constraint) or statement
        return statement

    def _statement_adding(self, validation: Validation) -> str | None:
        for _, statement in reversed(self.changes):
            for added in constraints_in(statement):
                if added.is_deferred and added.key == validation.key:
                    return statement
        return None

    def _unvalidated(self, last: int) -> set[ConstraintKey]:
        keys: set[ConstraintKey] = set()
        for number, statement in self.changes:
            if number > last:
                continue
            keys -= dropped_constraints(statement)
            for each in constraints_in(statement):
                if isinstance(each, Validation):
                    keys.discard(each.key)
                elif each.is_deferred and each.name:
                    keys.add(each.key)
        return keys


def withdraw(connection: Connection, journal: Journal, changes: CommittedChanges) -> None:
    """Drop the NOT VALID constraints of a failed step, and the journal where it records no change."""
    last = len(journal.store.read())
    if not last:
        return
    withdrawal = changes.withdrawal(last)
    if withdrawal is not None:
        dialect = connection.dialect
        with driver_cursor(connection) as cursor:
            for constraint in withdrawal.constraints:
                table = qualified(dialect, constraint.schema, constraint.table)
                name = qualified(dialect, constraint.name)
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        last = withdrawal.first - 1
    journal.remove_after(last)
    driver_of(connection).commit()


def _may_be_repeated(statement: str) -> bool:
    """Whether a statement has the same result when it is executed a second time."""
    constraints = list(constraints_in(statement))
    dropped = dropped_constraints(statement)
    replaces = bool(constraints) and all(
        isinstance(each, Validation) or each.key in dropped for each in constraints
    )
    return replaces or is_repeatable(statement) or is_backfill(statement)
