"""A rebuild of a table of SQLite changes what it is about, and keeps all else, word for word."""

import warnings
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic_guards import runtime
from alembic_guards.runtime.enum_values import RenameValueOp
from alembic_guards.runtime.sqlite_rebuild import rebuild

PARENTS = "CREATE TABLE parents (id INTEGER PRIMARY KEY)"
CONVENTION = {
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_own",
}
#: What a batch operation must not lose.
FORM = """CREATE TABLE items (
    id integer PRIMARY KEY AUTOINCREMENT, -- the number, (own)
    [name] TEXT COLLATE NOCASE NOT NULL ON CONFLICT IGNORE DEFAULT 'a,  b' CHECK ([name] <> 'x'),
    /* it's a "parent */
    p INTEGER REFERENCES parents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    `size` TEXT AS (lower([name]) || ')') STORED,
    UNIQUE (p, [name]) ON CONFLICT REPLACE
) STRICT"""
KEPT = (
    "id integer PRIMARY KEY AUTOINCREMENT",
    "-- the number, (own)",
    "[name] TEXT COLLATE NOCASE NOT NULL ON CONFLICT IGNORE DEFAULT 'a,  b' CHECK ([name] <> 'x')",
    "/* it's a \"parent */",
    "p INTEGER REFERENCES parents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
    "`size` TEXT AS (lower([name]) || ')') STORED",
    "UNIQUE (p, [name]) ON CONFLICT REPLACE",
    ") STRICT",
)
OTHERS = (
    "CREATE INDEX ix ON items (lower([name])) WHERE p > 0",
    "CREATE TRIGGER tr AFTER INSERT ON items BEGIN UPDATE items SET p = p; END",
)


@pytest.fixture
def connection() -> Any:
    runtime.install()
    with sa.create_engine("sqlite://").connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression")
        yield connection


def batch(
    connection: sa.Connection,
    forms: Sequence[str],
    change: Callable[[Any], object],
    **options: Any,
) -> str:
    """Run a batch operation on the table "items"; return its new form."""
    for form in forms:
        connection.exec_driver_sql(form)
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("items", **options) as table:
        change(table)
    return form_of(connection)


def form_of(connection: sa.Connection, name: str = "items") -> str:
    query = "SELECT sql FROM sqlite_master WHERE name = ?"
    return str(connection.exec_driver_sql(query, (name,)).scalar_one())


def test_a_batch_operation_keeps_what_alembic_does_not_know(connection: sa.Connection) -> None:
    rows = (
        "INSERT INTO items (id, name, p) VALUES (5, 'A', 1), (900, 'B', 1)",
        "DELETE FROM items WHERE id = 900",
    )
    column = sa.Column("added", sa.Text(), server_default="new")
    form = batch(
        connection,
        [PARENTS, "INSERT INTO parents VALUES (1)", FORM, *OTHERS, *rows],
        lambda table: table.add_column(column),
        recreate="always",
    )
    assert not [text for text in KEPT if text not in form]
    assert [form_of(connection, name) for name in ("ix", "tr")] == [*OTHERS]
    connection.exec_driver_sql("INSERT INTO items (name, p) VALUES ('C', 1)")
    found = connection.exec_driver_sql("SELECT id, name, size, added FROM items ORDER BY id")
    assert found.all() == [(5, "A", "a)", "new"), (901, "C", "c)", "new")]


@pytest.mark.parametrize(
    ("change", "was", "now"),
    [
        (
            lambda table: table.alter_column("name", nullable=True, existing_type=sa.Text()),
            "NOT NULL ON CONFLICT IGNORE ",
            "",
        ),
        (
            lambda table: table.alter_column("p", nullable=False, existing_type=sa.Integer()),
            "INITIALLY DEFERRED",
            "INITIALLY DEFERRED NOT NULL",
        ),
        (
            lambda table: table.alter_column("p", type_=sa.Text(), existing_type=sa.Integer()),
            "p INTEGER",
            "p TEXT",
        ),
        (
            lambda table: table.create_check_constraint("positive", "p > 0"),
            "ON CONFLICT REPLACE\n",
            "ON CONFLICT REPLACE, \n\tCONSTRAINT positive CHECK (p > 0)\n",
        ),
    ],
)
def test_only_what_changes_is_written_anew(
    connection: sa.Connection, change: Callable[[Any], object], was: str, now: str
) -> None:
    same = batch(connection, [PARENTS, FORM], lambda _: None, recreate="always")
    form = batch(connection, [], change, recreate="always")
    assert was in same
    assert form == same.replace(was, now)


