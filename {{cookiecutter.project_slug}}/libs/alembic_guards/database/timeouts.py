"""How long an upgrade waits, in seconds: set by environment variables, the same for every command."""

import math
import os

from alembic.util import CommandError


def upgrade_timeout() -> float:
    """Return for how many seconds an upgrade waits for others before it gives up (MIGRATION_TIMEOUT)."""
    return _seconds("MIGRATION_TIMEOUT", 600)


def lock_timeout() -> float:
    """Return for how many seconds a statement waits for a lock (MIGRATION_LOCK_TIMEOUT).

    Others that want the table queue behind it for as long.
    """
    return _seconds("MIGRATION_LOCK_TIMEOUT", 1)


def statement_timeout() -> float:
    """Return for how many seconds a statement may run (MIGRATION_STATEMENT_TIMEOUT); 0 is no limit.

    What the server gives a login is meant for the statements of an application.
    """
    return _seconds("MIGRATION_STATEMENT_TIMEOUT", 0, least=0)


def batch_pause() -> float:
    """Return for how many seconds a backfill pauses between two batches (MIGRATION_BATCH_PAUSE)."""
    return _seconds("MIGRATION_BATCH_PAUSE", 0.01, least=0)


def _seconds(name: str, default: float, least: float = 1e-9) -> float:
    """Return the number in the environment variable `name`; raises CommandError where it is none."""
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < 1e6:
        raise CommandError(f"{name}={text} is not a number of seconds. Nothing was changed.")
    return value
