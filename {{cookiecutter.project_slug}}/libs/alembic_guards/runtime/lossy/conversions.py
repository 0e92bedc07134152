"""Converts the values of one type to another, by one table of conversions for each dialect.

It gives the USING clause of PostgreSQL to a new revision, the condition of rows that would lose data to
an upgrade, and the expressions that are copied to the rebuild of a table of SQLite.
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
    """Return the conversion of the values of a column from the type `old` to `new`.

    `column` is a name, or an expression over the columns of a table. `zone` is the time zone of values
    without one, such as "UTC"; None stands for the time zone of the session.
    """
    return TABLES[dialect.name](change_of(column, old, new, dialect, zone))


def change_of(
    column: str | sa.ColumnElement[Any],
    old: Any,
    new: Any,
    dialect: sa.Dialect,
    zone: str | None = None,
) -> Change:
    """Return the arguments of convert() as a Change, with both types as plain types."""
    types = plain_type(old, dialect), plain_type(new, dialect)
    if isinstance(types[0], DOMAIN) and not isinstance(types[1], DOMAIN):
        types = (
            plain_type(types[0].data_type, dialect),
            types[1],
        )  # its values are those of the base type
    if isinstance(column, str):
        return Change(sa.column(column, types[0]), types[1], dialect, zone)
    expression = str(column.compile(dialect=dialect))
    return Change(sa.literal_column(expression, types[0]), types[1], dialect, zone)
