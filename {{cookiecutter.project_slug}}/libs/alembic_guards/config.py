"""The interface for env.py: the connection, and the options of context.configure()."""

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
from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.connections import open_connection
from alembic_guards.database.scratch import create_database
from alembic_guards.database.unmanaged import unmanaged_tables
from alembic_guards.runtime.apply import BY_BACKEND, backend_options
from alembic_guards.runtime.history import refuse_broken_history
from alembic_guards.runtime.violations import refuse_orphans


@contextmanager
def connect(url: URL | str) -> Iterator[Connection]:
    """Yield a connection to the database at `url`, whose driver must be synchronous.

    For `revision --autogenerate` the connection is to a scratch database that the existing
    revisions have built: autogenerate compares the models with it, whatever the state of the
    database at `url` is. With `-x create-database`, a missing database is created first. Raises
    CommandError if the connection fails, if the guards do not support the database, or if the files
    of revisions form no history.
    """
    runtime.install()
    url = _supported(url)
    refuse_broken_history(context.script)
    if "create-database" in context.get_x_argument():
        context.config.print_stdout(create_database(url))
    if running_command() is Command.REVISION:
        from alembic_guards.authoring.prove.replica import TemplateDatabase

        to = "head"
        if _is_proof():
            from alembic_guards.authoring.prove.unproven import revisions_to_prove

            to = str(revisions_to_prove(context.script)[0].down_revision or "base")
        template = TemplateDatabase(url, context.script, to)  # authoring/pipeline.py closes it
        with template.replica(context.script) as connection:
            yield connection
    else:
        with open_connection(url) as connection:
            yield connection


def options(url: URL | str, models: Callable[[], MetaData]) -> dict[str, Any]:
    """Return the arguments of context.configure() for a database like the one at `url`.

    `models` imports the models and returns their metadata. Only the commands that compare metadata
    call it, `revision --autogenerate` and `check`: an upgrade does not import the models. Raises
    CommandError if they cannot be imported, or for an invalid answer in `-x`.
    """
    runtime.install()
    refuse_broken_history(context.script)  # --sql connects to no database
    common = {
        "include_name": _is_managed,
        "on_version_apply": _refuse_orphans,
        **backend_options(_supported(url)),
    }
    command = running_command()
    if command is Command.OTHER:
        return common
    with suppress(ValueError):  # the entry point has registered it already
        Plugin.setup_plugin_from_module(plugin, plugin.NAME)
    from alembic_guards import authoring
    from alembic_guards.authoring.find.types_and_defaults import compare_type
    from alembic_guards.authoring.models import import_models
    from alembic_guards.authoring.pipeline import finish_revision
    from alembic_guards.authoring.questions import Answers
    from alembic_guards.authoring.write.types import render_type

    authoring.install()
    if _is_proof():
        from alembic_guards.authoring.prove.unproven import prove_revisions

        return {
            **common,
            "autogenerate_plugins": [],  # nothing is compared, and nothing asked
            "process_revision_directives": prove_revisions,
            "target_metadata": import_models(models),
        }
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


def _is_proof() -> bool:
    """Whether `revision --autogenerate` is to prove existing revisions: -x prove."""
    return "prove" in context.get_x_argument()


def _supported(url: URL | str) -> URL:
    """Return `url`, that of MariaDB as mysql.

    Raises CommandError if the guards do not support the database, or if the driver is asynchronous.
    """
    url = make_url(url)
    if url.get_backend_name() == "mariadb":  # the version tells it from MySQL
        url = url.set(drivername=url.drivername.replace("mariadb", "mysql", 1))
    if url.get_backend_name() not in BY_BACKEND:
        supported = ", ".join(BY_BACKEND)
        raise CommandError(
            f"The guards know no {url.get_backend_name()}. Nothing was changed."
            f" Supported are: {supported}."
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
    except ArgumentError:  # an unknown driver: connecting raises a message
        return False


def _is_managed(name: str | None, kind: str, _: object) -> bool:
    """Whether autogenerate compares a schema or table; this is an include_name function.

    It leaves out the version table and ours, unmanaged tables (partitions, and those of extensions), and for
    `check` schemas that no model uses.
    """
    migration = context.get_context()
    if kind == "table" and migration.connection is not None:
        return name not in unmanaged_tables(migration.connection) | {
            migration.version_table,
            *OWN_TABLES,
        }
    if kind != "schema" or running_command() is Command.REVISION:
        return True
    return name in {
        None,
        *(table.schema for table in migration.opts["target_metadata"].tables.values()),
    }


def _refuse_orphans(*, ctx: MigrationContext, **_: Any) -> None:
    """Raise CommandError for violated foreign keys, which SQLite does not check during a migration.

    This is an on_version_apply function of context.configure().
    """
    if ctx.dialect.name == "sqlite" and ctx.connection is not None and not ctx.as_sql:
        refuse_orphans(ctx.connection)
