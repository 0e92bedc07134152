"""Changes the sequences of serial and identity columns together with their columns."""

from collections.abc import Iterator

from alembic.operations import MigrateOperation

from alembic_guards.authoring.comparison import Comparison, first_on_tables
from alembic_guards.authoring.operations import OpList
from alembic_guards.database.catalog import Entry
from alembic_guards.database.identifiers import bare
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.renames import RenameSequence


def shrink_sequences(operations: OpList, comparison: Comparison) -> OpList:
    """Alter sequences whose MAXVALUE decreases: the new type of their column may be smaller."""
    place = first_on_tables(operations, comparison)
    return [*operations[:place], *_shrink(comparison), *operations[place:]]


def _shrink(comparison: Comparison) -> Iterator[SQLOp]:
    for key, entry in sorted(comparison.target.items()):
        present = comparison.present.get(key)
        if key.kind == "sequence" and _max_value(entry) < _max_value(present):
            alter = f"ALTER SEQUENCE {entry.name} {entry.definition}"
            yield SQLOp([alter], [], f"alter sequence {entry.name}")


def _max_value(sequence: Entry | None) -> int:
    definition = sequence.definition if sequence else ""
    return int(definition.partition(" MAXVALUE ")[2].partition(" ")[0] or 0)


def keep_present_sequences(operations: OpList, comparison: Comparison) -> OpList:
    """Remove renames of sequences of columns that do not exist: the upgrade has dropped them."""
    return list(_renames_of_present(operations, comparison))


def _renames_of_present(operations: OpList, comparison: Comparison) -> Iterator[MigrateOperation]:
    sequences = {bare(key.name) for key in comparison.present if key.kind == "sequence"}
    for op in operations:
        if isinstance(op, RenameSequence) and op.table:
            prefix = f"{op.schema}." if op.schema else ""
            if prefix + op.old not in sequences:
                continue
            sequences.add(prefix + op.new)
        yield op