@pytest.mark.parametrize(
    ("name", "kind", "left"),
    [
        (
            "fk_items_p_parents",
            "foreignkey",
            "p INTEGER, q TEXT CONSTRAINT uq_items_q UNIQUE, r TEXT CONSTRAINT uq_items_r UNIQUE",
        ),
        (
            "uq_items_q",
            "unique",
            (
                "p INTEGER CONSTRAINT fk_items_p_parents REFERENCES parents, q TEXT,"
                " r TEXT CONSTRAINT uq_items_r UNIQUE"
            ),
        ),
    ],
)
def test_a_convention_names_what_has_no_name_and_drops_one_by_it(
    connection: sa.Connection, name: str, kind: str, left: str
) -> None:
    form = (
        "CREATE TABLE items (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parents, q TEXT UNIQUE,"
    )
    new = batch(
        connection,
        [PARENTS, f"{form} r TEXT UNIQUE, CHECK (p > 0))"],
        lambda table: table.drop_constraint(name, type_=kind),
        naming_convention=CONVENTION,
    )
    expected = f'CREATE TABLE "items" (id INTEGER PRIMARY KEY, {left},'
    expected += " CONSTRAINT ck_items_own CHECK (p > 0))"
    assert "".join(new.split()) == "".join(expected.split())


def test_a_check_without_a_name_is_reflected_and_stays(connection: sa.Connection) -> None:
    form = "CREATE TABLE items (id INTEGER PRIMARY KEY, p INTEGER CHECK (p > 0), CHECK (p < 9))"
    new = batch(
        connection,
        [form],
        lambda table: table.add_column(sa.Column("q", sa.Integer())),
        recreate="always",
        table_args=[sa.CheckConstraint("p < 9")],
    )
    assert new.count("CHECK") == 2
    found = sa.inspect(connection).get_check_constraints("items")
    assert sorted(check["sqltext"] for check in found) == ["p < 9", "p > 0"]


def test_a_check_of_a_type_that_a_convention_cannot_name_stays(connection: sa.Connection) -> None:
    metadata = sa.MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
    number = sa.Column("id", sa.Integer(), primary_key=True)
    flag: sa.Column[bool] = sa.Column("p", sa.Boolean(create_constraint=True))
    with pytest.warns(UserWarning, match="has no name"):
        form = batch(
            connection,
            ["CREATE TABLE items (id INTEGER PRIMARY KEY, p BOOLEAN, CHECK (p IN (0, 1)))"],
            lambda table: table.add_column(sa.Column("q", sa.Integer())),
            copy_from=sa.Table("items", metadata, number, flag),
            recreate="always",
        )
    assert form.count("CHECK (p IN (0, 1))") == 1


def test_offline_a_copied_table_is_written_as_alembic_writes_it() -> None:
    runtime.install()
    written = StringIO()
    options = {"as_sql": True, "output_buffer": written}
    operations = Operations(MigrationContext.configure(dialect_name="sqlite", opts=options))
    columns = (sa.Column("id", sa.Integer(), primary_key=True), sa.Column("p", sa.Text()))
    copied = sa.Table("items", sa.MetaData(), *columns)
    with operations.batch_alter_table("items", copy_from=copied) as table:
        table.alter_column("p", type_=sa.Integer(), existing_type=sa.Text())
        table.create_index("ix", ["p"])
    statements = written.getvalue().split(";")
    assert [" ".join(statement.split()[:3]) for statement in statements] == [
        "CREATE TABLE _alembic_tmp_items",
        "INSERT INTO _alembic_tmp_items",
        "DROP TABLE items",
        "ALTER TABLE _alembic_tmp_items",
        "CREATE INDEX ix",
        "",
    ]


def test_a_column_goes_and_what_only_has_its_letters_stays(connection: sa.Connection) -> None:
    form = batch(
        connection,
        [
            (
                "CREATE TABLE items (id INTEGER PRIMARY KEY, date TEXT, made TEXT DEFAULT (date('now')),"
                " word TEXT CHECK (word <> 'date'), up_date INTEGER CHECK (up_date > 0),"
                " CHECK (date <> 'x'), CHECK (\"date\" > word), UNIQUE (date, word))"
            ),
            "INSERT INTO items VALUES (5, NULL, 'b', 'c', 1)",
        ],
        lambda table: table.drop_column("date"),
    )
    parts = (
        "made TEXT DEFAULT (date('now'))",
        "CHECK (word <> 'date')",
        "CHECK (up_date > 0)",
    )
    assert not [text for text in parts if text not in form]
    assert not [text for text in ("date TEXT", "(date <>", '"date"', "UNIQUE") if text in form]
    assert connection.exec_driver_sql("SELECT * FROM items").all() == [(5, "b", "c", 1)]


