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
from alembic_guards.database.identifiers import bare

__all__ = [
    "BY_HAND",
    "CONSTRAINTS",
    "LITERAL",
    "VERSION_TABLE",
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

#: Where Alembic keeps revisions by default: those of this project, or of another in the same database.
VERSION_TABLE = "alembic_version"


def read_catalog(connection: Connection) -> Catalog:
    """Return the catalog of the database, without VERSION_TABLE.

    It does not depend on the order in which columns and constraints were created.
    """
    readers: dict[str, Callable[[Connection], Iterator[Entry]]] = {
        "sqlite": sqlite.read,
        "postgresql": postgresql.read,
        "mysql": mariadb.read,
        "mariadb": mariadb.read,
    }
    entries = readers[connection.dialect.name](connection)
    return catalog_of(
        entry for entry in entries if bare(entry.table).rpartition(".")[2] != VERSION_TABLE
    )
