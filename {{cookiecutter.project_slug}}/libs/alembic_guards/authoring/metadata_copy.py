"""Copies the metadata of the models, with what `Table.to_metadata()` leaves out.

It leaves out the order of constraints, by which MariaDB and PostgreSQL name unnamed ones, DDL
events, prefixes of tables, sequences of no column, and the conditions of ddl_if().
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.types import SchemaType

from alembic_guards import compat
from alembic_guards.database.identifiers import target_of
from alembic_guards.database.views import select_of, tables_in

EVENT_NAMES = ("before_create", "after_create")
SEQUENCE_OPTIONS = (
    *("start", "increment", "minvalue", "maxvalue", "nominvalue", "nomaxvalue"),
    *("cycle", "cache", "order", "schema", "data_type", "optional"),
)


def copy_metadata(metadata: sa.MetaData, connection: sa.Connection) -> sa.MetaData:
    """Return a copy of `metadata`, without the parts that ddl_if() excludes for `connection`."""
    copied = sa.MetaData(
        schema=metadata.schema,
        naming_convention=metadata.naming_convention,
        info=dict(metadata.info),
    )
    for table in metadata.tables.values():
        _complete_copy(table, table.to_metadata(copied), connection)
    _copy_dependencies(metadata, copied, connection.dialect)
    _copy_listeners(metadata, copied)
    present = {(sequence.schema, sequence.name) for sequence in compat.sequences(copied)}
    for sequence in compat.sequences(metadata):
        if (sequence.schema, sequence.name) not in present:
            options = {name: getattr(sequence, name) for name in SEQUENCE_OPTIONS}
            sa.Sequence(sequence.name, **options, **sequence.dialect_kwargs, metadata=copied)
    return copied


def _copy_dependencies(metadata: sa.MetaData, copied: sa.MetaData, dialect: sa.Dialect) -> None:
    """Have views created after what they read: a copied CreateView reads the original tables.

    A SELECT of text alone counts as one of all tables, and of the views that it mentions.
    """
    selects = {
        key: creator.selectable
        for key, table in metadata.tables.items()
        if (creator := select_of(table)) is not None
    }
    for key, selectable in selects.items():
        read = {table.key for table in tables_in(selectable) if table.key in metadata.tables}
        if not read:
            sql, others = _sql(selectable, dialect), metadata.tables.keys() - {key}
            mentioned = {other for other in others if re.search(rf"\b{re.escape(other)}\b", sql)}
            read = mentioned | (others - selects.keys())
        for other in sorted(read):
            copied.tables[key].add_is_dependent_on(copied.tables[other])


def _complete_copy(original: sa.Table, copied: sa.Table, connection: sa.Connection) -> None:
    """Add what `to_metadata()` leaves out of the copy of a table; remove what ddl_if() excludes."""
    compat.copy_prefixes(original, copied)
    for column in original.columns:
        type_: Any = copied.columns[column.key].type
        if isinstance(type_, SchemaType) and getattr(type_, "schema", None):
            type_.schema = getattr(
                column.type, "schema", None
            )  # to_metadata() sets that of the table
    groups: list[tuple[Any, Any, Any]] = [
        (original, original.constraints, copied.constraints),
        (original, original.indexes, copied.indexes),
        *((c, c.constraints, copied.columns[c.key].constraints) for c in original.columns),
    ]
    for owner, parts, copies in groups:
        for part, copied_part in _pair_with_copies(parts, copies, connection.dialect):
            if isinstance(part, sa.Constraint):
                compat.copy_creation_order(part, copied_part)
            if not compat.is_meant_for(part, owner, connection):
                _discard(copied_part, copies)
            elif isinstance(part, sa.ForeignKeyConstraint) and _refers_to_other_metadata(part):
                _discard(copied_part, copies)
                copied.append_constraint(_copy_with_columns(part))
    _copy_listeners(original, copied)


def _discard(part: Any, parts: set[Any]) -> None:
    """Remove a part from those of a table, a foreign key also from its columns."""
    parts.remove(part)
    for element in part.elements if isinstance(part, sa.ForeignKeyConstraint) else ():
        element.parent.foreign_keys.discard(element)
        element.parent.table.foreign_keys.discard(element)


def _refers_to_other_metadata(key: sa.ForeignKeyConstraint) -> bool:
    """Whether a foreign key refers to a table of other metadata, which is not copied."""
    try:
        return key.referred_table.metadata is not key.table.metadata
    except InvalidRequestError:  # NoReferencedTableError, too
        return False


def _copy_with_columns(key: sa.ForeignKeyConstraint) -> sa.ForeignKeyConstraint:
    """Return a copy of a foreign key that refers to columns as objects, not by name."""
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


def _pair_with_copies(
    parts: Collection[Any], copies: set[Any], dialect: sa.Dialect
) -> Iterator[tuple[Any, Any]]:
    """Yield the parts of a table with their copies, and discard copies without an original.

    A flag of a column or an event creates those again, although the owner has removed the original.
    """
    unpaired = defaultdict(list)
    for part in sorted(parts, key=compat.creation_order):
        unpaired[_signature(part, dialect)].append(part)
    for copied in sorted(copies, key=compat.creation_order):
        originals = unpaired[_signature(copied, dialect)]
        if originals:
            yield originals.pop(0), copied
        else:
            _discard(copied, copies)


def _signature(part: Any, dialect: sa.Dialect) -> tuple[object, ...]:
    """Return a key that is equal for a constraint or an index and its copy."""
    if isinstance(part, sa.CheckConstraint):
        features = [_sql(part.sqltext, dialect)]
    elif isinstance(part, sa.Index):
        features = [
            str(part.unique),
            *(_sql(expression, dialect) for expression in part.expressions),
        ]
    elif isinstance(part, sa.ForeignKeyConstraint):
        features = [*part.column_keys, *(target_of(element) for element in part.elements)]
    else:
        features = [column.key for column in part.columns]
    return (type(part), str(part.name), *features)


def _sql(expression: Any, dialect: sa.Dialect) -> str:
    try:
        return str(expression.compile(dialect=dialect))
    except CompileError:  # the owner wrote it for another database
        return type(expression).__name__


def _copy_listeners(original: Any, copied: Any) -> None:
    """Add the listeners of `original` to `copied`; they receive `original` as their target."""
    for name in EVENT_NAMES:
        copied_listeners = list(getattr(copied.dispatch, name))
        for listener in list(getattr(original.dispatch, name)):
            if listener not in copied_listeners:
                event.listen(copied, name, partial(_forward, listener, original))


def _forward(listener: Any, original: object, _: object, *arguments: Any, **options: Any) -> None:
    listener(original, *arguments, **options)
