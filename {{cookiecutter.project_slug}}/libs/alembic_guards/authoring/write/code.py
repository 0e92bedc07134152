"""Renders operations as the body of a function, and executes it as a revision.

This is the one place that executes rendered code. Invoking the operations themselves would not be
the same: rendering replaces custom types by those of SQLAlchemy, escapes colons, and leaves the
CREATE TYPE of an enum to a separate statement.
"""

from textwrap import indent
from typing import Any

import sqlalchemy as sa
from alembic import operations as api
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from alembic_guards.authoring.operations import OpList, regroup
from alembic_guards.compat import render_body

#: Our operations, which a revision imports as functions of its `op`; here they are methods of another.
OWN_OPERATIONS = ("backfill", "create_view", "drop_view", "rebuild_table", "rename_value")
OWN_IMPORT = "from alembic_guards import "


def render_function(steps: OpList, migration: MigrationContext) -> str:
    """Return the code of a function upgrade() that executes `steps`, with its imports."""
    context = AutogenContext(migration, opts=migration.opts)
    body = render_body(ops.UpgradeOps(regroup(steps)), context)
    imports = [line for line in sorted(context.imports) if not line.startswith(OWN_IMPORT)]
    return "\n".join([*imports, "def upgrade():", indent(body, "    ")])


def run_upgrade(code: str, operations: api.Operations) -> None:
    """Execute `code` and call its upgrade(), with `operations` as `op`."""
    names: dict[str, Any] = {"op": operations, "sa": sa}
    names |= {name: getattr(operations, name) for name in OWN_OPERATIONS}
    exec(code, names)  # noqa: S102
    names["upgrade"]()
