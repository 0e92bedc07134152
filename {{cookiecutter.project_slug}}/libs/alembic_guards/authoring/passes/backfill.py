"""Adds backfills: an existing row gets a value before its column becomes NOT NULL.

Without a backfill SQLite and PostgreSQL refuse the change. MariaDB writes 0 or '' without a
warning.
"""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.literals import as_sql, literal, neutral_value
from alembic_guards.database.identifiers import quoted_table, quoter, table_key
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.operations import SQLOp, as_text

#: Finds the CHECK that MariaDB adds to each JSON column, whose type is a text there.
JSON_CHECK = sa.text("""
    SELECT 1 FROM information_schema.check_constraints
    WHERE constraint_schema = coalesce(:schema, DATABASE()) AND table_name = :table
    AND constraint_name = :column AND left(check_clause, 11) = 'json_valid('
""")


def add_backfills(
    container: ops.OpContainer, migration: MigrationContext, answers: Answers
) -> None:
    """Add a backfill to `container` for every column that becomes NOT NULL.

    In an upgrade, the value is the answer fill=TABLE.COLUMN:VALUE, else the scalar default of the
    model, else the server default, else the reply to a question. An answer may also give a value to
    a nullable column that is added. In a downgrade, the value is the key of any referenced row, a
    distinct value for a unique column, or a neutral value such as 0: the original values were
    dropped. Raises CommandError for an answer that is not a value of the column's type.
    """
    backfills = _Backfills(container, migration, answers)
    container.ops = [
        part
        for op in container.ops
        for part in (backfills.of_table(op) if isinstance(op, ops.ModifyTableOps) else [op])
    ]


class _Backfills:
    """Adds the backfills of the operations in one container."""

    def __init__(
        self, container: ops.OpContainer, migration: MigrationContext, answers: Answers
    ) -> None:
        self.container, self.migration, self.answers = container, migration, answers
        self.is_upgrade = isinstance(container, ops.UpgradeOps)

    def of_table(self, table: ops.ModifyTableOps) -> Iterator[ops.MigrateOperation]:
        """Yield a group of operations with its backfills."""
        alterations: list[ops.MigrateOperation] = []
        updates: list[ops.MigrateOperation] = []
        for op in list(table.ops):
            if isinstance(op, ops.AddColumnOp) and _is_autoincrement(op.column):
                table.ops[table.ops.index(op)] = _add_autoincrement(op, self.migration.dialect)
            elif isinstance(op, ops.AddColumnOp):
                self._complete_add_column(table, op, updates, alterations)
            elif isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
                yield from self._before_not_null(table_key(table), op)
        yield table
        yield from updates
        if alterations:  # a second batch: on SQLite the rebuild of the first one fills the rows
            yield ops.ModifyTableOps(table.table_name, alterations, schema=table.schema)

    def _complete_add_column(
        self,
        table: ops.ModifyTableOps,
        op: ops.AddColumnOp,
        updates: list[ops.MigrateOperation],
        alterations: list[ops.MigrateOperation],
    ) -> None:
        """Add a column as nullable with an UPDATE, or with the value as a temporary default."""
        dialect, needs_value, expression = self.migration.dialect, _needs_value(op.column), None
        if needs_value and not self.is_upgrade:
            expression = _referenced_key(self.container, table, op.column, dialect)
            expression = expression or _distinct_values(table, op.column, self.migration)
        if expression:
            op.column = copy(op.column)
            op.column.nullable = True
            updates.append(_update(op, op.column.name, expression, dialect))
            alterations.append(_alter_after_backfill(op, modify_nullable=False))
            return
        name = f"{table_key(table)}.{op.column.name}"
        if sql := self._value(name, op.column, needs_value=needs_value):
            default, op.column = op.column.server_default, copy(op.column)
            op.column.server_default = sa.DefaultClause(sa.text(as_text(sql)))
            alterations.append(_alter_after_backfill(op, modify_server_default=default))

    def _before_not_null(self, key: str, op: ops.AlterColumnOp) -> Iterator[ops.MigrateOperation]:
        """Yield the operations that run before `op` sets NOT NULL: a change of type, the UPDATE."""
        column = _model_column(self.migration, key, op) if self.is_upgrade else None
        if column is None:
            column = sa.Column(op.column_name, op.modify_type or op.existing_type)
        if sql := self._value(f"{key}.{op.column_name}", column):
            if op.modify_type is not None:
                change = _split_type_change(op)
                yield ops.ModifyTableOps(op.table_name, [change], schema=op.schema)
            yield _update(op, op.column_name, sql, self.migration.dialect)

    def _value(self, name: str, column: sa.Column[Any], *, needs_value: bool = True) -> str | None:
        """Return the value of a column as SQL; None for no value."""
        dialect = self.migration.dialect
        type_ = plain_type(column.type, dialect)
        value: Any = self.answers.take("fill", name) if self.is_upgrade else None
        if value is None and not needs_value:
            return None
        if not self.is_upgrade:
            type_ = sa.JSON() if _is_json(name, column, self.migration) else type_
            value = neutral_value(type_, dialect)
        elif value is None and isinstance(column.default, ScalarElementColumnDefault):
            value, type_ = column.default.arg, column.type
        elif value is None and isinstance(column.server_default, sa.DefaultClause):
            return _server_default(column.server_default, dialect)
        elif value is None:
            question = f"{name} is NOT NULL. What value do existing rows get:"
            value = self.answers.ask_value(question, name)
        return None if value is None else literal(name, value, type_, dialect)


