"""The time that an upgrade may wait for a lock begins when it waits."""

import time

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.locks import LockRetry


def test_the_deadline_begins_with_the_first_wait_and_again_after_a_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIGRATION_TIMEOUT", "100")
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines: list[str] = []
    with sa.create_engine("sqlite://").connect() as connection:
        retry = LockRetry(connection, lines.append)
        now = 1000.0  # a long statement before
        assert retry.wait("")
        now = 1099.0
        assert retry.wait("")
        now = 1101.0
        assert not retry.wait("")
        retry.reset()
        assert retry.wait("")
    assert "waiting for a lock" in lines[0]
