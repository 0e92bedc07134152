"""Renders types and expressions without classes of the owner, which may change later."""

import ast
from collections.abc import Iterator
from copy import copy
from importlib import import_module
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import render_op_text
from alembic.autogenerate.api import AutogenContext
from alembic.ddl.impl import DefaultImpl
from alembic.operations import ops
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from alembic_guards.database.canonical import as_written
from alembic_guards.database.features import features
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.operations import as_text

Type = TypeEngine[Any]

#: A placeholder for a type in rendered code.
TYPE_MARK = "<type>"


def render_type(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Return the code of a type of SQLAlchemy that compiles to the same SQL as `item`.

    This is a render_item function of context.configure(). If no such type exists, return the code
    of the owner's type, and add its import to `context`. False lets Alembic render the item. A
    default that is a string is rendered as it is: Alembic would strip quotes at its ends.
    """
    if kind == "server_default" and isinstance(getattr(item, "arg", None), str):
        return repr(str.__str__(item.arg))  # it may be a member of an enum
    if kind == "server_default" and _has_parameters(getattr(item, "arg", None)):
        return f"sa.text({as_text(item.arg.text)!r})" if item.reflected else False
    if kind != "type":
        return False
    plain = plain_type(item, context.dialect)
    if constructor := _named_type(plain, context):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        schema = f", schema={plain.schema!r}" if plain.schema else ""
        return f"postgresql.{constructor}, name={plain.name!r}{schema}, create_type=False)"
    expected = item.compile(dialect=context.dialect)
    for candidate in _candidates(item, context):
        text, imports = _code_and_imports(candidate, context)
        if expected == _compiled(text, context.dialect):
            context.imports |= imports
            return text
    try:
        fallback = plain if plain.compile(dialect=context.dialect) == expected else item
    except CompileError:  # only the owner's class can compile the type
        fallback = item
    text, imports = _code_and_imports(fallback, context)
    context.imports |= imports | {f"import {type(fallback).__module__}"}
    return text


def keep_percent_signs(dialect: sa.Dialect) -> None:
    """Disable the doubling of percent signs in `dialect`, which only drivers need."""
    plain: Any = copy(dialect)
    plain.paramstyle = "named"  # the preparer reads it when it is created
    preparer: Any = type(dialect.identifier_preparer)
    dialect.identifier_preparer = preparer(plain)


def escape_colons(impl: DefaultImpl) -> None:
    """Escape colons in the expressions of Alembic: sa.text() would take ':x' for a parameter."""
    render = impl.render_ddl_sql_expr

    def escaped(expression: Any, **options: Any) -> str:
        sql = render(expression, **options)
        return sql if options.get("is_index") else as_text(sql)  # it is not rendered as text()

    impl.render_ddl_sql_expr = escaped  # type: ignore[assignment, method-assign]


def _has_parameters(default: Any) -> bool:
    return isinstance(default, sa.TextClause) and bool(default.compile().params)


def _candidates(item: Type, context: AutogenContext) -> Iterator[Type]:
    """Yield types that may compile to the same SQL, the most readable first."""
    yield plain_type(item, context.dialect)
    if context.connection is not None:
        try:
            yield as_written(context.connection, sa.Column("probe", item))["type"]
        except SQLAlchemyError:
            return


def element_type(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the plain type of a type, or that of its elements if it is an array."""
    plain = plain_type(type_, dialect)
    return element_type(plain.item_type, dialect) if isinstance(plain, sa.ARRAY) else plain


def _named_type(item: Any, context: AutogenContext) -> str:
    """Return the begin of the code of a domain or native enum, "" for other types.

    Statements of their own create these types.
    """
    if isinstance(item, postgresql.DOMAIN):
        return f"DOMAIN(data_type={_type_code(item.data_type, context)}"
    if isinstance(item, sa.Enum) and item.native_enum and features(context.dialect).has_schemas:
        return f"ENUM({', '.join(map(repr, item.enums))}"
    return ""


def _code_and_imports(type_: Type, context: AutogenContext) -> tuple[str, set[str]]:
    """Return the code of a type by Alembic, with `render_type` for inner types, and its imports."""

    def render(kind: str, part: Any, inner: AutogenContext) -> Any:
        return False if part is type_ else render_type(kind, part, inner)

    inner = AutogenContext(context.migration_context, opts={**context.opts, "render_item": render})
    return _type_code(type_, inner), inner.imports


def _type_code(type_: Type, context: AutogenContext) -> str:
    """Return the code that Alembic renders for the type of a column."""
    marked = AutogenContext(context.migration_context, opts={**context.opts, "render_item": _mark})
    before, after = _render_column(type_, marked).split(TYPE_MARK)
    return _render_column(type_, context).removeprefix(before).removesuffix(after)


def _render_column(type_: Type, context: AutogenContext) -> str:
    return render_op_text(context, ops.AddColumnOp("t", sa.Column("c", type_)))


def _mark(kind: str, _: object, __: AutogenContext) -> str | Literal[False]:
    return TYPE_MARK if kind == "type" else False


def _compiled(text: str, dialect: sa.Dialect) -> str | None:
    """Return the SQL that the code of a type compiles to; None if it needs more than SQLAlchemy."""
    try:
        type_: Type = _evaluate(ast.parse(text, mode="eval").body)
        return type_.compile(dialect=dialect)
    except Exception:  # noqa: BLE001 (whatever the code of somebody else's class may raise)
        return None


def _evaluate(node: ast.expr) -> Any:
    """Evaluate an expression of names and calls of SQLAlchemy and of literals."""
    match node:
        case ast.Call():
            arguments = [_evaluate(argument) for argument in node.args]
            options = {str(option.arg): _evaluate(option.value) for option in node.keywords}
            return _evaluate(node.func)(*arguments, **options)
        case ast.Attribute():
            return getattr(_evaluate(node.value), node.attr)
        case ast.Name(id="sa"):
            return sa
        case ast.Name(id=("mysql" | "postgresql" | "sqlite") as name):
            return import_module(f"sqlalchemy.dialects.{name}")
        case _:
            return ast.literal_eval(node)
