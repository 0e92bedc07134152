"""The interface for env.py: the connection, and the options of context.configure()."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, make_url
from sqlalchemy.exc import ArgumentError

from alembic_guards import plugin, runtime
from alembic_guards.compat import Command, environment_option, running_command
from alembic_guards.database.connections import borrow_connection, open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.database.managed import LEAVE
from alembic_guards.database.scratch import create_database
from alembic_guards.runtime.apply import backend_options
from alembic_guards.runtime.history import refuse_broken_history
from alembic_guards.runtime.orphans import refuse_orphans
from alembic_guards.runtime.place import TAKE_URL
from alembic_guards.runtime.status import MODELS

#: The names of a backend in URLs that SQLAlchemy knows by another.
ALIASES = {"postgres": "postgresql"}

#: The driver for each backend: the library reads errors, and the state of a connection, from it.
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}

UNKNOWN_KEY = """-x {key} has no meaning for this command. Nothing was changed. Valid are -x create-database, \
and the answers of `revision --autogenerate`.
{remedy}"""
OWN_KEY = "If env.py or a revision reads it, name it in env.py: options(..., x_keys=[{key!r}])"
NO_URL = "Name the database by DATABASE_URL, as in DATABASE_URL=... alembic upgrade head"


@contextmanager
def connect(url: URL | str) -> Iterator[Connection]:
    """Yield a connection to the database at `url`, whose driver must be synchronous.

    For `revision --autogenerate` the connection is to a scratch database that the existing
    revisions have built: autogenerate compares the models with it, whatever the state of the
    database at `url` is. With `-x create-database`, a missing database is created first.

    A caller of `alembic.command` may name another database: by `config.set_main_option()` with
    "sqlalchemy.url", or by a connection or an engine as `config.attributes["connection"]`. Raises
    CommandError if the connection fails, if the guards do not support it, or if the files of
    revisions form no history.
    """
    runtime.install()
    url = _supported(url)
    given = context.config.attributes.get("connection")
    url = _named(url) if given is None else _supported(given.engine.url)
    if take_url := environment_option(TAKE_URL):
        take_url(url)
    refuse_broken_history(context.script)
    if "create-database" in context.get_x_argument():
        context.config.print_stdout(create_database(url))
    if running_command() is Command.REVISION:
        from alembic_guards.authoring.prove.template import TemplateDatabase

        to = "head"
        if _is_proof():
            from alembic_guards.authoring.prove.unproven import revisions_to_prove

            to = str(revisions_to_prove(context.script)[0].down_revision or "base")
        template = TemplateDatabase(url, context.script, to)  # authoring/pipeline.py closes it
        with template.copied(context.script) as connection:
            yield connection
    else:
        with open_connection(url) if given is None else borrow_connection(given, url) as connection:
            yield connection


def options(
    url: URL | str, models: Callable[[], MetaData], *, x_keys: Collection[str] = ()
) -> dict[str, Any]:
    """Return the arguments of context.configure() for a database like the one at `url`.

    `models` imports the models and returns their metadata. Only the commands that compare metadata
    call it, `revision --autogenerate` and `check`: an upgrade does not import the models. `x_keys`
    are the keys of `-x` that env.py or a revision reads. Raises CommandError if the models cannot
    be imported, for an invalid answer in `-x`, and for a key there that nothing reads.
    """
    runtime.install()
    refuse_broken_history(context.script)  # --sql connects to no database
    arguments = _arguments_for_guards(x_keys)
    common = {
        "on_version_apply": _refuse_orphans,
        MODELS: models,
        LEAVE: (context.config.get_main_option(LEAVE) or "").split(),
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
        "answers": Answers(arguments) if command is Command.REVISION else None,
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
    """Return `url` with the name of the backend that SQLAlchemy's dialect has.

    Raises CommandError if the guards do not support the database, or if the driver is asynchronous.
    """
    url = make_url(url)
    name, plus, driver = url.drivername.partition("+")
    url = url.set(drivername=ALIASES.get(name, name) + plus + driver)
    if url.get_backend_name() not in DRIVERS:
        supported = ", ".join(DRIVERS)
        raise CommandError(
            f"{url.get_backend_name()} is not supported. Nothing was changed."
            f" Supported databases: {supported}."
        )
    with suppress(ArgumentError):  # an unknown driver: connecting raises a message
        driver = DRIVERS[url.get_backend_name()]
        if url.get_dialect().driver != driver.rpartition("+")[2]:
            raise CommandError(
                f"{url.drivername} is not a driver that migrations are tested with. Nothing was changed."
                f" Name a synchronous one that is: {driver}"
            )
    return url


def _named(url: URL) -> URL:
    """Return the URL that `config.set_main_option()` names, with the driver of `url`; else `url`.

    A URL of alembic.ini does not count: env.py takes it or leaves it.
    """
    config, option = context.config, "sqlalchemy.url"
    text = config.get_main_option(option)
    file = Config(config.config_file_name, ini_section=config.config_ini_section)
    if not text or text == file.get_main_option(option):
        return url
    named = make_url(text)
    name = named.get_backend_name()
    if backend_name(named.set(drivername=ALIASES.get(name, name))) == backend_name(url):
        named = named.set(drivername=url.drivername)
    return url if _address(named) == _address(url) else _supported(named)


def _address(url: URL) -> tuple[object, ...]:
    return url.get_backend_name(), url.host, url.port, url.database


def _arguments_for_guards(x_keys: Collection[str]) -> list[str]:
    """Return the arguments of `-x` that are answers; raises CommandError for unknown ones."""
    known = {"create-database", "prove", *x_keys}
    arguments = [
        argument for argument in context.get_x_argument() if argument.partition("=")[0] not in known
    ]
    for key in (argument.partition("=")[0] for argument in arguments):  # a value may be a password
        if key == "url" or running_command() is not Command.REVISION:
            remedy = NO_URL if key == "url" else OWN_KEY.format(key=key)
            raise CommandError(UNKNOWN_KEY.format(key=key, remedy=remedy))
    return arguments


def _refuse_orphans(*, ctx: MigrationContext, **_: Any) -> None:
    """Raise CommandError for violated foreign keys, which SQLite does not check during a migration.

    This is an on_version_apply function of context.configure().
    """
    if ctx.dialect.name == "sqlite" and ctx.connection is not None and not ctx.as_sql:
        refuse_orphans(ctx.connection)
