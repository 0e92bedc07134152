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


def _seconds(name: str, default: float) -> float:
    """Return the number in the environment variable `name`; raises CommandError where it is none."""
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e6:
        raise CommandError(f"{name}={text} is no number of seconds. Nothing was changed.")
    return value
