"""Finds dependent objects and drops them before an ALTER; the catalog diff recreates them.

PostgreSQL cannot change the type of a column that a generated column depends on. Nor can it change
it to another family of types if a CHECK, a foreign key or a partial or expression index depends on
it. MariaDB and MySQL cannot change the type of a column of a foreign key, nor drop an index that a
foreign key needs. No server drops a key that a foreign key refers to. Source: "FOREIGN KEY
Constraints" in MySQL's manual.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison, first_on_tables
from alembic_guards.authoring.operations import (
    PARTS,
    OpList,
    is_foreign_key_drop,
    kind_of,
    name_of,
)
from alembic_guards.database.catalog import Catalog, Entry, EntryKey, same
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.identifiers import bare, quoter, table_key, table_of
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameConstraint, RenameIndex

#: Pairs of a table and a column, unquoted.
Columns = set[tuple[str, str]]


class Key(NamedTuple):
    """A primary key, unique constraint or unique index: columns that a foreign key may refer to."""

    table: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Changes:
    """What operations change, by the kind of change."""

    dropped: Columns
    retyped: Columns
    recast: Columns  # to another family of types
    nullable: Columns  # that are NOT NULL before
    unindexed: Columns
    keys: set[Key]  # that differ in the target catalog, or are missing there
    sequences: set[str]  # that are dropped, as SQL
    on_mysql: bool


def _changes(operations: OpList, comparison: Comparison) -> Changes:
    alters = [op for op in operations if isinstance(op, ops.AlterColumnOp)]
    unindexed = {
        (table_key(op), name_of(op))
        for op in operations
        if isinstance(op, ops.DropIndexOp)
        or (isinstance(op, ops.DropConstraintOp) and kind_of(op) == "unique")
    }
    return Changes(
        dropped={_column(op) for op in operations if isinstance(op, ops.DropColumnOp)},
        retyped={_column(op) for op in alters if op.modify_type is not None},
        recast={_column(op) for op in alters if "postgresql_using" in op.kw},
        nullable={_column(op) for op in alters if op.modify_nullable},
        unindexed={
            column
            for entry in comparison.present.values()
            if entry.kind == "index" and (bare(entry.table), bare(entry.name)) in unindexed
            for column in _columns_of(entry)
        },
        keys=set(_changed_keys(comparison.present, comparison.target)),
        sequences=set(_dropped_sequences(operations)),
        on_mysql=backend_name(comparison.dialect) == "mysql",
    )


def _column(op: ops.DropColumnOp | ops.AlterColumnOp) -> tuple[str, str]:
    return table_key(op), op.column_name


def drop_dependents(operations: OpList, comparison: Comparison) -> OpList:
    """Drop dependent objects of the present catalog before the operations that they block.

    These are objects that depend on columns whose type changes or whose index is dropped, and
    primary keys that differ in the target catalog. Operations that create or drop the same objects
    are removed.
    """
    if not features(comparison.dialect).alters_tables:
        return operations
    place = first_on_tables(operations, comparison)
    drops = list(_dependent_drops(comparison, _changes(operations, comparison)))
    return [
        *operations[:place],
        *(SQLOp([drop], [], f"drop {entry.kind} {entry.name}") for entry, drop in drops),
        *_remaining(operations[place:], [entry for entry, _ in drops], comparison),
    ]


def drop_changed_indexes(operations: OpList, comparison: Comparison) -> OpList:
    """Drop the indexes of SQLite whose expressions change, which Alembic does not detect."""
    if features(comparison.dialect).alters_tables:
        return operations
    tables = {table_of(op)[0] for op in operations if isinstance(op, PARTS)}
    dropped = {name_of(op) for op in operations if isinstance(op, ops.DropIndexOp)}
    changed = [
        key.name
        for key, entry in sorted(comparison.present.items())
        if key.kind == "index"
        and key.table in tables
        and key.name not in dropped
        and not same(comparison.target.get(key), entry)
    ]
    quote = quoter(comparison.dialect)
    drops = (SQLOp([f"DROP INDEX {quote(name)}"], [], f"drop index {name}") for name in changed)
    return [*drops, *operations]


def _remaining(
    operations: OpList, dropped: list[Entry], comparison: Comparison
) -> Iterator[MigrateOperation]:
    """Yield operations without those whose work the drops do, or that repairs.py does later."""
    names = {bare(entry.name).rpartition(".")[2] for entry in dropped}
    present, target = comparison.present, comparison.target
    keys = {*_changed_keys(present, target), *_changed_keys(target, present, ("primary key",))}
    on_mysql = backend_name(comparison.dialect) == "mysql"
    for op in operations:
        if isinstance(op, ops.CreateForeignKeyOp):
            table = ".".join(filter(None, (op.kw.get("referent_schema"), op.referent_table)))
            if _needs_key(table, op.remote_cols, keys, on_mysql):
                continue
        elif isinstance(op, RenameConstraint | RenameIndex):
            if op.old in names:  # it is recreated with the new name
                continue
        elif isinstance(op, ops.DropConstraintOp | ops.DropIndexOp) and name_of(op) in names:
            continue
        yield op
        if on_mysql and is_foreign_key_drop(op):
            yield from _drop_index_of_key(op, comparison)


def _dependent_drops(comparison: Comparison, changes: Changes) -> Iterator[tuple[Entry, str]]:
    """Yield the dependent entries to drop, each with its statement, in dependency order."""
    generated_from = changes.dropped if changes.on_mysql else changes.dropped | changes.retyped
    for entry in sorted(comparison.present.values(), key=_drop_order):
        alter = f"ALTER TABLE {entry.table} DROP"
        if _is_dropped(entry, changes):
            continue
        if entry.kind in ("foreign key", "check") and _blocks(entry, changes):
            index = changes.on_mysql and _leaves_conflicting_index(entry, comparison)
            index_clause = f", DROP INDEX {entry.name}" if index else ""
            yield entry, f"{alter} CONSTRAINT {entry.name}{index_clause}"
        elif entry.has_expression and not changes.on_mysql and _columns_of(entry) & changes.recast:
            yield entry, f"DROP INDEX {entry.name}"
        elif entry.kind == "primary key" and _differs(entry, comparison.target):
            yield from _drop_primary_key(entry, changes)
        elif entry.generated and _columns_of(entry) & generated_from:
            yield entry, f"{alter} COLUMN {entry.name}"
        elif entry.kind == "inheritance" and _differs(entry, comparison.target):
            yield entry, f"ALTER TABLE {entry.table} NO INHERIT {entry.name}"
        elif entry.kind == "default" and entry.uses & changes.sequences:
            yield entry, f"ALTER TABLE {entry.table} ALTER {entry.name} DROP DEFAULT"


def _drop_order(entry: Entry) -> tuple[int, EntryKey]:
    """Return a sort key: foreign keys go before the keys that they need, columns go last.

    An inherited constraint can be dropped only after the inheritance.
    """
    ranks = ("inheritance", "foreign key", "check", "index", "primary key")
    return (ranks.index(entry.kind) if entry.kind in ranks else len(ranks)), entry.key


def _blocks(entry: Entry, changes: Changes) -> bool:
    """Whether a foreign key or a CHECK must be dropped before the changes."""
    on_mysql, reference = changes.on_mysql, entry.refers_to
    if entry.kind == "check":
        return not on_mysql and bool(_columns_of(entry) & changes.recast)
    if reference and _needs_key(bare(reference.table), reference.columns, changes.keys, on_mysql):
        return True
    changed = changes.retyped | changes.unindexed if on_mysql else changes.recast
    return bool((_columns_of(entry) | _referenced_columns(entry)) & changed)


def _columns_of(entry: Entry) -> Columns:
    """Return the columns of an index or constraint, or those that a generated column uses."""
    return {(bare(entry.table), column) for column in entry.columns}


def _referenced_columns(entry: Entry) -> Columns:
    """Return the columns that a foreign key refers to."""
    reference = entry.refers_to
    return {(bare(reference.table), name) for name in reference.columns} if reference else set()


def _is_dropped(entry: Entry, changes: Changes) -> bool:
    is_column = entry.kind in ("column", "generated", "default")
    return is_column and (bare(entry.table), bare(entry.name)) in changes.dropped


def _differs(entry: Entry, target: Catalog) -> bool:
    """Whether an entry differs in `target`, or is missing there, while its table stays."""
    stays = EntryKey(entry.table, "table", "") in target
    return stays and not same(target.get(entry.key), entry)


def _changed_keys(
    present: Catalog,
    target: Catalog,
    kinds: tuple[str, ...] = ("primary key", "unique", "index"),
) -> Iterator[Key]:
    """Yield the keys of `present` that differ in `target`, or are missing there."""
    for entry in present.values():
        if entry.unique and entry.kind in kinds and _differs(entry, target):
            yield Key(bare(entry.table), frozenset(entry.unique))


def _needs_key(table: str, columns: Any, keys: set[Key], on_mysql: bool) -> bool:
    """Whether a foreign key to these columns needs one of `keys`.

    MariaDB and MySQL accept an index that contains the columns among others.
    """
    needed = frozenset(columns)
    return any(
        key.table == table and (needed <= key.columns if on_mysql else needed == key.columns)
        for key in keys
    )


def _dropped_sequences(operations: OpList) -> Iterator[str]:
    drop = "DROP SEQUENCE "
    for op in operations:
        for statement in op.statements if isinstance(op, SQLOp) else ():
            if statement.startswith(drop):
                yield statement.removeprefix(drop)


def _drop_primary_key(entry: Entry, changes: Changes) -> Iterator[tuple[Entry, str]]:
    """Yield the statement that drops a primary key.

    On MariaDB and MySQL only a key that loses some of its columns, but not all, is dropped.
    """
    alter = f"ALTER TABLE {entry.table} DROP"
    if not changes.on_mysql:
        yield entry, f"{alter} CONSTRAINT {entry.name}"
        return
    table = bare(entry.table)
    altered = changes.dropped | changes.nullable
    kept = [name for name in entry.columns if (table, name) not in changes.dropped]
    if kept and _columns_of(entry) & altered:
        # A foreign key may need an index in the meantime. repairs.py drops it.
        index = ", ".join(f"`{name.replace('`', '``')}`" for name in kept)
        yield entry, f"{alter} PRIMARY KEY, ADD KEY old_primary_key ({index})"


def _leaves_conflicting_index(key: Entry, comparison: Comparison) -> bool:
    """Whether dropping a foreign key of MariaDB or MySQL leaves an index whose name is needed."""
    present, target = comparison.present, comparison.target
    index = EntryKey(key.table, "index", key.name)
    is_needed = index in target or index._replace(kind="foreign key") in target
    return is_needed and index in present and not same(target.get(index), present[index])


def _drop_index_of_key(op: Any, comparison: Comparison) -> Iterator[ops.DropIndexOp]:
    """Yield the drop of the index that a dropped foreign key leaves on MariaDB and MySQL."""
    key = EntryKey(f"`{op.table_name}`", "foreign key", f"`{op.constraint_name}`")
    entry = comparison.present.get(key)
    if entry and _leaves_conflicting_index(entry, comparison):
        yield ops.DropIndexOp(entry.name.strip("`"), op.table_name, schema=op.schema)
