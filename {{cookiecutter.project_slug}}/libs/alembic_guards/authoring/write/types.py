"""Writes types and expressions so that a revision runs for ever, whatever becomes of the owner's code."""

from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.ddl.impl import DefaultImpl
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from alembic_guards.database.canonical import as_written
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.operations import as_text

Type = TypeEngine[Any]


def render_type(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Return the code of a type, of SQLAlchemy alone, that gives a column the same type as `item`.

    This is a render_item function of context.configure(). Where there is no such code, it is that
    of the owner's type, with its import; False leaves the item to Alembic. A text that is a default
    stays as it is: Alembic would take the quotes away that it begins and ends with.
    """
    if kind == "server_default" and isinstance(getattr(item, "arg", None), str):
        return repr(str.__str__(item.arg))  # it may be a member of an enum
    if kind == "server_default" and getattr(getattr(item, "arg", None), "_bindparams", None):
        return f"sa.text({as_text(item.arg.text)!r})" if item.reflected else False
    if kind != "type":
        return False
    plain = plain_type(item, context.dialect)
    if made := _made_before(plain, context):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        schema = f", schema={plain.schema!r}" if plain.schema else ""
        return f"postgresql.{made}, name={plain.name!r}{schema}, create_type=False)"
    wanted = item.compile(dialect=context.dialect)
    for candidate in _candidates(item, context):
        text, imports = _code(candidate, context)
        if wanted == _meaning(text, imports, context.dialect):
            context.imports |= imports
            return text
    try:
        own = plain if plain.compile(dialect=context.dialect) == wanted else item
    except CompileError:  # where the owner's code writes what SQLAlchemy cannot
        own = item
    text, imports = _code(own, context)
    context.imports |= imports | {f"import {type(own).__module__}"}
    return text


def write_colons(impl: DefaultImpl) -> None:
    """Let Alembic write expressions as sa.text() wants them: else ':x' would become NULL."""
    render = impl.render_ddl_sql_expr

    def escaped(expression: Any, **options: Any) -> str:
        sql = render(expression, **options)
        return sql if options.get("is_index") else as_text(sql)  # that is no text()

    impl.render_ddl_sql_expr = escaped  # type: ignore[assignment, method-assign]


def _candidates(item: Type, context: AutogenContext) -> Iterator[Type]:
    """Yield types that may be the same: first what is best to read."""
    yield plain_type(item, context.dialect)
    if context.connection is not None:
        try:
            yield as_written(context.connection, sa.Column("probe", item))["type"]
        except SQLAlchemyError:
            return


def innermost(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the plain type that a type is, or is an array of."""
    plain = plain_type(type_, dialect)
    return innermost(plain.item_type, dialect) if isinstance(plain, sa.ARRAY) else plain


def _made_before(item: Any, context: AutogenContext) -> str:
    """Return how the code of a type begins that a statement of its own has made; "" for all others."""
    if isinstance(item, postgresql.DOMAIN):
        return f"DOMAIN(data_type={_repr_type(item.data_type, context)}"
    if isinstance(item, sa.Enum) and item.native_enum and context.dialect.name == "postgresql":
        return f"ENUM({', '.join(map(repr, item.enums))}"
    return ""


def _code(type_: Type, context: AutogenContext) -> tuple[str, set[str]]:
    """Return the code that Alembic writes for a type, but for the types in it, and its imports."""

    def render(kind: str, part: Any, inner: AutogenContext) -> Any:
        return False if part is type_ else render_type(kind, part, inner)

    inner = AutogenContext(context.migration_context, opts={**context.opts, "render_item": render})
    return _repr_type(type_, inner), inner.imports


def _meaning(text: str, imports: set[str], dialect: sa.Dialect) -> str | None:
    """Return the type in SQL that code stands for; None where it is no code of SQLAlchemy alone."""
    names: dict[str, Any] = {"sa": sa}
    try:
        exec("\n".join(imports), names)  # noqa: S102
        type_: Type = eval(text, names)
        return type_.compile(dialect=dialect)
    except Exception:  # noqa: BLE001 (whatever a stranger's class may raise)
        return None
