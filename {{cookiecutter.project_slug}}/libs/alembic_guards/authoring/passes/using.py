"""Adds USING clauses, by which PostgreSQL converts the values of a column to another type."""

from copy import copy

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util import CommandError

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.operations import SQLOp

#: The time zone of values without time zone, if no answer names another one.
DEFAULT_ZONE = "UTC"
FIND_ZONE = sa.text("SELECT name FROM pg_timezone_names WHERE lower(name) = lower(:zone)")


def add_using_clauses(operations: OpList, comparison: Comparison) -> OpList:
    """Add a USING clause to each change of type, on PostgreSQL.

    Changes of the type of generated columns are removed, and on MariaDB and MySQL all changes of
    them: repairs.py recreates the column. Raises CommandError for an answer with a time zone that
    the server does not know.
    """
    return [
        part
        for op in operations
        for part in (_complete_alter(op, comparison) if isinstance(op, ops.AlterColumnOp) else [op])
    ]


def _complete_alter(op: ops.AlterColumnOp, comparison: Comparison) -> OpList:
    changes_type, dialect = op.modify_type and op.existing_type, backend_name(comparison.dialect)
    if isinstance(op.existing_server_default, sa.Computed):
        return [] if changes_type or dialect == "mysql" else [op]
    return _with_using(op, comparison) if changes_type and dialect == "postgresql" else [op]


def _with_using(op: ops.AlterColumnOp, comparison: Comparison) -> OpList:
    types, dialect = (op.existing_type, op.modify_type), comparison.dialect
    plain, zoned = (convert(op.column_name, *types, dialect, zone) for zone in (None, DEFAULT_ZONE))
    if plain.in_session or plain.value != zoned.value:
        zone = _time_zone(f"{table_key(op)}.{op.column_name}", comparison)
        zoned = convert(op.column_name, *types, dialect, zone)
        if zoned.in_session:
            return _in_session_zone(zone, _apply_using(op, zoned.value))
    return _apply_using(op, zoned.value)


def _time_zone(column: str, comparison: Comparison) -> str:
    """Return the time zone of the values of a column without time zone, by an answer or UTC."""
    connection = comparison.migration.connection
    answer = comparison.answers.take("zone", column) if comparison.answers else None
    if answer is None or connection is None:
        return DEFAULT_ZONE
    name = connection.scalar(FIND_ZONE, {"zone": answer})
    if name is None:
        raise CommandError(
            f"zone={column}:{answer} is not a time zone known to the server, such as Europe/Berlin."
            " Nothing was written."
        )
    return str(name)


def _in_session_zone(zone: str, operations: OpList) -> OpList:
    """Surround operations with SET LOCAL TIME ZONE, for casts that use that of the session."""
    return [
        SQLOp([f"SET LOCAL TIME ZONE '{zone}'"], [], f"use times in {zone}"),
        *operations,
        SQLOp(["SET LOCAL TIME ZONE DEFAULT"], [], ""),
    ]


def _apply_using(op: ops.AlterColumnOp, using: str) -> OpList:
    if not using:
        return [op]
    changed = copy(op)
    changed.kw = {**op.kw, "postgresql_using": using}
    return _replace_default(changed) if op.existing_server_default else [changed]


def _replace_default(op: ops.AlterColumnOp) -> OpList:
    """Drop the default before the type changes, and set it after: it may not have a cast."""
    first = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    first.modify_server_default, first.existing_type = None, op.existing_type
    first.existing_server_default = op.existing_server_default
    last = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    last.modify_server_default, last.existing_type = op.modify_server_default, op.modify_type
    if last.modify_server_default is False:  # the default does not change
        last.modify_server_default = op.existing_server_default
    change = copy(op)
    change.modify_server_default = change.existing_server_default = False
    return [first, change, last] if last.modify_server_default else [first, change]
