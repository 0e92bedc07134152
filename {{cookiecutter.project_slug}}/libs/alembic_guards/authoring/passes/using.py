"""Tells a server how to turn the values of a column into those of another type."""

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.ranges import (
    AbstractMultiRange,
    AbstractRange,
    AbstractSingleRange,
)

from alembic_guards.compat import type_affinity
from alembic_guards.database.identifiers import quoter
from alembic_guards.runtime.lossy.servers import PARSED, has_no_hyphens

RANGES = (AbstractSingleRange, AbstractMultiRange)


def add_casts(container: ops.OpContainer, migration: MigrationContext) -> None:
    """Complete each change of type in `container`, for PostgreSQL, MariaDB and MySQL.

    A type of another family gets a USING clause. Inside one, as from VARCHAR(20) to VARCHAR(10),
    PostgreSQL refuses values that do not fit, where an explicit cast would cut them short. A column
    that is computed is left to repairs.py: it is made again, and on MariaDB Alembic changes none.
    """
    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [part for op in table.ops for part in _complete(op, migration.dialect)]


def _complete(op: ops.MigrateOperation, dialect: sa.Dialect) -> Sequence[ops.MigrateOperation]:
    if not isinstance(op, ops.AlterColumnOp):
        return [op]
    typed = op.modify_type and op.existing_type
    if isinstance(op.existing_server_default, sa.Computed):
        return [] if typed or dialect.name == "mysql" else [op]
    return _with_using(op, dialect) if typed and dialect.name == "postgresql" else [op]


def _with_using(op: ops.AlterColumnOp, dialect: sa.Dialect) -> list[ops.AlterColumnOp]:
    old, new = cast("Any", op.existing_type), cast("Any", op.modify_type)
    if _family(old) != _family(new):
        column, type_ = quoter(dialect)(op.column_name), new.compile(dialect=dialect)
        op.kw["postgresql_using"] = _using(old, new, column, type_)
        return _with_default_apart(op)
    return [op]


def _using(old: Any, new: Any, column: str, type_: str) -> str:
    """Return what a plain cast would do wrong, or PostgreSQL has no cast for, in two steps."""
    if (
        isinstance(new, sa.ARRAY)
        and isinstance(old, sa.ARRAY)
        and isinstance(new.item_type, sa.Enum)
    ):
        return f"{column}::text[]::{type_}"
    if isinstance(new, sa.ARRAY) and (isinstance(old, sa.Enum) or not isinstance(old, PARSED)):
        return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}::text]::{type_} END"
    if isinstance(old, sa.ARRAY) and (isinstance(new, sa.Enum) or not isinstance(new, PARSED)):
        return f"{column}[1]::text::{type_}"
    if isinstance(old, sa.Enum) or isinstance(new, sa.Enum):
        return f"{column}::text::{type_}"
    if isinstance(old, sa.LargeBinary) and isinstance(new, sa.String):
        return f"convert_from({column}, 'UTF8')"  # a cast writes hexadecimal digits
    if isinstance(old, AbstractMultiRange) and isinstance(new, AbstractSingleRange):
        return f"range_merge({column})::{type_}"
    alike = any(isinstance(old, kind) and isinstance(new, kind) for kind in RANGES)
    if alike and not type_.startswith("DATE"):  # which takes a time and says nothing
        return f"{column}::text::{type_}"
    if isinstance(old, postgresql.INET) and isinstance(new, sa.String):
        return f"abbrev({column})"  # a cast adds /32
    if isinstance(old, sa.Uuid) and has_no_hyphens(new):
        return f"replace({column}::text, '-', '')"
    if isinstance(new, sa.String):  # a cast to a type with a length would cut off the rest
        return f"{column}::text"
    if isinstance(new, sa.LargeBinary) and isinstance(old, sa.String):
        return f"convert_to({column}, 'UTF8')"
    families = {_family(old), _family(new)}
    if sa.Boolean in families and families & {sa.Integer, sa.Numeric, sa.Float}:
        return f"{column}::integer::{type_}"
    if isinstance(new, sa.JSON) and not isinstance(old, sa.String):
        return f"to_jsonb({column})::{type_}"
    if isinstance(old, sa.JSON) and not isinstance(new, sa.ARRAY):
        return f"({column} #>> '{{}}')::{type_}"
    return f"{column}::{type_}"


def _with_default_apart(op: ops.AlterColumnOp) -> list[ops.AlterColumnOp]:
    """Take away a default that PostgreSQL could not turn into the new type, and set the new one."""
    if not op.existing_server_default:
        return [op]
    first = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    first.modify_server_default, first.existing_type = None, op.existing_type
    first.existing_server_default = op.existing_server_default
    last = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    last.modify_server_default, last.existing_type = op.modify_server_default, op.modify_type
    op.modify_server_default = op.existing_server_default = False
    return [first, op, last] if last.modify_server_default else [first, op]


def _family(type_: sa.types.TypeEngine[Any]) -> object:
    """Return the general type, such as Integer for BIGINT, that a type is a kind of."""
    if isinstance(type_, sa.ARRAY):
        return (sa.ARRAY, _family(type_.item_type))
    if isinstance(type_, AbstractRange):
        return type(type_)
    if isinstance(type_, sa.Enum) and type_.native_enum:
        return (sa.Enum, type_.name)
    if isinstance(type_, sa.Uuid):
        return (sa.Uuid, type_.native_uuid)
    return type_affinity(type_)
