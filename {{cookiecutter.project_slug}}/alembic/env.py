"""Alembic runs this for each command: it imports the models, and connects to the database."""

from alembic import context
from alembic_guards import attempts, connect, options, plain_errors
from sqlalchemy import URL, Connection, MetaData

from {{ cookiecutter.__package }}.settings import migration_url, sql_url


def target_metadata() -> MetaData:
    """Import the models, for commands that compare them: an upgrade does not need them."""
    from {{ cookiecutter.__package }}.models import Base

    return Base.metadata


def migrate(url: URL, connection: Connection | None = None) -> None:
    """Run the command on a connection; without one (--sql), print SQL for the dialect of `url`."""
    context.configure(
        connection,
        url=url,
        literal_binds=connection is None,
        dialect_opts={"paramstyle": "named"},  # for SQL that is written: no % is doubled
        **options(url, target_metadata),
    )
    for attempt in attempts():  # one upgrade at a time, with retries after a lock timeout
        with attempt, context.begin_transaction():
            context.run_migrations()


with plain_errors():
    if context.is_offline_mode():
        migrate(sql_url())
    else:
        with connect(migration_url()) as connection:
            migrate(connection.engine.url, connection)
