"""Writes the outline of SQL that moves rows: after what is added, before NOT NULL and the drops."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import ByHandOp, OpList, columns_of
from alembic_guards.authoring.passes.consent import confirmed
from alembic_guards.authoring.questions import Answers
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import quoted_table, quoter, table_key

#: What a person replaces by SQL: no database accepts it.
PLACE = "..."

#: Operations that run after the rows are moved, if they are on a column that is filled then.
LATE = (ops.CreateIndexOp, ops.AddConstraintOp)


def write_by_hand(operations: OpList, comparison: Comparison) -> OpList:
    """Put the outline of the SQL by hand between what is added and what is dropped.

    In an upgrade it fills the new columns and tables, from those for which a person has answered
    `byhand=`. In a downgrade it fills the latter again. The answer is the consent to drop, in both
    directions, what the rows are moved from.
    """
    answers = comparison.answers
    if answers is None or not answers.by_hand:
        return operations
    sources = _sources(operations, comparison, answers)
    if comparison.is_upgrade and sources:
        answers.by_hand |= _targets(operations, sources, answers)
    statements = [*_outline(operations, sources, comparison, answers)]
    if not statements:
        return operations
    late = [op for op in operations if _is_late(op, operations, answers)]
    early = [op for op in operations if all(op is not other for other in late)]
    consented = [
        confirmed(op) if names_of(op) & answers.by_hand else op
        for op in sorted(late, key=_place_after)
    ]
    locks = comparison.is_upgrade and features(comparison.dialect).online_ddl
    drops = any(isinstance(op, ops.DropColumnOp | ops.DropTableOp) for op in late)
    return [*early, ByHandOp(statements, drops=drops, locks=locks), *consented]


def names_of(op: MigrateOperation) -> set[str]:
    """Return the table that an operation creates or drops, or the columns that it is on, as in answers."""
    if isinstance(op, ops.CreateTableOp | ops.DropTableOp):
        return {table_key(op)}
    return {f"{table_key(op)}.{column}" for column in columns_of(op)}


def _sources(operations: OpList, comparison: Comparison, answers: Answers) -> dict[str, str]:
    """Return the tables that rows are moved from, as in answers and as SQL."""
    return {
        table_key(op): quoted_table(op, comparison.dialect)
        for op in operations
        if isinstance(op, ops.DropColumnOp | ops.DropTableOp) and names_of(op) & answers.by_hand
    }


def _targets(operations: OpList, sources: dict[str, str], answers: Answers) -> set[str]:
    """Return what the models have new, and nothing else fills: the columns that belong to the change.

    These are those of the same tables, beside those that are NOT NULL; without any, new tables.
    """
    columns = {
        name
        for op in operations
        if isinstance(op, ops.AddColumnOp)
        for name in names_of(op)
        if name in answers.by_hand or (table_key(op) in sources and _is_empty(op, name, answers))
    }
    created = (op for op in operations if isinstance(op, ops.CreateTableOp))
    return columns or {table_key(op) for op in created}


def _is_empty(op: ops.AddColumnOp, name: str, answers: Answers) -> bool:
    """Whether existing rows have no value in a new column."""
    column = op.column
    has_value = column.server_default or column.computed or column.identity
    return not has_value and not answers.has("fill", name)


def _outline(
    operations: OpList, sources: dict[str, str], comparison: Comparison, answers: Answers
) -> Iterator[str]:
    """Yield an INSERT for each new table, and an UPDATE for each table with columns to fill."""
    dialect, is_move = comparison.dialect, comparison.is_upgrade and bool(sources)
    origin = next(iter(sources.values())) if len(sources) == 1 else PLACE
    filled = [op for op in operations if names_of(op) & answers.by_hand]
    created = [op for op in operations if isinstance(op, ops.CreateTableOp)]
    inserts = [_insert(op, origin, dialect) for op in created if is_move or op in filled]
    if not comparison.is_upgrade:  # Alembic drops the columns of a table in random order
        filled.sort(key=lambda op: sorted(names_of(op)))
    updates = [*_updates(filled, dialect)]
    if is_move and not inserts and not updates:
        yield from _into_what_is_there(operations, sources)
    yield from (*inserts, *updates)


def _updates(filled: OpList, dialect: sa.Dialect) -> Iterator[str]:
    """Yield an UPDATE for each table with columns to fill."""
    tables: dict[str, dict[str, None]] = {}
    for op in filled:
        if isinstance(op, ops.AddColumnOp) or _sets_not_null(op):
            columns = tables.setdefault(quoted_table(op, dialect), {})
            columns |= dict.fromkeys(map(quoter(dialect), sorted(columns_of(op))))
    for table, columns in tables.items():
        yield f"UPDATE {table} SET {', '.join(f'{column} = {PLACE}' for column in columns)}"


def _into_what_is_there(operations: OpList, sources: dict[str, str]) -> Iterator[str]:
    """Yield statements for rows that move to tables and columns that no operation adds."""
    dropped = {table_key(op) for op in operations if isinstance(op, ops.DropTableOp)}
    for name, table in sources.items():
        if name in dropped:
            yield f"INSERT INTO {PLACE} ({PLACE}) SELECT {PLACE} FROM {table}"
        else:
            yield f"UPDATE {table} SET {PLACE} = {PLACE}"


def _insert(op: ops.CreateTableOp, origin: str, dialect: sa.Dialect) -> str:
    """Return the outline of the statement that fills a new table."""
    numbered = op.to_table().autoincrement_column
    columns: list[Any] = [part for part in op.columns if isinstance(part, sa.Column)]
    names = [
        quoter(dialect)(column.name)
        for column in columns
        if not (
            column.computed
            or column.identity
            or (numbered is not None and column.name == numbered.name)
        )
    ]
    places = ", ".join([PLACE] * len(names))
    return f"INSERT INTO {quoted_table(op, dialect)} ({', '.join(names)}) SELECT {places} FROM {origin}"


def _place_after(op: MigrateOperation) -> int:
    """Return the sort key of an operation that runs after the rows are moved: drops come last."""
    if isinstance(op, ops.AlterColumnOp):
        return 0
    return 2 if isinstance(op, ops.DropColumnOp | ops.DropTableOp) else 1


def _is_late(op: MigrateOperation, operations: OpList, answers: Answers) -> bool:
    """Whether an operation runs after the rows are moved."""
    if isinstance(op, ops.DropColumnOp):
        added = (other for other in operations if isinstance(other, ops.AddColumnOp))
        return not any(names_of(op) & names_of(other) for other in added)
    is_on_filled = isinstance(op, LATE) or _sets_not_null(op)
    return isinstance(op, ops.DropTableOp) or bool(is_on_filled and names_of(op) & answers.by_hand)


def _sets_not_null(op: MigrateOperation) -> bool:
    return isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False
