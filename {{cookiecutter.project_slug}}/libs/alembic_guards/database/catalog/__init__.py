"""Reads the catalog of a database, as typed entries that can be compared."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog import mariadb, postgresql, sqlite
from alembic_guards.database.catalog.diff import BY_HAND, differences, of_models, same
from alembic_guards.database.catalog.model import (
    CONSTRAINTS,
    LITERAL,
    Catalog,
    Entry,
    EntryKey,
    Reference,
    catalog_of,
)
from alembic_guards.database.catalog.sqlite import read_statements

__all__ = [
    "BY_HAND",
    "CONSTRAINTS",
    "LITERAL",
    "Catalog",
    "Entry",
    "EntryKey",
    "Reference",
    "catalog_of",
    "differences",
    "of_models",
    "read_catalog",
    "read_statements",
    "same",
]


def read_catalog(connection: Connection) -> Catalog:
    """Return the catalog of the database.

    It does not depend on the order in which columns and constraints were created.
    """
    readers: dict[str, Callable[[Connection], Iterator[Entry]]] = {
        "sqlite": sqlite.read,
        "postgresql": postgresql.read,
        "mysql": mariadb.read,
        "mariadb": mariadb.read,
    }
    return catalog_of(readers[connection.dialect.name](connection))
