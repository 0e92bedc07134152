"""Finds the tables and columns of models that a database does not have, by their names alone."""

from collections.abc import Iterable

import sqlalchemy as sa

from alembic_guards.database.column_names import column_names
from alembic_guards.database.features import features


def missing_names(connection: sa.Connection, tables: Iterable[sa.Table]) -> list[str]:
    """Return what is missing, as "table users" or "column users.age", in the order of `tables`.

    A table in a schema that is not read (on SQLite an attached file, on MariaDB another database) is
    left out, and so is one that stands for a view.
    """
    present: dict[str, set[str]] = {}
    for found, column in column_names(connection):
        present.setdefault(found.casefold(), set()).add(column.casefold())
    missing = []
    for table in tables:
        name = _name(connection, table)
        if name is None:
            continue
        columns = present.get(name.casefold())
        if columns is not None:
            missing += [
                f"column {table.fullname}.{column.name}"
                for column in table.columns
                if not column.system and column.name.casefold() not in columns
            ]
        elif not sa.inspect(connection).has_table(table.name, table.schema):
            missing.append(f"table {table.fullname}")
    return missing


def _name(connection: sa.Connection, table: sa.Table) -> str | None:
    """Return the name that column_names() has for a table; None for one that it does not read."""
    if features(connection.dialect).has_schemas:
        schema = table.schema or connection.dialect.default_schema_name
        return table.name if schema == "public" else f"{schema}.{table.name}"
    return None if table.schema else table.name
