"""Recreates columns whose type SQLAlchemy cannot reflect, by their definition in the catalog."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.types import NullType

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList
from alembic_guards.database.identifiers import bare, quoted_table, quoter, table_key
from alembic_guards.runtime.operations import SQLOp


def write_unknown_types(operations: OpList, comparison: Comparison) -> OpList:
    """Replace each added column without a type by ALTER TABLE, as in the target catalog.

    On SQLite there are none: reflection takes an unknown type for NUMERIC.
    """
    return [part for op in operations for part in _with_known_types(op, comparison)]


def _with_known_types(op: MigrateOperation, comparison: Comparison) -> Iterator[MigrateOperation]:
    if isinstance(op, ops.AddColumnOp) and _is_of_unknown_type(op.column):
        yield _add_column(op, op.column, comparison)
    elif isinstance(op, ops.CreateTableOp) and any(map(_is_of_unknown_type, op.columns)):
        table = copy(op)
        table.columns = [part for part in op.columns if not _is_of_unknown_type(part)]
        yield table
        for part in op.columns:
            if isinstance(part, sa.Column) and _is_of_unknown_type(part):
                yield _add_column(op, part, comparison)
    else:
        yield op


def _add_column(op: Any, column: sa.Column[Any], comparison: Comparison) -> SQLOp:
    table, dialect = table_key(op), comparison.dialect
    definitions = {
        entry.kind: entry.definition
        for entry in comparison.target.values()
        if (bare(entry.table), bare(entry.name)) == (table, column.name)
    }
    definition = definitions["column"]
    if dialect.name == "postgresql":
        default = definitions.get("default")
        definition = f"{quoter(dialect)(column.name)} {definition}"
        definition += f" DEFAULT {default}" if default else ""
        definition += f" {definitions.get('not null', '')}"
    statement = f"ALTER TABLE {quoted_table(op, dialect)} ADD {definition.strip()}"
    return SQLOp([statement], [], f"add {op.table_name}.{column.name}")


def _is_of_unknown_type(part: sa.schema.SchemaItem) -> bool:
    return isinstance(part, sa.Column) and isinstance(part.type, NullType)
