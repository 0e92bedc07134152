"""Lets SQLite replace a table by its new form without losing what Alembic has no eye for.

Alembic makes the new form of what SQLAlchemy reflects, and that leaves out unnamed checks, collations,
AUTOINCREMENT, STRICT, triggers, indexes of expressions, and more.
"""

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import MigrateOperation, Operations
from alembic.operations.batch import ApplyBatchImpl
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from alembic_guards.database.catalog import LITERAL, read_statements, split_table
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.renames import changes_name_only

TEMPORARY = "_alembic_tmp_"


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

    def come_back(self, *without: str) -> None:
        """Make them again, but for the indexes `without`."""
        for name, sql in self.others.items():
            if name not in without:
                self.connection.exec_driver_sql(sql)
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


def install() -> None:
    """Have Alembic use the class below for SQLite: it takes the newest one of a dialect."""
    type("GuardedSQLiteImpl", (KeepingSQLiteImpl,), {"__dialect__": "sqlite"})


class KeepingSQLiteImpl(SQLiteImpl):
    """What Alembic does on SQLite, with an eye for the text of a table that is replaced."""

    batch: ApplyBatchImpl | None = None
    belongings: Belongings

    def autogen_column_reflect(self, inspector: Any, table: sa.Table, column_info: Any) -> None:
        """Read what a column is computed from where SQLAlchemy does not: behind a type with a comma."""
        super().autogen_column_reflect(inspector, table, column_info)
        if "computed" in column_info and self.connection is not None:
            _, parts, _ = split_table(read_statements(self.connection)[table.name])
            text = parts["column", column_info["name"]]
            found = re.search(r"\sAS\s*\((.*)\)", text, re.DOTALL | re.IGNORECASE)
            column_info["computed"]["sqltext"] = found[1] if found else ""

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:
        """Rebuild no table whose columns only get other names: views and triggers follow RENAME."""
        names_only = (
            kind == "alter_column" and changes_name_only(options)
            for kind, _, options in batch_op.batch
        )
        return not all(names_only) and super().requires_recreate_in_batch(batch_op)

    def cast_for_batch_migrate(self, existing: sa.Column[Any], transfer: Any, new: Any) -> None:
        """Copy values as they are, but where a column of the new type has them in another form."""
        conversion = convert(transfer["expr"], existing.type, new, self.dialect)
        if conversion.value:
            transfer["expr"] = sa.literal_column(conversion.value)

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: sa.Table) -> None:
        """Remember what the table that is about to be replaced has."""
        super().prep_table_for_batch(batch_impl, table)
        if self.connection is not None and batch_impl.new_table is not None:
            self.batch = batch_impl
            self.belongings = Belongings(self.connection, table.name)
            for column in batch_impl.new_table.columns:
                if column.computed is not None:  # SQLite computes it, and takes no value
                    batch_impl.column_transfers[column.name].pop("expr", None)

    def create_table(self, table: sa.Table, **options: Any) -> None:
        """Create a table; the new form of one keeps the text of each part that stays as it is."""
        if self.batch is None or self.connection is None or table is not self.batch.new_table:
            super().create_table(table, **options)
        else:
            forms = (
                str(CreateTable(form).compile(dialect=self.dialect))
                for form in (self.batch.table, table)
            )
            self.connection.exec_driver_sql(_merge(self.belongings.form, *forms))

    def rename_table(self, old_table_name: str, new_table_name: str, schema: Any = None) -> None:
        """Rename a table; bring back what went with the one whose place it takes."""
        if self.batch is None or old_table_name != self.batch.temp_table_name:
            super().rename_table(old_table_name, new_table_name, schema)
        else:
            _take_place(self.belongings.connection, old_table_name, new_table_name)
            self.belongings.come_back(*(str(index.name) for index in self.batch.table.indexes))

    def create_index(self, index: sa.Index, **options: Any) -> None:
        """Create an index; one that a replaced table had gets its old text, if it stays as it is."""
        name = str(index.name)
        if self.batch is None or self.connection is None or index.table is not self.batch.new_table:
            super().create_index(index, **options)
        elif name in self.batch.new_indexes:  # the one at hand has lost its expressions
            super().create_index(self.batch.new_indexes[name], **options)
        elif str(CreateIndex(self.batch.indexes[name])) == str(CreateIndex(index)):
            self.connection.exec_driver_sql(self.belongings.others[name])
        else:
            super().create_index(index, **options)


