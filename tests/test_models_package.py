"""Models are found without being registered, and their constraints have names everywhere."""

import re

import pytest
import sqlalchemy as sa
from conftest import DATABASES, VARIANTS, Bake

TABLE = """
from sqlalchemy.orm import Mapped, mapped_column
class {name}(Base):
    __tablename__ = "{name}"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
LONG = "a_name_of_fifty_characters_that_nobody_would_choose"
CONSTRAINED = f"""
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
class Parent(Base):
    __tablename__ = "parents"
    {LONG}_1: Mapped[int] = mapped_column(primary_key=True)
    {LONG}_2: Mapped[str]
    price: Mapped[int]
    __table_args__ = (UniqueConstraint("{LONG}_1", "{LONG}_2"), CheckConstraint("price > 0"))
class Child(Base):
    __tablename__ = "children"
    id: Mapped[int] = mapped_column(primary_key=True)
    {LONG}: Mapped[int] = mapped_column(ForeignKey("parents.{LONG}_1"), index=True)
"""

#: Application code: a time of another zone, and one of the database. {0} and {1} make it async.
TIMES = """
import asyncio, json
from datetime import UTC, datetime, timedelta, timezone
from sqlalchemy import select
from shop.database import Session, engine
from shop.models.user import User
async def main():
    made = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    {0}with Session.begin() as session:
        session.add(User(email="grace@example.com", created_at=made))
    {0}with Session() as session:
        times = ({1}session.scalars(select(User.created_at).order_by(User.id))).all()
        now = datetime.now(UTC)
    {1}engine.dispose()
    print(json.dumps([abs(now - times[0]) < timedelta(minutes=5), times[1].isoformat()]))
asyncio.run(main())
"""

#: Models of which the guards compare something else than what they say.
NORMALIZED = """
from sqlalchemy import Boolean, CheckConstraint, Computed, Index, Sequence
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True, nullable=True)
    size: Mapped[int] = mapped_column(CheckConstraint("size > 0", name="positive"))
    twice: Mapped[int] = mapped_column(Computed("size * 2", persisted=True))
    is_new: Mapped[bool] = mapped_column(Boolean(create_constraint=True, name="is_new"))
    __table_args__ = (
        CheckConstraint("size < 9", name="small").ddl_if(dialect="oracle"),
        Index("ix_built", "size", postgresql_concurrently=True),
    )
"""
#: Compares what create_all() would do before and after each command.
COMPARE = """
import json, sqlalchemy as sa
from alembic import command
from alembic.config import Config
from {package}.models import Base
from {package}.settings import migration_url
def state():
    statements, url = [], sa.make_url(migration_url())
    def execute(ddl, *_, **__):
        statements.append(str(ddl.compile(dialect=engine.dialect)))
    engine = sa.create_mock_engine(url, execute)
    Base.metadata.create_all(engine, checkfirst=False)
    tables = Base.metadata.tables.values()
    return sorted(statements), [(len(t.constraints), len(t.indexes)) for t in tables]
states, config = [state()], Config("alembic.ini")
command.revision(config, autogenerate=True)
states.append(state())
command.upgrade(config, "head")
command.check(config)
states.append(state())
from alembic_guards.testing import create_all, drift, scratch_database
assert drift(migration_url(), Base.metadata) == drift(migration_url(), Base.metadata) == []
with scratch_database(migration_url()) as scratch:
    with sa.create_engine(scratch, poolclass=sa.NullPool).begin() as connection:
        create_all(connection, Base.metadata)
