"""Counts the rows that a question is about, in the developer's own database."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name

#: Seconds that connecting and a query may take: without an answer the question is asked all the same.
LIMIT = 2

#: The statement that limits a query, by dialect.
LIMIT_QUERY = {
    "postgresql": f"SET statement_timeout = {LIMIT * 1000}",
    "mysql": f"SET max_statement_time = {LIMIT}",
}


class RowCounts:
    """The rows of a database, which may be at any revision, or not exist."""

    def __init__(self) -> None:
        self.url: sa.URL | None = None  # None where it is unknown, or does not answer

    def of_table(self, name: str) -> int | None:
        """Return the number of rows of a table, such as "users" or "shop.users"; None if unknown."""
        return self._count(name, sa.func.count())

    def of_column(self, name: str) -> int | None:
        """Return in how many rows a column, such as "users.email", holds a value; None if unknown."""
        table, _, column = name.rpartition(".")
        return self._count(table, sa.func.count(sa.column(column)))

    def _count(self, name: str, count: Any) -> int | None:
        url = self.url
        is_file = url is not None and url.get_backend_name() == "sqlite"
        if url is None or (is_file and not Path(url.database or "").is_file()):
            return None  # connecting would create the file
        schema, _, table = name.rpartition(".")
        query = sa.select(count).select_from(sa.table(table, schema=schema or None))
        options = {} if is_file else {"connect_args": {"connect_timeout": LIMIT}}
        try:
            with open_connection(url, **options) as connection:
                if limit := LIMIT_QUERY.get(backend_name(connection.dialect)):
                    connection.exec_driver_sql(limit)
                found: int | None = connection.scalar(query)
                return found
        except CommandError:
            self.url = None  # it does not answer
        except SQLAlchemyError:  # it has no such table, or the query takes too long
            pass
        return None
