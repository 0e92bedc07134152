"""Reads the tables of a database as what the code of models is written from."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.adopt.read import mariadb, postgresql, sqlite
from alembic_guards.authoring.adopt.spec import Specs
from alembic_guards.database.catalog import Catalog
from alembic_guards.database.features import backend_name

READERS: dict[str, Callable[[sa.Connection, Catalog, AutogenContext], Specs]] = {
    "sqlite": sqlite.read,
    "postgresql": postgresql.read,
    "mysql": mariadb.read,
}


def read_specs(connection: sa.Connection, catalog: Catalog, context: AutogenContext) -> Specs:
    """Return the tables in `catalog`, which is that of the database of `connection`."""
    return READERS[backend_name(connection.dialect)](connection, catalog, context)
