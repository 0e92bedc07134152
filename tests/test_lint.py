"""What the template generates passes its own linters, whatever it is called."""

from pathlib import Path

import pytest
from conftest import DATABASES, VARIANTS, Bake

NAMES = {
    "short": "A",
    "usual": "Shop",
    "first in the alphabet, with quotes": "Aaa \"the\" 'best' $HOME `id` %d \\n {x} # <b>",
    "long": "Zymurgy " + "x" * 42,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_a_fresh_project_is_clean_before_and_after_its_first_revision(
    bake: Bake, database: str, engine: str, name: str
) -> None:
    project = bake(database, engine=engine, project_name=name)
    project.make("lint")
    project.make("revision")
    assert len(project.revisions()) == 1
    project.make("lint")


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_every_rule_of_ruff_holds_before_and_after_the_first_revision(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    every_rule = (".venv/bin/python", "-m", "ruff", "check", "--select=ALL", "--quiet")
    assert project.run(*every_rule) == ""
    project.make("revision")
    assert project.run(*every_rule) == ""


ITEM = """
import enum
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int | None] = mapped_column(sa.Integer)
    color: Mapped[Color] = mapped_column(sa.Enum(Color, native_enum=False, create_constraint=True))
    rank: Mapped[int] = mapped_column(sa.Integer, sa.CheckConstraint("rank > 0"))
"""
CHANGED = ITEM.replace("int | None", "int").replace("BLUE", "NAVY").replace("rank > 0", "rank >= 0")


@pytest.mark.parametrize("database", DATABASES)
def test_a_revision_with_operations_of_the_library_is_clean(bake: Bake, database: str) -> None:
    project = bake(database)
    project.write_model(ITEM)
    project.make("revision")
    project.write_model(CHANGED)
    project.make("revision", "x=fill=items.size:0 rename=items.color.BLUE:NAVY")
    text = project.revisions()[-1].read_text()
    used = {"sqlite": "rebuild_table, rename_value"}.get(database, "backfill")
    assert f"from alembic_guards import {used}\n" in text
    project.run(".venv/bin/python", "-m", "ruff", "check", "alembic")
    project.run(".venv/bin/python", "-m", "ruff", "format", "--check", "alembic")
    project.run(".venv/bin/python", "-m", "mypy", "alembic")


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_no_template_syntax_is_left(bake: Bake, database: str, engine: str) -> None:
    project = bake(database, engine=engine)
    for path in project.files():
        text = Path(project.path, path).read_text()
        for mark in ("cookiecutter.", "{%", "{#"):
            assert mark not in text, path
