"""What env.py asks for: a connection to the right database, and the options of Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError
from sqlalchemy import URL, Connection

from . import concurrently, consent, defaults, lossless, renames, unmet, values
from .answers import Answers
from .connections import open_connection
from .history import backend_options
from .plain_types import render_type
from .premises import tables_of_others
from .replay import Original
from .revisions import finish_revision
from .scratch import create_database

for module in (concurrently, consent, defaults, lossless, renames, unmet, values):
    Plugin.setup_plugin_from_module(module, module.__name__)


@contextmanager
def connect(url: URL) -> Iterator[Connection]:
    """Yield a connection to the database at `url`.

    For `revision --autogenerate` it leads to a scratch database that the revisions have brought to
    head: what differs from the models there is what no revision holds yet, whatever state the
    database at `url` is in. With `-x create-database`, a missing database is made first. Raises
    CommandError where there is no connection.
    """
    if "create-database" in context.get_x_argument():
        context.config.print_stdout(create_database(url))
    if _writes_revision():
        original = Original(url, context.script)  # a revision that is written closes it
        with original.copy(context.script) as connection:
            yield connection
    else:
        with open_connection(url) as connection:
            yield connection


def options(url: URL) -> dict[str, Any]:
    """Return what context.configure() has to know for a database like the one at `url`."""
    return {
        "answers": Answers(context.get_x_argument()) if _writes_revision() else None,
        "autogenerate_plugins": [
            "alembic.autogenerate.*",
            "alembic.ext.checkconstraint_byname",
            "guards.*",
        ],
        "compare_server_default": True,
        "compare_type": defaults.compare_type,
        "process_revision_directives": finish_revision,
        "render_item": render_type,
        "include_name": _is_ours,
        "on_version_apply": _refuse_orphans,
        **backend_options(url),
    }


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """Leave alone what no model is about: schemas, partitions, and what extensions brought."""
    migration = context.get_context()
    if kind == "table" and migration.connection is not None:
        return name not in {migration.version_table, *tables_of_others(migration.connection)}
    tables = migration.opts["target_metadata"].tables.values()
    return kind != "schema" or _writes_revision() or name in {None, *(t.schema for t in tables)}


def _writes_revision() -> bool:
    """Whether the command is `revision --autogenerate`; no other one has that option."""
    return bool(getattr(context.config.cmd_opts, "autogenerate", False))


def _refuse_orphans(*, ctx: MigrationContext, **_: Any) -> None:
    """Raise CommandError where rows refer to none, which SQLite lets pass while tables change."""
    if ctx.dialect.name == "sqlite" and ctx.connection is not None and not ctx.as_sql:
        orphans = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            table, _, target, _ = orphans[0]
            count = sum(row[0] == table and row[2] == target for row in orphans)
            raise CommandError(
                f"{count} rows of {table} refer to rows of {target} that are not there."
            )
