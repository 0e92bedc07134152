"""Rebuilds a table of SQLite: makes its new form, copies the rows, and takes the place of the old one.

Source: "Making Other Kinds Of Table Schema Changes" in SQLite's documentation of ALTER TABLE.
"""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from alembic_guards.database.catalog.sqlite_parser import (
    Column,
    Table,
    parse_table,
    quoted,
    write_table,
)
from alembic_guards.runtime.sqlite_merge import keep_comments

TEMPORARY = "_alembic_tmp_"

#: The names that SQLite has for the number of a row, where no column has them.
ROWID = ("rowid", "_rowid_", "oid")


class Belongings:
    """What goes away with a table and has to come back: indexes, triggers, and the count of its rows."""

    def __init__(self, connection: sa.Connection, table: str) -> None:
        self.connection, self.table = connection, table
        query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
        found = connection.exec_driver_sql(query, (table,)).all()
        self.form = next(sql for kind, _, sql in found if kind == "table")
        self.others = {name: sql for kind, name, sql in found if kind != "table"}
        self.count = self._counts("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        self.fault = self._fault()

    def come_back(self, without: Collection[str]) -> None:
        """Make them again, but for the indexes `without`."""
        for name, sql in self.others.items():
            if name not in without:
                _execute(self.connection, sql)
        for (count,) in self.count:
            self._counts("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", count, self.table)
        if not self.fault and (fault := self._fault()):
            raise CommandError(
                f"SQLite finds an {fault}. Drop or change that first; the revision may do it, too."
            )

    def _fault(self) -> str:
        """Return what SQLite says of the views and triggers of a database when it renames anything."""
        names = (f"{TEMPORARY}fault", f"{TEMPORARY}faults")
        self.connection.exec_driver_sql(f"CREATE TABLE {names[0]} (x)")
        try:
            self.connection.exec_driver_sql(f"ALTER TABLE {names[0]} RENAME TO {names[1]}")
        except OperationalError as error:
            self.connection.exec_driver_sql(f"DROP TABLE {names[0]}")
            return str(error.orig)
        self.connection.exec_driver_sql(f"DROP TABLE {names[1]}")
        return ""

    def _counts(self, query: str, *values: object) -> list[Any]:
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
    """Replace a table by what `form`, a CREATE TABLE, says.

    `expressions` gives the values of its columns from those of the old table; without it, columns
    keep theirs. All indexes and triggers come back but those `without`.
    """
    belongings = Belongings(connection, table)
    old, new = parse_table(belongings.form), parse_table(form)
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
    _execute(
        connection,
        f"INSERT INTO {temporary} ({', '.join(values)})"
        f" SELECT {', '.join(values.values())} FROM {quoted(table)}",
    )
    _execute(connection, f"DROP TABLE {quoted(table)}")
    # Views that wait for it are left as they are.
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    try:
        _execute(connection, f"ALTER TABLE {temporary} RENAME TO {quoted(table)}")
    finally:
        connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")
    belongings.come_back(without)


def _execute(connection: sa.Connection, statement: str) -> None:
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _is_computed(column: Column) -> bool:
    return any(clause.kind == "GENERATED" for clause in column.clauses)


def _rowid(old: Table, new: Table) -> str:
    """Return the name of the number of a row, which others such as FTS5 refer to; "" for none."""
    names = {name.lower() for name in (*old.columns, *new.columns)}
    hidden = [name for name in ROWID if name not in names]
    if "WITHOUT ROWID" in (*old.options, *new.options) or not hidden or new.rowid_alias:
        return ""
    return hidden[0]
