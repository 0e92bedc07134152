"""Lets batch operations of Alembic rebuild a table of SQLite without losing what it does not know."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import MigrateOperation, Operations
from alembic.operations.batch import ApplyBatchImpl
from sqlalchemy.schema import CreateIndex, CreateTable

from alembic_guards.compat import reflect_through, type_of
from alembic_guards.database.catalog.sqlite import find_table, read_statements
from alembic_guards.database.catalog.sqlite_canonical import (
    canonical_form,
    default_of,
    primary_key,
    type_meaning,
)
from alembic_guards.database.catalog.sqlite_parser import (
    generated_expression,
    parse_table,
    quoted,
)
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.renames import changes_name_only
from alembic_guards.runtime.sqlite_merge import merge
from alembic_guards.runtime.sqlite_rebuild import TEMPORARY, rebuild


def install() -> None:
    """Have Alembic use the class below for SQLite: it takes the newest one of a dialect."""
    type("GuardedSQLiteImpl", (KeepingSQLiteImpl,), {"__dialect__": "sqlite"})


class KeepingSQLiteImpl(SQLiteImpl):
    """Rebuilds a table at once where Alembic begins to, and leaves out its further steps."""

    batch: ApplyBatchImpl | None = None
    statements: dict[str, str]

    def __init__(self, dialect: sa.Dialect, *args: Any, **options: Any) -> None:
        super().__init__(dialect, *args, **options)
        reflect_through(dialect, _canonical)

    def autogen_column_reflect(self, inspector: Any, table: sa.Table, column_info: Any) -> None:
        """Read from the text of a table what SQLAlchemy knows in one spelling alone.

        A column of the primary key is NOT NULL, as it is on servers, also where it is not said.
        """
        form = find_table(self.connection)(table.name) if self.connection is not None else None
        if form is not None and (column := form.columns.get(column_info["name"])):
            column_info["type"] = type_of(self.dialect, type_meaning(column.type))
            column_info["default"] = default_of(column)
            if column.name in primary_key(form):
                column_info["nullable"] = False
            if "computed" in column_info:
                column_info["computed"]["sqltext"] = generated_expression(column)
        super().autogen_column_reflect(inspector, table, column_info)

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:
        """Rebuild no table whose columns only get other names: views and triggers follow RENAME."""
        names_only = all(
            kind == "alter_column" and changes_name_only(options)
            for kind, _, options in batch_op.batch
        )
        if not names_only:
            return super().requires_recreate_in_batch(batch_op)
        old = {column for _, (_, column), _ in batch_op.batch}
        return not old.isdisjoint(options["name"] for _, _, options in batch_op.batch)

    def cast_for_batch_migrate(self, existing: sa.Column[Any], transfer: Any, new: Any) -> None:
        """Copy values as they are, but where a column of the new type has them in another form."""
        conversion = convert(transfer["expr"], existing.type, new, self.dialect)
        if conversion.value:
            transfer["expr"] = sa.literal_column(conversion.value)

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: sa.Table) -> None:
        """Take note of the table that is about to be rebuilt, and rename its columns."""
        super().prep_table_for_batch(batch_impl, table)
        self.batch = None
        if self.connection is not None and table.schema in (None, "main"):
            self.batch = batch_impl
            self._rename_columns(batch_impl, self.connection)

    def create_table(self, table: sa.Table, **options: Any) -> None:
        """Create a table; where it is the new form of one, rebuild that."""
        if self.batch is None or self.connection is None or table is not self.batch.new_table:
            super().create_table(table, **options)
            return
        old = self.batch.table
        _add_referred_tables(old)
        self.statements = read_statements(self.connection)
        seen, wanted = (
            parse_table(str(CreateTable(form).compile(dialect=self.dialect)))
            for form in (old, table)
        )
        now = parse_table(self.statements[old.name])
        lookup = find_table(self.connection)
        rebuild(
            self.connection,
            old.name,
            merge(now, seen, replace(wanted, name=old.name), lookup),
            self._expressions(self.batch),
            [str(index.name) for index in old.indexes],
        )

    def _exec(self, construct: Any, *args: Any, **options: Any) -> Any:
        """Execute a statement, but the copy of rows that are in the new form of a table already."""
        is_insert = isinstance(construct, sa.Insert)
        if is_insert and self.batch is not None and construct.table is self.batch.new_table:
            return None
        return super()._exec(construct, *args, **options)

    def drop_table(self, table: sa.Table, **options: Any) -> None:
        """Drop a table, but one whose new form is in its place already."""
        if self.batch is None or table is not self.batch.table:
            super().drop_table(table, **options)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: Any = None) -> None:
        """Rename a table, but the new form of one, which is in its place already."""
        if self.batch is None or old_table_name != self.batch.temp_table_name:
            super().rename_table(old_table_name, new_table_name, schema)

    def create_index(self, index: sa.Index, **options: Any) -> None:
        """Create an index; one that a rebuilt table had gets its old text, if it stays as it is."""
        name = str(index.name)
        if self.batch is None or self.connection is None or index.table is not self.batch.new_table:
            super().create_index(index, **options)
        elif name in self.batch.new_indexes:  # the one at hand has lost its expressions
            super().create_index(self.batch.new_indexes[name], **options)
        elif str(CreateIndex(self.batch.indexes[name])) == str(CreateIndex(index)):
            plain = {"no_parameters": True}
            self.connection.exec_driver_sql(self.statements[name], execution_options=plain)
        else:
            super().create_index(index, **options)

    def _rename_columns(self, batch: ApplyBatchImpl, connection: sa.Connection) -> None:
        """Have SQLite rename columns before: it knows all expressions, triggers and keys with them."""
        columns = {key: column for key, column in batch.columns.items() if key in batch.table.c}
        renamed = {key: one.name for key, one in columns.items() if one.name != key}

        def rename(column: sa.Column[Any], name: str) -> None:
            names = f"{quoted(column.name)} TO {quoted(name)}"
            sql = f"ALTER TABLE {quoted(batch.table.name)} RENAME COLUMN {names}"
            connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
            column.name = name

        for column in batch.table.c:
            if column.name in renamed.values():  # it goes, or gets another name
                rename(column, f"{TEMPORARY}{column.name}")
        for key, name in renamed.items():
            rename(batch.table.c[key], name)

    def _expressions(self, batch: ApplyBatchImpl) -> dict[str, str]:
        """Return what gives the columns of the new form their values, as SQL."""
        assert batch.new_table is not None
        return {
            batch.new_table.c[key].name: str(
                transfer["expr"].compile(
                    dialect=self.dialect, compile_kwargs={"literal_binds": True}
                )
            )
            for key, transfer in batch.column_transfers.items()
            if "expr" in transfer
        }


def _canonical(connection: sa.Connection, sql: str) -> str:
    """Return a CREATE TABLE in the one spelling that SQLAlchemy's reflection knows."""
    try:
        return canonical_form(parse_table(sql), find_table(connection))
    except ValueError:  # of a view, or of a module such as FTS5
        return sql


def _add_referred_tables(table: sa.Table) -> None:
    """Add the tables that the foreign keys of a table name, as far as its metadata lacks them."""
    for key in table.foreign_key_constraints:
        for element in key.elements:
            target, _, column = element.target_fullname.rpartition(".")
            if target not in table.metadata.tables:
                schema, _, name = target.rpartition(".")
                sa.Table(name, table.metadata, schema=schema or None)
            referred = table.metadata.tables[target]
            if column not in referred.c:
                referred.append_column(sa.Column(column, sa.types.NullType))


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
