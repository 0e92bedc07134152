"""Alembic runs this for every command: it names the models, and opens the database."""

from typing import Any

from alembic import context
from alembic_guards import attempts, connect, options, plain_errors
from sqlalchemy import URL, MetaData

from {{ cookiecutter.__package }}.settings import migration_url, sql_url


def target_metadata() -> MetaData:
    """Import the models, for a command that compares them: an upgrade needs none."""
    from {{ cookiecutter.__package }}.models import Base

    return Base.metadata


def migrate(database: URL, **target: Any) -> None:
    """Run the command on `connection=`, or write it as SQL for a database like that of `url=`."""
    context.configure(**options(database, target_metadata), **target)
    for attempt in attempts():  # one upgrade at a time, again after a lock timeout
        with attempt, context.begin_transaction():
            context.run_migrations()


with plain_errors():
    if context.is_offline_mode():
        as_text = {"literal_binds": True, "dialect_opts": {"paramstyle": "named"}}
        migrate(sql_url(), url=sql_url(), **as_text)
    else:
        with connect(migration_url()) as connection:
            migrate(connection.engine.url, connection=connection)
