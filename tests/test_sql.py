"""`make sql` prints what an upgrade would do, for whoever has to look at it or run it first."""

import pytest
import sqlalchemy as sa
from conftest import DATABASES, Bake, Project
from test_changes import catalog

MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
BEFORE = MODEL + "    size: Mapped[str]\n    gone: Mapped[str]\n"
AFTER = (
    MODEL
    + "    size: Mapped[int]\n    new: Mapped[str] = mapped_column(default='%:a', unique=True)\n"
)


@pytest.mark.parametrize("database", DATABASES)
def test_the_sql_does_what_an_upgrade_does(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(BEFORE)
    project.make("revision")
    changed = database != "sqlite"  # where only a database knows what is in the table to rebuild
    if changed:
        project.write_model(AFTER)
        project.make("revision", "x=drop=items.gone")
    printed = project.alembic("upgrade", "head", "--sql")
    project.make("upgrade")
    wanted = catalog(project)
    project.alembic("downgrade", "base")
    execute(project, "DROP TABLE alembic_version")
    execute(project, *printed.split(";\n"))
    assert catalog(project) == wanted


def test_sqlite_says_what_it_cannot_print(bake: Bake) -> None:
    project = bake()
    project.write_model(BEFORE)
    project.make("revision")
    project.write_model(AFTER)
    project.make("revision", "x=drop=items.gone")
    assert "only a database knows what is in it" in project.make("sql", status=2)


def execute(project: Project, *statements: str) -> None:
    """Execute statements as they are, each by itself: what a transaction is, they say."""
    with project.connect() as connection:
        url = connection.engine.url
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            if sql := " ".join(lines).strip():
                connection.execution_options(no_parameters=True).exec_driver_sql(sql)
