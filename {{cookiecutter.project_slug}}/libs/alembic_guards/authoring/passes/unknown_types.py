"""Recreates columns whose type SQLAlchemy cannot reflect, by their definition in the catalog."""

import re
from collections.abc import Container, Iterator
from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.types import NullType

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import bare, quoted_table, quoter, table_key
from alembic_guards.runtime.operations import SQLOp


def write_unknown_types(operations: OpList, comparison: Comparison) -> OpList:
    """Replace each added column without a type by ALTER TABLE, as in the target catalog.

    A table whose key or constraints read such a column becomes CREATE TABLE. A column that is altered
    keeps its type: MariaDB needs its definition, PostgreSQL nothing.

    On SQLite these are columns that were declared without one: reflection takes an unknown type for NUMERIC.
    """
    return [part for op in operations for part in _with_known_types(op, comparison)]


def _with_known_types(op: MigrateOperation, comparison: Comparison) -> Iterator[MigrateOperation]:
    if isinstance(op, ops.AddColumnOp) and _is_of_unknown_type(op.column):
        yield _add_column(op, op.column, comparison)
    elif isinstance(op, ops.AlterColumnOp) and isinstance(op.existing_type, NullType):
        yield _alter_column(op, comparison)
    elif isinstance(op, ops.CreateTableOp) and any(map(_is_of_unknown_type, op.columns)):
        columns = [part for part in op.columns if isinstance(part, sa.Column)]
        unknown = {column.name for column in columns if _is_of_unknown_type(column)}
        if len(unknown) == len(columns) or any(_reads(part, unknown) for part in op.columns):
            yield _create_table(op, columns, comparison)
            return
        table = copy(op)
        table.columns = [part for part in op.columns if not _is_of_unknown_type(part)]
        yield table
        for part in columns:
            if _is_of_unknown_type(part):
                yield _add_column(op, part, comparison)
    else:
        yield op


def _reads(part: sa.schema.SchemaItem, names: Container[str]) -> bool:
    """Whether a constraint reads one of some columns."""
    match part:
        case sa.CheckConstraint():
            return any(name in names for name in re.findall(r"\w+", str(part.sqltext)))
        case sa.schema.ColumnCollectionConstraint():
            return any(column.name in names for column in part.columns)
        case _:
            return False


def _add_column(op: Any, column: sa.Column[Any], comparison: Comparison) -> SQLOp:
    definition = _definition(op, column, comparison)
    statement = f"ALTER TABLE {quoted_table(op, comparison.dialect)} ADD {definition}"
    return SQLOp([statement], [], f"add {op.table_name}.{column.name}")


def _create_table(
    op: ops.CreateTableOp, columns: list[sa.Column[Any]], comparison: Comparison
) -> SQLOp:
    """Return a CREATE TABLE with the primary key; repairs add the other constraints, and options."""
    parts = [_definition(op, column, comparison) for column in columns]
    for entry in comparison.target.values():
        if entry.kind == "primary key" and bare(entry.table) == table_key(op):
            named = f"CONSTRAINT {entry.name} " if entry.name else ""
            parts.append(named + entry.definition)
    statement = f"CREATE TABLE {quoted_table(op, comparison.dialect)} ({', '.join(parts)})"
    return SQLOp([statement], [], f"create {op.table_name}")


def _alter_column(op: ops.AlterColumnOp, comparison: Comparison) -> MigrateOperation:
    """Return the operation without the unknown type; on MariaDB with the definition of the column."""
    if backend_name(comparison.dialect) != "mysql" or op.modify_type is not None:
        known = copy(op)
        known.existing_type = None
        return known
    definition = _definitions(op, op.column_name, comparison)["column"]
    statement = f"ALTER TABLE {quoted_table(op, comparison.dialect)} MODIFY {definition}"
    return SQLOp([statement], [], f"alter {op.table_name}.{op.column_name}")


def _definitions(op: Any, column: str, comparison: Comparison) -> dict[str, str]:
    """Return the definitions of a column in the target catalog, by their kinds."""
    return {
        entry.kind: entry.definition
        for entry in comparison.target.values()
        if (bare(entry.table), bare(entry.name)) == (table_key(op), column)
    }


def _definition(op: Any, column: sa.Column[Any], comparison: Comparison) -> str:
    """Return the definition of a column with its name, as the target catalog has it."""
    dialect = comparison.dialect
    definitions = _definitions(op, column.name, comparison)
    definition = definitions["column"]
    if dialect.name == "postgresql":
        default = definitions.get("default")
        definition = f"{quoter(dialect)(column.name)} {definition}"
        definition += f" DEFAULT {default}" if default else ""
        definition += "" if column.nullable else f" {definitions.get('not null', '')}"
    elif dialect.name == "sqlite":
        definition = f"{quoter(dialect)(column.name)} {definition}"
    return definition.strip()


def _is_of_unknown_type(part: sa.schema.SchemaItem) -> bool:
    return isinstance(part, sa.Column) and isinstance(part.type, NullType)
