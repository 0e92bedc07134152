"""Puts columns that are computed where they belong, and keeps their values when they are so no more."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, ops

from .answers import Answers
from .catalog import COMPUTED, Catalog, read_catalog, read_statements, split_table
from .labels import both
from .names import bare, quoter
from .rebuild import RebuildTableOp
from .sql_op import COLUMN, SQLOp, rename


def begin_computing(context: AutogenContext, schema: str | None) -> Iterator[SQLOp]:
    """Yield what puts columns aside whose values the models compute: they go, where an answer says so.

    SQLite, PostgreSQL and MariaDB compute no column that holds values already.
    """
    answers: Answers = context.opts["answers"]
    quote = quoter(context.dialect)
    for table in both(context, schema):
        found = context.inspector.get_columns(table.name, schema)
        plain = {column["name"] for column in found if not column.get("computed")}
        for column in table.columns:
            name = f"{table.fullname}.{column.name}"
            if column.computed is None or column.name not in plain:
                continue
            if answers.take("drop", name) is None and not answers.ask(
                f"{name} holds values, and the models compute it:", f"drop={name}"
            ):
                continue
            names = {"schema": "", "table": context.dialect.identifier_preparer.format_table(table)}
            yield rename(COLUMN, quote(column.name), quote(f"{column.name}_"), **names)


def end_computing(context: AutogenContext, schema: str | None) -> Iterator[SQLOp | RebuildTableOp]:
    """Yield what makes plain columns of those that are computed, but in the models no more."""
    connection = context.connection
    if connection is None:
        return
    catalog = {} if connection.dialect.name == "sqlite" else read_catalog(connection)
    statements = read_statements(connection)
    for table in both(context, schema):
        if connection.dialect.name == "sqlite":
            found = _computed_on_sqlite(statements[table.name])
        else:
            found = _computed(connection.dialect.identifier_preparer.format_table(table), catalog)
        for column in table.columns:
            if column.computed is None and column.name in found:
                yield _plain(table, column.name, found[column.name], connection)


def _computed_on_sqlite(form: str) -> dict[str, str]:
    """Return the columns that are computed in the form of a table, with their definitions."""
    _, parts, _ = split_table(form)
    return {name: text for (_, name), text in parts.items() if " AS (" in text}


def _computed(table: str, catalog: Catalog) -> dict[str, str]:
    """Return the same of a table of a server."""
    return {
        bare(part.name): text if part.kind == "column" else f"{part.name} {text}"
        for part, text in catalog.items()
        if bare(part.table) == bare(table)
        and part.kind in ("column", "generated")
        and COMPUTED in text
    }


def _plain(
    table: sa.Table, name: str, definition: str, connection: sa.Connection
) -> SQLOp | RebuildTableOp:
    dialect = connection.dialect
    as_plain = definition.partition(" GENERATED ALWAYS")[0]
    about = f"keep the values of {table.fullname}.{name}"
    if dialect.name == "sqlite":
        form = read_statements(connection)[table.name]
        return RebuildTableOp(table.name, form.replace(definition, as_plain), form, about)
    quote = dialect.identifier_preparer.quote
    column, new = quote(name), quote(f"{name}_")
    alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(table)}"
    back = [f"{alter} DROP COLUMN {column}", f"{alter} ADD {definition}"]
    if definition.endswith("VIRTUAL"):
        type_ = as_plain.removeprefix(column).removeprefix(f"`{name}`")
        there = [
            f"{alter} ADD {new}{type_}",
            f"UPDATE {alter.removeprefix('ALTER TABLE ')} SET {new} = {column}",
            f"{alter} DROP COLUMN {column}",
            f"{alter} RENAME COLUMN {new} TO {column}",
        ]
    else:
        end = {"postgresql": f"ALTER {column} DROP EXPRESSION", "mysql": f"MODIFY {as_plain}"}
        there = [f"{alter} {end[dialect.name]}"]
    return SQLOp(there, back, about)


def computed_apart(steps: list[MigrateOperation]) -> None:
    """Let columns that are computed from others come after those, and go before them."""
    for kind, at_last in ((ops.AddColumnOp, True), (ops.DropColumnOp, False)):
        places = [place for place, op in enumerate(steps) if isinstance(op, kind)]
        in_order = sorted(
            (steps[place] for place in places),
            # What goes does so by the alphabet: Alembic has it in no order.
            key=lambda op: (_is_computed(op) is at_last, getattr(op, "column_name", "")),
        )
        for place, op in zip(places, in_order, strict=True):
            steps[place] = op


def _is_computed(op: Any) -> bool:
    column: sa.Column[Any] = op.column if isinstance(op, ops.AddColumnOp) else op.to_column()
    return column.computed is not None
