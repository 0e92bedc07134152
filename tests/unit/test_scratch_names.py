"""Whether a scratch database is in use is told by its name: the time, the machine and the process."""

import os
import subprocess
import sys
import time

import pytest
from alembic_guards.database import scratch

DAY = scratch.LONGEST_USE
HERE, ELSEWHERE = scratch._machine(), "00000000"


def ended_process() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("age", "machine", "running", "abandoned"),
    [
        (0, HERE, True, False),
        (0, HERE, False, True),
        (0, ELSEWHERE, False, False),
        (DAY + 60, ELSEWHERE, False, True),
        (DAY + 60, HERE, True, True),  # another process may have the number now; the lock tells
    ],
)
def test_an_abandoned_scratch_database(
    age: int, machine: str, running: bool, abandoned: bool
) -> None:
    process = os.getpid() if running else ended_process()
    name = f"scratch_{int(time.time()) - age:08x}{machine}{process:08x}01234567"
    assert scratch._is_abandoned(name) is abandoned


def test_the_name_of_a_new_one_and_names_of_people() -> None:
    assert scratch.NAME.fullmatch(scratch._new_name())
    assert not scratch._is_abandoned(scratch._new_name())
    for name in ("scratch_pad", "scratch_0123", "shop", f"scratch_{'g' * 32}"):
        assert not scratch._is_abandoned(name)


@pytest.mark.parametrize(
    ("shown", "taken"),
    [
        ('""', "''"),
        ('"", public', "'', public"),
        ('"$user", public', '"$user", public'),
        ('"a""b", "c"', '"a""b", "c"'),
    ],
)
def test_a_search_path_is_set_as_it_is_shown(shown: str, taken: str) -> None:
    assert scratch.assigned(shown) == taken
