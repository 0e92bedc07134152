"""Copies the metadata of the models, with what `Table.to_metadata()` leaves out.

That is the order of constraints, by which MariaDB and PostgreSQL name those without a name, DDL
events, prefixes of tables, sequences of no column, and what ddl_if() says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.types import SchemaType

from alembic_guards import compat

EVENTS = ("before_create", "after_create")
OPTIONS = (
    *("start", "increment", "minvalue", "maxvalue", "nominvalue", "nomaxvalue"),
    *("cycle", "cache", "order", "schema", "data_type", "optional"),
)


def copy_metadata(metadata: sa.MetaData, connection: sa.Connection) -> sa.MetaData:
    """Return a copy of `metadata`, without what ddl_if() keeps from the database of `connection`."""
    copied = sa.MetaData(
        schema=metadata.schema,
        naming_convention=metadata.naming_convention,
        info=dict(metadata.info),
    )
    for table in metadata.tables.values():
        _complete(table, table.to_metadata(copied), connection)
    _keep_events(metadata, copied)
    present = {(sequence.schema, sequence.name) for sequence in compat.sequences(copied)}
    for sequence in compat.sequences(metadata):
        if (sequence.schema, sequence.name) not in present:
            options = {name: getattr(sequence, name) for name in OPTIONS}
            sa.Sequence(sequence.name, **options, **sequence.dialect_kwargs, metadata=copied)
    return copied


def _complete(original: sa.Table, copied: sa.Table, connection: sa.Connection) -> None:
    """Give the copy of a table what it lacks, and take away what is not for this database."""
    compat.copy_prefixes(original, copied)
    for column in original.columns:
        type_: Any = copied.columns[column.key].type
        if isinstance(type_, SchemaType) and getattr(type_, "schema", None):
            type_.schema = getattr(column.type, "schema", None)  # not that of the table
    pairs: list[tuple[Any, Any, Any]] = [
        (original, original.constraints, copied.constraints),
        (original, original.indexes, copied.indexes),
        *((c, c.constraints, copied.columns[c.key].constraints) for c in original.columns),
    ]
    for owner, parts, copies in pairs:
        for part, copied_part in _pairs(parts, copies, connection.dialect):
            if isinstance(part, sa.Constraint):
                compat.copy_creation_order(part, copied_part)
            if not compat.is_meant_for(part, owner, connection):
                _remove(copied_part, copies)
            elif isinstance(part, sa.ForeignKeyConstraint) and _leads_elsewhere(part):
                _remove(copied_part, copies)
                copied.append_constraint(_with_columns(part))
    _keep_events(original, copied)


def _remove(part: Any, parts: set[Any]) -> None:
    parts.remove(part)
    for element in part.elements if isinstance(part, sa.ForeignKeyConstraint) else ():
        element.parent.foreign_keys.discard(element)
        element.parent.table.foreign_keys.discard(element)


def _leads_elsewhere(key: sa.ForeignKeyConstraint) -> bool:
    """Whether a foreign key refers to a table of other metadata, which is not copied."""
    try:
        return key.referred_table.metadata is not key.table.metadata
    except InvalidRequestError:  # NoReferencedTableError, too
        return False


def _with_columns(key: sa.ForeignKeyConstraint) -> sa.ForeignKeyConstraint:
    """Return a copy of a foreign key that holds the columns of the other table, not their names."""
    copied = sa.ForeignKeyConstraint(
        key.column_keys,
        [element.column for element in key.elements],
        name=key.name,
        onupdate=key.onupdate,
        ondelete=key.ondelete,
        deferrable=key.deferrable,
        initially=key.initially,
        use_alter=key.use_alter,
        match=key.match,
        comment=key.comment,
        **key.dialect_kwargs,
    )
    compat.copy_creation_order(key, copied)
    return copied


def _pairs(
    parts: Collection[Any], copies: set[Any], dialect: sa.Dialect
) -> Iterator[tuple[Any, Any]]:
    """Yield parts of a table with their copies; remove copies of none.

    Those are what a flag or an event makes anew, though the owner has removed it.
    """
    waiting = defaultdict(list)
    for part in sorted(parts, key=compat.creation_order):
        waiting[_signature(part, dialect)].append(part)
    for copied in sorted(copies, key=compat.creation_order):
        originals = waiting[_signature(copied, dialect)]
        if originals:
            yield originals.pop(0), copied
        else:
            _remove(copied, copies)


def _signature(part: Any, dialect: sa.Dialect) -> tuple[object, ...]:
    """Return what a constraint or an index and its copy have in common."""
    if isinstance(part, sa.CheckConstraint):
        said = [_sql(part.sqltext, dialect)]
    elif isinstance(part, sa.Index):
        said = [str(part.unique), *(_sql(expression, dialect) for expression in part.expressions)]
    elif isinstance(part, sa.ForeignKeyConstraint):
        said = [*part.column_keys, *(element.target_fullname for element in part.elements)]
    else:
        said = [column.key for column in part.columns]
    return (type(part), str(part.name), *said)


def _sql(expression: Any, dialect: sa.Dialect) -> str:
    try:
        return str(expression.compile(dialect=dialect))
    except CompileError:  # the owner wrote it for another database
        return type(expression).__name__


def _keep_events(original: Any, copied: Any) -> None:
    """Have the listeners of the owner's object run for its copy too, with the owner's as target."""
    for name in EVENTS:
        present = list(getattr(copied.dispatch, name))
        for listener in list(getattr(original.dispatch, name)):
            if listener not in present:
                event.listen(copied, name, partial(_forward, listener, original))


def _forward(listener: Any, original: object, _: object, *arguments: Any, **options: Any) -> None:
    listener(original, *arguments, **options)
