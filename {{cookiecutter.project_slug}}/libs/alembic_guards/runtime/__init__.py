"""Applies revisions: all that an upgrade in production imports, beside `database`."""

from functools import cache

from alembic_guards.runtime import destructive, enum_history, mysql, postgresql, sqlite, violations
from alembic_guards.runtime.lossy import guard


@cache
def install() -> None:
    """Have Alembic run operations through the guards, for the rest of this process."""
    for module in (destructive, enum_history, guard, mysql, postgresql, sqlite, violations):
        module.install()
