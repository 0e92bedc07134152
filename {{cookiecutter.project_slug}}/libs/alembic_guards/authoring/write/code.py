"""Writes operations as the body of a function, and runs that as a revision would.

This is the one place that executes rendered code. A trial of the operations themselves would try
something else: rendering replaces types of the owner by plain ones, keeps a colon from becoming a
parameter, and leaves the CREATE TYPE of an enum to a statement of its own.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations, ops
from alembic.runtime.migration import MigrationContext


def function(steps: list[MigrateOperation], migration: MigrationContext) -> str:
    """Return the code of a function upgrade() with the imports that it needs."""
    imports: set[str] = set()

    def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
        render = migration.opts.get("render_item")
        code: str | Literal[False] = render(kind, item, context) if render else False
        contexts.append(context)  # each import is that of a type, and this is asked for each
        return code

    contexts: list[AutogenContext] = []
    body = render_python_code(
        ops.UpgradeOps(steps),
        render_as_batch=migration.opts.get("render_as_batch", False),
        render_item=render_item,
        migration_context=migration,
        user_module_prefix=migration.opts.get("user_module_prefix"),
    )
    for context in contexts:
        imports |= context.imports
    return "\n".join([*sorted(imports), "def upgrade():", f"    {body}"])


def run(code: str, operations: Operations) -> None:
    """Run the upgrade() of `code` with `operations` as its `op`."""
    names: dict[str, Any] = {"op": operations, "sa": sa}
    exec(code, names)  # noqa: S102
    names["upgrade"]()
