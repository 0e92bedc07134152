"""Adds USING clauses, by which PostgreSQL converts the values of a column to another type."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from alembic_guards.authoring.questions import Answers
from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.operations import SQLOp

#: The time zone of values without time zone, if no answer names another one.
DEFAULT_ZONE = "UTC"
FIND_ZONE = sa.text("SELECT name FROM pg_timezone_names WHERE lower(name) = lower(:zone)")


def add_using_clauses(
    container: ops.OpContainer, migration: MigrationContext, answers: Answers | None
) -> None:
    """Add a USING clause to each change of type in `container`, on PostgreSQL.

    Changes of the type of generated columns are removed, and on MariaDB and MySQL all changes of
    them: repairs.py recreates the column. Raises CommandError for an answer with a time zone that
    the server does not know.
    """
    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [
                part for op in table.ops for part in _complete_alter(op, migration, answers)
            ]


def _complete_alter(
    op: ops.MigrateOperation, migration: MigrationContext, answers: Answers | None
) -> Sequence[ops.MigrateOperation]:
    if not isinstance(op, ops.AlterColumnOp):
        return [op]
    changes_type = op.modify_type and op.existing_type
    if isinstance(op.existing_server_default, sa.Computed):
        return [] if changes_type or migration.dialect.name in ("mariadb", "mysql") else [op]
    if changes_type and migration.dialect.name == "postgresql":
        return _with_using(op, migration, answers)
    return [op]


def _with_using(
    op: ops.AlterColumnOp, migration: MigrationContext, answers: Answers | None
) -> Sequence[ops.MigrateOperation]:
    types, dialect = (op.existing_type, op.modify_type), migration.dialect
    plain, zoned = (convert(op.column_name, *types, dialect, zone) for zone in (None, DEFAULT_ZONE))
    if plain.in_session or plain.value != zoned.value:
        zone = _time_zone(f"{table_key(op)}.{op.column_name}", migration, answers)
        zoned = convert(op.column_name, *types, dialect, zone)
        if zoned.in_session:
            return _in_session_zone(zone, _apply_using(op, zoned.value))
    return _apply_using(op, zoned.value)


def _time_zone(column: str, migration: MigrationContext, answers: Answers | None) -> str:
    """Return the time zone of the values of a column without time zone, by an answer or UTC."""
    answer = answers.take("zone", column) if answers else None
    if answer is None or migration.connection is None:
        return DEFAULT_ZONE
    name = migration.connection.scalar(FIND_ZONE, {"zone": answer})
    if name is None:
        raise CommandError(
            f"zone={column}:{answer} is no time zone that the server knows, such as Europe/Berlin."
            " Nothing was written."
        )
    return str(name)


def _in_session_zone(
    zone: str, operations: Sequence[ops.MigrateOperation]
) -> list[ops.MigrateOperation]:
    """Surround operations with SET LOCAL TIME ZONE, for casts that use that of the session."""
    return [
        SQLOp([f"SET LOCAL TIME ZONE '{zone}'"], [], f"use times in {zone}"),
        *operations,
        SQLOp(["SET LOCAL TIME ZONE DEFAULT"], [], ""),
    ]


def _apply_using(op: ops.AlterColumnOp, using: str) -> list[ops.AlterColumnOp]:
    if not using:
        return [op]
    op.kw["postgresql_using"] = using
    return _replace_default(op)


def _replace_default(op: ops.AlterColumnOp) -> list[ops.AlterColumnOp]:
    """Drop the default before the type changes, and set it after: it may not have a cast."""
    if not op.existing_server_default:
        return [op]
    first = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    first.modify_server_default, first.existing_type = None, op.existing_type
    first.existing_server_default = op.existing_server_default
    last = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    last.modify_server_default, last.existing_type = op.modify_server_default, op.modify_type
    if last.modify_server_default is False:  # the default does not change
        last.modify_server_default = op.existing_server_default
    op.modify_server_default = op.existing_server_default = False
    return [first, op, last] if last.modify_server_default else [first, op]
