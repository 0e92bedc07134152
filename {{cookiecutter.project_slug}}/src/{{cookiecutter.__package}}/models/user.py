"""An example: users, and the posts that they write."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from {{ cookiecutter.__package }}.models.base import Base


class User(Base):
    """A person who signs in with an e-mail address."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    posts: Mapped[list["Post"]] = relationship(
        back_populates="author",
        cascade="all, delete-orphan",
        passive_deletes=True,  # the database deletes them: ondelete below
    )


class Post(Base):
    """A text by a user; it is deleted with the user."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    body: Mapped[str | None] = mapped_column(Text)

    author: Mapped[User] = relationship(back_populates="posts")
