"""Makes the batch operations of Alembic rebuild a table of SQLite without losing what it does not reflect."""

import re
import warnings
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import MigrateOperation, Operations
from alembic.operations.batch import ApplyBatchImpl
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import NullType, UserDefinedType

from alembic_guards.compat import reflect_through, type_of
from alembic_guards.database.catalog.sqlite import find_table, read_statements, read_tables
from alembic_guards.database.catalog.sqlite_canonical import (
    Lookup,
    canonical_form,
    default_of,
    primary_key,
    type_meaning,
)
from alembic_guards.database.catalog.sqlite_parser import (
    Table,
    generated_expression,
    parse_table,
    quoted,
)
from alembic_guards.database.identifiers import target_of
from alembic_guards.runtime.destructive import mark_checked
from alembic_guards.runtime.drop_parser import Drop
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.renames import changes_name_only
from alembic_guards.runtime.sqlite_merge import merge
from alembic_guards.runtime.sqlite_rebuild import rebuild
from alembic_guards.runtime.transaction_names import TEMPORARY, listen

#: The key in the cache of an Inspector of the function that finds its parsed tables.
LOOKUP = "alembic_guards_lookup"


class NoType(UserDefinedType[Any]):
    """The type of a column that is declared without one, which SQLAlchemy cannot write."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return no text."""
        return ""


def install() -> None:
    """Register the class below: Alembic uses the class that was defined last for a dialect."""
    type("GuardedSQLiteImpl", (KeepingSQLiteImpl,), {"__dialect__": "sqlite"})


