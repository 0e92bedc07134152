"""Finds dependent objects and drops them before an ALTER; the catalog diff recreates them.

PostgreSQL cannot change the type of a column that a generated column depends on. Nor can it change
it to another family of types if a CHECK, a foreign key or a partial or expression index depends on
it. MariaDB and MySQL cannot change the type of a column of a foreign key, nor drop an index that a
foreign key needs. No server drops a key that a foreign key refers to. Source: "FOREIGN KEY
Constraints" in MySQL's manual.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.catalog import Catalog, Entry, EntryKey, same
from alembic_guards.database.identifiers import bare, quoter, table_key
from alembic_guards.runtime.operations import OwnOp, SQLOp
from alembic_guards.runtime.renames import RenameConstraint, RenameIndex, RenameSequence

#: Pairs of a table and a column, unquoted.
Columns = set[tuple[str, str]]


class Key(NamedTuple):
    """A primary key, unique constraint or unique index: columns that a foreign key may refer to."""

    table: str
    columns: frozenset[str]


class Changes:
    """The columns that operations change, by the kind of change."""

    def __init__(self, tables: list[ops.ModifyTableOps], present: Catalog) -> None:
        self.dropped: Columns = set()
        self.retyped: Columns = set()
        self.recast: Columns = set()  # to another family of types
        self.nullable: Columns = set()  # that are NOT NULL before
        self.unindexed: Columns = set()
        for table in tables:
            for op in table.ops:
                self._add(table_key(table), op, present)

    def _add(self, table: str, op: ops.MigrateOperation, present: Catalog) -> None:
        if isinstance(op, ops.DropColumnOp):
            self.dropped.add((table, op.column_name))
        if isinstance(op, ops.AlterColumnOp):
            column = (table, op.column_name)
            self.retyped |= {column} if op.modify_type is not None else set()
            self.recast |= {column} if "postgresql_using" in op.kw else set()
            self.nullable |= {column} if op.modify_nullable else set()
        name = op.index_name if isinstance(op, ops.DropIndexOp) else ""
        if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "unique":
            name = str(op.constraint_name)
        for entry in present.values() if name else ():
            if (entry.kind, bare(entry.table), bare(entry.name)) == ("index", table, name):
                self.unindexed |= {(table, column) for column in entry.columns}


def drop_dependents(
    container: ops.OpContainer, present: Catalog, target: Catalog, dialect: sa.Dialect
) -> None:
    """Drop dependent objects of `present` in `container`, before the operations that they block.

    These are objects that depend on columns whose type changes or whose index is dropped, and
    primary keys that differ in `target`. Operations of `container` that create or drop the same
    objects are removed.
    """
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    if dialect.name == "sqlite":
        container.ops[:0] = _drop_changed_indexes(tables, present, target, dialect)
        return
    is_upgrade = isinstance(container, ops.UpgradeOps)
    on_mysql = dialect.name == "mysql"
    keys = {*_changed_keys(present, target), *_changed_keys(target, present, ("primary key",))}
    drops = list(_dependent_drops(container, present, target, on_mysql))
    drop_names = {bare(entry.name).rpartition(".")[2] for entry, _ in drops}
    sequences = {bare(key.name) for key in present if key.kind == "sequence"}

    def is_superseded(op: Any) -> bool:
        """Whether the drops do the work of `op`, or repairs.py creates its object later."""
        if isinstance(op, ops.CreateForeignKeyOp):
            table = ".".join(filter(None, (op.kw.get("referent_schema"), op.referent_table)))
            return _needs_key(table, op.remote_cols, keys, on_mysql)
        if isinstance(op, RenameConstraint | RenameIndex):  # it is recreated with the new name
            return op.old in drop_names
        if isinstance(op, RenameSequence) and op.table:
            old, new = (f"{op.schema}.{n}" if op.schema else n for n in (op.old, op.new))
            # A downgrade renames only the sequences that exist when it begins, or renamed ones.
            sequences.update({new} if old in sequences else ())
            return not is_upgrade and old not in sequences
        name = getattr(op, "constraint_name", None) or getattr(op, "index_name", None)
        return isinstance(op, ops.DropConstraintOp | ops.DropIndexOp) and str(name) in drop_names

    for table in tables:
        # A CHECK is created after its columns have the new type.
        table.ops.sort(key=lambda op: isinstance(op, ops.CreateCheckConstraintOp))
        table.ops = [op for op in table.ops if not is_superseded(op)]
        if on_mysql:
            table.ops = [part for op in table.ops for part in _with_index_drop(op, present, target)]
    leading = takewhile(lambda op: isinstance(op, OwnOp), container.ops)  # renames
    place = container.ops.index(tables[0]) if tables else len([*leading]) if is_upgrade else 0
    remaining = [op for op in container.ops[place:] if not is_superseded(op)]
    container.ops[place:] = [
        *_shrink_sequences(present, target),
        *(SQLOp([drop], [], f"drop {entry.kind} {entry.name}") for entry, drop in drops),
        *remaining,
    ]


def _dependent_drops(
    container: ops.OpContainer, present: Catalog, target: Catalog, on_mysql: bool
) -> Iterator[tuple[Entry, str]]:
    """Yield the dependent entries to drop, each with its statement, in dependency order."""
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    changes = Changes(tables, present)
    keys, sequences = set(_changed_keys(present, target)), set(_dropped_sequences(container))
    generated_from = changes.dropped if on_mysql else changes.dropped | changes.retyped
    for entry in sorted(present.values(), key=_drop_order):
        alter = f"ALTER TABLE {entry.table} DROP"
        if _is_dropped(entry, changes):
            continue
        if entry.kind in ("foreign key", "check") and _blocks(entry, changes, keys, on_mysql):
            index = on_mysql and _leaves_conflicting_index(entry, present, target)
            index_clause = f", DROP INDEX {entry.name}" if index else ""
            yield entry, f"{alter} CONSTRAINT {entry.name}{index_clause}"
        elif entry.has_expression and not on_mysql and _columns_of(entry) & changes.recast:
            yield entry, f"DROP INDEX {entry.name}"
        elif entry.kind == "primary key" and _differs(entry, target):
            yield from _drop_primary_key(entry, changes, on_mysql)
        elif entry.generated and _columns_of(entry) & generated_from:
            yield entry, f"{alter} COLUMN {entry.name}"
        elif entry.kind == "default" and entry.uses & sequences:
            yield entry, f"ALTER TABLE {entry.table} ALTER {entry.name} DROP DEFAULT"


def _drop_order(entry: Entry) -> tuple[int, EntryKey]:
    """Return a sort key: foreign keys go before the keys that they need, columns go last."""
    ranks = ("foreign key", "check", "index", "primary key")
    return (ranks.index(entry.kind) if entry.kind in ranks else len(ranks)), entry.key


def _blocks(entry: Entry, changes: Changes, keys: set[Key], on_mysql: bool) -> bool:
    """Whether a foreign key or a CHECK must be dropped before the changes."""
    if entry.kind == "check":
        return not on_mysql and bool(_columns_of(entry) & changes.recast)
    reference = entry.refers_to
    if reference and _needs_key(bare(reference.table), reference.columns, keys, on_mysql):
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


def _dropped_sequences(container: ops.OpContainer) -> Iterator[str]:
    drop = "DROP SEQUENCE "
    for op in container.ops:
        for statement in op.statements if isinstance(op, SQLOp) else ():
            if statement.startswith(drop):
                yield statement.removeprefix(drop)


def _drop_primary_key(
    entry: Entry, changes: Changes, on_mysql: bool
) -> Iterator[tuple[Entry, str]]:
    """Yield the statement that drops a primary key.

    On MariaDB and MySQL only a key that loses some of its columns, but not all, is dropped.
    """
    alter = f"ALTER TABLE {entry.table} DROP"
    if not on_mysql:
        yield entry, f"{alter} CONSTRAINT {entry.name}"
        return
    table = bare(entry.table)
    altered = changes.dropped | changes.nullable
    kept = [name for name in entry.columns if (table, name) not in changes.dropped]
    if kept and _columns_of(entry) & altered:
        # A foreign key may need an index in the meantime. repairs.py drops it.
        index = ", ".join(f"`{name.replace('`', '``')}`" for name in kept)
        yield entry, f"{alter} PRIMARY KEY, ADD KEY old_primary_key ({index})"


def _leaves_conflicting_index(key: Entry, present: Catalog, target: Catalog) -> bool:
    """Whether dropping a foreign key of MariaDB or MySQL leaves an index whose name is needed."""
    index = EntryKey(key.table, "index", key.name)
    is_needed = index in target or index._replace(kind="foreign key") in target
    return is_needed and index in present and not same(target.get(index), present[index])


def _with_index_drop(
    op: ops.MigrateOperation, present: Catalog, target: Catalog
) -> Iterator[ops.MigrateOperation]:
    """Yield `op`, and the drop of the index that a dropped foreign key leaves."""
    yield op
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        key = present.get(EntryKey(f"`{op.table_name}`", "foreign key", f"`{op.constraint_name}`"))
        if key and _leaves_conflicting_index(key, present, target):
            yield ops.DropIndexOp(key.name.strip("`"), op.table_name, schema=op.schema)


def _shrink_sequences(present: Catalog, target: Catalog) -> Iterator[SQLOp]:
    """Yield ALTER SEQUENCE where MAXVALUE decreases: the new type of its column may be smaller."""
    for key, entry in sorted(target.items()):
        if key.kind == "sequence" and _max_value(entry) < _max_value(present.get(key)):
            alter = f"ALTER SEQUENCE {entry.name} {entry.definition}"
            yield SQLOp([alter], [], f"alter sequence {entry.name}")


def _max_value(sequence: Entry | None) -> int:
    definition = sequence.definition if sequence else ""
    return int(definition.partition(" MAXVALUE ")[2].partition(" ")[0] or 0)


def _drop_changed_indexes(
    tables: list[ops.ModifyTableOps], present: Catalog, target: Catalog, dialect: sa.Dialect
) -> Iterator[SQLOp]:
    """Yield drops of SQLite indexes whose expressions change, which Alembic does not detect."""
    table_names = {table.table_name for table in tables}
    dropped = {
        op.index_name for table in tables for op in table.ops if isinstance(op, ops.DropIndexOp)
    }
    for key, entry in sorted(present.items()):
        is_index = key.kind == "index" and key.table in table_names
        if is_index and key.name not in dropped and not same(target.get(key), entry):
            drop = f"DROP INDEX {quoter(dialect)(key.name)}"
            yield SQLOp([drop], [], f"drop index {key.name}")