states.append(state())
print(json.dumps([found == states[0] for found in states]))
"""


@pytest.mark.parametrize("database", DATABASES)
def test_no_command_changes_the_metadata_of_the_models(bake: Bake, database: str) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(NORMALIZED)
    assert project.python(COMPARE.format(package=project.package)) == [True] * 4


def test_a_module_is_found_wherever_it_is_put(bake: Bake) -> None:
    project = bake()
    project.write_model(TABLE.format(name="beside"), "beside")
    project.write_model(TABLE.format(name="in_a_package"), "package/__init__")
    project.write_model(TABLE.format(name="below_it"), "package/sub/module")
    project.write_model(TABLE.format(name="in_a_folder"), "folder/module")
    project.write_model(TABLE.format(name="a_backup"), ".backups/module")
    project.make("revision")
    project.make("upgrade")
    found = project.columns().keys()
    assert found == {"beside", "below_it", "in_a_folder", "in_a_package", "posts", "users"}


@pytest.mark.parametrize("database", DATABASES)
def test_modules_hold_nothing_but_what_they_are_for(bake: Bake, database: str) -> None:
    project = bake(database)
    names = project.python(
        "import json, types\n"
        "from shop import models, settings\n"
        "code = (type, types.FunctionType, types.ModuleType)\n"
        "print(json.dumps([\n"
        "    [n for n, x in vars(module).items() if n[0] != '_' and not isinstance(x, code)]\n"
        "    for module in (models, settings)\n"
        "]))"
    )
    of_models, of_settings = names
    assert of_models == []
    assert of_settings[:2] == ["PROJECT", "SCHEMES"]
    assert all(name.isupper() for name in of_settings)


@pytest.mark.parametrize("database", DATABASES)
def test_a_text_has_a_length_only_where_the_database_wants_one(bake: Bake, database: str) -> None:
    project = bake(database)
    [length] = project.python(
        "import json\n"
        "from shop.models.user import User\n"
        "print(json.dumps([User.__table__.c.email.type.length]))"
    )
    assert length == (255 if database == "mariadb" else None)


@pytest.mark.parametrize("database", DATABASES)
def test_every_constraint_has_a_name_however_long(bake: Bake, database: str) -> None:
    project = bake(database)
    project.write_model(CONSTRAINED, "constrained")
    project.make("database")
    project.make("revision")
    project.make("upgrade")
    project.make("check")
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        parents, children = "parents", "children"
        names = [
            *[key["name"] for key in inspector.get_unique_constraints(parents)],
            *[key["name"] for key in inspector.get_check_constraints(parents)],
            *[key["name"] for key in inspector.get_foreign_keys(children)],
            *[key["name"] for key in inspector.get_indexes(children)],
            inspector.get_pk_constraint(parents)["name"] or "PRIMARY on MariaDB",
        ]
    assert [str(name).split("_")[0] for name in names[:4]] == ["uq", "ck", "fk", "ix"]
    assert len(names) == 5
    project.make("downgrade", "to=base")
    assert project.columns() == {}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("class Item(Base:\n    pass", "SyntaxError"),
        ("import nowhere", "No module named 'nowhere'"),
        ("oops", "name 'oops' is not defined"),
        ("class Item(Base):\n    __tablename__ = 'items'", "could not assemble any primary key"),
        (
            TABLE.format(name="items").replace("Mapped, ", "Mapped, relationship, ")
            + "    owner: Mapped['Owner'] = relationship()",
            "failed to locate a name ('Owner')",
        ),
    ],
    ids=["syntax", "import", "name", "primary key", "relationship"],
)
def test_what_is_wrong_with_a_model_is_said_in_a_few_lines(
    bake: Bake, source: str, reason: str
) -> None:
    project = bake()
    project.write_model(source, "broken")
    for target in ("revision", "check"):
        said = project.make(target, status=2)
        assert reason in said
        assert "Traceback" not in said
        assert len(said.splitlines()) <= 8
    assert not project.revisions()


def test_a_foreign_key_to_no_table_is_said_in_a_line(bake: Bake) -> None:
    project = bake()
    column = "    shelf: Mapped[int] = mapped_column(ForeignKey('shelves.id'))"
    project.write_model(f"from sqlalchemy import ForeignKey{TABLE.format(name='items')}{column}")
    said = project.alembic("revision", "--autogenerate", status=1)
    assert "could not find table 'shelves'" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_application_code_gets_times_with_their_zone(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    project.alembic("-x", "create-database", "current")
    project.alembic("revision", "--autogenerate")
    if database == "postgresql":
        name = sa.make_url(project.environment["DATABASE_URL"]).database
        zone = f"ALTER DATABASE {name} SET timezone = 'America/New_York'"
        with project.connect() as connection:
            connection.exec_driver_sql(zone)
    project.alembic("upgrade", "head")
    [usage] = re.findall(
        r"```python\n(.*?Session\.begin.*?)```", (project.path / "README.md").read_text(), re.DOTALL
    )
    said = project.run(".venv/bin/python", "-c", usage, PYTHONPATH="src")
    assert said == "['ada@example.com']\n"
    words = {"sync": ("", ""), "async": ("async ", "await ")}[engine]
    assert project.python(TIMES.format(*words)) == [True, "2026-01-01T10:00:00+00:00"]
    if database == "mariadb":  # the zone of NOW(), which fills columns
        assert project.sql("SELECT @@session.time_zone") == [["+00:00"]]


def test_a_time_without_a_zone_is_refused(bake: Bake) -> None:
    project = bake()
    code = """
from datetime import datetime
from shop.models.base import UTCDateTime
UTCDateTime().process_bind_param(datetime(2026, 1, 1), None)
"""
    said = project.run(".venv/bin/python", "-c", code, status=1, PYTHONPATH="src")
    assert "ValueError: datetime.datetime(2026, 1, 1, 0, 0) has no time zone" in said
