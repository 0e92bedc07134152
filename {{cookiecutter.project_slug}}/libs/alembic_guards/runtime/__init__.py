"""Applies revisions. An upgrade in production imports nothing else but `database`."""

from functools import cache

from alembic_guards.runtime import (
    backfill,  # noqa: F401 (registers op.backfill)
    destructive,
    enum_history,
    enum_values,  # noqa: F401 (registers op.rename_value)
    mysql,
    postgresql,
    sqlite,
    views,  # noqa: F401 (registers op.create_view and op.drop_view)
)
from alembic_guards.runtime.lossy import guard


@cache
def install() -> None:
    """Register the guards with Alembic, once, for the rest of this process."""
    for module in (destructive, enum_history, guard, mysql, postgresql, sqlite):
        module.install()
