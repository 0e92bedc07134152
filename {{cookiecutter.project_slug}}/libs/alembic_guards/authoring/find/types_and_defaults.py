"""Compares types and defaults as the database itself writes them, so that no spelling is drift."""

from typing import Any, cast

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import PriorityDispatchResult
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.canonical import as_written
from alembic_guards.database.catalog.sqlite_canonical import default_meaning
from alembic_guards.database.catalog.sqlite_parser import tokenize
from alembic_guards.database.identifiers import serial_name
from alembic_guards.runtime.enum_history import KNOWN
from alembic_guards.runtime.lossy.families import plain_type


def compare_default(
    context: AutogenContext,
    op: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    column: str,
    present: sa.Column[object],
    target: sa.Column[object],
) -> PriorityDispatchResult:
    """Set `modify_server_default` of `op` if the default differs from that of the models.

    This is a comparator of autogenerate.
    """
    generated = sa.Computed | sa.Identity
    if isinstance(present.server_default, generated) or isinstance(
        target.server_default, generated
    ):  # the catalog holds more of them than reflection
        return PriorityDispatchResult.STOP
    columns = context.inspector.get_columns(table, schema)
    present_default = next(each.get("default") for each in columns if each["name"] == column)
    is_serial = serial_name(table, column) in str(present_default) and target.server_default is None
    if not is_serial and not _same_default(
        present_default, _canonical_default(context, target), context.dialect
    ):
        op.modify_server_default = target.server_default
    op.existing_server_default = present.server_default
    return PriorityDispatchResult.STOP


def _same_default(one: str | None, other: str | None, dialect: sa.Dialect) -> bool:
    """Whether two defaults are the same; SQLite keeps the spelling of CREATE TABLE."""
    if dialect.name != "sqlite":
        return one == other
    texts = (text and default_meaning(tokenize(text)) for text in (one, other))
    return len(set(texts)) == 1


def compare_type(
    context: MigrationContext,
    _: sa.Column[object],
    target: sa.Column[object],
    present: sa.types.TypeEngine[Any],
    __: object,
) -> bool | None:
    """Return whether the type or the enum values of a column differ; None lets Alembic compare.

    This is a compare_type function of context.configure().
    """
    if context.connection is None:
        return None
    enum = plain_type(target.type, context.dialect)
    known_values = KNOWN.get((target.table.fullname, target.name))
    is_text = isinstance(enum, sa.Enum) and not isinstance(present, sa.Enum)
    if known_values and is_text and set(known_values) != set(enum.enums):
        return True
    try:
        canonical = as_written(context.connection, sa.Column("probe", target.type))["type"]
        return canonical.compile(dialect=context.dialect) != present.compile(
            dialect=context.dialect
        )
    except SQLAlchemyError:
        return None


def _canonical_default(context: AutogenContext, target: sa.Column[object]) -> str | None:
    """Return the default as the database writes it, by a column of a temporary table."""
    if not isinstance(target.server_default, sa.DefaultClause) or context.connection is None:
        return None
    default = cast("Any", target.server_default.arg)
    column = sa.Column("probe", target.type, server_default=default)
    return as_written(context.connection, column).get("default")
