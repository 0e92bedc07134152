"""Counts the rows that violate a new constraint, and finds them, before the statement is executed."""

import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.bookkeeping import driver_of
from alembic_guards.database.connection_info import is_dry_run, skipped_statements
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import qualified, quoter
from alembic_guards.runtime.constraint_parser import (
    Check,
    Constraint,
    ForeignKey,
    NewNotNull,
    NotNull,
    Unique,
    Validation,
    constraints_in,
)
from alembic_guards.runtime.names_before import creates, is_filled, names_before
from alembic_guards.runtime.refusals import Refusal
from alembic_guards.runtime.sql_parser import tokens_of, unquoted
from alembic_guards.runtime.transaction_names import names_after_rollback

#: How many values are shown, how many rows are read for them, and how many characters of each.
SHOWN, READ, WIDTH = 3, 20, 40

DEFINITION = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = to_regclass(:table) AND conname = :name AND NOT convalidated
"""


class UnknownRows(Exception):
    """The rows cannot be counted: statements before it in the revision create or change them."""


class Rows(NamedTuple):
    """The rows of a table, with columns named as the revision names them."""

    sql: str  # after FROM
    name: str  # SQL that qualifies a column


class Search(NamedTuple):
    """The rows that violate a constraint: a condition over the rows of a table."""

    where: str
    columns: Sequence[str]  # whose values are shown, as the revision names them


def find(connection: sa.Connection, constraint: Constraint) -> Refusal | None:
    """Return the refusal of a constraint that rows violate; None where none does.

    Raises UnknownRows where that cannot be known before the statements above it are executed.
    """
    if isinstance(constraint, Validation):
        constraint = _added(connection, constraint)
    elif constraint.is_deferred:
        return None
    if isinstance(constraint, NewNotNull) and backend_name(connection.dialect) == "mysql":
        return None  # MariaDB and MySQL give existing rows 0 or ''
    with _savepoint(connection):
        try:
            return _Finder(connection, constraint).find()
        except SQLAlchemyError as error:  # what a skipped statement would create, or another type
            if connection.invalidated:
                raise
            raise UnknownRows from error


def find_all(connection: sa.Connection, statement: str) -> tuple[list[Refusal], bool]:
    """Return the refusals of the constraints in a statement, and whether all of them could be counted."""
    refusals: list[Refusal] = []
    is_known = True
    for constraint in constraints_in(statement):
        try:
            if refusal := find(connection, constraint):
                refusals.append(refusal)
        except UnknownRows:
            is_known = False
    return refusals, is_known


def find_in_copy(
    connection: sa.Connection, constraint: Constraint, values: dict[str, str]
) -> Refusal | None:
    """Return the refusal of a constraint on rows that are copied by SQL expressions, by column.

    None also where the rows cannot be counted, such as without the table that a key refers to.
    """
    try:
        return _CopyFinder(connection, constraint, values).find()
    except (SQLAlchemyError, UnknownRows):
        return None


def _savepoint(connection: sa.Connection) -> Any:
    """Return a context that keeps the transaction of PostgreSQL when a query in it fails."""
    if connection.dialect.name != "postgresql" or driver_of(connection).autocommit:
        return nullcontext()
    return connection.begin_nested()


def _added(connection: sa.Connection, validation: Validation) -> Constraint:
    """Return the constraint that was added NOT VALID, which a statement validates."""
    texts = list(reversed(skipped_statements(connection)))
    quote = quoter(connection.dialect)
    table = qualified(connection.dialect, validation.schema, validation.table)
    if connection.dialect.name == "postgresql":
        names = {"table": table, "name": validation.name}
        if definition := connection.scalar(sa.text(DEFINITION), names):
            texts.append(
                f"ALTER TABLE {table} ADD CONSTRAINT {quote(validation.name)} {definition}"
            )
    for text in texts:
        for constraint in constraints_in(text):
            same = (constraint.table, constraint.name) == (validation.table, validation.name)
            if same and constraint.is_deferred:
                return constraint
    raise UnknownRows


class _Finder:
    """Counts the rows that violate one constraint."""

    def __init__(self, connection: sa.Connection, constraint: Constraint) -> None:
        self.connection, self.constraint = connection, constraint
        self.quote = quoter(connection.dialect)
        self.inspector = sa.inspect(connection)

    def find(self) -> Refusal | None:
        """Return the refusal; None where no row violates the constraint."""
        table, schema = self.constraint.table, self.constraint.schema
        names = list(dict.fromkeys(_names(self.sql())))
        rows, known = self.rows(table, schema, names)
        search = self.search(rows, known)
        where = f" WHERE {search.where}" if search.where else ""
        count = self.scalar(f"SELECT count(*) FROM {rows.sql}{where}")
        if not count:
            return None
        total = self.scalar(f"SELECT count(*) FROM {rows.sql}")
        key = self.key(table, schema, known)
        shown = list(dict.fromkeys([*key, *search.columns]))
        examples = self.examples(rows, where, search.columns or key)
        after = self.shown(table, schema, [*known, *key])
        query = self.query(after, shown, rows)
        return Refusal(self.reason(count, total, examples), query, count == 1)

    def sql(self) -> str:
        """Return the SQL in which the constraint names columns of its table."""
        match self.constraint:
            case Check(condition=condition):
                return condition
            case Unique(parts=parts, where=where):
                return " ".join([*parts, where])
            case ForeignKey(columns=columns):
                return " ".join(map(self.quote, columns))
            case NotNull(column=column):
                return self.quote(column)
        return ""

    def rows(self, table: str, schema: str | None, names: Iterable[str]) -> tuple[Rows, list[str]]:
        """Return the rows of a table, and those of `names` that are columns.

        Raises UnknownRows where a skipped statement creates the table, or changes a column.
        """
        found = {name: self.before(table, schema, [name]) for name in names}
        now = self.before(table, schema, [])[0]
        if not self.inspector.has_table(now, schema):
            raise UnknownRows
        existing = {column["name"].lower(): column["name"] for column in self.columns(now, schema)}
        columns = {
            name: existing[old.lower()]
            for name, (_, [old]) in found.items()
            if old.lower() in existing
        }
        return self.named(now, table, schema, columns), list(columns)

    def before(self, table: str, schema: str | None, names: list[str]) -> tuple[str, list[str]]:
        """Return the names that a table and columns have in the database at this moment."""
        found = names_before(self.connection, table, names)
        if found is None:
            raise UnknownRows
        return found

    def columns(self, table: str, schema: str | None) -> list[Any]:
        """Return the columns of a table, as SQLAlchemy reflects them."""
        return list(self.inspector.get_columns(table, schema))

    def key(self, table: str, schema: str | None, _: list[str]) -> list[str]:
        """Return the primary key of a table, whose columns the revision has not renamed."""
        now = self.before(table, schema, [])[0]
        key = self.inspector.get_pk_constraint(now, schema)["constrained_columns"]
        return [name for name in key if self.before(table, schema, [name]) == (now, [name])]

    def named(self, now: str, table: str, schema: str | None, columns: dict[str, str]) -> Rows:
        """Return the rows of the table `now` as those of `table`; `columns` are names by new name."""
        source = qualified(self.connection.dialect, schema, now)
        if any(name.lower() != old.lower() for name, old in columns.items()):
            every = [*columns.items(), *((key, key) for key in self.unmoved(now, schema, columns))]
            listed = ", ".join(f"{self.quote(old)} AS {self.quote(name)}" for name, old in every)
            return Rows(
                f"(SELECT {listed} FROM {source}) AS {self.quote(table)}", self.quote(table)
            )
        alias = "" if now == table else f" AS {self.quote(table)}"
        return Rows(f"{source}{alias}", self.quote(table))

    def unmoved(self, table: str, schema: str | None, columns: dict[str, str]) -> list[str]:
        """Return the columns of the primary key that `columns` do not name."""
        key = self.inspector.get_pk_constraint(table, schema)["constrained_columns"]
        return [name for name in key if name not in columns.values() and name not in columns]

    def shown(self, table: str, schema: str | None, names: Iterable[str]) -> Rows:
        """Return the rows of a table as a query finds them once the transaction is rolled back."""
        if is_dry_run(self.connection):
            return self.rows(table, schema, names)[0]
        pairs = {name: names_after_rollback(self.connection, table, name) for name in names}
        now = names_after_rollback(self.connection, table, "")[0]
        columns = {name: old for name, (_, old) in pairs.items()}
        if now == table and all(name == old for name, old in columns.items()):
            return self.named(now, table, schema, {})
        source = qualified(self.connection.dialect, schema, now)
        listed = ", ".join(
            f"{self.quote(old)} AS {self.quote(name)}" for name, old in columns.items()
        )
        return Rows(f"(SELECT {listed} FROM {source}) AS {self.quote(table)}", self.quote(table))

    def query(self, after: Rows, shown: list[str], rows: Rows) -> str:
        """Return the query that finds the rows, in one line."""
        search = self.search(after, shown)
        where = f" WHERE {search.where}" if search.where else ""
        columns = ", ".join(self.quote(name) for name in shown) or "*"
        order = ""
        if isinstance(self.constraint, Unique):
            order = f" ORDER BY {', '.join(self.constraint.parts)}"
        return re.sub(r"\s*\n\s*", " ", f"SELECT {columns} FROM {after.sql}{where}{order}")

    def search(self, rows: Rows, known: Sequence[str]) -> Search:
        """Return the condition of the rows that violate the constraint."""
        match self.constraint:
            case Check(condition=condition):
                return Search(f"NOT ({condition})", known)
            case Unique(parts=parts, where=where):
                listed = ", ".join(parts)
                condition = f" WHERE {where}" if where else ""
                also = f" AND ({where})" if where else ""
                several = f"({listed})" if len(parts) > 1 else listed
                return Search(
                    f"{several} IN (SELECT {listed} FROM {rows.sql}{condition}"
                    f" GROUP BY {listed} HAVING count(*) > 1){also}",
                    [name for name in known if name in set(_names(listed))],
                )
            case NotNull(column=column):
                return Search(f"{self.quote(column)} IS NULL", [])
            case ForeignKey() as key:
                return Search(self.orphans(rows, key), key.columns)
        return Search("", [])

    def orphans(self, rows: Rows, key: ForeignKey) -> str:
        """Return the condition of rows that refer to no row."""
        own = [f"{rows.name}.{self.quote(name)}" for name in key.columns]
        given = " AND ".join(f"{column} IS NOT NULL" for column in own)
        skipped = skipped_statements(self.connection)
        if is_filled(skipped, key.referent):
            raise UnknownRows
        if any(creates(sql, key.referent) for sql in skipped):  # it has no rows
            return given
        columns = (
            list(key.referent_columns)
            or self.inspector.get_pk_constraint(key.referent, key.referent_schema)[
                "constrained_columns"
            ]
        )
        referents, _ = self.rows(key.referent, key.referent_schema, columns)
        source = referents.sql.removesuffix(f" AS {referents.name}")
        same = " AND ".join(
            f"referent.{self.quote(name)} = {column}"
            for name, column in zip(columns, own, strict=True)
        )
        return f"{given} AND NOT EXISTS (SELECT 1 FROM {source} AS referent WHERE {same})"

    def examples(self, rows: Rows, where: str, columns: Sequence[str]) -> str:
        """Return some values of the rows, with the names of their columns."""
        if not columns:
            return ""
        listed = ", ".join(map(self.quote, columns))
        query = f"SELECT {listed} FROM {rows.sql}{where} LIMIT {READ}"
        found = dict.fromkeys(_listed(row) for row in self.execute(query))
        texts = list(found)[:SHOWN]
        more = ["…"] if len(found) > SHOWN else []
        return f" ({', '.join(columns)}: {', '.join([*texts, *more])})"

    def reason(self, count: int, total: int, examples: str) -> str:
        """Return the sentence that says how many rows violate the constraint, and how."""
        one, it = count == 1, self.constraint
        table = f"{it.schema}.{it.table}" if it.schema else it.table
        rows = f"{count} of {total} {'row' if total == 1 else 'rows'} of {table}"
        match it:
            case Check(name=name, condition=condition):
                what = f"the check {name}, {condition}" if name else f"the check {condition}"
                text = (
                    f"{rows} {'does' if one else 'do'} not meet {' '.join(what.split())}{examples}."
                )
            case Unique(name=name, parts=parts):
                names = ", ".join(map(unquoted, parts))
                what = f"({names})" if len(parts) > 1 else names
                unique = name or "a unique constraint"
                text = (
                    f"{rows} hold the same {what} as another row, which {unique} does not"
                    f" allow{examples}."
                )
            case NotNull(column=column):
                hold = "holds" if one else "hold"
                text = f"{rows} {hold} NULL in {column}, which becomes NOT NULL{examples}."
            case ForeignKey(columns=columns, referent=referent):
                refer = (
                    f"refers by {', '.join(columns)} to a row of {referent} that does not exist"
                    if one
                    else f"refer by {', '.join(columns)} to rows of {referent} that do not exist"
                )
                text = f"{rows} {refer}{examples}."
            case NewNotNull(column=column):
                text = (
                    f"{rows} would have no value in {column}, which is NOT NULL without a default"
                    f"{examples}. Give it a server_default, or add it as nullable, and fill it before"
                    " it becomes NOT NULL."
                )
            case _:
                raise UnknownRows
        return text

    def scalar(self, sql: str) -> int:
        """Return the number that a query finds."""
        return int(self.execute(sql)[0][0])

    def execute(self, sql: str) -> list[Any]:
        """Return the rows of a query without parameters."""
        options = {"no_parameters": True}
        return list(self.connection.exec_driver_sql(sql, execution_options=options))


class _CopyFinder(_Finder):
    """Counts the rows of a table of SQLite as the rebuild would copy them."""

    def __init__(
        self, connection: sa.Connection, constraint: Constraint, values: dict[str, str]
    ) -> None:
        super().__init__(connection, constraint)
        self.values = values

    def rows(self, table: str, schema: str | None, names: Iterable[str]) -> tuple[Rows, list[str]]:
        """Return the rows that are copied, and those of `names` that are columns."""
        by_name = {name.lower(): name for name in self.values}
        known = [by_name[name.lower()] for name in names if name.lower() in by_name]
        quoted_table = self.quote(table)
        if all(self.values[name] in self.spellings(table, name) for name in known):
            return Rows(quoted_table, quoted_table), known
        listed = ", ".join(f"{sql} AS {self.quote(name)}" for name, sql in self.values.items())
        return Rows(f"(SELECT {listed} FROM {quoted_table}) AS {quoted_table}", quoted_table), known

    def spellings(self, table: str, column: str) -> set[str]:
        """Return the expressions that copy a column unchanged."""
        name = self.quote(column)
        return {name, f'"{column}"', f"{self.quote(table)}.{name}"}

    def shown(self, table: str, schema: str | None, names: Iterable[str]) -> Rows:
        """Return the rows as the copy reads them, under the names after the rollback."""
        rows, known = self.rows(table, schema, names)
        moved = any(
            names_after_rollback(self.connection, table, name) != (table, name) for name in known
        )
        return super().shown(table, schema, known) if moved else rows


def _names(sql: str) -> list[str]:
    """Return the words and quoted names in SQL, which may be columns."""
    tokens = [token for token in tokens_of(sql) if re.match(r'[^\W\d]|["`]', token)]
    return [unquoted(token) for token in tokens]


def _listed(row: Any) -> str:
    """Return the values of a row as text."""
    values = []
    for value in row:
        text = str(value)
        text = text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
        values.append(f"'{text}'" if isinstance(value, str) else "NULL" if value is None else text)
    return f"({', '.join(values)})" if len(values) > 1 else values[0]