def _merge(now: str, seen: str, wanted: str) -> str:
    """Write a table as `wanted`, but leave in the words of `now` what is the same in `seen`.

    The latter two are what Alembic wants to make of the table, and what it takes it for.
    """
    head, new, _ = split_table(wanted)
    _, reflected, _ = split_table(seen)
    _, old, tail = split_table(now)
    same = {part for part, text in new.items() if reflected.get(part) == text}
    kept = "".join(old[part] for part in same if part[0] == "column" and part in old)
    inline = re.sub(r"\s", "", kept).upper()
    parts = [
        old.get(part, text) if part in same else text
        for part, text in new.items()
        # What is not in the list of old parts may stand in one of the columns that are kept.
        if part[0] == "column" or part in old or part[1].partition("(")[0] not in inline
    ]
    parts += [text for part, text in old.items() if part not in reflected and part not in new]
    dropped = [
        re.escape(name) for kind, name in old if (kind, name) not in new and kind == "column"
    ]
    gone = re.compile(rf"(?<!\w)({'|'.join(dropped)})(?!\w)" if dropped else "(?!)")
    left = (part for part in parts if not gone.search(LITERAL.sub("", part).partition("(")[2]))
    return head + _lines(left) + tail


def _lines(parts: Iterable[str]) -> str:
    """Write the parts of a table in lines, as SQLAlchemy wants it when it reflects them."""
    return "\n\t" + ", \n\t".join(parts) + "\n"


def _take_place(connection: sa.Connection, new: str, table: str) -> None:
    """Rename a table to one that has just gone; views that wait for it are left as they are."""
    quote = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    connection.exec_driver_sql(f"ALTER TABLE {quote(new)} RENAME TO {quote(table)}")
    connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")


@Operations.register_operation("rebuild_table")
class RebuildTableOp(MigrateOperation):
    """Gives a table of SQLite another form, where Alembic knows no operation for it."""

    def __init__(self, table_name: str, form: str, back: str = "", about: str = "") -> None:
        self.table_name, self.form, self.back = table_name, form, back
        self.about = about or f"rebuild {table_name}"

    @classmethod
    def rebuild_table(cls, operations: Operations, table_name: str, form: str) -> None:
        """Replace a table by what `form`, a CREATE TABLE, says; the values of its columns stay."""
        operations.invoke(cls(table_name, form))

    def run(self, connection: sa.Connection) -> None:
        """Do it."""
        rebuild(connection, self.table_name, self.form)

    def reverse(self) -> "RebuildTableOp":
        """Return what takes it back."""
        return RebuildTableOp(self.table_name, self.back, self.form, self.about)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Return what `alembic check` would show."""
        return ("rebuild_table", self.table_name)


@Operations.implementation_for(RebuildTableOp)
def _rebuild_table(operations: Operations, op: RebuildTableOp) -> None:
    op.run(operations.get_bind())


def rebuild(connection: sa.Connection, table: str, form: str) -> None:
    """Replace a table by what `form` says, with the values of the columns that both have."""
    belongings = Belongings(connection, table)
    _, old, _ = split_table(belongings.form)
    _, parts, tail = split_table(form)
    quote = connection.dialect.identifier_preparer.quote
    new = TEMPORARY + table
    kept = ", ".join(
        quote(name)
        for kind, name in parts
        if kind == "column" and (kind, name) in old and " AS (" not in parts[kind, name].upper()
    )
    for statement in (
        f"CREATE TABLE {quote(new)} ({_lines(parts.values())}{tail}",
        f"INSERT INTO {quote(new)} ({kept}) SELECT {kept} FROM {quote(table)}",
        f"DROP TABLE {quote(table)}",
    ):
        connection.exec_driver_sql(statement)
    _take_place(connection, new, table)
    belongings.come_back()