class KeepingSQLiteImpl(SQLiteImpl):
    """Replaces Alembic's rebuild of a table.

    Where Alembic creates the temporary table, rebuild() does everything. The steps that follow in
    Alembic (copy the rows, drop, rename) do nothing.
    """

    batch: ApplyBatchImpl | None = None  # the running rebuild
    statements: dict[str, str]  # of all tables and indexes, as they were before it

    def __init__(self, dialect: sa.Dialect, *args: Any, **options: Any) -> None:
        super().__init__(dialect, *args, **options)
        reflect_through(dialect, _canonical)
        listen(self.connection)

    @property
    def _live(self) -> sa.Connection | None:
        """The connection; None offline, where a batch operation is written as Alembic writes it."""
        return self.connection if isinstance(self.connection, sa.Connection) else None

    def autogen_column_reflect(self, inspector: Any, table: sa.Table, column_info: Any) -> None:
        """Complete a reflected column from CREATE TABLE, in spellings that SQLAlchemy does not reflect.

        A column of the primary key counts as NOT NULL, as on other databases.
        """
        _keep_unnamed_checks(table)
        parsed = _table_of(inspector, table)
        if parsed is not None and (column := parsed.columns.get(column_info["name"])):
            column_info["type"] = type_of(self.dialect, type_meaning(column.type))
            column_info["default"] = default_of(column)
            if column.name in primary_key(parsed):
                column_info["nullable"] = False
            if "computed" in column_info:
                column_info["computed"]["sqltext"] = generated_expression(column)
        super().autogen_column_reflect(inspector, table, column_info)

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:
        """Rename columns without a rebuild: SQLite then renames them in views and triggers, too."""
        names_only = all(
            kind == "alter_column" and changes_name_only(options)
            for kind, _, options in batch_op.batch
        )
        if not names_only:
            return super().requires_recreate_in_batch(batch_op)
        old = {column for _, (_, column), _ in batch_op.batch}
        return not old.isdisjoint(options["name"] for _, _, options in batch_op.batch)

    def cast_for_batch_migrate(self, existing: sa.Column[Any], transfer: Any, new: Any) -> None:
        """Copy values unchanged, except where the new type stores them in another format.

        Offline all others are cast, as Alembic does: the rows are not known.
        """
        conversion = convert(transfer["expr"], existing.type, new, self.dialect)
        if conversion.value:
            transfer["expr"] = sa.literal_column(conversion.value)
        elif self._live is None:
            super().cast_for_batch_migrate(existing, transfer, new)

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: sa.Table) -> None:
        """Remember the rebuild that begins, and rename its columns first."""
        super().prep_table_for_batch(batch_impl, table)
        self.batch = None
        if self._live is None:
            return
        if table.schema not in (None, "main"):  # Alembic rebuilds it
            mark_checked(self._live, Drop(table.schema, table.name))
        else:
            self.batch = batch_impl
            self._rename_columns(batch_impl, self._live)

    def create_table(self, table: sa.Table, **options: Any) -> None:
        """Create a table; for the temporary table of a batch operation, make the whole rebuild."""
        if self.batch is None or self._live is None or table is not self.batch.new_table:
            super().create_table(table, **options)
            return
        old = self.batch.table
        if self.batch.reflected:
            _remove_unnamed_checks(old)
        self.statements = read_statements(self._live)
        reflected, wanted = self._parsed(old), self._parsed(table)
        current = parse_table(self.statements[old.name])
        lookup = find_table(self._live)
        rebuild(
            self._live,
            old.name,
            merge(current, reflected, replace(wanted, name=old.name), lookup),
            self._expressions(self.batch),
            [str(index.name) for index in old.indexes],
        )

    def _parsed(self, table: sa.Table) -> Table:
        """Return the CREATE TABLE that SQLAlchemy writes for a table."""
        _add_referred_tables(table)
        for column in table.columns:
            if isinstance(column.type, NullType):
                column.type = NoType()
        create = CreateTable(table)
        try:
            return parse_table(str(create.compile(dialect=self.dialect)))
        except InvalidRequestError:  # the CHECK of a type has no name, and a convention asks for it
            return self._parsed(table.to_metadata(sa.MetaData()))

    def _exec(self, construct: Any, *args: Any, **options: Any) -> Any:
        """Execute a statement, except the copy of rows: rebuild() has made it."""
        is_insert = isinstance(construct, sa.Insert)
        if is_insert and self.batch is not None and construct.table is self.batch.new_table:
            return None
        return super()._exec(construct, *args, **options)

    def drop_table(self, table: sa.Table, **options: Any) -> None:
        """Drop a table, except the old one of a rebuild: rebuild() has dropped it."""
        if self.batch is None or table is not self.batch.table:
            super().drop_table(table, **options)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: Any = None) -> None:
        """Rename a table, except the temporary one of a rebuild: rebuild() has renamed it."""
        if self.batch is None or old_table_name != self.batch.temp_table_name:
            super().rename_table(old_table_name, new_table_name, schema)

    def create_index(self, index: sa.Index, **options: Any) -> None:
        """Create an index; an unchanged index of a rebuilt table is created by its original statement."""
        name = str(index.name)
        if self.batch is None or self._live is None or index.table is not self.batch.new_table:
            super().create_index(index, **options)
        elif name in self.batch.new_indexes:  # `index` has lost its expressions
            super().create_index(self.batch.new_indexes[name], **options)
        elif str(CreateIndex(self.batch.indexes[name])) == str(CreateIndex(index)):
            plain = {"no_parameters": True}
            self._live.exec_driver_sql(self.statements[name], execution_options=plain)
        else:
            super().create_index(index, **options)

    def _rename_columns(self, batch: ApplyBatchImpl, connection: sa.Connection) -> None:
        """Rename columns by SQLite before a rebuild: it updates expressions, triggers and foreign keys."""
        columns = {key: column for key, column in batch.columns.items() if key in batch.table.c}
        renamed = {key: column.name for key, column in columns.items() if column.name != key}

        def rename(column: sa.Column[Any], name: str) -> None:
            names = f"{quoted(column.name)} TO {quoted(name)}"
            sql = f"ALTER TABLE {quoted(batch.table.name)} RENAME COLUMN {names}"
            connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
            column.name = name

        for column in batch.table.c:
            if column.name in renamed.values():  # it is dropped or renamed itself
                rename(column, f"{TEMPORARY}{column.name}")
        for key, name in renamed.items():
            rename(batch.table.c[key], name)

    def _expressions(self, batch: ApplyBatchImpl) -> dict[str, str]:
        """Return the SQL expressions that the new columns are copied from, by column."""
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
    """Return a CREATE TABLE in the spelling that SQLAlchemy's reflection understands."""
    try:
        return canonical_form(parse_table(sql), find_table(connection))
    except ValueError:  # of a view, or of a module such as FTS5
        return sql


