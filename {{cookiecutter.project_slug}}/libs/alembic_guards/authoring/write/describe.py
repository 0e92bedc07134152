"""Describes operations, for the terminal and for the message of a revision."""

from collections.abc import Iterator

from alembic.operations import ops
from sqlalchemy.exc import UnsupportedCompilationError

from alembic_guards.authoring.operations import ByHandOp, FunctionFillOp
from alembic_guards.runtime.backfill import BackfillOp
from alembic_guards.runtime.lossy.guard import ZONE
from alembic_guards.runtime.operations import OwnOp
from alembic_guards.runtime.sqlite import RebuildTableOp
from alembic_guards.runtime.views import CreateViewOp, DropViewOp


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
            yield _alteration(operation)
        case ops.CreateIndexOp():
            yield f"create index {operation.index_name}"
        case ops.DropIndexOp():
            yield f"drop index {operation.index_name}"
        case ops.CreateCheckConstraintOp():
            yield f"check {operation.table_name}: {operation.condition}"
        case ops.CreateUniqueConstraintOp():
            yield f"unique {operation.table_name}: {', '.join(operation.columns)}"
        case ops.CreateForeignKeyOp():
            columns = ", ".join(operation.local_cols)
            yield f"foreign key {operation.source_table}.{columns} -> {operation.referent_table}"
        case ops.AddConstraintOp():
            yield f"add constraint {operation.to_constraint().name}"
        case ops.DropConstraintOp():
            yield f"drop constraint {operation.constraint_name}"
        case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
            yield f"comment {operation.table_name}"
        case ByHandOp():
            for statement in operation.statements:
                yield f"by hand: {statement}"
        case OwnOp() | RebuildTableOp() | CreateViewOp() | DropViewOp():
            if operation.about:
                yield operation.about
        case BackfillOp():
            for column, value in operation.values.items():
                yield f"backfill {operation.table_name}.{column}: {value}"
        case FunctionFillOp():
            yield f"backfill {operation.table[0]}.{operation.column}: {operation.function}"
        case ops.ExecuteSQLOp():
            yield str(operation.sqltext)
        case _:
            yield _of_others(operation)


def _of_others(operation: ops.MigrateOperation) -> str:
    """Return what an operation of another library tells `alembic check`: its kind and a name."""
    try:
        kind, name, *_ = map(str, operation.to_diff_tuple())
    except (NotImplementedError, ValueError):
        return type(operation).__name__
    return f"{kind.replace('_', ' ')} {name}"


def _alteration(op: ops.AlterColumnOp) -> str:
    """Return what an operation changes of a column, such as "users.age: INTEGER -> BIGINT, NOT NULL"."""
    changes = []
    if op.modify_type is not None:
        types = dict.fromkeys(
            _type(each) for each in (op.existing_type, op.modify_type) if each is not None
        )
        zone = ZONE.search(str(op.kw.get("postgresql_using")))
        in_zone = f" (times in {zone[1]})" if zone else ""
        changes.append(f"{' -> '.join(types)}{in_zone}")
    if op.modify_nullable is not None:
        changes.append("may be NULL" if op.modify_nullable else "NOT NULL")
    if op.modify_server_default is not False:
        changes.append("no default" if op.modify_server_default is None else "another default")
    if op.modify_comment is not False:
        changes.append("another comment" if op.modify_comment else "no comment")
    name = f"{op.table_name}.{op.column_name}"
    return f"{name}: {', '.join(changes)}" if changes else f"alter {name}"


def _type(type_: object) -> str:
    """Return a type as SQL of no particular database; a type of one alone by the name of its class."""
    try:
        return str(type_)
    except UnsupportedCompilationError:
        return type(type_).__name__
