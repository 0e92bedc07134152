"""A change of type never changes a value: where it would, it is refused with the number of rows."""

import pytest
from conftest import DATABASES, Bake, Project

MODEL = """
from datetime import datetime
from decimal import Decimal
from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    extra: Mapped[{type}]
"""
DECIMAL = "Decimal | None] = mapped_column(Numeric({digits}))  # "


# SQLite keeps all digits, whatever the type says.
LOSSES = {
    "text to number": (DATABASES, "str | None", "int | None", "'12'", "'12 monkeys'"),
    "number to boolean": (DATABASES, "int | None", "bool | None", "1", "5"),
    "fraction to number": (DATABASES, DECIMAL.format(digits="10, 2"), "int | None", "9", "9.99"),
    "fewer digits": (
        ["postgresql", "mariadb"],
        DECIMAL.format(digits="10, 2"),
        DECIMAL.format(digits="8, 1"),
        "9.5",
        "9.99",
    ),
}


@pytest.mark.parametrize(
    ("database", "before", "after", "fits", "lost"),
    [
        pytest.param(database, *change, id=f"{name}-{database}")
        for name, (databases, *change) in LOSSES.items()
        for database in databases
    ],
)
def test_rows_that_would_change_are_counted_and_kept(
    bake: Bake, database: str, before: str, after: str, fits: str, lost: str
) -> None:
    project = bake(database)
    prepare(project, before, after)
    project.sql(f"INSERT INTO items (extra) VALUES ({fits}), ({lost})")
    held = project.sql("SELECT extra FROM items ORDER BY id")
    said = project.make("upgrade", status=2)
    assert "1 of 2 rows of items holds a value in extra that" in said
    assert "Nothing was changed. Find it: SELECT * FROM items WHERE" in said
    assert project.sql("SELECT extra FROM items ORDER BY id") == held

    project.sql("DELETE FROM items WHERE id = 2")
    project.make("upgrade")
    [[value]] = project.sql("SELECT extra FROM items")
    assert float(value) == float(fits.strip("'"))


def test_a_text_that_is_a_date_stays_one_on_sqlite(bake: Bake) -> None:
    project = bake()
    prepare(project, "str | None", "datetime | None")
    project.sql("INSERT INTO items (extra) VALUES ('2026-01-02 03:04:05')")
    project.make("upgrade")
    assert project.sql("SELECT extra FROM items") == [["2026-01-02 03:04:05"]]


def test_rows_that_would_refer_to_none_are_refused_on_sqlite(bake: Bake) -> None:
    project = bake()
    project.make("revision")
    project.make("upgrade")
    project.sql("INSERT INTO users (email) VALUES ('ada@example.com')")
    model = project.path / "src" / project.package / "models" / "user.py"
    column = '    friend_id: Mapped[int] = mapped_column(ForeignKey("users.id"))\n\n    posts: '
    model.write_text(model.read_text().replace("    posts: ", column, 1))
    project.make("revision", "x=fill=users.friend_id:7")
    said = project.make("upgrade", status=2)
    assert "1 of 1 row of users refers by friend_id to a row of users that does not exist" in said
    assert "(friend_id: 7)" in said
    assert "friend_id" not in project.columns()["users"]


def prepare(project: Project, before: str, after: str) -> None:
    """Bring a table with one type into the database, and write the revision to the other."""
    project.write_model(MODEL.format(type=before))
    project.make("database")
    project.make("revision")
    project.make("upgrade")
    project.write_model(MODEL.format(type=after))
    project.make("revision")


def test_what_comes_back_on_mariadb_has_a_value_of_its_type(bake: Bake) -> None:
    project = bake("mariadb")
    there = MODEL.format(type="dict] = mapped_column(JSON)  # ") + (
        "    made: Mapped[datetime] = mapped_column(TIMESTAMP)\n"
        "    seen: Mapped[datetime] = mapped_column(TIMESTAMP)\n"
    )
    types = "from sqlalchemy import JSON, TIMESTAMP, Numeric"
    project.write_model(there.replace("from sqlalchemy import Numeric", types))
    project.make("database")
    project.make("revision")
    project.make("upgrade")
    now = "'2026-01-02 03:04:05'"
    project.sql(f"INSERT INTO items (extra, made, seen) VALUES ('[]', {now}, {now})")
    gone = MODEL.format(type="dict] = mapped_column(JSON)  # ").replace("    extra", "    # extra")
    gone += "    seen: Mapped[datetime | None] = mapped_column(TIMESTAMP)\n"
    project.write_model(gone.replace("from sqlalchemy import Numeric", types))
    project.make("revision", "x=drop=items.extra drop=items.made")
    project.make("upgrade")
    project.sql("UPDATE items SET seen = NULL")
    project.make("downgrade", ALLOW_DATA_LOSS="1")
    [[extra, made, seen]] = project.sql("SELECT extra, made, seen FROM items")
    assert extra == "{}"
    assert made == seen == "1970-01-02 00:00:00"
    project.sql("ALTER TABLE items FORCE")  # where each row meets the checks again
