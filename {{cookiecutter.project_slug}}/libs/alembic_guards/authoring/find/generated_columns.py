"""Turns plain columns into generated ones, and generated ones into plain ones with their values."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.find.constraint_names import tables_in_both
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
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.identifiers import bare, free_name
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameColumn
from alembic_guards.runtime.sqlite import RebuildTableOp


def rename_replaced_columns(context: AutogenContext, schema: str | None) -> Iterator[RenameColumn]:
    """Yield renames of plain columns that are generated in the models, if an answer drops them.

    Autogenerate then drops the renamed column and adds the generated one. SQLite, PostgreSQL and
    MariaDB cannot make a plain column generated.
    """
    answers: Answers = context.opts["answers"]
    for table in tables_in_both(context, schema):
        present = context.inspector.get_columns(table.name, schema)
        plain = {column["name"] for column in present if not column.get("computed")}
        for column in table.columns:
            name = f"{table.fullname}.{column.name}"
            if column.computed is None or column.name not in plain:
                continue
            if answers.take("drop", name) is None and not answers.ask(
                f"{name} holds values, and the models compute it:",
                f"The column {name} holds values, and the models compute it. Are its values",
                {f"drop={name}": "dropped, and computed"},
            ):
                continue
            temporary = free_name("{}_", column.name, plain)
            yield RenameColumn(column.name, temporary, table=table.name, schema=table.schema)


def make_plain_columns(
    context: AutogenContext, schema: str | None
) -> Iterator[SQLOp | RebuildTableOp]:
    """Yield operations that make generated columns plain if the models do not generate them."""
    connection = context.connection
    if connection is None:
        return
    if not features(connection.dialect).alters_tables:
        yield from _make_plain_on_sqlite(context, schema, connection)
        return
    catalog = read_catalog(connection)
    for table in tables_in_both(context, schema):
        name = bare(connection.dialect.identifier_preparer.format_table(table))
        generated = (entry for entry in catalog.values() if entry.generated)
        present = {bare(entry.name): entry for entry in generated if bare(entry.table) == name}
        for column in table.columns:
            if column.computed is None and column.name in present:
                yield _make_plain_on_server(
                    table, column.name, present[column.name], connection.dialect
                )


def _make_plain_on_sqlite(
    context: AutogenContext, schema: str | None, connection: sa.Connection
) -> Iterator[RebuildTableOp]:
    statements = read_statements(connection)
    for table in tables_in_both(context, schema):
        create_table = statements[table.name]
        parsed = parse_table(create_table)
        for column in table.columns:
            present = parsed.columns.get(column.name)
            if column.computed is None and present and generated_expression(present):
                plain = without_clause(parsed, column.name, "GENERATED")
                about = f"keep the values of {table.fullname}.{column.name}"
                yield RebuildTableOp(table.name, plain, create_table, about)


def _make_plain_on_server(
    table: sa.Table, name: str, generated: Entry, dialect: sa.Dialect
) -> SQLOp:
    """Return the statements that make a generated column plain on a server."""
    quote = dialect.identifier_preparer.quote
    column, temporary = quote(name), quote(free_name("{}_", name, ()))
    definition = generated.definition  # on MariaDB it begins with the name of the column
    definition = definition if generated.kind == "column" else f"{generated.name} {definition}"
    plain_definition = definition.partition(" GENERATED ALWAYS AS (")[0]
    alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(table)}"
    downgrade = [f"{alter} DROP COLUMN {column}", f"{alter} ADD {definition}"]
    if generated.generated == "VIRTUAL":
        upgrade = [
            f"{alter} ADD {temporary}{plain_definition.removeprefix(generated.name)}",
            f"UPDATE {alter.removeprefix('ALTER TABLE ')} SET {temporary} = {column}",
            f"{alter} DROP COLUMN {column}",
            f"{alter} RENAME COLUMN {temporary} TO {column}",
        ]
    else:
        clauses = {
            "postgresql": f"ALTER {column} DROP EXPRESSION",
            "mysql": f"MODIFY {plain_definition}",
        }
        upgrade = [f"{alter} {clauses[backend_name(dialect)]}"]
    return SQLOp(upgrade, downgrade, f"keep the values of {table.fullname}.{name}")
