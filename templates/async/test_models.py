"""Tests of the example models."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ cookiecutter.__package }}.database import Session
from {{ cookiecutter.__package }}.models.user import Post, User


async def sign_up(email: str) -> None:
    """Add a user, as application code would."""
    async with Session.begin() as session:
        session.add(User(email=email))


async def test_posts_are_deleted_with_their_author(session: AsyncSession) -> None:
    author = User(email="ada@example.com", posts=[Post(title="Notes")])
    session.add(author)
    await session.commit()

    await session.delete(author)
    await session.commit()

    assert (await session.scalars(select(Post))).all() == []


async def test_an_email_address_belongs_to_one_user(session: AsyncSession) -> None:
    session.add_all([User(email="ada@example.com"), User(email="ada@example.com")])

    with pytest.raises(IntegrityError):
        await session.commit()


@pytest.mark.parametrize("attempt", [1, 2])
async def test_what_application_code_commits_is_rolled_back(
    session: AsyncSession,
    attempt: int,
) -> None:
    await sign_up("ada@example.com")

    assert (await session.scalars(select(User.email))).all() == ["ada@example.com"], attempt
