"""Renders operations of the guards as code, and those of Alembic with what Alembic leaves out."""

from collections.abc import Callable
from copy import copy
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.operations import ops

from alembic_guards.authoring.operations import AutocommitOp, ByHandOp, FunctionFillOp
from alembic_guards.authoring.write.types import render_type
from alembic_guards.compat import creation_order, render_constraint
from alembic_guards.errors import commands
from alembic_guards.runtime.backfill import BackfillOp
from alembic_guards.runtime.destructive import INFO
from alembic_guards.runtime.enum_values import RenameValueOp
from alembic_guards.runtime.operations import SQLOp, as_text
from alembic_guards.runtime.renames import Rename, RenameColumn, RenameTable
from alembic_guards.runtime.sqlite import RebuildTableOp
from alembic_guards.runtime.views import CreateViewOp, DropViewOp, ViewOp

#: The package that exports our operations as functions.
LIBRARY = "alembic_guards"

#: What stands above the outline of SQL that a person completes, and where it is read from.
BY_HAND = (
    "# By hand: replace each ... by SQL over the rows, delete or add statements, then: make prove"
)
DROPPED = "# What the rows are read from is dropped below, whatever it holds."
#: What lets squawk pass: a part that was committed alone could lose rows.
LOCKS = (
    "# All of it is one transaction, so that no row is lost halfway; its locks are accepted:",
    "# squawk-ignore: adding-not-nullable-field, constraint-missing-not-valid",
    "# squawk-ignore: adding-foreign-key-constraint, disallowed-unique-constraint",
    "# squawk-ignore: require-concurrent-index-creation, require-concurrent-index-deletion",
)

#: The renderers of Alembic that functions below call, and whose code they complete.
ALEMBIC_RENDERERS: dict[type[ops.MigrateOperation], Callable[..., str]] = {
    kind: renderers.dispatch(kind)
    for kind in (ops.AlterColumnOp, ops.CreateTableOp, ops.DropColumnOp, ops.DropTableOp)
}


def install_renderers() -> None:
    """Register the functions below as renderers of Alembic, for the whole process."""
    for kind, render in (
        (AutocommitOp, _render_autocommit),
        (BackfillOp, _render_backfill),
        (ByHandOp, _render_by_hand),
        (FunctionFillOp, _render_function_fill),
        (RebuildTableOp, _render_rebuild),
        (Rename, _render_rename),
        (RenameColumn, _render_rename_column),
        (RenameTable, _render_rename_table),
        (RenameValueOp, _render_rename_value),
        (SQLOp, _render_sql),
        (CreateViewOp, _render_create_view),
        (DropViewOp, _render_drop_view),
        (ops.AlterColumnOp, _render_alter_column),
        (ops.CreateTableOp, _render_create_table),
        (ops.DropColumnOp, _render_drop_column),
        (ops.DropTableOp, _render_drop_table),
    ):
        renderers.dispatch_for(kind, replace=True)(render)


def _render_autocommit(context: AutogenContext, op: AutocommitOp) -> list[str]:
    lines = [line for part in op.ops for line in render_op(context, part)]
    return ["with op.get_context().autocommit_block():", *lines, ""] if lines else []


def _render_backfill(context: AutogenContext, op: BackfillOp) -> str:
    where = f", where={op.where!r}" if op.where else ""
    arguments = f"{op.table_name!r}, {op.values!r}{where}{_in_schema(op.schema)}"
    return _call(context, "backfill", arguments)


def _render_by_hand(_: AutogenContext, op: ByHandOp) -> list[str]:
    statements = (f"op.execute({as_text(statement)!r})" for statement in op.statements)
    comments = [commands(BY_HAND), *[DROPPED] * op.drops, *LOCKS * op.locks]
    return [*comments, *statements, ""]


def _render_function_fill(context: AutogenContext, op: FunctionFillOp) -> str:
    table, schema = op.table
    context.imports |= {f"import {module}" for module in op.modules}
    type_ = render_type("type", op.type, context)
    arguments = (
        f"{table!r}, {{{op.column!r}: {op.function}}}, types={{{op.column!r}: {type_}}}, "
        f"where={op.where!r}{_in_schema(schema)}"
    )
    return _call(context, "backfill", arguments)


