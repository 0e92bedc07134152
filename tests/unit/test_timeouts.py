"""How long is waited is read from the environment, and what is waited for is told from a failure."""

import sqlite3

import pytest
from alembic.util import CommandError
from alembic_guards.database.timeouts import lock_timeout, upgrade_timeout
from alembic_guards.runtime.locks import LOCKS, acquire_advisory_lock, is_lock_timeout
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

TIMEOUTS = {
    "MIGRATION_TIMEOUT": (upgrade_timeout, 600),
    "MIGRATION_LOCK_TIMEOUT": (lock_timeout, 1),
}


@pytest.mark.parametrize("name", TIMEOUTS)
def test_a_timeout_has_a_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, default = TIMEOUTS[name]
    monkeypatch.delenv(name, raising=False)
    assert read() == default
    monkeypatch.setenv(name, "")
    assert read() == default


@pytest.mark.parametrize("name", TIMEOUTS)
@pytest.mark.parametrize(("text", "seconds"), [("3600", 3600), ("0.5", 0.5), (" 2 ", 2)])
def test_a_timeout_is_a_number_of_seconds(
    name: str, text: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    assert TIMEOUTS[name][0]() == seconds


@pytest.mark.parametrize("name", TIMEOUTS)
@pytest.mark.parametrize("text", ["0", "-1", "1 min", "nan", "inf", "1e9", "1,5"])
def test_what_is_no_number_of_seconds_is_refused(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(CommandError, match=f"{name}={text} is not a number of seconds"):
        TIMEOUTS[name][0]()


class Said(Exception):
    """What a driver raises."""

    sqlstate: str | None = None
    sqlite_errorcode: int = 0


def failure(*arguments: object, **attributes: object) -> OperationalError:
    said = Said(*arguments)
    for name, value in attributes.items():
        setattr(said, name, value)
    return OperationalError("SELECT 1", None, said)


@pytest.mark.parametrize(
    ("error", "locked"),
    [
        (failure("lock timeout", sqlstate="55P03"), True),
        (failure("deadlock", sqlstate="40P01"), True),
        (failure("syntax", sqlstate="42601"), False),
        (failure(1205, "Lock wait timeout exceeded"), True),
        (failure(1213, "Deadlock found"), True),
        (failure(1064, "You have an error"), False),
        (failure("locked", sqlite_errorcode=sqlite3.SQLITE_BUSY), True),
        (failure("locked", sqlite_errorcode=sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (failure("constraint", sqlite_errorcode=sqlite3.SQLITE_CONSTRAINT), False),
        (failure(), False),
        (ValueError(1205), False),
    ],
)
def test_only_a_lock_timeout_is_retried(error: Exception, locked: bool) -> None:
    assert is_lock_timeout(error) is locked


def test_on_sqlite_no_advisory_lock_is_taken() -> None:
    with create_engine("sqlite://").connect() as connection:
        acquire_advisory_lock(connection, pytest.fail)
        assert not connection.in_transaction()


def test_each_server_is_told_how_long_to_wait() -> None:
    for locks in LOCKS.values():
        assert "{" not in locks.set_lock_timeout.format(s=1, ms=800)
