"""`make sql` prints what an upgrade would do, for whoever has to look at it or run it first."""

import pytest
import sqlalchemy as sa
from chain import write_revision
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


@pytest.mark.parametrize("database", DATABASES)
def test_the_sql_stands_alone_in_its_file_and_takes_no_server(bake: Bake, database: str) -> None:
    project = bake(database, url=None)
    gone = {
        "sqlite": f"sqlite:///{project.path}/none/none.db",
        "postgresql": "postgresql://a@127.0.0.1:1/none",
        "mariadb": "mysql://a@127.0.0.1:1/none",
    }
    write_revision(project, "\n    op.execute(\"UPDATE t SET a = '1%'\")")
    (project.path / ".venv" / "installed").write_text(f"{project.path}\n")
    for url in ("", gone[database]):  # an empty one is unset
        project.run("sh", "-c", "make sql > out.sql", DATABASE_URL=url)
        written = (project.path / "out.sql").read_text()
        lines = [line for line in written.splitlines() if line and not line.startswith("--")]
        assert lines[0].startswith(("CREATE TABLE alembic_version", "BEGIN"))
        assert "UPDATE t SET a = '1%';" in lines
    assert not (project.path / ".postgresql").exists()


def test_who_reads_only_the_beginning_of_the_sql_ends_it_quietly(bake: Bake) -> None:
    project = bake()
    for _ in range(30):
        write_revision(project, f"\n    op.execute('SELECT 1 -- {'x' * 9000}')")
    said = project.run("sh", "-c", "make sql | head -n 1")
    assert len(said.splitlines()) == 1, said


def test_what_fails_is_told_on_stderr(bake: Bake) -> None:
    project = bake()
    write_revision(project, "\n    op.drop_table('none')")
    said = project.run("sh", "-c", "make upgrade 2> failures", status=2)
    assert "none" not in said
    failures = (project.path / "failures").read_text()
    assert failures.startswith("FAILED: Revision r0: number 0 failed")
    assert "\nThe statement was: " in failures


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
