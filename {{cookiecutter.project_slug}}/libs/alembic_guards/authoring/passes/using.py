"""Writes how PostgreSQL turns the values of a column into those of another type."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from alembic_guards.authoring.questions import Answers
from alembic_guards.database.identifiers import table_key
from alembic_guards.runtime.lossy.conversions import convert
from alembic_guards.runtime.operations import SQLOp

#: The time zone of times that have none, where no answer names another one.
ZONE = "UTC"
KNOWN_ZONE = sa.text("SELECT name FROM pg_timezone_names WHERE lower(name) = lower(:zone)")


def add_casts(
    container: ops.OpContainer, migration: MigrationContext, answers: Answers | None
) -> None:
    """Complete each change of type in `container`, for PostgreSQL, MariaDB and MySQL.

    A column that is computed is left to repairs.py: it is made again, and on MariaDB Alembic changes
    none. Raises CommandError for an answer with a time zone that the server does not know.
    """
    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [part for op in table.ops for part in _complete(op, migration, answers)]


def _complete(
    op: ops.MigrateOperation, migration: MigrationContext, answers: Answers | None
) -> Sequence[ops.MigrateOperation]:
    if not isinstance(op, ops.AlterColumnOp):
        return [op]
    typed = op.modify_type and op.existing_type
    if isinstance(op.existing_server_default, sa.Computed):
        return [] if typed or migration.dialect.name in ("mariadb", "mysql") else [op]
    if typed and migration.dialect.name == "postgresql":
        return _with_using(op, migration, answers)
    return [op]


def _with_using(
    op: ops.AlterColumnOp, migration: MigrationContext, answers: Answers | None
) -> Sequence[ops.MigrateOperation]:
    types, dialect = (op.existing_type, op.modify_type), migration.dialect
    plain, zoned = (convert(op.column_name, *types, dialect, zone) for zone in (None, ZONE))
    if plain.in_session or plain.value != zoned.value:
        zone = _zone(f"{table_key(op)}.{op.column_name}", migration, answers)
        zoned = convert(op.column_name, *types, dialect, zone)
        if zoned.in_session:
            return _in_zone(zone, _by(op, zoned.value))
    return _by(op, zoned.value)


def _zone(column: str, migration: MigrationContext, answers: Answers | None) -> str:
    """Return the name of the time zone that a column's times without one are in."""
    said = answers.take("zone", column) if answers else None
    if said is None or migration.connection is None:
        return ZONE
    known = migration.connection.scalar(KNOWN_ZONE, {"zone": said})
    if known is None:
        raise CommandError(
            f"zone={column}:{said} is no time zone that the server knows, such as Europe/Berlin."
            " Nothing was written."
        )
    return str(known)


def _in_zone(zone: str, parts: Sequence[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    """Let the session have a time zone meanwhile, where no expression could say it."""
    return [
        SQLOp([f"SET LOCAL TIME ZONE '{zone}'"], [], f"use times in {zone}"),
        *parts,
        SQLOp(["SET LOCAL TIME ZONE DEFAULT"], [], ""),
    ]


def _by(op: ops.AlterColumnOp, using: str) -> list[ops.AlterColumnOp]:
    if not using:
        return [op]
    op.kw["postgresql_using"] = using
    return _with_default_apart(op)


def _with_default_apart(op: ops.AlterColumnOp) -> list[ops.AlterColumnOp]:
    """Take away a default that PostgreSQL could not turn into the new type, and set the new one."""
    if not op.existing_server_default:
        return [op]
    first = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    first.modify_server_default, first.existing_type = None, op.existing_type
    first.existing_server_default = op.existing_server_default
    last = ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema)
    last.modify_server_default, last.existing_type = op.modify_server_default, op.modify_type
    if last.modify_server_default is False:  # it stays as it is
        last.modify_server_default = op.existing_server_default
    op.modify_server_default = op.existing_server_default = False
    return [first, op, last] if last.modify_server_default else [first, op]
