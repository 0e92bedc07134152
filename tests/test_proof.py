"""A revision that cannot be proven says what is missing, and stays named until it is complete."""

import pytest
from conftest import DATABASES, Bake

MODEL = """
from sqlalchemy import DDL, event
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
event.listen(Item.__table__, "after_create", DDL("CREATE VIEW every AS SELECT id FROM items"))
"""
UP = '\n    op.execute("CREATE VIEW every AS SELECT id FROM {table}")\n\n\ndef downgrade'
DOWN = '-> None:\n    op.execute("DROP VIEW every")\n'


@pytest.mark.parametrize("database", DATABASES)
def test_what_autogenerate_cannot_write_is_named_until_it_is_there(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(MODEL)
    said = project.make("revision", status=2)
    [revision] = project.revisions()
    file = revision.relative_to(project.path).as_posix()
    assert f"{file} is written, but upgrade() does not lead to what the models say:" in said
    assert "missing: every view" in said.replace("`", "")

    upgrade, _, downgrade = revision.read_text().partition("\n\n\ndef downgrade")
    complete = upgrade + UP + downgrade.replace("-> None:\n", DOWN, 1)
    revision.write_text(complete.format(table=""))
    said = project.make("revision", status=2)
    assert f"upgrade() of {file} fails on a scratch database:" in said
    assert project.revisions() == [revision]

    revision.write_text(complete.format(table="items"))
    assert "Nothing to write" in project.make("revision")
    for command in ("upgrade", "check", "downgrade", "upgrade"):
        project.make(command)
