"""Finds the canonical form of a column: creates it in a temporary table, and reflects that."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.schema import CreateTable

PROBE_TABLE = "alembic_probe"

#: The reflected columns, by server and CREATE TABLE. When a revision is written, the connection is closed.
REFLECTED: dict[tuple[URL, str], ReflectedColumn] = {}


def as_written(connection: sa.Connection, column: sa.Column[Any]) -> ReflectedColumn:
    """Return a column as the database reflects it; raises DBAPIError where it cannot be created.

    The result is cached, for each server and each declaration.
    """
    probe = sa.Table(PROBE_TABLE, sa.MetaData(), column, prefixes=["TEMPORARY"])
    create = str(CreateTable(probe).compile(dialect=connection.dialect))
    if " INVISIBLE" in create:  # MariaDB wants a visible column, too
        probe.append_column(sa.Column("visible", sa.Integer))
    key = (connection.engine.url.set(database=""), create)
    if key not in REFLECTED:
        REFLECTED[key] = _reflect(connection, probe)
    return REFLECTED[key]


def _reflect(connection: sa.Connection, probe: sa.Table) -> ReflectedColumn:
    if connection.dialect.name == "postgresql":
        with connection.begin_nested() as attempt:
            found = _create_and_reflect(connection, probe)
            attempt.rollback()  # CREATE TABLE may have created a type as well
        return found
    return _create_and_reflect(connection, probe)


def _create_and_reflect(connection: sa.Connection, probe: sa.Table) -> ReflectedColumn:
    probe.create(connection)
    found, *_ = sa.inspect(connection).get_columns(PROBE_TABLE)
    probe.drop(connection)
    return found
