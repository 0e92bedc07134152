"""Where the database is: its URL, and its revisions, as env.py finds them."""

from argparse import Namespace
from copy import copy
from typing import NamedTuple

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, inspect

from alembic_guards.database.features import features
from alembic_guards.database.journal_store import JournalEntry, journal_store

#: The option of an EnvironmentContext with the function that `connect()` calls in place of connecting.
TAKE_URL = "take_url"


class Place(NamedTuple):
    """Where a database is."""

    heads: tuple[str, ...]
    has_version_table: bool
    interrupted: list[JournalEntry]  # what an interrupted revision has executed


def read_place(config: Config) -> Place:
    """Return where the database is. Nothing is changed.

    Raises CommandError where it cannot be read, and where its revision is unknown.
    """
    found: list[Place] = []

    def read(heads: tuple[str, ...], migration: MigrationContext) -> list[None]:
        connection = migration.connection
        assert connection is not None
        has_table = inspect(connection).has_table(
            migration.version_table, migration.version_table_schema
        )
        is_atomic = features(connection.dialect).atomic_revisions
        entries = [] if is_atomic else journal_store(connection, migration).read()
        found.append(Place(heads, has_table, [entry for entry in entries if entry.is_change]))
        return []

    config = _raising(config)
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=read, dont_mutate=True):
        script.run_env()
    return found[0]


def read_url(config: Config) -> URL:
    """Return the URL that env.py connects to, with its password. There is no connection to it.

    Raises CommandError where env.py does not find one.
    """

    def take(url: URL) -> None:
        raise _Found(url)

    config = _raising(config)
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=lambda *_: [], **{TAKE_URL: take}):
        try:
            script.run_env()
        except _Found as found:
            return found.url
    raise CommandError("env.py does not open the database by connect() of alembic_guards.")


class _Found(Exception):
    """Ends env.py, which has found the URL."""

    def __init__(self, url: URL) -> None:
        self.url = url


def _raising(config: Config) -> Config:
    """Return the configuration of a command whose errors are raised, and not printed."""
    config = copy(config)
    config.cmd_opts = Namespace(**{**vars(config.cmd_opts or Namespace()), "raiseerr": True})
    return config
