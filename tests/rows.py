"""Rows for tables that others have made: fills them, and tells what they hold."""

import datetime
import decimal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic_guards.database.bookkeeping import OWN_TABLES
from conftest import Project

#: The tables of Alembic and the guards.
BOOKKEEPING = {"alembic_version", *OWN_TABLES}

#: The values of a table's rows by column, as "table.column".
Contents = dict[str, list[Any]]


def fill(project: Project, rows: int = 1) -> None:
    """Put rows into each table that takes them, those first that others refer to."""
    with project.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        for number in range(1, rows + 1):
            waiting, before = list(reflected(connection)), 0
            while len(waiting) != before:
                before = len(waiting)
                for table in list(waiting):
                    with suppress(sa.exc.SQLAlchemyError), connection.begin_nested() as attempt:
                        connection.execute(table.insert(), row(table, number))
                        if refers_to_none(
                            connection, table
                        ):  # which SQLite may see at the end only
                            attempt.rollback()
                        else:
                            waiting.remove(table)


def refers_to_none(connection: sa.Connection, table: sa.Table) -> bool:
    """Whether SQLite has a row in a table that refers to one that is not there."""
    check = f"PRAGMA foreign_key_check({connection.dialect.identifier_preparer.quote(table.name)})"
    return connection.dialect.name == "sqlite" and bool(connection.exec_driver_sql(check).all())


def row(table: sa.Table, number: int) -> dict[str, object]:
    """Return a row of a table; `number` begins with 1."""
    return {
        column.name: value(column.type, number) for column in table.columns if not column.computed
    }


def value(type_: sa.types.TypeEngine[Any], number: int) -> object:
    """Return the value of a column of a type in a row: the same in all tables, so that keys fit."""
    if isinstance(type_, sa.Enum):
        return type_.enums[(number - 1) % len(type_.enums)]
    values: dict[type, object] = {
        bool: number % 2 == 1,
        bytes: b"%d" % number,
        datetime.date: datetime.date(2026, 1, number),
        datetime.datetime: datetime.datetime(2026, 1, number),
        datetime.time: datetime.time(number - 1),
        datetime.timedelta: datetime.timedelta(number),
        decimal.Decimal: decimal.Decimal(number),
        dict: {},
        float: float(number),
        int: number,
        list: [],
        str: str(number),
        uuid.UUID: uuid.UUID(int=number),
    }
    try:
        return values.get(type_.python_type)
    except NotImplementedError:
        return None


def contents(project: Project) -> Contents:
    """Return all that the tables hold."""
    with project.connect() as connection:
        return {
            f"{table.fullname}.{column.name}": list(connection.scalars(sa.select(column)))
            for table in reflected(connection)
            for column in table.columns
        }


def differing(before: Contents, after: Contents) -> set[str]:
    """Return the columns of both that hold other values than before."""
    return {name for name in before.keys() & after.keys() if before[name] != after[name]}


def reflected(connection: sa.Connection) -> Iterator[sa.Table]:
    """Yield the tables as the database itself knows them, but for those of Alembic."""
    metadata = sa.MetaData()
    schemas: set[str | None] = {None}
    if connection.dialect.name == "postgresql":
        schemas |= {*sa.inspect(connection).get_schema_names()} - {"information_schema", "public"}
    for schema in schemas:
        metadata.reflect(connection, schema)
    yield from (table for table in metadata.tables.values() if table.name not in BOOKKEEPING)


def without_bookkeeping(found: dict[str, object]) -> dict[str, object]:
    """Leave out of a catalog the tables of Alembic and the guards."""
    tables = tuple(f".{name} " for name in BOOKKEEPING)
    return {part: text for part, text in found.items() if not any(name in part for name in tables)}
