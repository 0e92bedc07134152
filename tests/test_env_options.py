"""What a caller of Alembic names, and what env.py leaves to others, holds in all commands."""

import pytest
from conftest import DATABASES, Bake, Project

#: Upgrades the databases that a caller names, in this order, and prints what each of them holds.
NAMED = """
import json, sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

def tables(connection):
    return sorted(sa.inspect(connection).get_table_names())

said = []
by_url = Config("alembic.ini")
by_url.set_main_option("sqlalchemy.url", {url!r}.replace("%", "%%"))
command.upgrade(by_url, "head")
command.check(by_url)
engine = sa.create_engine({url!r})
with engine.connect() as connection:
    said.append(tables(connection))
command.downgrade(by_url, "base")
by_connection = Config("alembic.ini")
with engine.connect() as connection:
    by_connection.attributes["connection"] = connection
    command.upgrade(by_connection, "head")
    command.check(by_connection)
    said.append(tables(connection))
    for refused in (lambda: connection.exec_driver_sql("SELECT 1"), connection.rollback):
        refused()
        try:
            command.downgrade(by_connection, "base")
        except CommandError as error:
            said.append(str(error))
by_connection.attributes["connection"] = engine
command.downgrade(by_connection, "base")
command.upgrade(by_connection, "head")
with engine.connect() as connection:
    said.append(tables(connection))
print(json.dumps(said))
"""

#: An in-memory database, which only its connection can reach, with foreign keys as an application has them.
IN_MEMORY = """
import json, sqlalchemy as sa
from alembic import command
from alembic.config import Config

engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
with engine.connect() as connection:
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    connection.commit()
    config = Config("alembic.ini")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    command.check(config)
    found = sorted(sa.inspect(connection).get_table_names())
    print(json.dumps([found, connection.exec_driver_sql("PRAGMA foreign_keys").scalar()]))
"""


@pytest.mark.parametrize("database", DATABASES)
def test_the_database_that_a_caller_names_is_migrated_and_no_other(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "revision", "--autogenerate")
    other = bake(database, project_name="Other")
    other.alembic("-x", "create-database", "current")
    url = other.url or f"sqlite:///{other.path / 'other.db'}"
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    by_url, by_connection, refused, by_engine = project.python(NAMED.format(url=text))
    own = [] if database == "postgresql" else ["alembic_guards"]
    assert by_url == by_connection == [*own, "alembic_version", "posts", "users"]
    assert 'config.attributes["connection"] has begun a transaction' in refused
    assert by_engine == by_url
    assert project.columns() == {}
    if database == "sqlite":
        assert project.python(IN_MEMORY) == [by_url, 1]


def test_a_key_of_x_that_nobody_reads_is_refused_by_its_name(bake: Bake) -> None:
    project = bake()
    for command in (("upgrade", "head"), ("current",), ("revision", "--autogenerate")):
        said = project.alembic("-x", "url=sqlite:///s3cret.db", *command, status=1)
        assert "-x url has no meaning" in said and "DATABASE_URL" in said and "s3cret" not in said
    said = project.alembic("-x", "tenant=one", "upgrade", "head", status=1)
    assert "-x tenant has no meaning" in said and "x_keys=['tenant']" in said
    edit(
        project,
        "**options(url, target_metadata)",
        "**options(url, target_metadata, x_keys=['tenant'])",
    )
    project.alembic("-x", "tenant=one", "upgrade", "head")
    project.alembic("-x", "tenant=one", "-x", "create-database", "revision", "--autogenerate")
    assert len(project.revisions()) == 1


MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

class Own(Base):
    __tablename__ = "own"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20){more})

class Theirs(Base):
    __tablename__ = "theirs"
    __table_args__ = {{"info": {{"skip_autogenerate": True}}}}
    id: Mapped[int] = mapped_column(primary_key=True)

class View(Base):
    __tablename__ = "a_view"
    __table_args__ = {{"info": {{"skip_autogenerate": True}}}}
    id: Mapped[int] = mapped_column(primary_key=True)
"""
OPTIONS = """version_table="own_version",
        include_object=include_object,
        include_name=include_name,
        **options("""
FUNCTIONS = '''

def include_object(part, name, kind, reflected, _):
    """Leave to others what a model marks, and an index that somebody made by hand."""
    return not (part.info.get("skip_autogenerate") or (kind == "index" and name == "by_hand"))


def include_name(name, kind, _):
    """Leave the tables of the other service alone."""
    return kind != "table" or not name.startswith("other_")


def target_metadata'''
OTHERS = (
    "CREATE TABLE theirs (id INTEGER PRIMARY KEY, more INTEGER)",
    "CREATE VIEW a_view AS SELECT id FROM theirs",
    "CREATE TABLE other_things (id INTEGER PRIMARY KEY)",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version VALUES ('of another')",
)


@pytest.mark.parametrize("database", DATABASES)
def test_what_env_py_leaves_to_others_is_left_alone_everywhere(bake: Bake, database: str) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    with project.connect() as connection:
        for statement in OTHERS:
            connection.exec_driver_sql(statement)
    (project.path / "src/shop/models/user.py").unlink()
    (project.path / "tests/test_models.py").unlink()
    edit(project, "**options(", OPTIONS)
    edit(project, "\n\ndef target_metadata", FUNCTIONS)
    if database == "postgresql":
        edit(project, "version_table=", 'version_table_schema="versions",\n        version_table=')
    project.write_model(MODELS.format(more=""), "own")
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        connection.exec_driver_sql("CREATE INDEX by_hand ON own (name)")
    project.alembic("check")
    project.write_model(MODELS.format(more=", index=True"), "own")
    project.alembic("revision", "--autogenerate")
    assert "theirs" not in "".join(path.read_text() for path in project.revisions())
    project.alembic("upgrade", "head")
    project.alembic("check")
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    project.make("test")
    with project.connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()
        assert found.all() == ["of another"]
        connection.exec_driver_sql("CREATE INDEX unwanted ON own (name)")
    assert "unwanted" in project.alembic("check", status=1)


def edit(project: Project, old: str, new: str) -> None:
    """Replace a part of env.py."""
    path = project.path / "alembic" / "env.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