def _server_default(clause: sa.DefaultClause, dialect: sa.Dialect) -> str:
    """Return a server default as SQL, without the ON UPDATE of MariaDB and MySQL."""
    default: Any = clause.arg
    default = sa.literal(default) if isinstance(default, str) else default
    return re.sub(" ON UPDATE .*", "", as_sql(default, dialect), flags=re.IGNORECASE)


def _is_json(name: str, column: sa.Column[Any], migration: MigrationContext) -> bool:
    """Whether a column of MariaDB holds JSON: a text with a CHECK. MySQL has a JSON type."""
    if not getattr(migration.dialect, "is_mariadb", False) or migration.connection is None:
        return False
    schema, _, table = name.removesuffix(f".{column.name}").rpartition(".")
    names = {"schema": schema or None, "table": table, "column": column.name}
    return migration.connection.scalar(JSON_CHECK, names) is not None


def _is_autoincrement(column: sa.Column[Any]) -> bool:
    return column.table is not None and column.table.autoincrement_column is column


def _add_autoincrement(op: ops.AddColumnOp, dialect: sa.Dialect) -> ops.MigrateOperation:
    """Return the operation that adds an autoincrement column, and numbers existing rows."""
    if dialect.name == "postgresql":
        column = " ".join(str(CreateColumn(op.column).compile(dialect=dialect)).split())
        add = f"ALTER TABLE {quoted_table(op, dialect)} ADD COLUMN {column}"
        return SQLOp([add], [], f"add {op.table_name}.{op.column.name}")
    if dialect.name == "sqlite":  # it autoincrements once it is the primary key
        op.column = copy(op.column)
        op.column.nullable = True
    return op


def _needs_value(column: sa.Column[Any]) -> bool:
    has_own_value = column.server_default or column.computed or column.identity
    return not (column.nullable or has_own_value)


def _model_column(
    migration: MigrationContext, key: str, op: ops.AlterColumnOp
) -> sa.Column[Any] | None:
    table = migration.opts["target_metadata"].tables.get(key)
    return None if table is None else table.columns.get(op.column_name)


def _split_type_change(op: ops.AlterColumnOp) -> ops.AlterColumnOp:
    """Remove the change of type from `op`, and return it: it runs before the backfill."""
    first = copy(op)
    first.modify_nullable, first.kw = None, dict(op.kw)
    op.existing_type, op.modify_type = op.modify_type, None
    if op.modify_server_default is not False:
        op.existing_server_default, op.modify_server_default = op.modify_server_default, False
    return first


def _alter_after_backfill(op: ops.AddColumnOp, **changes: Any) -> ops.AlterColumnOp:
    """Return the operation that alters the column that `op` adds, after the backfill."""
    return ops.AlterColumnOp(
        op.table_name,
        op.column.name,
        schema=op.schema,
        existing_type=op.column.type,
        existing_nullable=op.column.nullable,
        existing_server_default=op.column.server_default,
        existing_comment=op.column.comment,
        **changes,
    )


def _referenced_key(
    container: ops.OpContainer,
    table: ops.ModifyTableOps,
    column: sa.Column[Any],
    dialect: sa.Dialect,
) -> str | None:
    """Return SQL for a value of a foreign key that a downgrade recreates: the key of any row."""
    tables = (op for op in container.ops if isinstance(op, ops.ModifyTableOps))
    operations: Iterator[Any] = (op for part in tables for op in part.ops)
    for op in operations:
        is_key = isinstance(op, ops.CreateForeignKeyOp) and op.local_cols == [column.name]
        if is_key and op.to_constraint().table.fullname == table_key(table):
            quote, schema = quoter(dialect), op.kw.get("referent_schema")
            target = ".".join(quote(name) for name in (schema, op.referent_table) if name)
            return f"(SELECT {quote(op.remote_cols[0])} FROM {target} LIMIT 1)"
    return None


def _distinct_values(
    table: ops.ModifyTableOps, column: sa.Column[Any], migration: MigrationContext
) -> str | None:
    """Return SQL for a distinct value per row, for a unique column that a downgrade recreates."""
    unique = any(column.name in _unique_columns(op) for op in table.ops)
    model = migration.opts["target_metadata"].tables.get(table_key(table))
    keys = [] if model is None else list(model.primary_key)
    has_integer_key = len(keys) == 1 and isinstance(keys[0].type, sa.Integer)
    accepts_numbers = isinstance(column.type, sa.Integer | sa.Numeric | sa.String)
    if not (unique and has_integer_key and accepts_numbers) or isinstance(column.type, sa.Enum):
        return None
    return as_sql(sa.cast(sa.column(keys[0].name), column.type), migration.dialect)


def _unique_columns(op: ops.MigrateOperation) -> list[str]:
    if isinstance(op, ops.CreateUniqueConstraintOp):
        return list(op.columns)
    if isinstance(op, ops.CreateIndexOp) and op.unique:
        return [column.name for column in op.to_index().columns]
    return []


def _update(op: Any, name: str, sql: str, dialect: sa.Dialect) -> ops.ExecuteSQLOp:
    table, column = quoted_table(op, dialect), quoter(dialect)(name)
    update = f"UPDATE {table} SET {column} = {sql} WHERE {column} IS NULL"
    return ops.ExecuteSQLOp(as_text(update))
