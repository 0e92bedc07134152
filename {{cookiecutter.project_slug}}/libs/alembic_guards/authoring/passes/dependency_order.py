"""Sorts operations in dependency order, which every database accepts."""

from collections.abc import Mapping
from copy import copy
from itertools import groupby, takewhile
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import (
    PARTS,
    Barrier,
    OpList,
    apart,
    columns_of,
    kind_of,
    name_of,
)
from alembic_guards.authoring.passes.batches import Place, place_of, sort_batches
from alembic_guards.authoring.passes.topological import (
    Keys,
    foreign_keys,
    sort_names,
    sort_tables,
)
from alembic_guards.database.features import Features, features
from alembic_guards.database.identifiers import bare, table_key

#: The tables that a table inherits from, by its name.
Parents = Mapping[str, set[str]]

#: Operations on tables, which are sorted.
ON_TABLES = (ops.CreateTableOp, ops.DropTableOp, *PARTS)


def sort_by_dependency(operations: OpList, comparison: Comparison) -> OpList:
    """Sort operations in dependency order, drops in reverse dependency order.

    Autogenerate sorts whole tables in no order, drops an index before the foreign key that needs
    it, and does not create cyclic foreign keys. Operations of other kinds, such as a rename or an
    enum, stay before all tables or after them.
    """
    steps = [_bind_columns(op) for op in operations if not isinstance(op, Barrier)]
    others = [op for op in steps if not isinstance(op, ON_TABLES)]
    leading = list(takewhile(lambda op: not isinstance(op, ON_TABLES), steps))
    on_tables: OpList = [op for op in steps if isinstance(op, ON_TABLES)]
    able = features(comparison.dialect)
    ordered = (
        _by_alter(on_tables, able, _parents(comparison))
        if able.alters_tables
        else _in_batches(on_tables)
    )
    return [*leading, *ordered, *others[len(leading) :]]


def put_leading_first(operations: OpList, _: Comparison) -> OpList:
    """Put operations first that lead a revision in both directions, such as renames of values."""
    return sorted(operations, key=lambda op: not getattr(op, "leads", False))


def _by_alter(operations: OpList, able: Features, parents: Parents) -> OpList:
    """Return operations on tables in their order, with a barrier before those of each rank.

    Cyclic foreign keys are added after all tables.
    """
    changing = _changing_columns(operations)
    created, keys_to_add = sort_tables(_created(operations), changing, parents)
    dropped, keys_to_drop = sort_tables(_dropped(operations), changing, parents)
    parts = _order_inherited(_parts(operations), parents)
    keys_to_drop += _name_conflicts(parts, dropped, keys_to_drop)
    steps = [
        *(_without_keys(op, keys_to_add) for op in created),
        *parts,
        *map(ops.DropConstraintOp.from_constraint, keys_to_drop),
        *map(ops.CreateForeignKeyOp.from_constraint, keys_to_add),
        *reversed(dropped),
    ]

    def rank(op: MigrateOperation) -> int:
        return _rank(op, able)

    by_rank = groupby(sorted(steps, key=rank), rank)
    return [op for _, same_rank in by_rank for op in (Barrier(), *same_rank)]


def _rank(op: MigrateOperation, able: Features) -> int:
    """Return the place of an operation among the others that ALTER TABLE runs."""
    match op:
        case ops.DropConstraintOp(constraint_type="foreignkey"):
            return 0
        case ops.CreateTableOp():
            return 1
        case ops.DropColumnOp() if not able.transactional_ddl:
            return 6  # what rows may make fail runs first
        case ops.CreateCheckConstraintOp():
            return 3  # its columns have the new type
        case ops.CreateForeignKeyOp():
            return 4
        case ops.DropTableOp():
            return 5
        case _:
            return 2


def _in_batches(operations: OpList) -> OpList:
    """Return operations on tables of SQLite in their order.

    It checks no foreign keys during a migration, and each batch rebuilds the table: there the
    operations on one table stay together, without the indexes that a batch cannot create or drop.
    """
    changing = _changing_columns(operations)
    created, _ = sort_tables(_created(operations), changing)
    dropped, _ = sort_tables(_dropped(operations), changing)
    parts = _parts(operations)
    places = {op: place_of(op, operations, parts) for op in parts}
    early, batches, after_tables, last = (
        [op for op in parts if places[op] is place] for place in Place
    )
    return [
        *apart(early),
        *created,
        *sort_batches(batches),
        *apart(after_tables),
        *reversed(dropped),
        *apart(last),
    ]


def _created(operations: OpList) -> list[ops.CreateTableOp]:
    return [op for op in operations if isinstance(op, ops.CreateTableOp)]


def _dropped(operations: OpList) -> list[ops.DropTableOp]:
    return [op for op in operations if isinstance(op, ops.DropTableOp)]


