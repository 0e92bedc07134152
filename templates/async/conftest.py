"""The tests run on a scratch database, which is created for them and dropped afterwards."""

import os
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from alembic.util import CommandError
from alembic_guards import plain_errors
from alembic_guards.testing import create_all, scratch_database
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from {{ cookiecutter.__package }}.models import Base
from {{ cookiecutter.__package }}.settings import migration_url
{% include 'scratch_fixtures.py' %}

@pytest.fixture(scope="session", name="engine")
def application_engine() -> AsyncEngine:
    """Return the application's engine; its database has the tables of the models."""
    from {{ cookiecutter.__package }}.database import engine

    create_tables()
    return engine


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Yield a session for one test. Its commits are rolled back, also those of application code."""
    from {{ cookiecutter.__package }}.database import Session

    async with engine.connect() as connection:
        transaction = await connection.begin()
        Session.configure(bind=connection, join_transaction_mode="create_savepoint")
        async with Session() as session:
            yield session
        Session.configure(bind=engine)
        await transaction.rollback()
    await engine.dispose()  # the next test has an event loop of its own
