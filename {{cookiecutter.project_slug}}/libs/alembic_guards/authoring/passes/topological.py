"""Sorts names topologically, and tables by their foreign keys; cycles are cut."""

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.identifiers import table_key, target_of

WholeTable = ops.CreateTableOp | ops.DropTableOp
Keys = list[sa.ForeignKeyConstraint]

#: Pairs of a name, and one that it comes before although it needs it.
Ignored = set[tuple[str, str]]

NONE: Mapping[str, set[str]] = MappingProxyType({})


def sort_names(
    needs: Mapping[str, Iterable[str]], choose: Callable[[list[str]], str] = min
) -> tuple[list[str], Ignored]:
    """Return the names in `needs`, each after those that it maps to, and the needs left out.

    Of the names in a cycle, `choose` returns the one whose needs in the cycle are left out. Names
    that need nothing of each other keep their order.
    """
    graph = {name: sorted({*others} & needs.keys() - {name}) for name, others in needs.items()}
    position = {name: place for place, name in enumerate(graph)}
    ignored: Ignored = set()
    while True:
        sorter = TopologicalSorter(graph)
        try:
            sorter.prepare()
            break
        except CycleError as error:
            cycle = {*error.args[1]}
            chosen = choose(sorted(cycle))
            ignored |= {(chosen, name) for name in graph[chosen] if name in cycle}
            graph[chosen] = [name for name in graph[chosen] if name not in cycle]
    ordered: list[str] = []
    while ready := sorter.get_ready():
        ordered += sorted(ready, key=position.__getitem__)
        sorter.done(*ready)
    return ordered, ignored


def sort_tables(
    operations: Iterable[WholeTable], changing: set[str], parents: Mapping[str, set[str]] = NONE
) -> tuple[list[Any], Keys]:
    """Return operations on tables in dependency order, and foreign keys to separate from them.

    `parents` maps a table to those that it inherits from.

    These are some of the keys in a cycle, and those that refer to columns in `changing`. Of a cycle
    named keys are preferred: an unnamed one could not be dropped.
    """
    tables = {table_key(op): op for op in sorted(operations, key=table_key)}
    every = {name: foreign_keys(op) for name, op in tables.items()}
    separate = [
        key
        for keys in every.values()
        for key in keys
        if _is_added_by_alter(key) or changing & {target_of(part) for part in key.elements}
    ]
    inline = {name: [key for key in every[name] if key not in separate] for name in every}

    def choose(cycle: list[str]) -> str:
        def has_unnamed_key(name: str) -> bool:
            return any(key.name is None for key in inline[name] if _referred_table(key) in cycle)

        return min(cycle, key=has_unnamed_key)

    ordered, ignored = sort_names(
        {
            name: [*map(_referred_table, keys), *parents.get(name, ())]
            for name, keys in inline.items()
        },
        choose,
    )
    for name, keys in inline.items():
        separate += [key for key in keys if (name, _referred_table(key)) in ignored]
    return [tables[name] for name in ordered], separate


def foreign_keys(op: WholeTable) -> Keys:
    """Return the foreign keys of a table that is created or dropped."""
    parts = op.columns if isinstance(op, ops.CreateTableOp) else op.to_table().constraints
    return [part for part in parts if isinstance(part, sa.ForeignKeyConstraint)]


def _referred_table(key: sa.ForeignKeyConstraint) -> str:
    """Return the table that a foreign key refers to, named as `table_key` does."""
    return target_of(key.elements[0]).rpartition(".")[0]


def _is_added_by_alter(key: sa.ForeignKeyConstraint) -> bool:
    """Whether ALTER adds a foreign key: use_alter is set, or it needs a unique index first."""
    try:
        target = key.referred_table
        columns = {element.column.name for element in key.elements}
    except sa.exc.InvalidRequestError:  # it refers to a table that is dropped
        return False
    unique = [{column.name for column in index.columns} for index in target.indexes if index.unique]
    return key.use_alter or columns in unique
