"""Normalizes a copy of the metadata: gives it the form in which the database will hold it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from alembic_guards import compat
from alembic_guards.authoring.metadata_copy import copy_metadata
from alembic_guards.database.identifiers import LONGEST_NAME, doubles_percents, final_name
from alembic_guards.runtime.operations import as_text


def normalized(metadata: sa.MetaData, connection: sa.Connection) -> sa.MetaData:
    """Return a normalized copy of `metadata`, for a database like that of `connection`.

    Autogenerate compares it, and create_all() makes the reference database of it. The owner's
    metadata does not change.
    """
    copied, dialect = copy_metadata(metadata, connection), connection.dialect
    if dialect.name == "postgresql":
        for table in copied.tables.values():
            _add_inherited_columns(table)
    for table in copied.tables.values():
        _move_checks_to_table(table, dialect)
        for column in table.columns:
            _disable_autoincrement(column)
            _normalize_nullable(column, dialect)
        for index in table.indexes:
            _normalize_options(index, dialect)
        if dialect.name == "postgresql":
            for index in table.indexes:
                _cut_name(index, dialect)
            for constraint in table.constraints:
                _cut_name(constraint, dialect)
    return copied


def _add_inherited_columns(table: sa.Table) -> None:
    """Add the columns that a table of PostgreSQL inherits, and let its parents be created before."""
    names = table.dialect_options["postgresql"]["inherits"] or ()
    for name in (names,) if isinstance(names, str) else names:
        parent = table.metadata.tables.get(name)
        if parent is None:
            continue
        _add_inherited_columns(parent)
        table.add_is_dependent_on(parent)
        for column in parent.columns:
            if column.name not in {own.name for own in table.columns}:
                default = column.server_default
                argument: Any = default.arg if isinstance(default, sa.DefaultClause) else None
                nullable = column.nullable and not column.primary_key
                table.append_column(
                    sa.Column(column.name, column.type, nullable=nullable, server_default=argument)
                )


def _move_checks_to_table(table: sa.Table, dialect: sa.Dialect) -> None:
    """Move each CHECK of a column or of a type, such as Boolean, to its table.

    Alembic compares the CHECKs of tables alone, and MariaDB refuses a named CHECK in a column. The
    CHECK of a type gets the name that create_all() would give it, and is removed if the type needs
    none. Each expression becomes text: an operation that Alembic makes of a CHECK with an
    expression adds a second CHECK to the same table.
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


def _cut_name(part: sa.Constraint | sa.Index, dialect: sa.Dialect) -> None:
    """Cut a name after 63 bytes, as PostgreSQL does; SQLAlchemy counts characters."""
    name = final_name(part, dialect)
    if name and len(name.encode()) > LONGEST_NAME:
        part.name = sa.schema.conv(name.encode()[:LONGEST_NAME].decode(errors="ignore"))


def _expression(check: sa.CheckConstraint, dialect: sa.Dialect) -> str:
    """Return the SQL of a CHECK as in CREATE TABLE, without doubled percent signs."""
    compiler = dialect.statement_compiler(dialect, None)
    sql = compiler.process(check.sqltext, include_table=False, literal_binds=True)
    return sql.replace("%%", "%") if doubles_percents(dialect) else sql


def _disable_autoincrement(column: sa.Column[object]) -> None:
    """Disable autoincrement of a column whose default is a sequence of the models."""
    if isinstance(column.default, sa.Sequence) and not column.default.optional:
        column.autoincrement = False


def _normalize_nullable(column: sa.Column[object], dialect: sa.Dialect) -> None:
    """Mark primary-key columns NOT NULL in the metadata, as the server will; SQLite does not.

    Mark generated columns nullable on MariaDB, which accepts no NOT NULL for them.
    """
    if column.primary_key and dialect.name != "sqlite":
        column.nullable = False
    if column.computed is not None and getattr(dialect, "is_mariadb", False):
        column.nullable = True


def _normalize_options(index: sa.Index, dialect: sa.Dialect) -> None:
    """Remove CONCURRENTLY from an index: passes/online.py decides which ones are built online.

    A condition that is a single column becomes text: Alembic would render the column as a string.
    """
    options = index.dialect_kwargs
    for name in list(options):
        if name == "postgresql_concurrently":
            del options[name]
        elif isinstance(options[name], sa.Column):
            options[name] = sa.text(dialect.identifier_preparer.quote(options[name].name))
