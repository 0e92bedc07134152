"""Alembic runs this for every command: it points Alembic at the models and opens the database."""

from alembic import context
from guards import attempts, connect, options, plain_errors, readable_models
from sqlalchemy import Connection

with readable_models():
    from {{ cookiecutter.__package }}.models import Base
    from {{ cookiecutter.__package }}.settings import migration_url


def migrate(connection: Connection | None = None) -> None:
    """Do what the command wants on a connection; without one, write it as SQL."""
    url = migration_url()
    context.configure(
        connection,
        url=url,
        literal_binds=connection is None,
        target_metadata=Base.metadata,
        **options(url),
    )
    for attempt in attempts():  # when it is its turn; again while a table is in use
        with attempt, context.begin_transaction():
            context.run_migrations()


with plain_errors():
    if context.is_offline_mode():
        migrate()
    else:
        with connect(migration_url()) as connection:
            migrate(connection)
