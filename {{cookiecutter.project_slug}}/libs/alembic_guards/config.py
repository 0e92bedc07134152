"""What env.py asks for: a connection to the right database, and the options of Alembic."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, make_url
from sqlalchemy.exc import ArgumentError

from alembic_guards import plugin, runtime
from alembic_guards.compat import Command, running_command
from alembic_guards.database.connections import open_connection
from alembic_guards.database.scratch import create_database
from alembic_guards.database.unmanaged import unmanaged_tables
from alembic_guards.runtime.apply import BY_BACKEND, backend_options


@contextmanager
def connect(url: URL | str) -> Iterator[Connection]:
    """Yield a connection to the database at `url`, whose driver is synchronous.

    For `revision --autogenerate` it leads to a scratch database that the revisions have brought to
    head: what differs from the models there is what no revision holds yet, whatever state the
    database at `url` is in. With `-x create-database`, a missing database is made first. Raises
    CommandError where there is no connection.
    """
    runtime.install()
    url = _supported(url)
    if "create-database" in context.get_x_argument():
        context.config.print_stdout(create_database(url))
    if running_command() is Command.REVISION:
        from alembic_guards.authoring.prove.replica import TemplateDatabase

        template = TemplateDatabase(url, context.script)  # a revision that is written closes it
        with template.replica(context.script) as connection:
            yield connection
    else:
        with open_connection(url) as connection:
            yield connection


def options(url: URL | str, models: Callable[[], MetaData]) -> dict[str, Any]:
    """Return the arguments of context.configure() for a database like the one at `url`.

    `models` imports the models and returns their metadata. It is called for the commands that
    compare, `revision --autogenerate` and `check`, and for no other: an upgrade needs no models.
    Raises CommandError where they cannot be imported.
    """
    runtime.install()
    common = {
        "dialect_opts": {"paramstyle": "named"},  # offline, where no driver wants a % doubled
        "include_name": _is_managed,
        "on_version_apply": _refuse_orphans,
        **backend_options(_supported(url)),
    }
    command = running_command()
    if command is Command.OTHER:
        return common
    with suppress(ValueError):  # an entry point has registered it already
        Plugin.setup_plugin_from_module(plugin, plugin.NAME)
    from alembic_guards import authoring
    from alembic_guards.authoring.find.types_and_defaults import compare_type
    from alembic_guards.authoring.models import import_models
    from alembic_guards.authoring.pipeline import finish_revision
    from alembic_guards.authoring.questions import Answers
    from alembic_guards.authoring.write.types import render_type

    authoring.install()
    return {
        **common,
        "answers": Answers(context.get_x_argument()) if command is Command.REVISION else None,
        "autogenerate_plugins": [
            "alembic.autogenerate.*",
            "alembic.ext.checkconstraint_byname",
            plugin.NAME,
        ],
        "compare_server_default": True,
        "compare_type": compare_type,
        "process_revision_directives": finish_revision,
        "render_item": render_type,
        "target_metadata": import_models(models),
    }


def _supported(url: URL | str) -> URL:
    """Return `url`; raises CommandError where the guards or synchronous migrations cannot use it."""
    url = make_url(url)
    if url.get_backend_name() == "mariadb":  # the guards tell it from MySQL by its version
        url = url.set(drivername=url.drivername.replace("mariadb", "mysql", 1))
    if url.get_backend_name() not in BY_BACKEND:
        supported = ", ".join(BY_BACKEND)
        raise CommandError(
            f"The guards know no {url.get_backend_name()}. Nothing was changed. Known are: {supported}."
        )
    if _is_asynchronous(url):
        raise CommandError(
            f"{url.drivername} is an asynchronous driver. Nothing was changed. Migrations take a"
            " synchronous one, such as sqlite, postgresql+psycopg or mysql+pymysql."
        )
    return url


def _is_asynchronous(url: URL) -> bool:
    try:
        return url.get_dialect().is_async
    except ArgumentError:  # no such driver: connecting says so, with what helps
        return False


def _is_managed(name: str | None, kind: str, _: object) -> bool:
    """Leave alone what no model is about: schemas, partitions, and what extensions brought."""
    migration = context.get_context()
    if kind == "table" and migration.connection is not None:
        return name not in {migration.version_table, *unmanaged_tables(migration.connection)}
    if kind != "schema" or running_command() is Command.REVISION:
        return True
    return name in {
        None,
        *(table.schema for table in migration.opts["target_metadata"].tables.values()),
    }


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
