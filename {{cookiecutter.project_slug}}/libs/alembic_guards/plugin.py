"""The plugin of Alembic: comparators of autogenerate, active where env.py asks for them.

An installed distribution registers it by an entry point, a copy in `libs/` by `config.py`. Until a
command compares, it imports nothing of `authoring`.
"""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

#: The name of the plugin in `autogenerate_plugins`.
NAME = "alembic_guards"


def setup(plugin: Plugin) -> None:
    """Register the comparators that run before and after those of Alembic."""
    add = plugin.add_autogenerate_comparator
    add(_prepare, "schema", "prepare", priority=DispatchPriority.FIRST)
    add(_complete, "schema", "complete", priority=DispatchPriority.LAST)
    add(_compare_default, "column", "server_default", priority=DispatchPriority.FIRST)


def _prepare(context: AutogenContext, *arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.renames import rename_in_scratch_database
    from alembic_guards.authoring.models import normalize_target

    normalize_target(context)
    return rename_in_scratch_database(context, *arguments)


def _complete(*arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.renames import prepend_renames

    return prepend_renames(*arguments)


def _compare_default(*arguments: Any) -> PriorityDispatchResult:
    from alembic_guards.authoring.find.types_and_defaults import compare_default

    return compare_default(*arguments)
