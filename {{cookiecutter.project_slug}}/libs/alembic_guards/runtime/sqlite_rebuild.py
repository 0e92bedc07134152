"""Rebuilds a table of SQLite: creates a new table, copies the rows, drops the old table, and renames.

Source: "Making Other Kinds Of Table Schema Changes" in SQLite's documentation of ALTER TABLE.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import IntegrityError, OperationalError

from alembic_guards.database.catalog.sqlite_canonical import default_of
from alembic_guards.database.catalog.sqlite_parser import (
    Column,
    Table,
    parse_table,
    quoted,
    write_table,
)
from alembic_guards.runtime.constraint_parser import (
    Constraint,
    NewNotNull,
    NotNull,
    Unique,
    constraints_in,
)
from alembic_guards.runtime.refusals import KEEPS_ROWS, refuse
from alembic_guards.runtime.sqlite_merge import keep_comments
from alembic_guards.runtime.transaction_names import TEMPORARY
from alembic_guards.runtime.violations import find_in_copy

#: The names of the rowid, as far as no column has them.
ROWID = ("rowid", "_rowid_", "oid")


class DependentObjects:
    """What SQLite drops with a table: indexes, triggers, and the counter of AUTOINCREMENT."""

    def __init__(self, connection: sa.Connection, table: str) -> None:
        self.connection, self.table = connection, table
        query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
        found = connection.exec_driver_sql(query, (table,)).all()
        self.form = next(sql for kind, _, sql in found if kind == "table")
        self.statements = {name: sql for kind, name, sql in found if kind != "table"}
        self.counter = self._query_counter("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        self.error = self._schema_error()

    def recreate(self, without: Collection[str]) -> None:
        """Create them again, except the indexes `without`.

        Raises CommandError where a view or a trigger no longer works, and did so before.
        """
        for name, sql in self.statements.items():
            if name not in without:
                _execute(self.connection, sql)
        for (value,) in self.counter:
            update = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
            self._query_counter(update, value, self.table)
        if not self.error and (error := self._schema_error()):
            raise CommandError(
                f"SQLite finds an {error}. Drop or change that first; the revision may do it, too."
            )

    def _schema_error(self) -> str:
        """Return the error of SQLite about a view or a trigger; "" for none. A RENAME checks them all."""
        names = (f"{TEMPORARY}check", f"{TEMPORARY}checked")
        self.connection.exec_driver_sql(f"CREATE TABLE {names[0]} (x)")
        try:
            self.connection.exec_driver_sql(f"ALTER TABLE {names[0]} RENAME TO {names[1]}")
        except OperationalError as error:
            _execute(self.connection, f"DROP TABLE {names[0]}")
            return str(error.orig)
        _execute(self.connection, f"DROP TABLE {names[1]}")
        return ""

    def _query_counter(self, query: str, *values: object) -> list[Any]:
        exists = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        if not self.connection.exec_driver_sql(exists).all():
            return []
        result = self.connection.exec_driver_sql(query, values)
        return list(result) if result.returns_rows else []


def rebuild(
    connection: sa.Connection,
    table: str,
    form: str,
    expressions: Mapping[str, str] | None = None,
    without: Collection[str] = (),
) -> None:
    """Replace a table by one of the definition `form`, a CREATE TABLE.

    `expressions` are the SQL expressions, over the old table, that the new columns are copied from;
    without it, columns are copied by name. Indexes and triggers are created again, except the indexes
    `without`. The caller has a transaction open, and foreign_keys off. Raises CommandError where a view or
    a trigger no longer works.
    """
    dependents = DependentObjects(connection, table)
    old, new = parse_table(dependents.form), parse_table(form)
    if expressions is None:
        names = {name.lower(): quoted(name) for name in old.columns}
        found = {name: names.get(name.lower()) for name in new.columns}
        expressions = {name: value for name, value in found.items() if value is not None}
    values = {
        quoted(name): value
        for name, value in expressions.items()
        if name in new.columns and not _is_computed(new.columns[name])
    }
    if rowid := _rowid(old, new):
        values[rowid] = rowid
    temporary = quoted(TEMPORARY + table)
    head = f"CREATE TABLE {temporary} ("
    _execute(connection, write_table(head, list(keep_comments(old, new)), new.tail))
    copy = (
        f"INTO {temporary} ({', '.join(values)})"
        f" SELECT {', '.join(values.values())} FROM {quoted(table)}"
    )
    try:
        _execute(connection, f"INSERT {copy}")
    except IntegrityError:
        whole = {name: expressions.get(name) or _default(new.columns[name]) for name in new.columns}
        if not _refuse_rows(connection, table, new, whole, expressions):
            raise
        # All of it is rolled back in the end. What follows finds all rows, without a constraint.
        listed = ", ".join(f"{value} AS {quoted(name)}" for name, value in whole.items())
        _execute(connection, f"DROP TABLE {temporary}")
        _execute(connection, f"CREATE TABLE {temporary} AS SELECT {listed} FROM {quoted(table)}")
    _execute(connection, f"DROP TABLE {quoted(table)}")
    # Views of the table are not rewritten to its temporary name.
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    try:
        _execute(connection, f"ALTER TABLE {temporary} RENAME TO {quoted(table)}")
    finally:
        connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")
    dependents.recreate(without)


def _refuse_rows(
    connection: sa.Connection,
    table: str,
    new: Table,
    values: Mapping[str, str],
    copied: Collection[str],
) -> bool:
    """Refuse the constraints of a new form that rows violate; return whether there are such.

    `values` are the SQL expressions of all new columns, `copied` the columns that have one of their own.
    """
    found = [
        find_in_copy(connection, constraint, dict(values))
        for constraint in _constraints(table, new, copied)
    ]
    refusals = [refusal for refusal in found if refusal is not None]
    for refusal in refusals:
        refuse(connection, refusal)
    return bool(refusals)


def _constraints(table: str, new: Table, copied: Collection[str]) -> Iterator[Constraint]:
    """Yield the constraints of a new form of a table."""
    alter = f"ALTER TABLE {quoted(table)}"
    for part in new.definitions:
        for clause in part.clauses:
            if not isinstance(part, Column):
                yield from constraints_in(f"{alter} ADD {clause.text}")
            elif clause.kind == "NOT NULL" and part.name in copied:
                yield NotNull(table=table, column=part.name)
            elif clause.kind == "NOT NULL" and _default(part) == "NULL":
                yield NewNotNull(table=table, column=part.name)
            elif clause.kind in ("UNIQUE", "PRIMARY KEY"):
                name = clause.name or ("the primary key" if clause.kind != "UNIQUE" else "")
                yield Unique(table=table, name=name, parts=(quoted(part.name),))
            elif clause.kind == "CHECK":
                yield from constraints_in(f"{alter} ADD {clause.text}")
            elif clause.kind == "REFERENCES":
                words = " ".join(token.text for token in clause.tokens)
                yield from constraints_in(f"{alter} ADD FOREIGN KEY ({quoted(part.name)}) {words}")


def _default(column: Column) -> str:
    """Return the value of a new column as SQL."""
    return default_of(column) or "NULL"


def _execute(connection: sa.Connection, statement: str) -> None:
    options = {"no_parameters": True, KEEPS_ROWS: True}
    connection.exec_driver_sql(statement, execution_options=options)


def _is_computed(column: Column) -> bool:
    return any(clause.kind == "GENERATED" for clause in column.clauses)


def _rowid(old: Table, new: Table) -> str:
    """Return the name by which the rowid is copied; "" where it is not. FTS5 tables may refer to it."""
    names = {name.lower() for name in (*old.columns, *new.columns)}
    hidden = [name for name in ROWID if name not in names]
    if "WITHOUT ROWID" in (*old.options, *new.options) or not hidden or new.rowid_alias:
        return ""
    return hidden[0]