def _table_of(inspector: sa.Inspector, table: sa.Table) -> Table | None:
    """Return the parsed CREATE TABLE of a reflected table, from the cache of the inspector."""
    connection = inspector.bind
    if not isinstance(connection, sa.Connection):
        return None
    if LOOKUP not in inspector.info_cache:
        inspector.info_cache[LOOKUP] = read_tables(connection)
    lookup: Lookup = inspector.info_cache[LOOKUP]
    return lookup(table.name)


def _keep_unnamed_checks(table: sa.Table) -> None:
    """Ignore a warning of Alembic that a rebuild loses the unnamed CHECK constraints of a table.

    It is not true here, and Alembic gives it right after the reflection of the columns.
    """
    text = f"Unnamed CHECK constraint on reflected table '{re.escape(table.name)}'"
    warnings.filterwarnings("ignore", text, UserWarning)


def _remove_unnamed_checks(table: sa.Table) -> None:
    """Remove the unnamed CHECK constraints of a reflected table, which Alembic copies to no new one."""
    for part in list(table.constraints):
        if isinstance(part, sa.CheckConstraint) and part.name is None:
            table.constraints.remove(part)


def _add_referred_tables(table: sa.Table) -> None:
    """Add missing tables and columns that foreign keys of a table refer to, to its metadata."""
    for key in table.foreign_key_constraints:
        for element in key.elements:
            target, _, column = target_of(element).rpartition(".")
            if target not in table.metadata.tables:
                schema, _, name = target.rpartition(".")
                sa.Table(name, table.metadata, schema=schema or None)
            referred = table.metadata.tables[target]
            if column not in referred.c:
                referred.append_column(sa.Column(column, sa.types.NullType))


@Operations.register_operation("rebuild_table")
class RebuildTableOp(MigrateOperation):
    """Replaces the definition of a table on SQLite, for changes that Alembic has no operation for."""

    def __init__(self, table_name: str, form: str, back: str = "", about: str = "") -> None:
        self.table_name, self.form, self.back = table_name, form, back
        self.about = about or f"rebuild {table_name}"

    @classmethod
    def rebuild_table(cls, operations: Operations, table_name: str, form: str) -> None:
        """Rebuild a table by `form`, a CREATE TABLE; columns keep their values by name."""
        operations.invoke(cls(table_name, form))

    def run(self, connection: sa.Connection) -> None:
        """Execute the operation on a connection."""
        rebuild(connection, self.table_name, self.form)

    def reverse(self) -> "RebuildTableOp":
        """Return the inverse."""
        return RebuildTableOp(self.table_name, self.back, self.form, self.about)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Return what `alembic check` shows."""
        return ("rebuild_table", self.table_name)


def rebuild_table(table_name: str, form: str) -> None:
    """Do what `op.rebuild_table()` does, typed for type checkers: rebuild a table of SQLite by `form`.

    `form` is a CREATE TABLE. Columns keep their values by name.
    """
    op.invoke(RebuildTableOp(table_name, form))


@Operations.implementation_for(RebuildTableOp)
def _rebuild_table(operations: Operations, operation: RebuildTableOp) -> None:
    operation.run(operations.get_bind())
