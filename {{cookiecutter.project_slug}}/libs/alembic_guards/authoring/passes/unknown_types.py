"""Recreates columns whose type SQLAlchemy cannot reflect, by their definition in the catalog."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.types import NullType

from alembic_guards.database.catalog import Catalog
from alembic_guards.database.identifiers import bare, quoted_table, quoter, table_key
from alembic_guards.runtime.operations import SQLOp


def write_unknown_types(container: ops.OpContainer, present: Catalog, dialect: sa.Dialect) -> None:
    """Replace each added column of `container` without a type by ALTER TABLE, as in `present`.

    On SQLite there are none: reflection takes an unknown type for NUMERIC.
    """

    definitions = {
        (bare(entry.table), entry.kind, bare(entry.name)): entry.definition
        for entry in present.values()
    }

    def add_column(table: Any, column: sa.Column[Any]) -> SQLOp:
        key = table_key(table)
        definition = definitions[key, "column", column.name]
        if dialect.name == "postgresql":
            default = definitions.get((key, "default", column.name))
            definition = f"{quoter(dialect)(column.name)} {definition}"
            definition += f" DEFAULT {default}" if default else ""
            definition += f" {definitions.get((key, 'not null', column.name), '')}"
        statement = f"ALTER TABLE {quoted_table(table, dialect)} ADD {definition.strip()}"
        return SQLOp([statement], [], f"add {table.table_name}.{column.name}")

    def with_known_types(op: MigrateOperation) -> Iterator[MigrateOperation]:
        if isinstance(op, ops.ModifyTableOps):
            op.ops = [each for part in op.ops for each in with_known_types(part)]
        if isinstance(op, ops.AddColumnOp) and isinstance(op.column.type, NullType):
            yield add_column(op, op.column)
            return
        unknown: list[Any] = []
        if isinstance(op, ops.CreateTableOp):
            unknown = [part for part in op.columns if _is_of_unknown_type(part)]
            op.columns = [part for part in op.columns if not _is_of_unknown_type(part)]
        yield op
        yield from (add_column(op, column) for column in unknown)

    container.ops = [part for op in container.ops for part in with_known_types(op)]


def _is_of_unknown_type(part: sa.schema.SchemaItem) -> bool:
    return isinstance(part, sa.Column) and isinstance(part.type, NullType)
