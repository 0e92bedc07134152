"""Tests of the example models."""

import pytest
from sqlalchemy import orm, select
from sqlalchemy.exc import IntegrityError

from {{ cookiecutter.__package }}.database import Session
from {{ cookiecutter.__package }}.models.user import Post, User


def sign_up(email: str) -> None:
    """Add a user, as application code would."""
    with Session.begin() as session:
        session.add(User(email=email))


def test_posts_are_deleted_with_their_author(session: orm.Session) -> None:
    author = User(email="ada@example.com", posts=[Post(title="Notes")])
    session.add(author)
    session.commit()

    session.delete(author)
    session.commit()

    assert session.scalars(select(Post)).all() == []


def test_an_email_address_belongs_to_one_user(session: orm.Session) -> None:
    session.add_all([User(email="ada@example.com"), User(email="ada@example.com")])

    with pytest.raises(IntegrityError):
        session.commit()


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_application_code_commits_is_rolled_back(session: orm.Session, attempt: int) -> None:
    sign_up("ada@example.com")

    assert session.scalars(select(User.email)).all() == ["ada@example.com"], attempt
