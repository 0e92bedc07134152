"""Explains a failed statement by the rows that made it fail."""

from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.bookkeeping import driver_cursor, driver_of
from alembic_guards.runtime.refusals import Refusal, Refused
from alembic_guards.runtime.violations import find_all
from alembic_guards.runtime.withdrawal import CommittedChanges


def explained(
    connection: Connection, error: Exception, changes: CommittedChanges
) -> Refused | None:
    """Return the error that names the rows; None where rows are not the cause."""
    if isinstance(error, Refused):
        found = (with_working_query(connection, each) for each in error.refusals)
        return Refused(found, error.statement)
    failed = error if isinstance(error, DBAPIError) else error.__context__
    if not isinstance(failed, DBAPIError) or not failed.statement:
        return None
    statement = failed.statement.replace("%%", "%")
    refusals, _ = find_all(connection, statement)
    return Refused(refusals, changes.repair_above(statement)) if refusals else None


def with_working_query(connection: Connection, refusal: Refusal) -> Refusal:
    """Return a refusal without its query where that finds nothing after the rollback."""
    if not refusal.query:
        return refusal
    with suppress(DBAPIError), driver_cursor(connection) as cursor:
        cursor.execute(refusal.query)
        if cursor.fetchone():
            return refusal
    driver_of(connection).rollback()
    left = " These are the rows as the statements above it in the revision leave them."
    return Refusal(refusal.reason + left)
