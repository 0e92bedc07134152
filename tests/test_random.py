"""Random models change into random others on SQLite, with rows: nothing is lost, nothing is left.

`make test-random` searches for longer (`rounds=100`), and repeats what it found (`seed=123`).
"""

import os
import re

import pytest
from conftest import Bake, Project
from random_models import Search, source
from test_changes import catalog, execute, look, words

ROUNDS = int(os.environ.get("TEST_RANDOM_ROUNDS") or 3)
FIRST = int(os.environ.get("TEST_RANDOM_SEED") or 1)  # in `make test` always the same

#: What the rows may not meet, so that a change is refused: by the guards, or by SQLite.
REFUSED = re.compile(
    r"rows hold|rows of .* refer|values of .* are in|hold data|\w+ constraint failed|"
    r"There is no cast between these types"
)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS))
def test_random_models_go_up_and_down_and_up(bake: Bake, seed: int) -> None:
    search = Search(seed)
    answers = " ".join(search.answers)
    print(f"\nmake test-random seed={seed}\n{source(search.before)}\n# {answers}\n")
    print(source(search.after))
    project = bake()
    project.write_model(source(search.before))
    run(project, "revision", "--autogenerate")
    run(project, "upgrade", "head")
    execute(project, *search.rows())
    before, kept = catalog(project), search.kept()
    values = [look(project, old) for old, _ in kept]

    project.write_model(source(search.after))
    if not run(project, *words(answers), refused=REFUSED):
        return
    written = len(project.revisions()) - 1
    if not run(project, "upgrade", "head", refused=REFUSED):
        assert catalog(project) == before
        assert [look(project, old) for old, _ in kept] == values
        return
    assert [look(project, new) for _, new in kept] == values
    run(project, "check")
    after = catalog(project)
    if written:
        if not run(project, "downgrade", f"-{written}", refused=REFUSED, consent=True):
            assert catalog(project) == after
            return
        assert catalog(project) == before
        assert [look(project, old) for old, _ in kept] == values
        run(project, "upgrade", "head", refused=REFUSED)


def run(
    project: Project,
    *arguments: str,
    refused: re.Pattern[str] | None = None,
    consent: bool = False,
) -> bool:
    """Run Alembic; return whether it worked. It may refuse only in the words of `refused`."""
    consents = {"ALLOW_DATA_LOSS": "1"} if consent else {}
    try:
        project.alembic(*arguments, status=0, **consents)
    except AssertionError as error:
        if refused is None or not refused.search(str(error)) or "Traceback" in str(error):
            raise
        return False
    return True
