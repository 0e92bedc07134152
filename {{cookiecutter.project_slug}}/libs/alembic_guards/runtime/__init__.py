"""Applies revisions. An upgrade in production imports nothing else but `database`."""

import warnings
from functools import cache

from sqlalchemy.exc import SAWarning

from alembic_guards.runtime import (
    backfill,  # noqa: F401 (registers op.backfill)
    destructive,
    enum_history,
    enum_values,  # noqa: F401 (registers op.rename_value)
    mysql,
    postgresql,
    sql_file,  # noqa: F401 (registers op.run_sql_file)
    sqlite,
    views,  # noqa: F401 (registers op.create_view and op.drop_view)
)
from alembic_guards.runtime.lossy import guard

#: Warnings of SQLAlchemy about what it does not reflect, or sort: the guards read it from the catalog.
REFLECTION_WARNINGS = (
    "Did not recognize type",
    "Can't validate argument '(dialect_options|no_inherit)'",
    "Cannot correctly sort tables",
    "Could not instantiate type .* with reflected arguments",
    "Skipped unsupported reflection of expression-based index",
    "autogenerate skipping metadata-specified expression-based index",
)


@cache
def install() -> None:
    """Register the guards with Alembic, once, for the rest of this process."""
    for module in (destructive, enum_history, guard, mysql, postgresql, sqlite):
        module.install()
    for text in REFLECTION_WARNINGS:
        warnings.filterwarnings("ignore", text, UserWarning)
        warnings.filterwarnings("ignore", text, SAWarning)
