"""Sorts the batches of SQLite, and the indexes that a batch cannot create or drop."""

from enum import Enum, auto
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.operations import (
    OpList,
    is_foreign_key_drop,
    kind_of,
    name_of,
)
from alembic_guards.authoring.passes.topological import sort_names
from alembic_guards.database.identifiers import table_key, target_of


class Place(Enum):
    """Where an operation on a table runs."""

    EARLY = auto()  # before all tables
    BATCH = auto()  # in the batch of its table
    AFTER_TABLES = auto()  # after the batches
    LAST = auto()  # after tables are dropped


def place_of(op: MigrateOperation, operations: OpList, parts: OpList) -> Place:
    """Return where an operation on a table runs, of `parts` on tables that stay.

    All tables share the names of indexes. In a batch with other operations Alembic would look for a
    column that is named as the expression of an index.
    """
    if kind_of(op) != "index":
        return Place.BATCH
    elsewhere = [
        other
        for other in operations
        if kind_of(other) == "index"
        and name_of(other) == name_of(op)
        and table_key(other) != table_key(op)
    ]
    if isinstance(op, ops.DropIndexOp) and (
        _has_expressions(op) or any(other in parts for other in elsewhere)
    ):
        return Place.EARLY
    if isinstance(op, ops.CreateIndexOp) and _has_expressions(op):
        return Place.AFTER_TABLES
    is_in_dropped_table = any(other not in parts for other in elsewhere)
    return Place.LAST if is_in_dropped_table else Place.BATCH


def _has_expressions(op: ops.CreateIndexOp | ops.DropIndexOp) -> bool:
    return any(not isinstance(part, sa.Column) for part in op.to_index().expressions)


def sort_batches(operations: OpList) -> OpList:
    """Sort the batches of tables of SQLite by the foreign keys that they add and drop.

    A column is added before a foreign key refers to it, and dropped after that. For each batch
    Alembic reflects the tables that its foreign keys refer to.
    """
    batches: dict[str, OpList] = {}
    for op in operations:
        batches.setdefault(table_key(op), []).append(op)
    needs: dict[str, set[str]] = {table: set() for table in batches}
    for op in operations:
        table = table_key(op)
        if isinstance(op, ops.CreateForeignKeyOp):
            target = op.referent_table
            if any(isinstance(other, ops.AddColumnOp) for other in batches.get(target, ())):
                needs[table].add(target)
        elif is_foreign_key_drop(op):
            target = _dropped_reference(op)
            if any(isinstance(other, ops.DropColumnOp) for other in batches.get(target, ())):
                needs[target].add(table)
    return [op for table in sort_names(needs)[0] for op in batches[table]]


def _dropped_reference(op: Any) -> str:
    """Return the table that a dropped foreign key refers to."""
    return target_of(op.to_constraint().elements[0]).rpartition(".")[0]
