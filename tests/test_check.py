"""`make check` says which case it is, and its remedy works: tried as a person would, on each database."""

import re
from typing import Any

import pytest
from conftest import DATABASES, Bake, Project
from test_upgrades import execute, is_there

MODEL = """
from datetime import datetime
from decimal import Decimal
from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parents.id"))
    name: Mapped[str]
    note: Mapped[str | None] = mapped_column(index=True)
    size: Mapped[int] = mapped_column(CheckConstraint("size >= 0"), server_default=text("7"))
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
"""
ROWS = (
    "INSERT INTO parents (id, code) VALUES (1, 'a')",
    "INSERT INTO items (id, parent_id, name, note, size, price) VALUES (1, 1, 'n', 'o', 3, 1.5)",
)
MODIFY = {"sqlite": "", "postgresql": "ALTER {0} TYPE {1}", "mariadb": "MODIFY {0} {1}"}

#: Changes by hand, and the rows that are there after the remedy, without what the change has lost.
COLUMNS = "SELECT parent_id, name, note, size FROM items"
CHANGES: dict[str, list[str | dict[str, str]]] = {
    "a column is dropped": ["ALTER TABLE items DROP COLUMN price"],
    "a column that is NOT NULL is dropped": ["ALTER TABLE items DROP COLUMN name"],
    "a column with an index is dropped": [
        {"mariadb": "SELECT 1", "": "DROP INDEX ix_items_note"},
        "ALTER TABLE items DROP COLUMN note",
    ],
    "a column is added": ["ALTER TABLE items ADD COLUMN extra INTEGER"],
    "a column with an index is added": [
        "ALTER TABLE items ADD COLUMN extra INTEGER",
        "CREATE INDEX by_hand ON items (extra)",
    ],
    "an index is dropped": [
        {"mariadb": "DROP INDEX ix_items_note ON items", "": "DROP INDEX ix_items_note"}
    ],
    "an index is another": [
        {"mariadb": "DROP INDEX ix_items_note ON items", "": "DROP INDEX ix_items_note"},
        "CREATE UNIQUE INDEX ix_items_note ON items (note)",
    ],
    "tables are added": [
        "CREATE TABLE first (id INTEGER PRIMARY KEY)",
        "CREATE TABLE second (id INTEGER PRIMARY KEY, first_id INTEGER, FOREIGN KEY (first_id) REFERENCES first (id))",
        "CREATE TABLE alpha (id INTEGER PRIMARY KEY, second_id INTEGER, FOREIGN KEY (second_id) REFERENCES second (id))",
    ],
    "a table is dropped": ["DROP TABLE items"],
    "all tables are dropped": ["DROP TABLE items", "DROP TABLE parents"],
    "a type is another": [
        {
            "postgresql": "ALTER TABLE items ALTER price TYPE text",
            "mariadb": "ALTER TABLE items MODIFY price varchar(20)",
        }
    ],
    "a default is another": [
        {
            "postgresql": "ALTER TABLE items ALTER size SET DEFAULT 8",
            "mariadb": "ALTER TABLE items ALTER size SET DEFAULT 8",
        }
    ],
    "NOT NULL is dropped": [
        {
            "postgresql": "ALTER TABLE items ALTER name DROP NOT NULL",
            "mariadb": "ALTER TABLE items MODIFY name varchar(255)",
        }
    ],
    "constraints are dropped": [
        {
            "postgresql": "ALTER TABLE items DROP CONSTRAINT fk_items_parent_id_parents",
            "mariadb": "ALTER TABLE items DROP CONSTRAINT fk_items_parent_id_parents",
        },
        {
            "postgresql": "ALTER TABLE parents DROP CONSTRAINT uq_parents_code",
            "mariadb": "ALTER TABLE parents DROP INDEX uq_parents_code",
        },
    ],
    "a constraint is added": [
        {
            "postgresql": "ALTER TABLE items ADD CONSTRAINT by_hand CHECK (size < 100)",
            "mariadb": "ALTER TABLE items ADD CONSTRAINT by_hand CHECK (size < 100)",
        },
    ],
    "a table is rebuilt": [
        {
            "sqlite": "ALTER TABLE items RENAME TO old",
            "": "SELECT 1",
        },
        {
            "sqlite": "CREATE TABLE items (id INTEGER PRIMARY KEY, parent_id TEXT, name TEXT, note TEXT, size INT, other TEXT)",
            "": "ALTER TABLE items ADD COLUMN other INTEGER",
        },
        {
            "sqlite": "INSERT INTO items SELECT id, parent_id, name, note, size, 'x' FROM old",
            "": "SELECT 1",
        },
        {"sqlite": "DROP TABLE old", "": "ALTER TABLE items DROP COLUMN price"},
    ],
}


