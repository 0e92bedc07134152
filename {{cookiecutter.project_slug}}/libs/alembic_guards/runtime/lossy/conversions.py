"""Converts values of one type to another: each dialect has one table, asked by all that need it.

A new revision asks for the USING clause of PostgreSQL, an upgrade for the rows that would lose
something, and the rebuild of a table of SQLite for the expressions that it copies.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from alembic_guards.runtime.lossy import mariadb, postgresql, sqlite
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.lossy.rules import Change, Conversion

TABLES = {
    "mariadb": mariadb.convert,
    "mysql": mariadb.convert,
    "postgresql": postgresql.convert,
    "sqlite": sqlite.convert,
}


def convert(
    column: str | sa.ColumnElement[Any],
    old: Any,
    new: Any,
    dialect: sa.Dialect,
    zone: str | None = None,
) -> Conversion:
    """Return what becomes of the values of a column when its type changes.

    `zone` is that of times without a time zone; None stands for that of the session.
    """
    return TABLES[dialect.name](change_of(column, old, new, dialect, zone))


def change_of(
    column: str | sa.ColumnElement[Any],
    old: Any,
    new: Any,
    dialect: sa.Dialect,
    zone: str | None = None,
) -> Change:
    """Return the change of a column, or of an expression, from one type to another."""
    types = plain_type(old, dialect), plain_type(new, dialect)
    if isinstance(types[0], DOMAIN) and not isinstance(types[1], DOMAIN):
        types = plain_type(types[0].data_type, dialect), types[1]  # whose values it has
    if isinstance(column, str):
        return Change(sa.column(column, types[0]), types[1], dialect, zone)
    expression = str(column.compile(dialect=dialect))
    return Change(sa.literal_column(expression, types[0]), types[1], dialect, zone)
