"""A plugin of Alembic: comparators of autogenerate, active only if env.py calls `options()`.

The entry point of an installed distribution registers it, or `config.py` for a copy in `libs/`. It
imports nothing of `authoring` until a command compares metadata.
"""

from typing import TYPE_CHECKING, Any

from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

if TYPE_CHECKING:  # Alembic loads this module while it is imported itself
    from alembic.autogenerate.api import AutogenContext

#: The name of the plugin in `autogenerate_plugins`.
NAME = "alembic_guards"


def setup(plugin: Plugin) -> None:
    """Register comparators with `plugin`: before those of Alembic, after them, and for defaults."""
    add = plugin.add_autogenerate_comparator
    add(_prepare, "schema", "prepare", priority=DispatchPriority.FIRST)
    add(_complete, "schema", "complete", priority=DispatchPriority.LAST)
    add(_compare_default, "column", "server_default", priority=DispatchPriority.FIRST)


def _prepare(context: "AutogenContext", *arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.long_names import refuse_long_names
    from alembic_guards.authoring.find.renames import rename_in_scratch_database
    from alembic_guards.authoring.models import normalize_target

    normalize_target(context)
    refuse_long_names(context.migration_context.opts["target_metadata"], context.dialect)
    return rename_in_scratch_database(context, *arguments)


def _complete(*arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.renames import prepend_renames

    return prepend_renames(*arguments)


def _compare_default(*arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.types_and_defaults import compare_default

    return compare_default(*arguments)
