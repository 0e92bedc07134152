"""`mariadb://` opens SQLAlchemy's dialect for MariaDB, and `mysql://` that for MySQL, which works there, too."""

import pytest
from conftest import Bake, Project

MODEL = """
import uuid
from sqlalchemy import Computed, DDL, Index, JSON, String, Text, Uuid, event
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql.mariadb import INET6
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[uuid.UUID] = mapped_column(Uuid)
    data: Mapped[dict] = mapped_column(JSON)
    size: Mapped[int | None] = mapped_column(mysql.INTEGER(unsigned=True))
    name: Mapped[str] = mapped_column(String(20).with_variant(mysql.LONGTEXT(), "mariadb"))
    host: Mapped[str | None] = mapped_column(String(50).with_variant(INET6(), "mariadb"))
    __table_args__ = {"DIALECT_engine": "Aria", "DIALECT_default_charset": "latin1"}
"""
TYPES = """
    SELECT column_name, column_type FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'items' ORDER BY ordinal_position"""
EXPECTED = {
    "mariadb": ["int(11)", "uuid", "longtext", "int(10) unsigned", "longtext", "inet6"],
    "mysql": ["int(11)", "uuid", "longtext", "int(10) unsigned", "varchar(20)", "varchar(50)"],
}


def with_scheme(project: Project, scheme: str) -> None:
    """Give a project the URL of its database with another scheme."""
    _, _, rest = project.environment["DATABASE_URL"].partition("://")
    project.environment["DATABASE_URL"] = f"{scheme}://{rest}"


@pytest.mark.parametrize("scheme", EXPECTED)
def test_the_scheme_of_the_url_is_the_dialect(bake: Bake, scheme: str) -> None:
    project = bake("mariadb")
    with_scheme(project, scheme)
    project.alembic("-x", "create-database", "current")
    project.write_model(MODEL.replace("DIALECT", scheme))
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    other = "mysql" if scheme == "mariadb" else "mariadb"
    ignored = "items.name: with_variant(..., 'mariadb')"
    assert (ignored in project.alembic("check")) == (scheme == "mysql")
    project.write_model(MODEL.replace("DIALECT", other))
    said = project.alembic("check", status=None)
    assert f"dialect {scheme} ignores what the models name for {other}: items: {other}_" in said
    project.write_model(MODEL.replace("DIALECT", scheme))
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    assert [kind for _, kind in project.sql(TYPES)] == EXPECTED[scheme]
    assert "ENGINE=Aria DEFAULT CHARSET=latin1" in project.sql("SHOW CREATE TABLE items")[0][1]

    changed = MODEL.replace("DIALECT", scheme).replace("size:", "amount:")
    project.write_model(changed.replace("name: Mapped[str]", "name: Mapped[str | None]"))
    project.alembic("-x", "rename=items.size:amount", "revision", "--autogenerate")
    for step in (["upgrade", "head"], ["check"], ["downgrade", "-1"], ["upgrade", "head"]):
        project.alembic(*step)
    assert ("inet6" in project.make("sql", "to=base:head").lower()) == (scheme == "mariadb")
    (project.path / "tests" / "test_models.py").unlink()  # of the example
    project.make("test")
