"""Renders operations as the code of a revision, where Alembic leaves something out or knows none."""

from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import (
    _add_table,
    _alter_column,
    _drop_column,
    _drop_table,
    _render_constraint,
    render_op,
)
from alembic.operations import ops

from alembic_guards.authoring.passes.online_steps import AutocommitOp
from alembic_guards.runtime.destructive import INFO
from alembic_guards.runtime.enum_values import RenameValueOp
from alembic_guards.runtime.operations import SQLOp, as_text
from alembic_guards.runtime.sqlite import RebuildTableOp


def install_renderers() -> None:
    """Have Alembic render operations with the functions below."""
    for kind, render in (
        (AutocommitOp, _render_autocommit),
        (RebuildTableOp, _render_rebuild),
        (RenameValueOp, _render_rename_value),
        (SQLOp, _render_sql),
        (ops.AlterColumnOp, _render_alter_column),
        (ops.CreateTableOp, _render_create_table),
        (ops.DropColumnOp, _render_drop_column),
        (ops.DropTableOp, _render_drop_table),
    ):
        renderers.dispatch_for(kind, replace=True)(render)


def creation_order(part: sa.schema.SchemaItem) -> int:
    """Return the sort key of a part of a table: columns first, constraints as in the models."""
    return part._creation_order if isinstance(part, sa.Constraint) else 0


def _render_autocommit(context: AutogenContext, op: AutocommitOp) -> list[str]:
    lines = [line for part in op.ops for line in render_op(context, part)]
    return ["with op.get_context().autocommit_block():", *lines, ""] if lines else []


def _render_rebuild(_: AutogenContext, op: RebuildTableOp) -> str:
    return f"op.rebuild_table({op.table_name!r}, {op.form!r})"


def _render_rename_value(_: AutogenContext, op: RenameValueOp) -> str:
    arguments = (op.table_name, op.column_name, op.old, op.new)
    return f"op.rename_value({', '.join(map(repr, arguments))})"


def _render_sql(_: AutogenContext, op: SQLOp) -> list[str]:
    lines = [f"op.execute({as_text(statement)!r})" for statement in op.statements]
    return ["with op.get_context().autocommit_block():", *lines, ""] if op.autocommit else lines


def _render_alter_column(context: AutogenContext, op: ops.AlterColumnOp) -> str:
    """Render the USING clause too, which Alembic leaves out."""
    text = _alter_column(context, op)
    using = op.kw.get("postgresql_using")
    return f"{text.removesuffix(')')}, postgresql_using={using!r})" if using else text


def _render_create_table(context: AutogenContext, op: ops.CreateTableOp) -> str:
    """Render constraints in the order of the models: MariaDB numbers unnamed ones by it."""
    op.columns = sorted(op.columns, key=creation_order)  # constraints of a Table are a set
    constraints = sorted(op.to_table().constraints, key=creation_order)
    texts = [_render_constraint(part, context, op._namespace_metadata) for part in constraints]
    ordered = [text for text in texts if text]
    return _add_table(context, op).replace(",\n".join(sorted(ordered)), ",\n".join(ordered))


def _render_drop_column(context: AutogenContext, op: ops.DropColumnOp) -> str:
    return _with_consent(_drop_column(context, op), op.kw.get("info"))


def _render_drop_table(context: AutogenContext, op: ops.DropTableOp) -> str:
    return _with_consent(_drop_table(context, op), op.info)


def _with_consent(text: str, info: Any) -> str:
    return f"{text.removesuffix(')')}, info={INFO})" if info == INFO else text
