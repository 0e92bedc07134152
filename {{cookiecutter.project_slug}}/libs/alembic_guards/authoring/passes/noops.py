"""Removes no-ops: operations on objects that are the same in the present and the target catalog.

Alembic compares spellings. The catalog holds the definitions that the server itself writes.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import OpList, kind_of, name_of
from alembic_guards.database.catalog import BY_HAND, CONSTRAINTS, Catalog, EntryKey, same
from alembic_guards.database.identifiers import bare, table_key
from alembic_guards.runtime.operations import OwnOp

KINDS = CONSTRAINTS | {"index"}
COLUMN_KINDS = frozenset({"column", "not null", "default", "generated", "identity", "comment"})

#: Pairs of a table and the name of a part of it, unquoted.
Names = set[tuple[str, str]]


def keep_uncataloged(operations: OpList, comparison: Comparison) -> OpList:
    """If the catalogs are the same, keep only operations on what no catalog holds.

    These are renames, changes of the values of enums that are stored as text, and operations of other
    libraries, such as those on functions.
    """
    if comparison.drift:
        return operations
    return [
        op for op in operations if isinstance(op, OwnOp) or _is_of_others(op) or _changes_enum(op)
    ]


def _is_of_others(op: MigrateOperation) -> bool:
    return type(op).__module__.partition(".")[0] not in {"alembic", "alembic_guards"}


def _changes_enum(op: MigrateOperation) -> bool:
    if not isinstance(op, ops.AlterColumnOp) or None in (op.existing_type, op.modify_type):
        return False
    return any(isinstance(type_, sa.Enum) for type_ in (op.existing_type, op.modify_type))


def remove_noops(operations: OpList, comparison: Comparison) -> OpList:
    """Remove operations on objects that are the same in both catalogs.

    Also remove an operation that drops or creates a CHECK, but not both, if both catalogs have a
    CHECK of that name: one of the models gave the name, the other one got it from the server.
    """
    present, target = comparison.present, comparison.target
    in_both = _names(present, present) & _names(target, target)
    unchanged, columns = _unchanged(present, target), _unchanged_columns(present, target)
    by_hand = {(bare(key.table), bare(key.name)) for key in present | target if key.kind in BY_HAND}
    count = Counter(_table_and_name(op) for op in operations if kind_of(op))
    return [
        op
        for op in operations
        if not (kind_of(op) == "check" and _table_and_name(op) in in_both and _is_alone(op, count))
        and not (kind_of(op) == "check" and _table_and_name(op) in by_hand)
        and not _is_on_unchanged(op, unchanged)
        and not _alters_unchanged_column(op, columns)
    ]


def _is_alone(op: MigrateOperation, count: Counter[tuple[str, str | None]]) -> bool:
    return count[_table_and_name(op)] == 1


def _table_and_name(op: MigrateOperation) -> tuple[str, str | None]:
    return table_key(op), name_of(op)


class Unchanged(NamedTuple):
    """The indexes and constraints that are the same in two catalogs."""

    tables: set[str]  # in which all are the same
    names: Names


def _unchanged(present: Catalog, target: Catalog) -> Unchanged:
    keys = {key for key in present.keys() | target.keys() if key.kind in KINDS}
    changed = {key for key in keys if not same(present.get(key), target.get(key))}
    # A constraint may be unnamed in one of the catalogs.
    same_names, differing = (
        _names(present, group) | _names(target, group) for group in (keys - changed, changed)
    )
    tables = {table for table, _ in same_names} - {table for table, _ in differing}
    return Unchanged(tables, same_names - differing)


def _names(catalog: Catalog, keys: Iterable[EntryKey]) -> Names:
    """Return the names of indexes and constraints; for unnamed ones those that the server chose."""
    return {
        (bare(key.table), bare(catalog[key].name if key in catalog else key.name))
        for key in keys
        if key.kind in KINDS
    }


def _is_on_unchanged(op: MigrateOperation, unchanged: Unchanged) -> bool:
    if isinstance(op, ops.CreateUniqueConstraintOp) and op.kw.get("postgresql_include"):
        return True  # Alembic cannot render it: repairs.py creates it
    kinds = ops.CreateIndexOp | ops.DropIndexOp | ops.AddConstraintOp | ops.DropConstraintOp
    return isinstance(op, kinds) and (
        table_key(op) in unchanged.tables or _table_and_name(op) in unchanged.names
    )


def _unchanged_columns(present: Catalog, target: Catalog) -> Names:
    """Return the columns whose entries are all the same in both catalogs."""
    common, changed = (
        {(bare(key.table), bare(key.name)) for key in keys if key.kind in COLUMN_KINDS}
        for keys in (
            present.keys() & target.keys(),
            (k for k in present.keys() | target.keys() if not same(present.get(k), target.get(k))),
        )
    )
    return common - changed


def _alters_unchanged_column(op: MigrateOperation, columns: Names) -> bool:
    """Whether `op` alters a column that is the same in both catalogs.

    Enums are left alone: the catalog does not hold the values of an enum that is stored as text.
    """
    if not isinstance(op, ops.AlterColumnOp) or op.modify_name is not None:
        return False
    types = (getattr(type_, "impl", type_) for type_ in (op.existing_type, op.modify_type))
    is_enum = any(isinstance(type_, sa.Enum) for type_ in types)
    return not is_enum and (table_key(op), op.column_name) in columns
