"""Alembic runs this for every command: it points Alembic at the models and opens the database."""

from typing import Any

from alembic import context
from guards import attempts, connect, options, plain_errors, readable_models

with readable_models():
    from {{ cookiecutter.__package }}.models import Base
    from {{ cookiecutter.__package }}.settings import migration_url


def migrate(**target: Any) -> None:
    """Do what the command wants on `connection=`, or write it as SQL for `url=`."""
    context.configure(target_metadata=Base.metadata, **options(migration_url()), **target)
    for attempt in attempts():  # when it is its turn; again while a table is in use
        with attempt, context.begin_transaction():
            context.run_migrations()


with plain_errors():
    if context.is_offline_mode():
        migrate(url=migration_url(), literal_binds=True)
    else:
        with connect(migration_url()) as connection:
            migrate(connection=connection)
