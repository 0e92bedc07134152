"""Puts columns that are computed where they belong, and keeps their values when they are so no more."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.find.constraint_names import both
from alembic_guards.authoring.questions import Answers
from alembic_guards.database.catalog import (
    Catalog,
    read_catalog,
    read_statements,
)
from alembic_guards.database.catalog.sqlite_parser import (
    generated_expression,
    parse_table,
    without_clause,
)
from alembic_guards.database.identifiers import bare, quoter
from alembic_guards.runtime.operations import COLUMN, SQLOp, rename
from alembic_guards.runtime.sqlite import RebuildTableOp


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
    columns = parse_table(form).columns
    return {name: column.text for name, column in columns.items() if generated_expression(column)}


def _computed(table: str, catalog: Catalog) -> dict[str, str]:
    """Return the same of a table of a server."""
    own = (entry for entry in catalog.values() if bare(entry.table) == bare(table))
    return {
        bare(entry.name): entry.definition
        if entry.kind == "column"
        else f"{entry.name} {entry.definition}"
        for entry in own
        if entry.generated
    }


def _plain(
    table: sa.Table, name: str, definition: str, connection: sa.Connection
) -> SQLOp | RebuildTableOp:
    dialect = connection.dialect
    as_plain = definition.partition(" GENERATED ALWAYS")[0]
    about = f"keep the values of {table.fullname}.{name}"
    if dialect.name == "sqlite":
        form = read_statements(connection)[table.name]
        new = without_clause(parse_table(form), name, "GENERATED")
        return RebuildTableOp(table.name, new, form, about)
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
