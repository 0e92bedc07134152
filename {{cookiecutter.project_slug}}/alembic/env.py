"""Alembic runs this for every command: it names the models, and opens the database."""

from alembic import context
from alembic_guards import attempts, connect, options, plain_errors
from sqlalchemy import URL, Connection, MetaData

from {{ cookiecutter.__package }}.settings import migration_url, sql_url


def target_metadata() -> MetaData:
    """Import the models, for a command that compares them: an upgrade needs none."""
    from {{ cookiecutter.__package }}.models import Base

    return Base.metadata


def migrate(url: URL, connection: Connection | None = None) -> None:
    """Run the command on a connection; without one, write it as SQL for a database like `url`."""
    context.configure(
        connection,
        url=url,
        literal_binds=connection is None,
        **options(url, target_metadata),
    )
    for attempt in attempts():  # one upgrade at a time, again after a lock timeout
        with attempt, context.begin_transaction():
            context.run_migrations()


with plain_errors():
    if context.is_offline_mode():
        migrate(sql_url())
    else:
        with connect(migration_url()) as connection:
            migrate(connection.engine.url, connection)