def statements(name: str, database: str) -> list[str]:
    """Return the statements of a change on a database; none where it cannot be made there."""
    spelled = (
        one if isinstance(one, str) else one.get(database, one.get("", "")) for one in CHANGES[name]
    )
    return [statement for statement in spelled if statement]


@pytest.mark.parametrize(
    ("name", "database"),
    [
        pytest.param(
            name, database, marks=[] if name == "a table is rebuilt" else [pytest.mark.long]
        )
        for name in CHANGES
        for database in DATABASES
        if statements(name, database)
    ],
)
def test_the_sql_takes_a_database_back_to_the_revisions(
    bake: Bake, name: str, database: str
) -> None:
    project = prepare(bake, database)
    execute(project, *statements(name, database))
    said = project.alembic("check", status=1)
    assert "The database differs from the models:\n" in said
    assert "The database was changed by hand.\n" in said
    assert "The models are ahead" not in said
    run(project, remedy(said))
    project.alembic("check")
    lost = any(word in name for word in ("tables are dropped", "a table is dropped"))
    if not lost:
        [[parent, named, note, size]] = is_there(project, COLUMNS)
        assert parent in (1, "1")
        assert named == ("" if name == "a column that is NOT NULL is dropped" else "n")
        assert note == (None if name == "a column with an index is dropped" else "o")
        assert size == 3
    assert project.alembic("upgrade", "head").startswith("Nothing to do.")


@pytest.mark.parametrize("database", DATABASES)
def test_a_change_by_hand_is_kept_as_the_message_says(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    execute(project, "ALTER TABLE items ADD COLUMN extra INTEGER")
    said = project.alembic("check", status=1)
    assert "To keep the change instead: change the models, then make revision, and on" in said
    project.write_model(f"{MODEL}    extra: Mapped[int | None]\n")
    project.alembic("revision", "--autogenerate")
    project.alembic("stamp", "head")
    project.alembic("check")


@pytest.mark.parametrize("database", DATABASES)
def test_each_cause_of_a_difference_is_told_with_what_mends_it(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    project.write_model(f"{MODEL}    extra: Mapped[int | None]\n")
    said = project.alembic("check", status=1)
    assert "The models are ahead of the revisions.\n" in said
    assert "by hand" not in said

    execute(project, "ALTER TABLE items ADD COLUMN other INTEGER")
    said = project.alembic("check", status=1)
    ahead, _, changed = said.partition("The database was changed by hand:\n")
    assert "The models are ahead of the revisions:\n" in ahead
    assert (
        "extra" in ahead.partition("ahead of")[2] and "other" not in ahead.partition("ahead of")[2]
    )
    assert "other" in changed and "extra" not in changed
    run(project, remedy(said))

    project.alembic("revision", "--autogenerate")
    said = project.alembic("check", status=1)
    assert "Target database is not up to date. Bring it up to date: make upgrade" in said
    project.alembic("upgrade", "head")
    project.alembic("check")


def prepare(bake: Bake, database: str) -> Project:
    """Return a project whose database is what the models say, with rows."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(MODEL)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    execute(project, *ROWS)
    return project


def remedy(said: str) -> list[str]:
    """Return the statements of a message."""
    found = re.search(r"is dropped with its rows:\n(.*;)\nTo keep", said, re.DOTALL)
    assert found, said
    return [statement.strip() for statement in re.split(r";\n|;$", found[1]) if statement.strip()]


def run(project: Project, sql: list[str]) -> None:
    """Execute statements one by one, as the client of a database does."""
    with project.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "postgresql":
            driver.autocommit = True
        elif connection.dialect.name == "sqlite":
            driver.isolation_level = None
        cursor = driver.cursor()
        for statement in sql:
            cursor.execute(statement)
