"""Tests of the example models."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from {{ cookiecutter.__package }}.models.user import Post, User


def test_posts_are_deleted_with_their_author(session: Session) -> None:
    author = User(email="ada@example.com", posts=[Post(title="Notes")])
    session.add(author)
    session.commit()

    session.delete(author)
    session.commit()

    assert session.scalars(select(Post)).all() == []


def test_an_email_address_belongs_to_one_user(session: Session) -> None:
    session.add_all([User(email="ada@example.com"), User(email="ada@example.com")])

    with pytest.raises(IntegrityError):
        session.commit()
