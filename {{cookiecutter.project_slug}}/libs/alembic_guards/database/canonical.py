"""Asks the database how it writes something, by giving it to a temporary table."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.schema import CreateTable

NAME = "alembic_probe"

#: What servers have answered: a revision is written when the connection to one is closed.
ANSWERS: dict[tuple[URL, str], ReflectedColumn] = {}


def as_written(connection: sa.Connection, column: sa.Column[Any]) -> ReflectedColumn:
    """Return what the database makes of a column; raises DBAPIError where it refuses it.

    A server is asked once for columns that are declared alike.
    """
    probe = sa.Table(NAME, sa.MetaData(), column, prefixes=["TEMPORARY"])
    create = str(CreateTable(probe).compile(dialect=connection.dialect))
    question = (connection.engine.url.set(database=""), create)
    if question not in ANSWERS:
        ANSWERS[question] = _answer(connection, probe)
    return ANSWERS[question]


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
