"""Guards for Alembic: complete and proven revisions, and upgrades that lose no data.

env.py uses the names below, a revision `backfill`, tests those of `alembic_guards.testing`. README.md is
the map.
"""

from alembic_guards.config import connect, options
from alembic_guards.errors import plain_errors
from alembic_guards.runtime.backfill import backfill
from alembic_guards.runtime.runner import attempts

__all__ = ["attempts", "backfill", "connect", "options", "plain_errors"]
__version__ = "0.1.0"
