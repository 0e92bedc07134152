"""Lets a change have its way: what stands in it is dropped first, and made again once it is missed."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.authoring.passes.obstacles import (
    leaves_index,
    obstacles_of,
    rekeyed_tables,
    unique_columns,
    unquoted,
)
from alembic_guards.authoring.passes.unnamed import name_of
from alembic_guards.database.catalog import Catalog, same
from alembic_guards.database.identifiers import bare, quoter
from alembic_guards.runtime.operations import OwnOp, SQLOp
from alembic_guards.runtime.renames import RenameConstraint, RenameIndex, RenameSequence


def clear_the_way(
    container: ops.OpContainer, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> None:
    """Let `container` first drop what is in the way of it, and `there`.

    That is what stands on columns that get another type or lose an index, and primary keys that are
    not the same in `wanted`.
    """
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    if dialect.name == "sqlite":
        container.ops[:0] = _unseen_indexes(tables, there, wanted, dialect)
        return
    upwards = isinstance(container, ops.UpgradeOps)
    rekeyed, uniques = set(rekeyed_tables(there, wanted)), set(unique_columns(there, wanted))
    obstacles = list(obstacles_of(container, there, wanted, dialect))
    names = {bare(name_of(part, there[part])).rpartition(".")[2] for part, _ in obstacles}
    counted = {bare(part.name) for part in there if part.kind == "sequence"}

    def comes_elsewhere(op: Any) -> bool:
        """Whether an operation is done before all others, or what it needs is not there yet."""
        if isinstance(op, ops.CreateForeignKeyOp):
            names_of = (op.kw.get("referent_schema"), op.referent_table)
            target = unquoted(".".join(quoter(dialect)(name) for name in names_of if name))
            return target in rekeyed or (target, frozenset(op.remote_cols)) in uniques
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
        if dialect.name == "mysql":
            table.ops = [part for op in table.ops for part in _with_index(op, there, wanted)]
    ahead = takewhile(lambda op: isinstance(op, OwnOp), container.ops)  # which gives new names
    place = container.ops.index(tables[0]) if tables else len([*ahead]) if upwards else 0
    late = [op for op in container.ops[place:] if not comes_elsewhere(op)]
    container.ops[place:] = [
        *_sequences(there, wanted),
        *(SQLOp([drop], [], f"drop {part.kind} {part.name}") for part, drop in obstacles),
        *late,
    ]


def _with_index(
    op: ops.MigrateOperation, there: Catalog, wanted: Catalog
) -> Iterator[ops.MigrateOperation]:
    yield op
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        name = str(op.constraint_name)
        if leaves_index(f"`{op.table_name}`", f"`{name}`", there, wanted):
            yield ops.DropIndexOp(name, op.table_name, schema=op.schema)


def _sequences(there: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what lets sequences end earlier, as a column that counts by one may be too small for it."""
    for part, text in sorted(wanted.items()):
        if part.kind == "sequence" and _end(text) < _end(there.get(part, "")):
            yield SQLOp([f"ALTER SEQUENCE {part.name} {text}"], [], f"alter sequence {part.name}")


def _end(sequence: str) -> int:
    return int(sequence.partition(" MAXVALUE ")[2].partition(" ")[0] or 0)


def _unseen_indexes(
    tables: list[ops.ModifyTableOps], there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[SQLOp]:
    """Yield what drops the indexes of SQLite whose expressions change, which Alembic does not see."""
    names = {table.table_name for table in tables}
    seen = {
        op.index_name for table in tables for op in table.ops if isinstance(op, ops.DropIndexOp)
    }
    for part, text in sorted(there.items()):
        is_index = part.kind == "index" and part.table in names
        if is_index and part.name not in seen and not same(wanted.get(part), text):
            drop = f"DROP INDEX {quoter(dialect)(part.name)}"
            yield SQLOp([drop], [], f"drop index {part.name}")
