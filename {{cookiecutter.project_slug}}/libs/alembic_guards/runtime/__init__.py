"""Applies revisions. An upgrade in production imports nothing else but `database`."""

from functools import cache

from alembic_guards.runtime import destructive, enum_history, mysql, postgresql, sqlite, violations
from alembic_guards.runtime.lossy import guard


@cache
def install() -> None:
    """Register the guards with Alembic, once, for the rest of this process."""
    for module in (destructive, enum_history, guard, mysql, postgresql, sqlite, violations):
        module.install()
