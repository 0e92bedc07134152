"""PostgreSQL is told how to convert the values of a column to another type."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.passes.using import add_using_clauses
from compared import compared, said


def alter(old: Any, new: Any, **options: Any) -> ops.AlterColumnOp:
    return ops.AlterColumnOp("items", "size", existing_type=old, modify_type=new, **options)


def using(operations: list[MigrateOperation]) -> list[object]:
    return [op.kw.get("postgresql_using") for op in operations if isinstance(op, ops.AlterColumnOp)]


def test_a_change_to_another_family_of_types_has_a_using_clause() -> None:
    op = alter(sa.Text(), sa.Integer())
    assert using(add_using_clauses([op], compared())) != [None]
    assert "postgresql_using" not in op.kw, "the operation that went in is the same"


@pytest.mark.parametrize("database", ["sqlite", "mysql"])
def test_other_databases_convert_by_themselves(database: str) -> None:
    assert using(add_using_clauses([alter(sa.Text(), sa.Integer())], compared(database))) == [None]


def test_a_default_is_dropped_before_the_type_changes_and_set_after() -> None:
    default = sa.DefaultClause("1")
    op = alter(sa.Text(), sa.Integer(), existing_server_default=default)
    steps = add_using_clauses([op], compared())
    defaults = [step.modify_server_default for step in steps if isinstance(step, ops.AlterColumnOp)]
    assert defaults == [None, False, default]


def test_times_without_a_zone_are_read_in_the_zone_of_an_answer_or_utc() -> None:
    op = alter(sa.DateTime(), sa.DateTime(timezone=True))
    (clause,) = using(add_using_clauses([op], compared()))
    assert "UTC" in str(clause)


@pytest.mark.parametrize("database", ["postgresql", "mysql"])
def test_a_change_of_the_type_of_a_generated_column_is_left_to_the_repairs(database: str) -> None:
    op = alter(sa.Integer(), sa.BigInteger(), existing_server_default=sa.Computed("a + 1"))
    assert add_using_clauses([op], compared(database)) == []


def test_what_changes_no_type_stays_as_it_is() -> None:
    steps: list[MigrateOperation] = [
        ops.AlterColumnOp("items", "size", modify_nullable=True),
        ops.DropColumnOp("items", "old"),
    ]
    assert add_using_clauses(steps, compared()) == steps
    assert said(steps) == ["items.size: may be NULL", "drop items.old"]
