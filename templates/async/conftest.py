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
    """Yield a session for one test: its commits are rolled back afterwards."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        ) as session:
            yield session
        await transaction.rollback()
    await engine.dispose()  # the next test has an event loop of its own
