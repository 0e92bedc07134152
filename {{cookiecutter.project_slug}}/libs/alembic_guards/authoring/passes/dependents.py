"""Finds dependent objects and drops them before an ALTER; the catalog diff recreates them.

PostgreSQL lets no column change its type under a generated column, nor to another family of types
under a CHECK, a foreign key, or an index with a condition. MariaDB and MySQL let none do so under a
foreign key, and they keep an index that a foreign key needs. No server drops a key that a foreign key
refers to. Source: "FOREIGN KEY Constraints" in MySQL's manual.
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

#: Columns with their tables, all names without quotes.
Columns = set[tuple[str, str]]


class Key(NamedTuple):
    """Columns that are unique together, which a foreign key may refer to."""

    table: str
    columns: frozenset[str]


class Changes:
    """What operations do to the columns of tables."""

    def __init__(self, tables: list[ops.ModifyTableOps], there: Catalog) -> None:
        self.dropped: Columns = set()
        self.retyped: Columns = set()
        self.recast: Columns = set()  # to another family of types
        self.nullable: Columns = set()  # that are NOT NULL before
        self.unindexed: Columns = set()
        for table in tables:
            for op in table.ops:
                self._add(table_key(table), op, there)

    def _add(self, table: str, op: ops.MigrateOperation, there: Catalog) -> None:
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
        for entry in there.values() if name else ():
            if (entry.kind, bare(entry.table), bare(entry.name)) == ("index", table, name):
                self.unindexed |= {(table, column) for column in entry.columns}


def drop_dependents(
    container: ops.OpContainer, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> None:
    """Let `container` first drop what depends on what it changes, and is `there`.

    That is what depends on columns that get another type or lose an index, and primary keys that are
    not the same in `wanted`.
    """
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    if dialect.name == "sqlite":
        container.ops[:0] = _unseen_indexes(tables, there, wanted, dialect)
        return
    upwards = isinstance(container, ops.UpgradeOps)
    on_mysql = dialect.name == "mysql"
    keys = {*_changed_keys(there, wanted), *_changed_keys(wanted, there, ("primary key",))}
    drops = list(_drops(container, there, wanted, on_mysql))
    names = {bare(entry.name).rpartition(".")[2] for entry, _ in drops}
    counted = {bare(key.name) for key in there if key.kind == "sequence"}

    def comes_elsewhere(op: Any) -> bool:
        """Whether an operation is done before all others, or what it needs is not there yet."""
        if isinstance(op, ops.CreateForeignKeyOp):
            target = ".".join(filter(None, (op.kw.get("referent_schema"), op.referent_table)))
            return _refers_to(target, op.remote_cols, keys, on_mysql)
        if isinstance(op, RenameConstraint | RenameIndex):  # what is made again gets its name then
            return op.old in names
        if isinstance(op, RenameSequence) and op.table:
            old, new = (f"{op.schema}.{n}" if op.schema else n for n in (op.old, op.new))
            counted.update({new} if old in counted else ())
            return not upwards and old not in counted
        name = getattr(op, "constraint_name", None) or getattr(op, "index_name", None)
        return isinstance(op, ops.DropConstraintOp | ops.DropIndexOp) and str(name) in names

    for table in tables:
        # A check is made of the new type.
        table.ops.sort(key=lambda op: isinstance(op, ops.CreateCheckConstraintOp))
        table.ops = [op for op in table.ops if not comes_elsewhere(op)]
        if on_mysql:
            table.ops = [part for op in table.ops for part in _with_index(op, there, wanted)]
    ahead = takewhile(lambda op: isinstance(op, OwnOp), container.ops)  # which gives new names
    place = container.ops.index(tables[0]) if tables else len([*ahead]) if upwards else 0
    late = [op for op in container.ops[place:] if not comes_elsewhere(op)]
    container.ops[place:] = [
        *_sequences(there, wanted),
        *(SQLOp([drop], [], f"drop {entry.kind} {entry.name}") for entry, drop in drops),
        *late,
    ]


def _drops(
    container: ops.OpContainer, there: Catalog, wanted: Catalog, on_mysql: bool
) -> Iterator[tuple[Entry, str]]:
    """Yield the dependent entries that have to be dropped, with the statements that do it."""
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    changes = Changes(tables, there)
    keys, sequences = set(_changed_keys(there, wanted)), set(_dropped_sequences(container))
    computed_from = changes.dropped if on_mysql else changes.dropped | changes.retyped
    for entry in sorted(there.values(), key=_drop_order):
        alter = f"ALTER TABLE {entry.table} DROP"
        if _is_dropped(entry, changes):
            continue
        if entry.kind in ("foreign key", "check") and _blocks(entry, changes, keys, on_mysql):
            index = on_mysql and _leaves_index(entry, there, wanted)
            also = f", DROP INDEX {entry.name}" if index else ""
            yield entry, f"{alter} CONSTRAINT {entry.name}{also}"
        elif entry.has_expression and not on_mysql and _on(entry) & changes.recast:
            yield entry, f"DROP INDEX {entry.name}"
        elif entry.kind == "primary key" and _is_to_change(entry, wanted):
            yield from _primary_key(entry, changes, on_mysql)
        elif entry.generated and _on(entry) & computed_from:
            yield entry, f"{alter} COLUMN {entry.name}"
        elif entry.kind == "default" and entry.uses & sequences:
            yield entry, f"ALTER TABLE {entry.table} ALTER {entry.name} DROP DEFAULT"


def _drop_order(entry: Entry) -> tuple[int, EntryKey]:
    """Sort what refers to keys before these, and what goes with a column before that."""
    ranks = ("foreign key", "check", "index", "primary key")
    return (ranks.index(entry.kind) if entry.kind in ranks else len(ranks)), entry.key


def _blocks(entry: Entry, changes: Changes, keys: set[Key], on_mysql: bool) -> bool:
    """Whether a foreign key or a check has to go before the changes."""
    if entry.kind == "check":
        return not on_mysql and bool(_on(entry) & changes.recast)
    target = entry.refers_to
    if target and _refers_to(bare(target.table), target.columns, keys, on_mysql):
        return True
    touched = changes.retyped | changes.unindexed if on_mysql else changes.recast
    return bool((_on(entry) | _target(entry)) & touched)


def _on(entry: Entry) -> Columns:
    """Return the columns that an entry is on, or is computed from."""
    return {(bare(entry.table), column) for column in entry.columns}


def _target(entry: Entry) -> Columns:
    """Return the columns that a foreign key refers to."""
    target = entry.refers_to
    return {(bare(target.table), column) for column in target.columns} if target else set()


def _is_dropped(entry: Entry, changes: Changes) -> bool:
    is_column = entry.kind in ("column", "generated", "default")
    return is_column and (bare(entry.table), bare(entry.name)) in changes.dropped


def _is_to_change(entry: Entry, wanted: Catalog) -> bool:
    """Whether an entry is not the same in `wanted`, and its table is there."""
    stays = EntryKey(entry.table, "table", "") in wanted
    return stays and not same(wanted.get(entry.key), entry)


def _changed_keys(
    there: Catalog,
    wanted: Catalog,
    kinds: tuple[str, ...] = ("primary key", "unique", "index"),
) -> Iterator[Key]:
    """Yield what is unique in another way in `wanted`, or no more."""
    for entry in there.values():
        if entry.unique and entry.kind in kinds and _is_to_change(entry, wanted):
            yield Key(bare(entry.table), frozenset(entry.unique))


def _refers_to(table: str, columns: Any, keys: set[Key], on_mysql: bool) -> bool:
    """Whether a foreign key to these columns needs one of the keys; on MariaDB a part of one will do."""
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


def _primary_key(entry: Entry, changes: Changes, on_mysql: bool) -> Iterator[tuple[Entry, str]]:
    """Yield what drops a primary key; on MariaDB only one of which columns leave, and not all."""
    alter = f"ALTER TABLE {entry.table} DROP"
    if not on_mysql:
        yield entry, f"{alter} CONSTRAINT {entry.name}"
        return
    table = bare(entry.table)
    leaving = changes.dropped | changes.nullable
    stay = [name for name in entry.columns if (table, name) not in changes.dropped]
    if stay and _on(entry) & leaving:
        # A foreign key may need an index meanwhile, which goes once nothing wants it.
        index = ", ".join(f"`{name.replace('`', '``')}`" for name in stay)
        yield entry, f"{alter} PRIMARY KEY, ADD KEY old_primary_key ({index})"


def _leaves_index(key: Entry, there: Catalog, wanted: Catalog) -> bool:
    """Whether a foreign key of MariaDB or MySQL leaves an index whose name another one is to get."""
    index = EntryKey(key.table, "index", key.name)
    comes = index in wanted or index._replace(kind="foreign key") in wanted
    return comes and index in there and not same(wanted.get(index), there[index])


def _with_index(
    op: ops.MigrateOperation, there: Catalog, wanted: Catalog
) -> Iterator[ops.MigrateOperation]:
    yield op
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        key = there.get(EntryKey(f"`{op.table_name}`", "foreign key", f"`{op.constraint_name}`"))
        if key and _leaves_index(key, there, wanted):
            yield ops.DropIndexOp(key.name.strip("`"), op.table_name, schema=op.schema)


def _sequences(there: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what lets sequences end earlier, as a column that counts by one may be too small for it."""
    for key, entry in sorted(wanted.items()):
        if key.kind == "sequence" and _end(entry) < _end(there.get(key)):
            alter = f"ALTER SEQUENCE {entry.name} {entry.definition}"
            yield SQLOp([alter], [], f"alter sequence {entry.name}")


def _end(sequence: Entry | None) -> int:
    definition = sequence.definition if sequence else ""
    return int(definition.partition(" MAXVALUE ")[2].partition(" ")[0] or 0)


def _unseen_indexes(
    tables: list[ops.ModifyTableOps], there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[SQLOp]:
    """Yield what drops the indexes of SQLite whose expressions change, which Alembic does not see."""
    names = {table.table_name for table in tables}
    seen = {
        op.index_name for table in tables for op in table.ops if isinstance(op, ops.DropIndexOp)
    }
    for key, entry in sorted(there.items()):
        is_index = key.kind == "index" and key.table in names
        if is_index and key.name not in seen and not same(wanted.get(key), entry):
            drop = f"DROP INDEX {quoter(dialect)(key.name)}"
            yield SQLOp([drop], [], f"drop index {key.name}")
