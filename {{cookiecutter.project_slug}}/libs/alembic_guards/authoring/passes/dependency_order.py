"""Sorts operations in dependency order, which every database accepts."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.compat import creation_order
from alembic_guards.database.identifiers import table_key

WholeTable = ops.CreateTableOp | ops.DropTableOp
Keys = list[sa.ForeignKeyConstraint]


class Separated(NamedTuple):
    """Operations that run outside of the group of their table."""

    early: list[ops.MigrateOperation]  # before all tables
    after_tables: list[ops.MigrateOperation]  # after the created and changed tables
    last: list[ops.MigrateOperation]


def sort_by_dependency(container: ops.OpContainer, dialect: sa.Dialect) -> None:
    """Sort the operations of `container` in dependency order, drops in reverse dependency order.

    Autogenerate sorts whole tables in no order, drops an index before the foreign key that needs
    it, and does not create cyclic foreign keys. SQLite checks no foreign keys during a migration,
    and each batch rebuilds the table: there the operations on one table stay together.
    """
    container.ops = [_bind_columns(op) for op in container.ops]
    changing = set(_changing_columns(container))
    created, keys_to_add = _sort(container, ops.CreateTableOp, changing)
    dropped, keys_to_drop = _sort(container, ops.DropTableOp, changing)
    dropped_tables = {table_key(op) for op in dropped}  # their indexes are dropped with them
    changed = [
        op
        for op in container.ops
        if isinstance(op, ops.ModifyTableOps) and table_key(op) not in dropped_tables
    ]
    # Operations of other kinds, such as a rename or an enum, stay before all tables or after them.
    other_kinds = [
        op for op in container.ops if not isinstance(op, WholeTable | ops.ModifyTableOps)
    ]
    leading = list(takewhile(lambda op: op in other_kinds, container.ops))
    trailing = other_kinds[len(leading) :]
    for op in created:
        op.columns.sort(key=creation_order)
    for table in changed:
        order_generated_columns(table.ops)
    if dialect.name == "sqlite":
        separated = _separate_indexes(container, changed)
        changed = list(_sort_by_reference([table for table in changed if table.ops]))
    else:
        _remove_keys(created, keys_to_add)
        separated = _separate_foreign_keys(changed, dialect)
        keys_to_drop += _name_conflicts(separated.after_tables, dropped, keys_to_drop)
        separated.early.extend(
            _in_own_group(ops.DropConstraintOp.from_constraint(key)) for key in keys_to_drop
        )
        separated.after_tables.extend(
            _in_own_group(ops.CreateForeignKeyOp.from_constraint(key)) for key in keys_to_add
        )
    early, after_tables, last = separated
    ordered = [*early, *created, *changed, *after_tables, *reversed(dropped), *last]
    container.ops = [*leading, *ordered, *trailing]


def _separate_indexes(container: ops.OpContainer, changed: list[ops.ModifyTableOps]) -> Separated:
    """Remove the indexes from the batches of SQLite that cannot be created or dropped in them."""
    separated = Separated([], [], [])
    indexes_of_dropped_tables = {
        name for op in container.ops if op not in changed for name in _index_names(op)
    }
    for table in changed:
        others = (other for other in changed if other is not table)
        created_elsewhere = {name for other in others for name in _index_names(other)}
        separated.early.extend(
            _extract(table, partial(_is_early_drop, created_elsewhere=created_elsewhere))
        )
        separated.after_tables.extend(
            _extract(table, lambda op: _has_expressions(op, ops.CreateIndexOp))
        )
        separated.last.extend(
            _extract(table, lambda op: getattr(op, "index_name", "") in indexes_of_dropped_tables)
        )
    return separated


def _separate_foreign_keys(changed: list[ops.ModifyTableOps], dialect: sa.Dialect) -> Separated:
    """Remove foreign keys from groups of operations, on MariaDB and MySQL dropped columns, too."""
    separated = Separated([], [], [])
    for table in changed:
        separated.early.extend(_extract(table, _drops_foreign_key))
        if dialect.name == "mysql":  # no rollback: run first what rows may make fail
            separated.last.extend(_extract(table, lambda op: isinstance(op, ops.DropColumnOp)))
        separated.after_tables.extend(
            _extract(table, lambda op: isinstance(op, ops.CreateForeignKeyOp))
        )
    return separated


def _remove_keys(created: list[ops.CreateTableOp], keys: Keys) -> None:
    """Remove foreign keys from new tables: ALTER adds them later."""
    for op in created:
        op.columns = [part for part in op.columns if all(part is not key for key in keys)]
    for key in keys:
        for column in key.columns:
            if column.autoincrement == "auto":
                column.autoincrement = False  # without its foreign key it would be SERIAL


def _bind_columns(op: ops.MigrateOperation) -> ops.MigrateOperation:
    """Bind the columns of a CreateTableOp of a Rewriter: unbound copies lose foreign keys."""
    if not isinstance(op, ops.CreateTableOp):
        return op
    if all(column.table is not None for column in op.columns if isinstance(column, sa.Column)):
        return op
    bound = ops.CreateTableOp.from_table(op.to_table())
    bound.if_not_exists = op.if_not_exists
    return bound


def _name_conflicts(
    after_tables: list[Any], dropped: list[ops.DropTableOp], keys_to_drop: Keys
) -> Keys:
    """Return the foreign keys of dropped tables whose names are given to foreign keys before.

    On MariaDB and MySQL the name of a foreign key is unique in a database.
    """
    names = {op.ops[0].constraint_name for op in after_tables}
    keys = [key for op in dropped for key in _foreign_keys(op) if key.name in names]
    return [key for key in keys if all(key is not other for other in keys_to_drop)]


def _changing_columns(container: ops.OpContainer) -> Iterator[str]:
    """Yield columns that are added or dropped or whose type or UNIQUE changes: "table.column"."""
    for table in container.ops:
        for op in table.ops if isinstance(table, ops.ModifyTableOps) else ():
            names: list[Any] = []
            match op:
                case ops.AddColumnOp():
                    names = [op.column.name]
                case ops.DropColumnOp() | ops.AlterColumnOp(modify_type=sa.types.TypeEngine()):
                    names = [op.column_name]
                case ops.CreateUniqueConstraintOp():
                    names = list(op.columns)
                case ops.DropConstraintOp(constraint_type="unique"):
                    unique: Any = op.to_constraint()
                    names = [column.name for column in unique.columns]
            yield from (f"{table_key(table)}.{name}" for name in names)


def _sort_by_reference(tables: list[ops.ModifyTableOps]) -> Iterator[ops.ModifyTableOps]:
    """Yield batches on tables of SQLite, sorted by the foreign keys that they add and drop.

    A column is added before a foreign key refers to it, and dropped after that. For each batch
    Alembic reflects the tables that its foreign keys refer to.
    """
    waiting = {table_key(table): table for table in tables}

    def has(name: str, kind: type[ops.MigrateOperation]) -> bool:
        return name in waiting and any(isinstance(op, kind) for op in waiting[name].ops)

    def predecessors(name: str) -> Iterator[str]:
        for op in waiting[name].ops:
            if isinstance(op, ops.CreateForeignKeyOp) and has(op.referent_table, ops.AddColumnOp):
                yield op.referent_table
        for other, table in waiting.items() if has(name, ops.DropColumnOp) else ():
            if name in map(_dropped_reference, table.ops):
                yield other

    while waiting:
        free = (name for name in waiting if not {*predecessors(name)} - {name})
        yield waiting.pop(next(free, next(iter(waiting))))


def _dropped_reference(op: ops.MigrateOperation) -> str | None:
    """Return the table that a foreign key refers to, if `op` drops a foreign key."""
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        key: Any = op.to_constraint()
        return str(key.elements[0].target_fullname.rpartition(".")[0])
    return None


def _sort(
    container: ops.OpContainer, kind: type[WholeTable], changing: set[str]
) -> tuple[list[Any], Keys]:
    """Return the operations of `kind` in dependency order, and foreign keys to separate from them.

    These are cyclic foreign keys, and those that refer to columns in `changing`.
    """
    operations: list[Any] = [op for op in container.ops if isinstance(op, kind)]
    waiting = {table_key(op): op for op in sorted(operations, key=table_key)}
    every = {key: _foreign_keys(op) for key, op in waiting.items()}
    circular = [
        part
        for parts in every.values()
        for part in parts
        if _is_added_by_alter(part)
        or changing & {element.target_fullname for element in part.elements}
    ]
    keys = {key: [p for p in parts if p not in circular] for key, parts in every.items()}
    ready: list[Any] = []
    while waiting:
        free = [
            key for key in waiting if not _referred_tables(keys[key]) & (waiting.keys() - {key})
        ]
        if not free:
            others = {key: waiting.keys() - {key} for key in waiting}
            links = {
                key: [k for k in keys[key] if _referred_tables([k]) & others[key]]
                for key in waiting
            }
            # Prefer to separate named keys: an unnamed one could not be dropped.
            free = sorted(waiting, key=lambda key: any(k.name is None for k in links[key]))[:1]
            circular += links[free[0]]
        ready += [waiting.pop(key) for key in free]
    return ready, circular


def _foreign_keys(op: WholeTable) -> Keys:
    parts = op.columns if isinstance(op, ops.CreateTableOp) else op.to_table().constraints
    return [part for part in parts if isinstance(part, sa.ForeignKeyConstraint)]


def _is_added_by_alter(key: sa.ForeignKeyConstraint) -> bool:
    """Whether ALTER adds a foreign key: use_alter is set, or it needs a unique index first."""
    try:
        target = key.referred_table
        columns = {element.column.name for element in key.elements}
    except sa.exc.InvalidRequestError:  # it refers to a table that is dropped
        return False
    unique = [{column.name for column in index.columns} for index in target.indexes if index.unique]
    return key.use_alter or columns in unique


def _referred_tables(keys: Keys) -> set[str]:
    """Return the tables that `keys` refer to, named as `table_key` does."""
    return {key.elements[0].target_fullname.rpartition(".")[0] for key in keys}


def _extract(
    table: ops.ModifyTableOps, predicate: Callable[[ops.MigrateOperation], bool]
) -> list[ops.MigrateOperation]:
    """Remove the operations that satisfy `predicate` from a group; return each in its own group."""
    extracted = [op for op in table.ops if predicate(op)]
    table.ops = [op for op in table.ops if not predicate(op)]
    return [_in_own_group(op) for op in extracted]


def _in_own_group(op: Any) -> ops.ModifyTableOps:
    table = getattr(op, "source_table", None) or op.table_name
    schema = op.kw.get("source_schema") if hasattr(op, "source_table") else op.schema
    return ops.ModifyTableOps(table, [op], schema=schema)


def _index_names(table: ops.MigrateOperation) -> set[str]:
    """Return the names of indexes that a group creates and drops; SQLite has one namespace."""
    parts = table.ops if isinstance(table, ops.ModifyTableOps) else ()
    kinds = ops.CreateIndexOp | ops.DropIndexOp
    return {str(op.index_name) for op in parts if isinstance(op, kinds)}


def _is_early_drop(op: ops.MigrateOperation, created_elsewhere: set[str]) -> bool:
    """Whether `op` drops an index before all else, as another table creates one of that name.

    Indexes on expressions, too, are dropped outside of the batch of their table.
    """
    is_taken = isinstance(op, ops.DropIndexOp) and op.index_name in created_elsewhere
    return is_taken or _has_expressions(op, ops.DropIndexOp)


def _has_expressions(op: Any, kind: type[ops.CreateIndexOp | ops.DropIndexOp]) -> bool:
    """Whether `op` is of `kind`, for an index on an expression.

    In a batch with other operations Alembic would look for a column of that name.
    """
    parts = op.to_index().expressions if isinstance(op, kind) else ()
    return any(not isinstance(part, sa.Column) for part in parts)


def _drops_foreign_key(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey"


def order_generated_columns(steps: list[ops.MigrateOperation]) -> None:
    """Sort generated columns: add them after the columns that they use, drop them before those."""
    for kind, at_last in ((ops.AddColumnOp, True), (ops.DropColumnOp, False)):
        places = [place for place, op in enumerate(steps) if isinstance(op, kind)]
        in_order = sorted(
            (steps[place] for place in places),
            # Drops are sorted by name: Alembic has them in no order.
            key=lambda op: (_is_computed(op) is at_last, getattr(op, "column_name", "")),
        )
        for place, op in zip(places, in_order, strict=True):
            steps[place] = op


def _is_computed(op: Any) -> bool:
    column: sa.Column[Any] = op.column if isinstance(op, ops.AddColumnOp) else op.to_column()
    return column.computed is not None
