"""Finds values for rows whose column is NOT NULL again after a downgrade.

The original values were dropped, or are NULL. A value must fit the type, domain, CHECK constraints, unique constraints
and foreign keys of the column. Candidates are tried in the scratch database, which has all of them.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.write.literals import as_sql, literal, neutral_value
from alembic_guards.database.catalog import Entry
from alembic_guards.database.catalog.model import LITERAL
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import bare, quoted_table, quoter, table_key
from alembic_guards.runtime.enum_history import KNOWN
from alembic_guards.runtime.lossy.families import Family, family, has_no_hyphens, plain_type

#: A temporary table with one row, in which a value is tried.
PROBE = "alembic_guards_probe"

#: A number in a CHECK constraint.
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

#: How many candidates are tried, and the longest text that is one.
TRIED, LONGEST = 100, 255

#: Values of types that SQLAlchemy does not know, such as the geometric ones of PostgreSQL.
SPELLINGS = (
    "",
    "0",
    "{}",
    "(0,0)",
    "(0,0),(0,0)",
    "((0,0))",
    "<(0,0),0>",
    "{1,1,0}",
    "0/0",
    "::",
    "[0]",
)

#: SQL that makes a value of a family of a number, by dialect: another value for each number.
OF_NUMBER = {
    "postgresql": {
        Family.DATE: "DATE '1970-01-01' + CAST({} AS INTEGER)",
        Family.DATETIME: "TIMESTAMP '1970-01-01' + {} * INTERVAL '1 second'",
        Family.TIME: "TIME '00:00' + {} * INTERVAL '1 second'",
        Family.INTERVAL: "{} * INTERVAL '1 second'",
        Family.UUID: "CAST(lpad(to_hex({}), 32, '0') AS UUID)",
        Family.HEX: "lpad(to_hex({}), 32, '0')",
        Family.BINARY: "CAST(CAST({} AS TEXT) AS BYTEA)",
    },
    "mysql": {
        Family.DATE: "DATE_ADD('1970-01-01', INTERVAL {} DAY)",
        Family.DATETIME: "DATE_ADD('1970-01-02', INTERVAL {} SECOND)",
        Family.TIME: "SEC_TO_TIME({})",
        Family.UUID: "lpad(hex({}), 32, '0')",
        Family.HEX: "lpad(hex({}), 32, '0')",
        Family.BINARY: "CAST({} AS CHAR)",
    },
    "sqlite": {
        Family.DATE: "date({} * 86400, 'unixepoch')",
        Family.DATETIME: "datetime({}, 'unixepoch')",
        Family.TIME: "time({}, 'unixepoch')",
        Family.UUID: "printf('%032x', {})",
        Family.HEX: "printf('%032x', {})",
        Family.BINARY: "CAST({} AS BLOB)",
    },
}


class Restored:
    """A column that a downgrade adds, or sets NOT NULL, and the values that fit it."""

    def __init__(self, op: Any, column: sa.Column[Any], type_: Any, comparison: Comparison) -> None:
        self.op, self.column, self.type, self.comparison = op, column, type_, comparison
        self.dialect = comparison.dialect
        self.name = f"{table_key(op)}.{column.name}"
        self.quote = quoter(self.dialect)
        self.table = quoted_table(op, self.dialect)
        self.checks: dict[str, bool] = self._checks()

    def value(self, *, has_values: bool) -> str | None:
        """Return the SQL of a value for each row; None if none is known that fits.

        `has_values`: other rows have their values.
        """
        if key := self._foreign_key():
            return None if self.is_unique else self._referenced(key)
        if self.is_unique:
            sql = self._distinct(has_values=has_values)
            return sql if sql and self.fits(sql) else None
        with self._probe() as is_there:
            candidates = self._candidates()
            fitting = (sql for sql in candidates if not is_there or self._fits(sql, any_row=True))
            return next(fitting, None)

    @property
    def needs_update(self) -> bool:
        """Whether no temporary default can be the value: it is an expression, or the type is unknown."""
        is_expression = self.is_unique or self._foreign_key() is not None
        return is_expression or isinstance(self.type, NullType)

    @property
    def has_implicit_value(self) -> bool:
        """Whether the server gives rows a value of a type that SQLAlchemy does not know, as MariaDB does."""
        return isinstance(self.type, NullType) and backend_name(self.dialect) == "mysql"

    def fits(self, sql: str) -> bool:
        """Whether the column takes the value of an expression; True where that cannot be tried."""
        with self._probe() as is_there:
            return not is_there or self._fits(sql)

    @property
    def why(self) -> str:
        """The constraints that no known value fits."""
        if self._foreign_key():
            return "it is unique, and a foreign key"
        if self.is_unique:
            return "it is unique"
        return " and ".join(f"CHECK ({check})" for check in self.checks) or f"it is {self.type!r}"

    def _entries(self, kind: str = "") -> Iterator[Entry]:
        """Yield the entries of the table that cover the column."""
        for entry in self.comparison.target.values():
            if (
                bare(entry.table) == bare(self.table)
                and entry.kind == (kind or entry.kind)
                and self.column.name in (*entry.columns, *entry.unique)
            ):
                yield entry

    @property
    def is_unique(self) -> bool:
        """Whether rows must differ in the column: the others that are unique with it do not suffice."""
        table = bare(self.table)
        remaining = [
            set(entry.unique)
            for entry in self.comparison.present.values()
            if entry.unique and bare(entry.table) == table and self.column.name not in entry.unique
        ]
        wanted = [
            set(entry.unique) for entry in self._entries() if self.column.name in entry.unique
        ]
        return any(not any(key <= unique for key in remaining) for unique in wanted)

    def _foreign_key(self) -> Entry | None:
        return next(self._entries("foreign key"), None)

    def _referenced(self, key: Entry) -> str:
        """Return the value of the column in the first row that the foreign key refers to."""
        assert key.refers_to is not None
        pairs = dict(zip(key.columns, key.refers_to.columns, strict=True))
        order = ", ".join(map(self.quote, key.refers_to.columns))
        order = f" ORDER BY {order}" if len(pairs) > 1 else ""
        column = self.quote(pairs[self.column.name])
        return f"(SELECT {column} FROM {key.refers_to.table}{order} LIMIT 1)"

    def _distinct(self, *, has_values: bool) -> str | None:
        """Return SQL for another value in each row, by the number that its key is."""
        number = self._number()
        kind = _kind(self.type)
        if number is None:
            return None
        if kind in OF_NUMBER[backend_name(self.dialect)]:
            return OF_NUMBER[backend_name(self.dialect)][kind].format(number)
        if kind not in Family.TEXT | Family.INTEGER | Family.FLOAT | Family.NUMERIC:
            return None
        cast = as_sql(sa.cast(sa.literal_column(number), self.type), self.dialect)
        if has_values and kind != Family.TEXT:
            name = self.quote(self.column.name)
            return f"{cast} + (SELECT coalesce(max({name}), 0) FROM {self.table})"
        return cast

    def _number(self) -> str | None:
        """Return SQL for a number of each row: its primary key, or that of SQLite."""
        model = self.comparison.metadata.tables.get(table_key(self.op))
        keys = [] if model is None else list(model.primary_key)
        if len(keys) == 1 and isinstance(plain_type(keys[0].type, self.dialect), sa.Integer):
            return self.quote(keys[0].name)
        return "rowid" if self.dialect.name == "sqlite" else None

    def _candidates(self) -> Iterator[str]:
        """Yield values of the type as SQL, the neutral one first, then those that the constraints name."""
        for value in islice(self._values(), TRIED):
            try:
                yield literal(self.name, value, self.type, self.dialect)
            except CommandError:  # it is none of the type
                continue

    def _values(self) -> Iterator[Any]:
        schema, table = self.op.schema or "", self.op.table_name
        yield from KNOWN.get((f"{schema}.{table}" if schema else table, self.column.name), ())
        if isinstance(self.type, sa.CHAR) and has_no_hyphens(self.type):
            yield "0" * 32  # a UUID is stored like that
        neutral = neutral_value(self.type, self.dialect)
        yield from () if neutral is None else (neutral,)
        yield from self.type.enums if isinstance(self.type, sa.Enum) else ("1", "-1")
        texts = [*self.checks, *self._domains()]
        for text in texts:
            for number in map(Decimal, NUMBER.findall(text)):
                yield from map(str, (number, number + 1, number - 1))
        if isinstance(self.type, sa.String):
            yield from _texts(texts)
        else:
            yield from (
                found.replace("''", "'") for text in texts for found in LITERAL.findall(text)
            )
            yield from SPELLINGS

    def _domains(self) -> Iterator[str]:
        """Yield the definitions of the domain of the column."""
        for entry in self.comparison.target.values():
            if entry.kind == "domain" and bare(entry.name) in (
                getattr(self.column.type, "name", None),
                f"{getattr(self.column.type, 'schema', None)}.{getattr(self.column.type, 'name', None)}",
            ):
                yield entry.definition

    def _checks(self) -> dict[str, bool]:
        """Return the conditions of the CHECK constraints that name the column; True if they name others, too."""
        connection = self.comparison.migration.connection
        if connection is None:
            return {}
        inspector, table = sa.inspect(connection), (self.op.table_name, self.op.schema)
        if not inspector.has_table(*table):
            return {}
        conditions = [check["sqltext"] for check in inspector.get_check_constraints(*table)]
        others = {column["name"] for column in inspector.get_columns(*table)} - {self.column.name}
        return {
            condition: any(_is_named(other, condition) for other in others)
            for condition in conditions
            if _is_named(self.column.name, condition)
        }

    @contextmanager
    def _probe(self) -> Iterator[bool]:
        """Make a table with the columns of the owner's, and one row of NULL; yield whether that is done."""
        connection = self.comparison.migration.connection
        if connection is None:
            yield False
            return
        made = (
            f"CREATE TEMPORARY TABLE {PROBE} AS SELECT owned.* FROM (SELECT 1 AS one) AS one"
            f" LEFT JOIN {self.table} AS owned ON 1 = 0"
        )
        if not self._executes(made):
            yield False
            return
        try:
            yield True
        finally:
            # On MariaDB and MySQL DROP TABLE would commit.
            temporary = "TEMPORARY " if backend_name(self.dialect) == "mysql" else ""
            self._executes(f"DROP {temporary}TABLE {PROBE}")

    def _fits(self, sql: str, *, any_row: bool = False) -> bool:
        """Whether a row takes a value; with `any_row`, whatever its other columns hold.

        They are NULL here: a condition that is true has the same result for all their values.
        """
        number = self._number()
        updates = [f"UPDATE {PROBE} SET {self.quote(self.column.name)} = {sql}"]
        if number not in (None, "rowid"):
            updates.insert(0, f"UPDATE {PROBE} SET {number} = 1")
        if not self._executes(*updates):
            return False
        name = self.quote(self.op.table_name)
        for check, names_others in self.checks.items():
            unknown = "false" if any_row and names_others else "true"
            broken = f"SELECT 1 FROM {PROBE} AS {name} WHERE NOT coalesce(({check}), {unknown})"
            if not self._executes(broken, is_empty=True):
                return False
        return True

    def _executes(self, *statements: str, is_empty: bool = False) -> bool:
        """Whether statements succeed; with `is_empty`, whether the last one finds no row.

        An error ends a transaction on PostgreSQL alone. Not all engines of MariaDB have savepoints.
        """
        connection = self.comparison.migration.connection
        assert connection is not None
        try:
            with connection.begin_nested() if self.dialect.name == "postgresql" else nullcontext():
                for statement in statements:
                    result = connection.exec_driver_sql(
                        statement, execution_options={"no_parameters": True}
                    )
                return not is_empty or result.first() is None
        except DBAPIError:
            return False


def _kind(type_: Any) -> Family:
    """Return the family of a type; that of MariaDB's BLOB of any length is BINARY."""
    if isinstance(type_, mysql.TINYBLOB | mysql.MEDIUMBLOB | mysql.LONGBLOB):
        return Family.BINARY
    return Family.HEX if has_no_hyphens(type_) else family(type_)


def _is_named(column: str, sql: str) -> bool:
    """Whether an expression may name a column."""
    return bool(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", sql, re.IGNORECASE))


def _texts(checks: Iterable[str]) -> Iterator[str]:
    """Yield texts that CHECK constraints may accept: those that they name, and texts of the lengths."""
    for check in checks:
        for found in LITERAL.findall(check):
            text = found.replace("''", "'")
            yield from (text.replace("%", "").replace("_", ""), text)
    yield from ("x", "0")
    for check in checks:
        for number in NUMBER.findall(check):
            if number.isdecimal() and 0 < int(number) <= LONGEST:
                yield from ("x" * int(number), "0" * int(number))
