"""Makes the reference database, whose catalog is that of the models."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from alembic_guards.authoring.find.by_hand import (
    explained,
    has_objects,
    has_tables,
    is_missing_or_duplicate,
    keep_objects,
    without_unused,
)
from alembic_guards.authoring.find.owned_sequences import (
    create_owned_sequences,
    keep_sequence_names,
)
from alembic_guards.authoring.find.prerequisites import create_normalized
from alembic_guards.authoring.normalize import normalized
from alembic_guards.database.catalog import Catalog, EntryKey, read_catalog, read_statements
from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import features
from alembic_guards.database.managed import FILTERS, managed
from alembic_guards.database.scratch import scratch_database
from alembic_guards.runtime.apply import upgrade


class State(NamedTuple):
    """The catalog of a database, and on SQLite the CREATE statements of its objects by name."""

    catalog: Catalog
    statements: dict[str, str]


def read_state(connection: sa.Connection) -> State:
    """Return the state of a database."""
    return State(read_catalog(connection), read_statements(connection))


def create_all(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Create all that `metadata` defines in an empty database, with its extensions and schemas.

    Where that needs what revisions create by hand, such as a function, they run before, and their
    tables are dropped. In a database that has a table or a view no revision runs, and nothing is dropped.
    Raises CommandError where something is missing that they do not create, and DBAPIError for what
    exists already.
    """
    models = normalized(metadata, connection)
    can_retry = (
        features(connection.dialect).has_schemas
        and _scripts() is not None
        and not has_tables(connection)
    )
    try:
        with connection.begin_nested() if can_retry else nullcontext():
            create_normalized(connection, models)
    except DBAPIError as error:
        if not (can_retry and is_missing_or_duplicate(error)):
            raise explained(error, connection.dialect) from error
        with open_connection(connection.engine.url) as other:  # an upgrade commits
            _run_revisions(other, models)
        create_normalized(connection, models)


def reference_of(connection: sa.Connection, metadata: sa.MetaData) -> State:
    """Return the state of the reference database for the database of a connection.

    That is a copy of a template, or any other database at head.
    """
    template = connection.info.get(TEMPLATE)
    if template is None:
        return reference_state(connection.engine.url, metadata)
    return reference_state(template.url, metadata, template.url)


@cache
def reference_state(url: sa.URL, metadata: sa.MetaData, like: sa.URL | None = None) -> State:
    """Return the state of the reference database: what create_all() makes of normalized metadata.

    The database is created on the server of `url`. Where that database has objects beside tables that
    no model defines, such as functions, the reference database begins with those of the revisions; it
    is a copy of `like` then, to which there is no connection. Tables that env.py leaves out are
    created, because foreign keys may refer to them, but are not in the catalog. Raises CommandError
    where an object is missing.
    """
    with open_connection(url) as connection:
        by_hand = has_objects(connection, metadata) and _scripts() is not None
        can_retry = features(connection.dialect).has_schemas and _scripts() is not None
    try:
        return _state(url, metadata, like, by_hand=by_hand)
    except DBAPIError as error:
        if can_retry and is_missing_or_duplicate(error):
            with suppress(DBAPIError):
                return _state(url, metadata, like, by_hand=not by_hand)
        raise explained(error, url.get_dialect()()) from error


def _state(url: sa.URL, metadata: sa.MetaData, like: sa.URL | None, *, by_hand: bool) -> State:
    kept: set[EntryKey] = set()
    with scratch_database(url, like if by_hand else None) as scratch:
        if by_hand:
            with open_connection(scratch) as connection:
                kept = _run_revisions(connection, metadata)
        with _autocommitting(scratch) as connection:
            create_owned_sequences(url, connection, metadata)
            create_normalized(connection, metadata)
            keep_sequence_names(url, connection)
            connection.commit()
        with open_connection(scratch) as connection:
            state = read_state(connection)
            catalog = without_unused(state.catalog, kept)
            return state._replace(catalog=managed(catalog, metadata, connection.dialect))


@contextmanager
def _autocommitting(url: sa.URL) -> Iterator[sa.Connection]:
    """Yield a connection that commits each statement on PostgreSQL: a transaction would lock all tables."""
    is_postgresql = url.get_backend_name() == "postgresql"
    options = {"isolation_level": "AUTOCOMMIT"} if is_postgresql else {}
    with open_connection(url, **options) as connection:
        if is_postgresql:
            connection.exec_driver_sql("SET synchronous_commit = off")
        yield connection


def _run_revisions(connection: sa.Connection, metadata: sa.MetaData) -> set[EntryKey]:
    """Create in a scratch database what the revisions create by hand; return the keys of that."""
    scripts = _scripts()
    if scripts is not None:
        upgrade(connection, scripts, "head")
    return keep_objects(connection, metadata)


def _scripts() -> ScriptDirectory | None:
    """Return the revisions of the last command; without one those of alembic.ini, if it is there."""
    if FILTERS.script is None and Path("alembic.ini").exists():
        return ScriptDirectory.from_config(Config("alembic.ini"))
    return FILTERS.script
