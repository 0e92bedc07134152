"""Describes operations, for the terminal and for the message of a revision."""

from collections.abc import Iterator

from alembic.operations import ops

from alembic_guards.runtime.backfill import BackfillOp
from alembic_guards.runtime.lossy.guard import ZONE
from alembic_guards.runtime.operations import OwnOp
from alembic_guards.runtime.sqlite import RebuildTableOp


def describe(operation: ops.MigrateOperation) -> Iterator[str]:
    """Yield a line for each step of `operation`, such as "add users.email", in their order."""
    match operation:
        case ops.OpContainer():
            for part in operation.ops:
                yield from describe(part)
        case ops.CreateTableOp():
            yield f"create {operation.table_name}"
        case ops.DropTableOp():
            yield f"drop {operation.table_name}"
        case ops.AddColumnOp():
            yield f"add {operation.table_name}.{operation.column.name}"
        case ops.DropColumnOp():
            yield f"drop {operation.table_name}.{operation.column_name}"
        case ops.AlterColumnOp():
            zone = ZONE.search(str(operation.kw.get("postgresql_using")))
            in_zone = f" (times in {zone[1]})" if zone else ""
            yield f"alter {operation.table_name}.{operation.column_name}{in_zone}"
        case ops.CreateIndexOp():
            yield f"create index {operation.index_name}"
        case ops.DropIndexOp():
            yield f"drop index {operation.index_name}"
        case ops.AddConstraintOp():
            yield f"add constraint {operation.to_constraint().name}"
        case ops.DropConstraintOp():
            yield f"drop constraint {operation.constraint_name}"
        case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
            yield f"comment {operation.table_name}"
        case OwnOp() | RebuildTableOp():
            if operation.about:
                yield operation.about
        case BackfillOp():
            for column, value in operation.values.items():
                yield f"backfill {operation.table_name}.{column}: {value}"
        case ops.ExecuteSQLOp():
            yield str(operation.sqltext)
        case _:
            yield type(operation).__name__