def test_a_renamed_column_has_its_new_name_everywhere(connection: sa.Connection) -> None:
    form = batch(
        connection,
        [
            (
                "CREATE TABLE items (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE CHECK (a <> 'a'),"
                " b TEXT AS (a || 'a'), UNIQUE (a, id))"
            ),
            "CREATE INDEX ix ON items (lower(a))",
            "CREATE TRIGGER tr AFTER INSERT ON items BEGIN UPDATE items SET a = NEW.a; END",
            "CREATE TABLE other (x TEXT REFERENCES items (a))",
            "INSERT INTO items (id, a) VALUES (5, 'q')",
        ],
        lambda table: table.alter_column("a", new_column_name="z", existing_type=sa.Text()),
        recreate="always",
    )
    parts = (
        '"z" TEXT COLLATE NOCASE CHECK ("z" <> \'a\')',
        "AS (\"z\" || 'a')",
        'UNIQUE ("z", id)',
    )
    assert not [text for text in parts if text not in form]
    assert '"z"' in form_of(connection, "ix")
    assert 'NEW."z"' in form_of(connection, "tr")
    assert 'items ("z")' in form_of(connection, "other")
    assert connection.exec_driver_sql("SELECT * FROM items").all() == [(5, "q", "qa")]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_column("a"),
        lambda table: table.alter_column("a", new_column_name="b", existing_type=sa.Text()),
    ],
)
def test_a_renamed_column_may_take_the_name_of_another(
    connection: sa.Connection, change: Callable[[Any], object]
) -> None:
    def both(table: Any) -> None:
        change(table)
        table.alter_column("b", new_column_name="a", existing_type=sa.Text())

    forms = [
        "CREATE TABLE items (id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE CHECK (b > 'b'))",
        "INSERT INTO items VALUES (1, NULL, 'x')",
    ]
    assert '"a" TEXT COLLATE NOCASE CHECK ("a" > \'b\')' in batch(connection, forms, both)
    assert connection.exec_driver_sql("SELECT a FROM items").all() == [("x",)]


def test_of_two_constraints_alike_one_goes(connection: sa.Connection) -> None:
    forms = ["CREATE TABLE items (id INTEGER PRIMARY KEY, p TEXT,"]
    forms[0] += " CONSTRAINT a UNIQUE (p), CONSTRAINT b UNIQUE (p))"
    same = batch(connection, forms, lambda _: None, recreate="always")
    assert ("CONSTRAINT a" in same, "CONSTRAINT b" in same) == (True, True)
    form = batch(connection, [], lambda table: table.drop_constraint("a", type_="unique"))
    assert ("CONSTRAINT a" in form, "CONSTRAINT b" in form) == (False, True)


def test_rows_keep_their_numbers_and_get_values_from_expressions(connection: sa.Connection) -> None:
    for statement in (
        'CREATE TABLE items (code TEXT PRIMARY KEY, "a%b" TEXT, c TEXT)',
        "INSERT INTO items (rowid, code, \"a%b\") VALUES (5, 'x', '1'), (9, 'y', '2')",
    ):
        connection.exec_driver_sql(statement)
    form = 'CREATE TABLE items (code TEXT PRIMARY KEY, "a%b" INTEGER, d TEXT)'
    rebuild(connection, "items", form, {"code": "upper(code)", "a%b": '"a%b" * 2', "d": "':x'"})
    found = connection.exec_driver_sql("SELECT rowid, * FROM items").all()
    assert found == [(5, "X", 2, ":x"), (9, "Y", 4, ":x")]


def test_a_value_of_an_enum_is_renamed_in_its_lists_alone(connection: sa.Connection) -> None:
    for statement in (
        (
            "CREATE TABLE items (id INTEGER PRIMARY KEY, [c] TEXT DEFAULT 'a' -- c IN ('a')\n"
            " CHECK (c in ('a', 'it''s')), d TEXT CHECK (d IN ('a')))"
        ),
        "INSERT INTO items VALUES (1, 'a', 'a')",
    ):
        connection.exec_driver_sql(statement)
    RenameValueOp("items", "c", "a", "b'").run(connection)
    form = form_of(connection)
    for text in ("c in ('a', 'b''', 'it''s')", "d IN ('a')", "-- c IN ('a')\n"):
        assert text in form
    assert connection.exec_driver_sql("SELECT * FROM items").all() == [(1, "b'", "a")]
