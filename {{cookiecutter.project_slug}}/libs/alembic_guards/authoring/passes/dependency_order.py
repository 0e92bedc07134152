"""Puts operations into an order that every database accepts."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.compat import creation_order
from alembic_guards.database.identifiers import table_key

WholeTable = ops.CreateTableOp | ops.DropTableOp
Keys = list[sa.ForeignKeyConstraint]


def put_in_order(container: ops.OpContainer, dialect: sa.Dialect) -> None:
    """Sort the operations of `container` in dependency order; drops are in the reverse order.

    Autogenerate leaves whole tables in the order of a set, drops an index before the foreign key
    that needs it, and never makes foreign keys that lead in a circle. SQLite checks no foreign key
    meanwhile: there each change of a table stays in one piece, for each piece copies the table.
    """
    container.ops = [_bound(op) for op in container.ops]
    moving = set(_moving(container))
    created, circular = _sort(container, ops.CreateTableOp, moving)
    dropped, freed = _sort(container, ops.DropTableOp, moving)
    gone = {table_key(op) for op in dropped}  # and their indexes with them
    changed = [
        op
        for op in container.ops
        if isinstance(op, ops.ModifyTableOps) and table_key(op) not in gone
    ]
    # What is about no table, such as a rename or an enum, stays in front of all tables or behind.
    aside = [op for op in container.ops if not isinstance(op, WholeTable | ops.ModifyTableOps)]
    before = list(takewhile(lambda op: op in aside, container.ops))
    behind = aside[len(before) :]
    for op in created:
        op.columns.sort(key=creation_order)
    unlinked: list[ops.MigrateOperation] = []
    linked: list[ops.MigrateOperation] = []
    late: list[ops.MigrateOperation] = []
    for table in changed:
        computed_apart(table.ops)
    if dialect.name == "sqlite":
        taken = {name for op in container.ops if op not in changed for name in _indexes(op)}
        for table in changed:
            made = {name for other in changed if other is not table for name in _indexes(other)}
            unlinked += _take(table, partial(_goes_apart, made=made))
            linked += _take(table, lambda op: _has_expressions(op, ops.CreateIndexOp))
            late += _take(table, lambda op: getattr(op, "index_name", "") in taken)
        changed = list(_by_reference([table for table in changed if table.ops]))
    else:
        for op in created:
            op.columns = [part for part in op.columns if all(part is not key for key in circular)]
        for key in circular:
            for column in key.columns:
                if column.autoincrement == "auto":
                    column.autoincrement = False  # without the key it would seem to count by itself
        for table in changed:
            unlinked += _take(table, _drops_foreign_key)
            if dialect.name == "mysql":  # where all is done for good: rows may refuse what comes
                late += _take(table, lambda op: isinstance(op, ops.DropColumnOp))
            linked += _take(table, lambda op: isinstance(op, ops.CreateForeignKeyOp))
        freed += _namesakes(linked, dropped, freed)
        unlinked += [_alone(ops.DropConstraintOp.from_constraint(key)) for key in freed]
        linked += [_alone(ops.CreateForeignKeyOp.from_constraint(key)) for key in circular]
    ordered = [*unlinked, *created, *changed, *linked, *reversed(dropped), *late]
    container.ops = [*before, *ordered, *behind]


def _bound(op: ops.MigrateOperation) -> ops.MigrateOperation:
    """Bind the loose columns that a Rewriter makes a table of: a copy would lose a ForeignKey."""
    if not isinstance(op, ops.CreateTableOp):
        return op
    if all(column.table is not None for column in op.columns if isinstance(column, sa.Column)):
        return op
    bound = ops.CreateTableOp.from_table(op.to_table())
    bound.if_not_exists = op.if_not_exists
    return bound


def _namesakes(linked: list[Any], dropped: list[ops.DropTableOp], freed: Keys) -> Keys:
    """Return the foreign keys that go with their tables, and whose names others are to get before.

    MariaDB and MySQL know each name once.
    """
    names = {op.ops[0].constraint_name for op in linked}
    keys = [key for op in dropped for key in _foreign_keys(op) if key.name in names]
    return [key for key in keys if all(key is not other for other in freed)]


def _moving(container: ops.OpContainer) -> Iterator[str]:
    """Yield the columns that come, go, get another type or are made unique, as foreign keys name them."""
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


def _by_reference(tables: list[ops.ModifyTableOps]) -> Iterator[ops.ModifyTableOps]:
    """Yield changes of tables of SQLite: a column is there before a key refers to it, and goes after it.

    For each change of a table Alembic reads those that it refers to.
    """
    waiting = {table_key(table): table for table in tables}

    def has(name: str, kind: type[ops.MigrateOperation]) -> bool:
        return name in waiting and any(isinstance(op, kind) for op in waiting[name].ops)

    def before(name: str) -> Iterator[str]:
        for op in waiting[name].ops:
            if isinstance(op, ops.CreateForeignKeyOp) and has(op.referent_table, ops.AddColumnOp):
                yield op.referent_table
        for other, table in waiting.items() if has(name, ops.DropColumnOp) else ():
            if name in map(_left, table.ops):
                yield other

    while waiting:
        free = (name for name in waiting if not {*before(name)} - {name})
        yield waiting.pop(next(free, next(iter(waiting))))


def _left(op: ops.MigrateOperation) -> str | None:
    """Return the table that a foreign key refers to, where `op` drops one."""
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        key: Any = op.to_constraint()
        return str(key.elements[0].target_fullname.rpartition(".")[0])
    return None


def _sort(
    container: ops.OpContainer, kind: type[WholeTable], moving: set[str]
) -> tuple[list[Any], Keys]:
    """Sort whole tables behind those that they refer to; return the keys that come apart, too.

    Those lead in a circle, or to a column that becomes what they need, or ceases to be that.
    """
    operations: list[Any] = [op for op in container.ops if isinstance(op, kind)]
    waiting = {table_key(op): op for op in sorted(operations, key=table_key)}
    every = {key: _foreign_keys(op) for key, op in waiting.items()}
    circular = [
        part
        for parts in every.values()
        for part in parts
        if _comes_later(part) or moving & {element.target_fullname for element in part.elements}
    ]
    keys = {key: [p for p in parts if p not in circular] for key, parts in every.items()}
    ready: list[Any] = []
    while waiting:
        free = [key for key in waiting if not _targets(keys[key]) & (waiting.keys() - {key})]
        if not free:
            others = {key: waiting.keys() - {key} for key in waiting}
            links = {key: [k for k in keys[key] if _targets([k]) & others[key]] for key in waiting}
            # A key without a name could not be dropped again.
            free = sorted(waiting, key=lambda key: any(k.name is None for k in links[key]))[:1]
            circular += links[free[0]]
        ready += [waiting.pop(key) for key in free]
    return ready, circular


def _foreign_keys(op: WholeTable) -> Keys:
    parts = op.columns if isinstance(op, ops.CreateTableOp) else op.to_table().constraints
    return [part for part in parts if isinstance(part, sa.ForeignKeyConstraint)]


def _comes_later(key: sa.ForeignKeyConstraint) -> bool:
    """Whether a foreign key is made by ALTER: on demand, or because an index has to be there first."""
    try:
        target = key.referred_table
        columns = {element.column.name for element in key.elements}
    except sa.exc.InvalidRequestError:  # of a table that is about to go
        return False
    unique = [{column.name for column in index.columns} for index in target.indexes if index.unique]
    return key.use_alter or columns in unique


def _targets(keys: Keys) -> set[str]:
    """Return the tables that `keys` refer to, named as `table_key` does."""
    return {key.elements[0].target_fullname.rpartition(".")[0] for key in keys}


def _take(
    table: ops.ModifyTableOps, wanted: Callable[[ops.MigrateOperation], bool]
) -> list[ops.MigrateOperation]:
    """Remove the wanted operations from those of a table, and return them, ready to stand alone."""
    taken = [op for op in table.ops if wanted(op)]
    table.ops = [op for op in table.ops if not wanted(op)]
    return [_alone(op) for op in taken]


def _alone(op: Any) -> ops.ModifyTableOps:
    table = getattr(op, "source_table", None) or op.table_name
    schema = op.kw.get("source_schema") if hasattr(op, "source_table") else op.schema
    return ops.ModifyTableOps(table, [op], schema=schema)


def _indexes(table: ops.MigrateOperation) -> set[str]:
    """Return the indexes that come or go with the operations of a table: SQLite knows each name once."""
    parts = table.ops if isinstance(table, ops.ModifyTableOps) else ()
    kinds = ops.CreateIndexOp | ops.DropIndexOp
    return {str(op.index_name) for op in parts if isinstance(op, kinds)}


def _goes_apart(op: ops.MigrateOperation, made: set[str]) -> bool:
    """Whether an index goes before all else, for another table gets one of that name."""
    is_taken = isinstance(op, ops.DropIndexOp) and op.index_name in made
    return is_taken or _has_expressions(op, ops.DropIndexOp)


def _has_expressions(op: Any, kind: type[ops.CreateIndexOp | ops.DropIndexOp]) -> bool:
    """Whether an index is on more than columns: beside other changes Alembic looks for such a column."""
    parts = op.to_index().expressions if isinstance(op, kind) else ()
    return any(not isinstance(part, sa.Column) for part in parts)


def _drops_foreign_key(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey"


def computed_apart(steps: list[ops.MigrateOperation]) -> None:
    """Let columns that are computed from others come after those, and go before them."""
    for kind, at_last in ((ops.AddColumnOp, True), (ops.DropColumnOp, False)):
        places = [place for place, op in enumerate(steps) if isinstance(op, kind)]
        in_order = sorted(
            (steps[place] for place in places),
            # What goes does so by the alphabet: Alembic has it in no order.
            key=lambda op: (_is_computed(op) is at_last, getattr(op, "column_name", "")),
        )
        for place, op in zip(places, in_order, strict=True):
            steps[place] = op


def _is_computed(op: Any) -> bool:
    column: sa.Column[Any] = op.column if isinstance(op, ops.AddColumnOp) else op.to_column()
    return column.computed is not None
