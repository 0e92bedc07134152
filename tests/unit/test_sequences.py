"""Sequences change with their columns."""

from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.passes.sequences import keep_present_sequences, shrink_sequences
from alembic_guards.database.catalog import Catalog, Entry, catalog_of
from alembic_guards.runtime.renames import RenameSequence
from compared import compared, said


def sequence(name: str, maximum: int = 9) -> Catalog:
    definition = f"MINVALUE 1 MAXVALUE {maximum} CYCLE"
    return catalog_of([Entry(kind="sequence", name=name, definition=definition)])


def test_a_sequence_shrinks_before_the_type_of_its_column_and_after_renames() -> None:
    steps: list[MigrateOperation] = [
        RenameSequence("old", "s", table="items"),
        ops.AlterColumnOp("items", "id"),
    ]
    smaller = compared(present=sequence("s", 99), target=sequence("s"))
    rename, alter = said(steps)
    assert said(shrink_sequences(steps, smaller)) == [rename, "alter sequence s", alter]
    assert said(shrink_sequences(steps, smaller.reversed())) == [rename, alter]


def test_a_sequence_is_renamed_back_only_if_it_is_there_or_renamed_before() -> None:
    steps: list[MigrateOperation] = [
        RenameSequence("a", "b", table="items"),
        RenameSequence("b", "c", table="items"),
        RenameSequence("gone", "d", table="items"),
        RenameSequence("standalone", "e"),
    ]
    kept = keep_present_sequences(steps, compared(present=sequence("a")))
    assert kept == [steps[0], steps[1], steps[3]]
