"""Gives a copy of the metadata the form in which the database will hold it."""

from collections.abc import Iterator

import sqlalchemy as sa

from alembic_guards import compat
from alembic_guards.authoring.metadata_copy import copy_metadata
from alembic_guards.database.identifiers import doubles_percents, final_name
from alembic_guards.runtime.operations import as_text


def normalized(metadata: sa.MetaData, connection: sa.Connection) -> sa.MetaData:
    """Return a normalized copy of `metadata`, for a database like that of `connection`.

    Autogenerate compares it, and create_all() makes it. The owner's metadata stays as it is.
    """
    copied, dialect = copy_metadata(metadata, connection), connection.dialect
    for table in copied.tables.values():
        _move_checks_to_table(table, dialect)
        for column in table.columns:
            _leave_counting_to_sequence(column)
            _adjust_nullable(column, dialect)
        for index in table.indexes:
            _adjust_options(index, dialect)
    return copied


def _move_checks_to_table(table: sa.Table, dialect: sa.Dialect) -> None:
    """Move each CHECK of a column or of a type, such as Boolean, to its table.

    Alembic compares those of tables alone, and MariaDB refuses one in a column, because it has a
    name. One that comes with a type gets the name that create_all() would give it, or is left out
    where the type needs none. Each becomes a text: from an expression Alembic makes a second CHECK
    in the same table when it makes an operation of it.
    """
    for check in list(_checks(table)):
        owner = table if check in table.constraints else check.parent
        owner.constraints.remove(check)
        if not compat.is_needed_by_type(check, dialect):
            continue
        name = final_name(check, dialect)
        moved = sa.CheckConstraint(
            sa.text(as_text(_expression(check, dialect))),
            name=check.name if name is None else sa.schema.conv(name),
            deferrable=check.deferrable,
            initially=check.initially,
            info=dict(check.info),
            comment=check.comment,
            **check.dialect_kwargs,
        )
        compat.copy_creation_order(check, moved)
        table.append_constraint(moved)


def _checks(table: sa.Table) -> Iterator[sa.CheckConstraint]:
    for parts in (table.constraints, *(column.constraints for column in table.columns)):
        yield from (part for part in parts if isinstance(part, sa.CheckConstraint))


def _expression(check: sa.CheckConstraint, dialect: sa.Dialect) -> str:
    """Return the SQL of a CHECK as it stands in CREATE TABLE, with no % doubled."""
    compiler = dialect.statement_compiler(dialect, None)
    sql = compiler.process(check.sqltext, include_table=False, literal_binds=True)
    return sql.replace("%%", "%") if doubles_percents(dialect) else sql


def _leave_counting_to_sequence(column: sa.Column[object]) -> None:
    """Switch autoincrement off for a column that a sequence of the models numbers."""
    if isinstance(column.default, sa.Sequence) and not column.default.optional:
        column.autoincrement = False


def _adjust_nullable(column: sa.Column[object], dialect: sa.Dialect) -> None:
    """Mark primary-key columns NOT NULL in the metadata, as the server will; SQLite does not.

    And mark generated columns of MariaDB as nullable: it takes no NOT NULL for them.
    """
    if column.primary_key and dialect.name != "sqlite":
        column.nullable = False
    if column.computed is not None and getattr(dialect, "is_mariadb", False):
        column.nullable = True


def _adjust_options(index: sa.Index, dialect: sa.Dialect) -> None:
    """Build an index in a transaction: passes/online.py decides which ones are built online.

    A condition that is a column alone becomes an expression: Alembic takes a column for a string.
    """
    options = index.dialect_kwargs
    for name in list(options):
        if name == "postgresql_concurrently":
            del options[name]
        elif isinstance(options[name], sa.Column):
            options[name] = sa.text(dialect.identifier_preparer.quote(options[name].name))