def _render_rebuild(context: AutogenContext, op: RebuildTableOp) -> str:
    lines = "\n".join(map(repr, op.form.splitlines(keepends=True) or [""]))
    return _call(context, "rebuild_table", f"\n{op.table_name!r},\n{lines},\n")


def _call(context: AutogenContext, name: str, arguments: str) -> str:
    """Return the call of an operation of ours, and import it: type checkers know none of `op`."""
    context.imports.add(f"from {LIBRARY} import {name}")
    return f"{name}({arguments})"


def _render_rename(context: AutogenContext, op: Rename) -> str:
    return f"op.execute({as_text(op.sql(context.dialect))!r})"


def _render_rename_column(_: AutogenContext, op: RenameColumn) -> str:
    arguments = f"{op.table!r}, {op.old!r}, new_column_name={op.new!r}"
    return f"op.alter_column({arguments}{_in_schema(op.schema)})"


def _render_rename_table(_: AutogenContext, op: RenameTable) -> str:
    return f"op.rename_table({op.old!r}, {op.new!r}{_in_schema(op.schema)})"


def _render_create_view(context: AutogenContext, op: CreateViewOp) -> str:
    lines = "\n".join(map(repr, op.select.splitlines(keepends=True) or [""]))
    options = f"options={op.options!r},\n" if op.options else ""
    return _call(
        context, "create_view", f"\n{op.view_name!r},\n{lines},\n{_of_view(op, ',')}{options}"
    )


def _render_drop_view(context: AutogenContext, op: DropViewOp) -> str:
    arguments = [repr(op.view_name), *_of_view(op, "\n").splitlines()]
    return _call(context, "drop_view", ", ".join(arguments))


def _of_view(op: ViewOp, end: str) -> str:
    """Return the arguments that both operations on views have."""
    schema = f"schema={op.schema!r}{end}" if op.schema else ""
    return schema + (f"materialized=True{end}" if op.materialized else "")


def _in_schema(schema: str | None) -> str:
    return f", schema={schema!r}" if schema else ""


def _render_rename_value(context: AutogenContext, op: RenameValueOp) -> str:
    arguments = (op.table_name, op.column_name, op.old, op.new)
    return _call(context, "rename_value", ", ".join(map(repr, arguments)))


def _render_sql(_: AutogenContext, op: SQLOp) -> list[str]:
    lines = [f"op.execute({as_text(statement)!r})" for statement in op.statements]
    return ["with op.get_context().autocommit_block():", *lines, ""] if op.autocommit else lines


def _render_alter_column(context: AutogenContext, op: ops.AlterColumnOp) -> str:
    """Render the USING clause, which Alembic leaves out."""
    text = ALEMBIC_RENDERERS[ops.AlterColumnOp](context, op)
    using = op.kw.get("postgresql_using")
    return f"{text.removesuffix(')')}, postgresql_using={using!r})" if using else text


def _render_create_table(context: AutogenContext, op: ops.CreateTableOp) -> str:
    """Render constraints in the order of the models, by which MariaDB numbers unnamed ones."""
    op.columns = sorted(op.columns, key=creation_order)  # constraints of a Table are a set
    table, op_with_table = op.to_table(), copy(op)
    # If a Rewriter made the operation, a second Table would take the constraints of the first one.
    setattr(op_with_table, "to_table", lambda: table)  # noqa: B010 (mypy refuses to replace a method)
    constraints = sorted(table.constraints, key=creation_order)
    texts = [render_constraint(part, op, context) for part in constraints]
    ordered = [text for text in texts if text]
    text = ALEMBIC_RENDERERS[ops.CreateTableOp](context, op_with_table)
    return text.replace(",\n".join(sorted(ordered)), ",\n".join(ordered))


def _render_drop_column(context: AutogenContext, op: ops.DropColumnOp) -> str:
    return _with_info(ALEMBIC_RENDERERS[ops.DropColumnOp](context, op), op.kw.get("info"))


def _render_drop_table(context: AutogenContext, op: ops.DropTableOp) -> str:
    return _with_info(ALEMBIC_RENDERERS[ops.DropTableOp](context, op), op.info)


def _with_info(text: str, info: Any) -> str:
    return f"{text.removesuffix(')')}, info={INFO})" if info == INFO else text
