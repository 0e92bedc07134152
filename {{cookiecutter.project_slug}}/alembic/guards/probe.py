"""Asks the database how it writes something, by giving it to a temporary table."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.schema import CreateTable

NAME = "alembic_probe"


def as_written(connection: sa.Connection, column: sa.Column[Any]) -> ReflectedColumn:
    """Return what the database makes of a column; raises DBAPIError where it refuses it.

    A connection is asked once for columns that are declared alike.
    """
    probe = sa.Table(NAME, sa.MetaData(), column, prefixes=["TEMPORARY"])
    known: dict[str, ReflectedColumn] = connection.info.setdefault(NAME, {})
    question = str(CreateTable(probe).compile(dialect=connection.dialect))
    if question not in known:
        known[question] = _answer(connection, probe)
    return known[question]


def _answer(connection: sa.Connection, probe: sa.Table) -> ReflectedColumn:
    if connection.dialect.name == "postgresql":
        with connection.begin_nested() as attempt:
            found = _made(connection, probe)
            attempt.rollback()  # the type of the column may have come with it
        return found
    return _made(connection, probe)


def _made(connection: sa.Connection, probe: sa.Table) -> ReflectedColumn:
    probe.create(connection)
    [found] = sa.inspect(connection).get_columns(NAME)
    probe.drop(connection)
    return found
