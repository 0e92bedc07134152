"""Finds values that the type of their column cannot read."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import qualified, quoter
from alembic_guards.errors import explain
from alembic_guards.runtime.lossy.families import Family, family, plain_type

#: Conditions of values that a driver does not read as their type, by the dialect and the family of the type.
UNREADABLE = {
    "postgresql": {
        Family.DATE: "NOT isfinite({0}) OR {0} > '9999-12-31' OR {0} < '0001-01-01'",
        Family.DATETIME: "NOT isfinite({0}) OR {0} > '9999-12-31' OR {0} < '0001-01-01'",
    },
    "mysql": {
        Family.DATE: "MONTH({0}) = 0 OR DAY({0}) = 0",
        Family.DATETIME: "MONTH({0}) = 0 OR DAY({0}) = 0",
        Family.TIME: "abs(time_to_sec({0})) >= 86400 OR {0} < 0",
        Family.ENUM: "{0} = ''",
    },
}

#: The types that SQLite gives values, where the column has another one.
NUMBERS = Family.INTEGER | Family.FLOAT

PLAIN = {"no_parameters": True}


class Unreadable(NamedTuple):
    """What is found in the rows, a line each."""

    values: list[str]  # columns with such values: how many rows, and one of the values
    tables: list[str]  # tables that could not be read


def unreadable_values(connection: sa.Connection, metadata: sa.MetaData) -> Unreadable:
    """Return the columns with such values, and the tables that this user may not read."""
    values: list[str] = []
    tables: list[str] = []
    find = _on_sqlite if connection.dialect.name == "sqlite" else _on_server
    for table in sorted(metadata.tables.values(), key=lambda table: table.fullname):
        try:
            values += [
                _line(connection, column, count, example)
                for column in table.columns
                for count, example in [find(connection, column)]
                if count
            ]
        except SQLAlchemyError as error:
            connection.rollback()
            reason = explain(error).partition("\n")[0]
            tables.append(f"{table.fullname}: {reason}")
    return Unreadable(values, tables)


def _line(connection: sa.Connection, column: sa.Column[Any], count: int, example: object) -> str:
    rows = "1 row" if count == 1 else f"{count} rows"
    type_ = column.type.compile(dialect=connection.dialect) or "no type"
    return f"{column.table.fullname}.{column.name} ({type_}): {rows}, such as {example!r}"


def _on_server(connection: sa.Connection, column: sa.Column[Any]) -> tuple[int, object]:
    kind = family(plain_type(column.type, connection.dialect))
    backend = backend_name(connection.dialect)
    condition = UNREADABLE.get(backend, {}).get(kind)
    if condition is None:
        return 0, None
    name = quoter(connection.dialect)(column.name)
    table = qualified(connection.dialect, column.table.schema, column.table.name)
    text = f"CAST({name} AS CHAR)" if backend == "mysql" else f"{name}::text"
    query = f"SELECT count(*), min({text}) FROM {table} WHERE {condition.format(name)}"
    count, example = connection.exec_driver_sql(query, execution_options=PLAIN).one()
    return count, example


def _on_sqlite(connection: sa.Connection, column: sa.Column[Any]) -> tuple[int, object]:
    """Read all values: SQLite stores in a column what it is given."""
    dialect = connection.dialect
    process = column.type.dialect_impl(dialect).result_processor(dialect, None)
    is_number = bool(family(plain_type(column.type, dialect)) & NUMBERS)
    if process is None and not is_number:
        return 0, None
    name, table = quoter(dialect)(column.name), quoter(dialect)(column.table.name)
    query = f"SELECT {name}, count(*) FROM {table} WHERE {name} IS NOT NULL GROUP BY 1"
    found = connection.exec_driver_sql(query, execution_options=PLAIN)
    bad = [(value, count) for value, count in found if not _is_read(process, value, is_number)]
    return sum(count for _, count in bad), bad[0][0] if bad else None


def _is_read(process: Any, value: object, is_number: bool) -> bool:
    if process is None:
        return not (is_number and isinstance(value, str | bytes))
    try:
        process(value)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return False
    return True
