"""Guards for Alembic: complete and proven revisions, and upgrades that lose no data.

env.py and revisions use the names below, tests those of `alembic_guards.testing`. README.md is
the map.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic_guards.config import connect, options
    from alembic_guards.errors import plain_errors
    from alembic_guards.runtime.backfill import backfill
    from alembic_guards.runtime.enum_values import rename_value
    from alembic_guards.runtime.runner import attempts
    from alembic_guards.runtime.sql_file import run_sql_file
    from alembic_guards.runtime.sqlite import rebuild_table
    from alembic_guards.runtime.views import create_view, drop_view

__all__ = [
    "attempts",
    "backfill",
    "connect",
    "create_view",
    "drop_view",
    "options",
    "plain_errors",
    "rebuild_table",
    "rename_value",
    "run_sql_file",
]
__version__ = "0.2.0"

_MODULES = {
    "attempts": "alembic_guards.runtime.runner",
    "backfill": "alembic_guards.runtime.backfill",
    "connect": "alembic_guards.config",
    "create_view": "alembic_guards.runtime.views",
    "drop_view": "alembic_guards.runtime.views",
    "options": "alembic_guards.config",
    "plain_errors": "alembic_guards.errors",
    "rebuild_table": "alembic_guards.runtime.sqlite",
    "rename_value": "alembic_guards.runtime.enum_values",
    "run_sql_file": "alembic_guards.runtime.sql_file",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is used first.

    `import alembic` loads the plugin of this package when it is installed, and with it this module,
    while Alembic itself is not ready to be imported.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
