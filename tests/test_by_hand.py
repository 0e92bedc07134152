"""A change that a person writes: the file has the right order, and says what is to be completed."""

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from conftest import DATABASES, Bake, Project, type_at_terminal
from test_upgrades import execute, is_there

HEAD = """
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
"""
ITEM = """
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
PLACE = """
class Place(Base):
    __tablename__ = "places"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
"""
CUSTOMER = """
class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
"""
STREET = "    street: Mapped[str]\n"

PROVE = ("-x", "prove", "revision", "--autogenerate")

#: The parts of a name, and what joins them again.
FIRST = {
    "sqlite": "substr(name, 1, instr(name, ' ') - 1)",
    "postgresql": "split_part(name, ' ', 1)",
    "mariadb": "substring_index(name, ' ', 1)",
}
LAST = {
    "sqlite": "substr(name, instr(name, ' ') + 1)",
    "postgresql": "split_part(name, ' ', 2)",
    "mariadb": "substring_index(name, ' ', -1)",
}
BOTH = {
    "sqlite": "first_name || ' ' || last_name",
    "postgresql": "first_name || ' ' || last_name",
    "mariadb": "concat(first_name, ' ', last_name)",
}
SPLIT = "    first_name: Mapped[str]\n    last_name: Mapped[str] = mapped_column(unique=True)\n"
WHOLE = "    name: Mapped[str] = mapped_column(unique=True)\n"
OF_ITEM = "(SELECT street FROM places WHERE item_id = items.id)"
OF_PLACE = "(SELECT street FROM items WHERE items.id = item_id)"


#: One more statement.
DELETE = '")\n    op.execute("DELETE FROM items WHERE is_customer = 1'


class Case(NamedTuple):
    """A change of models, and what stands for each ... of the file, by database where it differs."""

    before: str
    rows: tuple[str, ...]
    after: str
    answers: str
    up: tuple[str | dict[str, str], ...]
    down: tuple[str | dict[str, str], ...]
    look: str  # after the upgrade
    sees: list[list[object]]
    look_before: str
    has_consent: bool = True  # to what downgrade() drops


NAMES = ("INSERT INTO items (id, name) VALUES (1, 'Ada Lovelace'), (2, 'Alan Turing')",)
PARTS = (
    "INSERT INTO items (id, first_name, last_name) VALUES (1, 'Ada', 'Lovelace'), (2, 'Alan', 'Turing')",
)
CASES = {
    "a column is split": Case(
        ITEM + WHOLE,
        NAMES,
        ITEM + SPLIT,
        "byhand=items.name",
        (FIRST, LAST),
        (BOTH,),
        "SELECT first_name, last_name FROM items ORDER BY id",
        [["Ada", "Lovelace"], ["Alan", "Turing"]],
        "SELECT name FROM items ORDER BY id",
    ),
    "columns are merged": Case(
        ITEM + SPLIT,
        PARTS,
        ITEM + WHOLE,
        "byhand=items.first_name byhand=items.last_name",
        (BOTH,),
        (FIRST, LAST),
        "SELECT name FROM items ORDER BY id",
        [["Ada Lovelace"], ["Alan Turing"]],
        "SELECT first_name, last_name FROM items ORDER BY id",
    ),
    "a column moves to a new table": Case(
        ITEM + STREET,
        ("INSERT INTO items (id, street) VALUES (1, 'North'), (2, 'South')",),
        ITEM + PLACE + STREET,
        "byhand=items.street",
        ("id", "street"),
        (OF_ITEM,),
        "SELECT item_id, street FROM places ORDER BY item_id",
        [[1, "North"], [2, "South"]],
        "SELECT street FROM items ORDER BY id",
    ),
    "a column moves to a table that is there": Case(
        ITEM + STREET + PLACE,
        (
            "INSERT INTO items (id, street) VALUES (1, 'North'), (2, 'South')",
            "INSERT INTO places (id, item_id) VALUES (1, 2), (2, 1)",
        ),
        ITEM + PLACE + STREET,
        "byhand=items.street",
        (OF_PLACE,),
        (OF_ITEM,),
        "SELECT id, street FROM places ORDER BY id",
        [[1, "South"], [2, "North"]],
        "SELECT street FROM items ORDER BY id",
    ),
    "two columns of two tables change": Case(
        ITEM + WHOLE + PLACE + "    a: Mapped[str]\n    b: Mapped[str]\n",
        (*NAMES, "INSERT INTO places (id, item_id, a, b) VALUES (1, 1, 'x', 'y')"),
        ITEM + SPLIT + PLACE + "    ab: Mapped[str]\n    size: Mapped[int]\n",
        "byhand=items.name byhand=places.a byhand=places.b fill=places.size:7",
        (FIRST, LAST, "a"),
        (BOTH, "ab", "'y'"),
        "SELECT first_name, ab, size FROM items JOIN places ON item_id = items.id",
        [["Ada", "x", 7]],
        "SELECT name, a, b FROM items JOIN places ON item_id = items.id",
        has_consent=False,
    ),
    "a table goes into another one": Case(
        ITEM + WHOLE + CUSTOMER,
        (
            "INSERT INTO items (name) VALUES ('Ada Lovelace'), ('Alan Turing')",
            "INSERT INTO customers (id, name) VALUES (7, 'Grace Hopper')",
        ),
        ITEM + WHOLE + "    is_customer: Mapped[int]\n",
        "byhand=customers fill=items.is_customer:0",
        ("items", "name, is_customer", "name, 1"),
        ("name", f"items WHERE is_customer = 1{DELETE}"),
        "SELECT name, is_customer FROM items ORDER BY id",
        [["Ada Lovelace", 0], ["Alan Turing", 0], ["Grace Hopper", 1]],
        "SELECT name FROM customers ORDER BY id",
        has_consent=False,
    ),
}


@pytest.mark.parametrize(
    ("name", "database"),
    [
        pytest.param(name, database, marks=[pytest.mark.long] if number else [])
        for number, name in enumerate(CASES)
        for database in DATABASES
    ],
)
def test_a_file_that_is_completed_as_it_says_loses_no_row(
    bake: Bake, name: str, database: str
) -> None:
    case, project = CASES[name], bake(database)
    prepare(project, case)
    before = is_there(project, case.look_before)
    said = project.alembic("-x", case.answers, "revision", "--autogenerate")
    assert "Not proved yet: replace each ... in it by SQL, and then: make prove" in said
    file = project.revisions()[-1]
    said = project.alembic("upgrade", "head", status=1)
    assert "is unproven: its SQL by hand is to be written. Nothing was changed." in said
    assert "Complete it, and prove it: make prove" in said
    assert "The statement was: " in project.alembic(*PROVE, status=1)

    complete(project, case, database)
    assert project.alembic(*PROVE).startswith("Proven: ")
    assert "unproven" not in file.read_text()
    assert is_there(project, case.look_before) == before
    project.alembic("upgrade", "head")
    assert is_there(project, case.look) == case.sees
    project.alembic("check")
    consent = "0" if case.has_consent else "1"
    project.alembic("downgrade", "-1", ALLOW_DATA_LOSS=consent)
    assert is_there(project, case.look_before) == before
    project.alembic("upgrade", "head")
    assert is_there(project, case.look) == case.sees


def prepare(project: Project, case: Case) -> None:
    """Bring the models of before and their rows into the database, and change the models."""
    project.alembic("-x", "create-database", "current")
    project.write_model(HEAD + case.before)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    execute(project, *case.rows)
    project.write_model(HEAD + case.after)


def complete(project: Project, case: Case, database: str) -> None:
    """Replace each ... of the newest revision, as the comment in it says."""
    file = project.revisions()[-1]
    assert "# By hand: replace each ... by SQL over the rows" in file.read_text()
    up, middle, down = file.read_text().partition("def downgrade")
    ends = (replaced(up, case.up, database), replaced(down, case.down, database))
    file.write_text(middle.join(ends))


def replaced(text: str, values: Iterable[str | dict[str, str]], database: str) -> str:
    """Return a text with a value for each ... of its statements, in their order."""
    lines = text.splitlines(keepends=True)
    for value in values:
        sql = value if isinstance(value, str) else value[database]
        number = next(n for n, line in enumerate(lines) if "..." in line and "#" not in line)
        lines[number] = lines[number].replace("...", sql, 1)
    return "".join(lines)


@pytest.mark.parametrize("database", DATABASES)
def test_a_terminal_offers_to_write_it_by_hand(bake: Bake, database: str) -> None:
    case, project = CASES["a column is split"], bake(database)
    prepare(project, case)
    said = type_at_terminal(["make", "revision"], "h\n", project.path, project.environment)
    assert "  h) I write this change by hand   [byhand=items.name]\n" in said
    assert "What value" not in said
    complete(project, case, database)
    (project.path / "tests" / "test_models.py").unlink()
    for command in ("format", "lint", "prove", "upgrade", "check"):
        project.make(command)
    assert is_there(project, case.look) == case.sees


def test_without_a_terminal_the_answer_by_hand_is_named_beside_the_others(bake: Bake) -> None:
    project = bake()
    prepare(project, CASES["columns are merged"])
    said = project.make("revision", status=2)
    assert "need SQL by hand: byhand=items.first_name byhand=items.last_name\n" in said
    said = project.make("revision", "x=byhand=items.first_name", status=2)
    assert "items.last_name is gone from the models: " in said
    assert "need SQL by hand: byhand=items.last_name\n" in said
    said = project.make("revision", "x=byhand=items.other", status=2)
    assert "no change in the models matches byhand=items.other" in said
    assert len(project.revisions()) == 1


@pytest.mark.parametrize("database", DATABASES)
def test_a_column_that_becomes_not_null_is_filled_by_hand(bake: Bake, database: str) -> None:
    project = bake(database)
    model = ITEM + "    name: Mapped[str | None]\n"
    rows = "INSERT INTO items (id, name) VALUES (1, 'a'), (2, NULL)"
    case = Case(model, (rows,), model.replace(" | None", ""), "", (), (), "", [], "")
    prepare(project, case)
    answers = ("-x", "byhand=items.name", "revision", "--autogenerate")
    project.alembic(*answers)
    file = project.revisions()[-1]
    assert file.read_text().count("By hand: ") == 1, "the way back needs none"
    file.write_text(file.read_text().replace("= ...", "= 'b' WHERE name IS NULL"))
    for command in (PROVE, ("upgrade", "head"), ("check",), ("downgrade", "-1")):
        project.alembic(*command)
    assert is_there(project, "SELECT name FROM items ORDER BY id") == [["a"], ["b"]]