def _parts(operations: OpList) -> OpList:
    """Return the operations on tables that stay: what is in a dropped table is dropped with it."""
    dropped = {table_key(op) for op in _dropped(operations)}
    parts: OpList = [op for op in operations if isinstance(op, PARTS)]
    parts = [op for op in parts if table_key(op) not in dropped]
    return _order_generated_columns(parts)


def _without_keys(op: ops.CreateTableOp, keys: Keys) -> ops.CreateTableOp:
    """Return `op` without some foreign keys, which ALTER adds later."""
    removed = [key for key in foreign_keys(op) if key in keys]
    changed = copy(op)
    changed.columns = [part for part in op.columns if all(part is not key for key in removed)]
    for column in (column for key in removed for column in key.columns):
        if column.autoincrement == "auto":
            column.autoincrement = False  # without its foreign key it would be SERIAL
    return changed


def _bind_columns(op: MigrateOperation) -> MigrateOperation:
    """Bind the columns of a CreateTableOp of a Rewriter: unbound copies lose foreign keys."""
    if not isinstance(op, ops.CreateTableOp):
        return op
    if all(column.table is not None for column in op.columns if isinstance(column, sa.Column)):
        return op
    bound = ops.CreateTableOp.from_table(op.to_table())
    bound.if_not_exists = op.if_not_exists
    return bound


def _name_conflicts(parts: OpList, dropped: list[ops.DropTableOp], to_drop: Keys) -> Keys:
    """Return the foreign keys of dropped tables whose names are given to foreign keys before.

    On MariaDB and MySQL the name of a foreign key is unique in a database.
    """
    names = {name_of(op) for op in parts if isinstance(op, ops.CreateForeignKeyOp)}
    keys = [key for op in dropped for key in foreign_keys(op) if key.name in names]
    return [key for key in keys if key not in to_drop]


def _changing_columns(operations: OpList) -> set[str]:
    """Return columns that are added or dropped or whose type or UNIQUE changes: "table.column"."""
    return {
        f"{table_key(op)}.{name}"
        for op in operations
        if isinstance(op, ops.AddColumnOp | ops.DropColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
        or kind_of(op) == "unique"
        for name in columns_of(op)
    }


def _order_generated_columns(operations: OpList) -> OpList:
    """Sort generated columns: add them after the columns that they use, drop them before those."""
    ordered, tables = list(operations), [table_key(op) for op in operations]
    for kind, at_last in ((ops.AddColumnOp, True), (ops.DropColumnOp, False)):
        places = [place for place, op in enumerate(operations) if isinstance(op, kind)]
        in_order = sorted(
            (operations[place] for place in places),
            # Drops are sorted by name: Alembic has them in no order.
            key=lambda op: (
                tables.index(table_key(op)),
                _is_computed(op) is at_last,
                getattr(op, "column_name", ""),
            ),
        )
        for place, op in zip(places, in_order, strict=True):
            ordered[place] = op
    return ordered


def _parents(comparison: Comparison) -> Parents:
    """Return the tables of PostgreSQL that others inherit from, by those."""
    parents: dict[str, set[str]] = {}
    for key in (*comparison.present, *comparison.target):
        if key.kind == "inheritance":
            parents.setdefault(bare(key.table), set()).add(bare(key.name))
    return parents


def _order_inherited(operations: OpList, parents: Parents) -> OpList:
    """Sort operations that a table passes on to those that inherit from it.

    PostgreSQL adds to a parent what its children may have already, and drops from a child only what
    no parent has. A type is changed, and a CHECK is dropped, in the parent alone.
    """
    tables = {table_key(op): op for op in operations}
    needs = {table: parents.get(table, set()) for table in tables}
    if not any(needs.values()):
        return operations
    rank, _ = sort_names(needs)
    ordered = list(operations)
    for kind, child_first in (
        (ops.AddColumnOp, True),
        (ops.CreateCheckConstraintOp, True),
        (ops.DropColumnOp, False),
        (ops.DropConstraintOp, False),
    ):
        places = [place for place, op in enumerate(operations) if isinstance(op, kind)]
        in_order = sorted(
            (operations[place] for place in places),
            key=lambda op: rank.index(table_key(op)) * (-1 if child_first else 1),
        )
        for place, op in zip(places, in_order, strict=True):
            ordered[place] = op
    passed_on = {(table_key(op), _passed_on(op)) for op in operations if _passed_on(op)}
    return [
        op
        for op in ordered
        if not any((parent, _passed_on(op)) in passed_on for parent in needs[table_key(op)])
    ]


def _passed_on(op: MigrateOperation) -> str:
    """Return the name of a column whose type changes or of a CHECK that is dropped; "" for others."""
    if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
        return f"column {op.column_name}"
    is_check = isinstance(op, ops.DropConstraintOp) and kind_of(op) == "check"
    return f"check {name_of(op)}" if is_check else ""


def _is_computed(op: Any) -> bool:
    column: sa.Column[Any] = op.column if isinstance(op, ops.AddColumnOp) else op.to_column()
    return column.computed is not None
