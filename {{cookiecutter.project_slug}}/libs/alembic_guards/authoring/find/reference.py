"""Makes the reference database, whose catalog is that of the models."""

from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from alembic_guards.authoring.find.prerequisites import create_normalized
from alembic_guards.database.catalog import Catalog, read_catalog, read_statements
from alembic_guards.database.connections import open_connection
from alembic_guards.database.managed import managed
from alembic_guards.database.scratch import scratch_database


class State(NamedTuple):
    """The catalog of a database, and on SQLite the CREATE statements of its objects by name."""

    catalog: Catalog
    statements: dict[str, str]


def read_state(connection: sa.Connection) -> State:
    """Return the state of a database."""
    return State(read_catalog(connection), read_statements(connection))


@cache
def reference_state(url: sa.URL, metadata: sa.MetaData) -> State:
    """Return the state of the reference database: what create_all() makes of normalized metadata.

    The database is created on the server of `url`. Tables that env.py leaves out are created, because
    foreign keys may refer to them, but are not in the catalog.
    """
    with scratch_database(url) as scratch, open_connection(scratch) as connection:
        create_normalized(connection, metadata)
        connection.commit()
        state = read_state(connection)
        return state._replace(catalog=managed(state.catalog, metadata, connection.dialect))
