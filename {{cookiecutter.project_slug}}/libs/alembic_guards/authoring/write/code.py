"""Writes operations as the body of a function, and runs that as a revision would.

This is the one place that executes rendered code. A trial of the operations themselves would try
something else: rendering replaces types of the owner by plain ones, keeps a colon from becoming a
parameter, and leaves the CREATE TYPE of an enum to a statement of its own.
"""

from textwrap import indent
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations, ops
from alembic.runtime.migration import MigrationContext

from alembic_guards.compat import render_body


def render_function(steps: list[MigrateOperation], migration: MigrationContext) -> str:
    """Return the code of a function upgrade() with the imports that it needs."""
    context = AutogenContext(migration, opts=migration.opts)
    body = render_body(ops.UpgradeOps(steps), context)
    return "\n".join([*sorted(context.imports), "def upgrade():", indent(body, "    ")])


def run_upgrade(code: str, operations: Operations) -> None:
    """Run the upgrade() of `code` with `operations` as its `op`."""
    names: dict[str, Any] = {"op": operations, "sa": sa}
    exec(code, names)  # noqa: S102
    names["upgrade"]()
