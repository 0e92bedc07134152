"""Compares types and defaults as the database itself writes them: no spelling raises an alarm."""

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
    wanted: sa.Column[object],
) -> PriorityDispatchResult:
    """Set `modify_server_default` of `op` where the default differs from that of the models."""
    generated = sa.Computed | sa.Identity
    if isinstance(present.server_default, generated) or isinstance(
        wanted.server_default, generated
    ):  # the catalog tells more of them than Alembic sees
        return PriorityDispatchResult.STOP
    columns = context.inspector.get_columns(table, schema)
    has = next(found.get("default") for found in columns if found["name"] == column)
    counts = serial_name(table, column) in str(has) and wanted.server_default is None
    if not counts and not _same_default(has, _as_written(context, wanted), context.dialect):
        op.modify_server_default = wanted.server_default
    op.existing_server_default = present.server_default
    return PriorityDispatchResult.STOP


def _same_default(one: str | None, other: str | None, dialect: sa.Dialect) -> bool:
    """Whether two defaults are the same; SQLite keeps the spelling of a default that it was given."""
    if dialect.name != "sqlite":
        return one == other
    texts = (text and default_meaning(tokenize(text)) for text in (one, other))
    return len(set(texts)) == 1


def compare_type(
    context: MigrationContext,
    _: sa.Column[object],
    wanted: sa.Column[object],
    present: sa.types.TypeEngine[Any],
    __: object,
) -> bool | None:
    """Return whether a column is to have another type, or an enum other values; None leaves it to Alembic.

    This is a compare_type function of context.configure().
    """
    if context.connection is None:
        return None
    enum = plain_type(wanted.type, context.dialect)
    known = KNOWN.get((wanted.table.fullname, wanted.name))
    is_text = isinstance(enum, sa.Enum) and not isinstance(present, sa.Enum)
    if known and is_text and set(known) != set(enum.enums):
        return True
    try:
        written = as_written(context.connection, sa.Column("probe", wanted.type))["type"]
        return written.compile(dialect=context.dialect) != present.compile(dialect=context.dialect)
    except SQLAlchemyError:
        return None


def _as_written(context: AutogenContext, wanted: sa.Column[object]) -> str | None:
    """Return the default as the database spells it, by giving it to a temporary table."""
    if not isinstance(wanted.server_default, sa.DefaultClause) or context.connection is None:
        return None
    default = cast("Any", wanted.server_default.arg)
    column = sa.Column("probe", wanted.type, server_default=default)
    return as_written(context.connection, column).get("default")
