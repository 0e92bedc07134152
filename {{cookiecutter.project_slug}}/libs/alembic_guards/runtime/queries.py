"""Gives the guards a connection to ask about rows before an operation runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext


@contextmanager
def connection_to_query(context: MigrationContext) -> Iterator[sa.Connection | None]:
    """Yield the connection of a migration for queries; None where no database can answer.

    That is so offline, where Alembic has a MockConnection, and for a stand-in of somebody else's. A
    transaction that the queries begin ends with the block, as that of an operation does.
    """
    connection = context.connection
    if context.as_sql or not isinstance(connection, sa.Connection):
        yield None
    elif connection.in_transaction():
        yield connection
    else:
        with connection.begin():
            yield connection
