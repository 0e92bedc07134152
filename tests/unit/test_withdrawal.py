"""A NOT VALID constraint is withdrawn only where all that follows may be executed again."""

import pytest
from alembic_guards.runtime.withdrawal import CommittedChanges

ADD = "ALTER TABLE t DROP CONSTRAINT IF EXISTS {0}, ADD CONSTRAINT {0} CHECK (a > 0) NOT VALID"
VALIDATE = "ALTER TABLE t VALIDATE CONSTRAINT {0}"
FILL = "UPDATE t SET a = 1 WHERE a IS NULL"


@pytest.mark.parametrize(
    ("statements", "withdrawn"),
    [
        ([], None),
        ([ADD.format("ck")], (["ck"], 1)),
        (["CREATE INDEX CONCURRENTLY i ON t (a)", ADD.format("ck"), FILL], (["ck"], 2)),
        ([ADD.format("ck"), VALIDATE.format("ck")], None),
        ([ADD.format("ck"), "ALTER TABLE t DROP CONSTRAINT ck"], None),
        ([ADD.format("ck"), "UPDATE t SET a = a + 1"], None),
        ([ADD.format("ck"), "UPDATE t SET s = 'x', n = n + 1 WHERE s = 'x'"], None),
        ([ADD.format("one"), VALIDATE.format("one"), ADD.format("two")], (["two"], 3)),
        (
            [ADD.format("one"), ADD.format("two"), VALIDATE.format("two"), FILL],
            (["one"], 1),
        ),
        ([ADD.format("one"), "UPDATE t SET a = a + 1", ADD.format("two")], (["two"], 3)),
        # The same name on another table.
        ([ADD.format("ck"), "ALTER TABLE u VALIDATE CONSTRAINT ck"], (["ck"], 1)),
    ],
)
def test_what_is_withdrawn(statements: list[str], withdrawn: tuple[list[str], int] | None) -> None:
    changes = CommittedChanges()
    for number, statement in enumerate(statements, 1):
        changes.append(number, statement)
    found = changes.withdrawal(len(statements))
    result = ([each.name for each in found.constraints], found.first) if found else None
    assert result == withdrawn


def test_what_was_rolled_back_is_not_withdrawn() -> None:
    changes = CommittedChanges()
    changes.append(1, ADD.format("ck"))
    assert changes.withdrawal(0) is None
