"""Existing rows of a new column get what the default of the model gives new ones, as the ORM reads it."""

import pytest
from conftest import DATABASES, Bake, Project
from test_upgrades import execute

BEFORE = """
import datetime
import enum
import secrets
import uuid
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

ALPHABET = "abcdef"

def new_code() -> str:
    \"\"\"Return a code.\"\"\"
    return "".join(secrets.choice(ALPHABET) for _ in range(12))

class GUID(sa.TypeDecorator[uuid.UUID]):
    impl = sa.CHAR(32)
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return value and value.hex
    def process_result_value(self, value, dialect):
        return value and uuid.UUID(value)

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
AFTER = (
    BEFORE
    + """
    uid: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4, unique=True)
    guid: Mapped[uuid.UUID] = mapped_column(GUID, default=uuid.uuid4, unique=True)
    code: Mapped[str] = mapped_column(sa.String(12), default=new_code, unique=True)
    made: Mapped[datetime.datetime] = mapped_column(
        default=lambda: datetime.datetime.now(datetime.UTC)
    )
    more: Mapped[dict] = mapped_column(sa.JSON, default=dict)
"""
)
READ = """
import json, datetime, sqlalchemy as sa
from {package}.models.user import Item
from {package}.settings import migration_url
from sqlalchemy.orm import Session
with Session(sa.create_engine(migration_url())) as session:
    items = session.scalars(sa.select(Item)).all()
    now = datetime.datetime.now(datetime.UTC)
    print(json.dumps([
        [
            item.uid.version,
            item.guid.version,
            str(item.uid),
            str(item.guid),
            item.code,
            (now - item.made).total_seconds(),
            item.more,
            session.scalar(sa.select(Item.id).where(Item.uid == item.uid)) == item.id,
            session.scalar(sa.select(Item.id).where(Item.guid == item.guid)) == item.id,
        ]
        for item in items
    ]))
"""


def with_rows(bake: Bake, database: str) -> Project:
    """Return a project with a table of three rows, whose model has new columns."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(BEFORE)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    execute(project, "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    project.write_model(AFTER)
    return project


@pytest.mark.parametrize("database", DATABASES)
def test_the_orm_reads_what_a_revision_gave_each_row(bake: Bake, database: str) -> None:
    project = with_rows(bake, database)
    project.alembic("revision", "--autogenerate")
    text = project.revisions()[1].read_text()
    assert project.package not in text, "a revision imports nothing of the project"
    project.alembic("upgrade", "head")
    rows = project.python(READ.format(package=project.package))
    assert len(rows) == 3
    for place in (2, 3, 4):
        assert len({row[place] for row in rows}) == 3
    for row in rows:
        assert row[:2] == [4, 4]
        assert len(row[4]) == 12
        assert set(row[4]) <= set("abcdef")
        assert -60 < row[5] < 600
        assert row[6:] == [{}, True, True]
    project.run(".venv/bin/python", "-m", "ruff", "check", "alembic")
    project.run(".venv/bin/python", "-m", "ruff", "format", "--check", "alembic")
    project.run(".venv/bin/python", "-m", "mypy", "alembic/versions")


def test_sql_alone_cannot_call_a_function_of_python(bake: Bake) -> None:
    project = with_rows(bake, "postgresql")
    project.alembic("revision", "--autogenerate")
    said = project.alembic("upgrade", "head", "--sql", status=None)
    assert "gets its values from a function of Python, which no SQL holds." in said
    assert "Traceback" not in said
