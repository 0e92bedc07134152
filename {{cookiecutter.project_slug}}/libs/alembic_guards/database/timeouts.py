"""The timeouts of upgrades, in seconds, from environment variables."""

import math
import os

from alembic.util import CommandError


def upgrade_timeout() -> float:
    """Return for how long an upgrade retries before it fails (MIGRATION_TIMEOUT, by default 600 s)."""
    return _seconds("MIGRATION_TIMEOUT", 600)


def lock_timeout() -> float:
    """Return for how long a statement waits for a lock (MIGRATION_LOCK_TIMEOUT, by default 1 s).

    Other sessions queue behind the statement for as long.
    """
    return _seconds("MIGRATION_LOCK_TIMEOUT", 1)


def statement_timeout() -> float:
    """Return for how long a statement may run (MIGRATION_STATEMENT_TIMEOUT, by default 0: no limit).

    It replaces the timeout that a login has for the statements of an application.
    """
    return _seconds("MIGRATION_STATEMENT_TIMEOUT", 0, least=0)


def batch_pause() -> float:
    """Return the pause between two batches of a backfill (MIGRATION_BATCH_PAUSE, by default 0.01 s)."""
    return _seconds("MIGRATION_BATCH_PAUSE", 0.01, least=0)


def _seconds(name: str, default: float, least: float = 1e-9) -> float:
    """Return the seconds in the environment variable `name`; raises CommandError for an invalid value."""
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < 1e6:
        raise CommandError(f"{name}={text} is not a number of seconds. Nothing was changed.")
    return value
