"""Names come after what they need, and no more of a cycle is cut than must be."""

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic_guards.authoring.passes.topological import sort_names, sort_tables


@pytest.mark.parametrize(
    ("needs", "ordered", "ignored"),
    [
        ({}, [], set()),
        ({"b": [], "a": []}, ["b", "a"], set()),
        ({"a": ["b"], "b": ["c"], "c": []}, ["c", "b", "a"], set()),
        ({"a": ["a", "elsewhere"]}, ["a"], set()),
        ({"a": ["b"], "b": ["a"]}, ["a", "b"], {("a", "b")}),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b", "a", "c"], {("b", "c")}),
        (
            {"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]},
            ["a", "c", "b", "d"],
            {("a", "b"), ("c", "d")},
        ),
    ],
)
def test_names_are_sorted_and_cycles_cut(
    needs: dict[str, list[str]], ordered: list[str], ignored: set[tuple[str, str]]
) -> None:
    result, left_out = sort_names(needs)
    assert left_out == ignored
    assert sorted(result) == sorted(ordered)
    for name, others in needs.items():
        for other in set(others) & needs.keys() - {name}:
            if (name, other) not in left_out:
                assert result.index(other) < result.index(name)
    assert result == sort_names(needs)[0]


def tables(names: dict[str, str | None]) -> list[ops.CreateTableOp]:
    """Return two tables that refer to each other, by keys of these names."""
    metadata = sa.MetaData()
    return [
        ops.CreateTableOp.from_table(
            sa.Table(
                table,
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("other", sa.ForeignKey(f"{other}.id", name=names[table])),
            )
        )
        for table, other in (("a", "b"), ("b", "a"))
    ]


def test_a_named_foreign_key_of_a_cycle_is_separated_rather_than_an_unnamed_one() -> None:
    ordered, separate = sort_tables(tables({"a": None, "b": "fk_b"}), set())
    assert [op.table_name for op in ordered] == ["b", "a"]
    assert [key.name for key in separate] == ["fk_b"]


def test_a_foreign_key_to_a_column_that_changes_is_separated() -> None:
    _, separate = sort_tables(tables({"a": "fk_a", "b": "fk_b"}), {"a.id"})
    assert [key.name for key in separate] == ["fk_b"]
