"""Puts columns that are computed where they belong, and keeps their values when they are so no more."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.find.constraint_names import both
from alembic_guards.authoring.questions import Answers
from alembic_guards.database.catalog import (
    Entry,
    read_catalog,
    read_statements,
)
from alembic_guards.database.catalog.sqlite_parser import (
    generated_expression,
    parse_table,
    without_clause,
)
from alembic_guards.database.identifiers import bare
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameColumn
from alembic_guards.runtime.sqlite import RebuildTableOp


def begin_computing(context: AutogenContext, schema: str | None) -> Iterator[RenameColumn]:
    """Yield what puts columns aside whose values the models compute: they go, where an answer says so.

    SQLite, PostgreSQL and MariaDB compute no column that holds values already.
    """
    answers: Answers = context.opts["answers"]
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
            aside = f"{column.name}_"
            yield RenameColumn(column.name, aside, table=table.name, schema=table.schema)


def end_computing(context: AutogenContext, schema: str | None) -> Iterator[SQLOp | RebuildTableOp]:
    """Yield what makes plain columns of those that are computed, but in the models no more."""
    connection = context.connection
    if connection is None:
        return
    if connection.dialect.name == "sqlite":
        yield from _end_computing_on_sqlite(context, schema, connection)
        return
    catalog = read_catalog(connection)
    for table in both(context, schema):
        name = bare(connection.dialect.identifier_preparer.format_table(table))
        generated = (entry for entry in catalog.values() if entry.generated)
        found = {bare(entry.name): entry for entry in generated if bare(entry.table) == name}
        for column in table.columns:
            if column.computed is None and column.name in found:
                yield _plain(table, column.name, found[column.name], connection.dialect)


def _end_computing_on_sqlite(
    context: AutogenContext, schema: str | None, connection: sa.Connection
) -> Iterator[RebuildTableOp]:
    statements = read_statements(connection)
    for table in both(context, schema):
        form = statements[table.name]
        parsed = parse_table(form)
        for column in table.columns:
            present = parsed.columns.get(column.name)
            if column.computed is None and present and generated_expression(present):
                plain = without_clause(parsed, column.name, "GENERATED")
                about = f"keep the values of {table.fullname}.{column.name}"
                yield RebuildTableOp(table.name, plain, form, about)


def _plain(table: sa.Table, name: str, generated: Entry, dialect: sa.Dialect) -> SQLOp:
    """Return what makes a plain column of a generated one on a server."""
    quote = dialect.identifier_preparer.quote
    column, new = quote(name), quote(f"{name}_")
    definition = generated.definition  # on MariaDB with the name of the column
    definition = definition if generated.kind == "column" else f"{generated.name} {definition}"
    as_plain = definition.partition(" GENERATED ALWAYS AS (")[0]
    alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(table)}"
    back = [f"{alter} DROP COLUMN {column}", f"{alter} ADD {definition}"]
    if generated.generated == "VIRTUAL":
        there = [
            f"{alter} ADD {new}{as_plain.removeprefix(generated.name)}",
            f"UPDATE {alter.removeprefix('ALTER TABLE ')} SET {new} = {column}",
            f"{alter} DROP COLUMN {column}",
            f"{alter} RENAME COLUMN {new} TO {column}",
        ]
    else:
        end = {"postgresql": f"ALTER {column} DROP EXPRESSION", "mysql": f"MODIFY {as_plain}"}
        there = [f"{alter} {end[dialect.name]}"]
    return SQLOp(there, back, f"keep the values of {table.fullname}.{name}")
