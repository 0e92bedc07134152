"""Makes what tables need before they are there, and Alembic leaves to its user: schemas and sequences."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.schema import CreateSequence

from .names import quoter
from .sql_op import SQLOp

#: The sequences that belong to no column.
FREE = """
    SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i'))
"""


def create_all(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Make all that the models say in an empty database, with the schemas that PostgreSQL wants."""
    for statement in _schemas(metadata, connection):
        connection.exec_driver_sql(statement)
    metadata.create_all(connection)


def make_schemas(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield what makes the schemas of the models. None is dropped later: others may use it, too."""
    for statement in _schemas(_metadata(context), context.connection):
        about = statement.lower().replace(" if not exists", "")
        yield SQLOp([statement], [], about)


def make_sequences(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield what makes the sequences of the models; their options are compared in the catalog."""
    present, wanted = _sequences(context)
    for name in sorted(wanted.keys() - present):
        yield SQLOp([wanted[name]], [f"DROP SEQUENCE {name}"], f"create sequence {name}")


def drop_sequences(context: AutogenContext) -> Iterator[SQLOp]:
    """Yield what removes the sequences that no model has any more."""
    present, wanted = _sequences(context)
    for name in sorted(present - wanted.keys()):
        back = [f"CREATE SEQUENCE {name}"]
        yield SQLOp([f"DROP SEQUENCE {name}"], back, f"drop sequence {name}")


def leave_counting_to_sequences(metadata: sa.MetaData) -> None:
    """Say of columns with a sequence what is true of them: that they do not count by themselves."""
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.default, sa.Sequence) and not column.default.optional:
                column.autoincrement = False


def leave_no_key_empty(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Say of primary keys what is true of them whatever the models say: that they are never NULL.

    SQLite alone takes the models at their word.
    """
    for table in metadata.tables.values() if dialect.name != "sqlite" else ():
        for column in table.primary_key:
            column.nullable = False


def _sequences(context: AutogenContext) -> tuple[set[str], dict[str, str]]:
    """Return the sequences that belong to no column, there and in the models."""
    dialect, connection = context.dialect, context.connection
    if not dialect.supports_sequences or connection is None:
        return set(), {}
    quote = dialect.identifier_preparer
    present = (
        connection.exec_driver_sql(FREE).scalars()
        if dialect.name == "postgresql"
        else map(quote.quote, sa.inspect(connection).get_sequence_names())
    )
    wanted = {
        quote.format_sequence(sequence): str(CreateSequence(sequence).compile(dialect=dialect))
        for sequence in _metadata(context)._sequences.values()
    }
    return set(present), {name: " ".join(sql.split()) for name, sql in wanted.items()}


def _metadata(context: AutogenContext) -> sa.MetaData:
    metadata: sa.MetaData = context.migration_context.opts["target_metadata"]
    return metadata


def _schemas(metadata: sa.MetaData, connection: sa.Connection | None) -> Iterator[str]:
    if connection is not None and connection.dialect.name == "postgresql":
        present = sa.inspect(connection).get_schema_names()
        tables = metadata.tables.values()
        types = (column.type for table in tables for column in table.columns)
        owners: list[Any] = [*tables, *metadata._sequences.values(), *types]
        names = {str(owner.schema) for owner in owners if getattr(owner, "schema", None)}
        for name in sorted(names.difference(present)):
            quoted = quoter(connection.dialect)(name)
            yield f"CREATE SCHEMA IF NOT EXISTS {quoted}"
