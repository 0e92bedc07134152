"""What happens to tables and columns by the statements of a revision, and which programs these replace."""

import pytest
from alembic_guards.runtime.change_parser import changes_in
from alembic_guards.runtime.program_parser import Mention
from alembic_guards.runtime.programs import FollowedTable, Names, keeps_programs, replaced_programs

ROW = Mention("items", "note", is_row=True)
NOTE = ROW._replace(is_row=False)
ITEMS = Mention("items", None)
OTHER = Mention("app.items", "size")


def after(sql: str, mention: Mention) -> str:
    """Return what happens to that which a body names."""
    names = Names("public")
    for table, columns in {"items": ["id", "name", "note"], "app.items": ["size"]}.items():
        names.tables[table] = FollowedTable(table, dict(zip(columns, columns, strict=True)))
    for changes in changes_in(sql):
        names.follow(changes)
    return names.after(mention)


@pytest.mark.parametrize(
    ("sql", "mention", "expected"),
    [
        ("ALTER TABLE items RENAME note TO x", ROW, "items.note is renamed to x"),
        ("ALTER TABLE public.items RENAME COLUMN NOTE TO x", ROW, "items.note is renamed to x"),
        ("ALTER TABLE `items` CHANGE COLUMN `note` `x` INT", ROW, "items.note is renamed to x"),
        ("ALTER TABLE items CHANGE note note INT", ROW, ""),
        ("ALTER TABLE items DROP COLUMN IF EXISTS note", ROW, "items.note is dropped"),
        ("ALTER TABLE items DROP note, ADD note INT", ROW, ""),
        ("ALTER TABLE items ADD (a INT), DROP note, ADD COLUMN (note INT)", ROW, ""),
        ("ALTER TABLE items RENAME note TO x; ALTER TABLE items RENAME x TO note", ROW, ""),
        (
            "ALTER TABLE items RENAME COLUMN note TO name, RENAME COLUMN name TO note",
            ROW,
            "items.note is renamed to name",
        ),
        (
            "ALTER TABLE items RENAME note TO x; ALTER TABLE items ADD note INT",
            ROW,
            "items.note is renamed to x",
        ),
        ("ALTER TABLE items RENAME TO things", ROW, ""),
        ("ALTER TABLE items RENAME TO things", NOTE, "items is renamed to things"),
        ("RENAME TABLE items TO things", ITEMS, "items is renamed to things"),
        ("DROP TABLE items", ITEMS, "items is dropped"),
        ("DROP TABLE items; CREATE TABLE items (id INT)", NOTE, ""),
        ("DROP TABLE items; CREATE UNLOGGED TABLE items (id INT)", NOTE, ""),
        ("DROP TABLE items; CREATE TEMPORARY TABLE items (id INT)", NOTE, ""),
        (
            "ALTER TABLE items RENAME TO x; CREATE OR REPLACE VIEW items AS SELECT * FROM x",
            NOTE,
            "",
        ),
        (
            (
                "RENAME TABLE items TO x;"
                "CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW items AS SELECT 1"
            ),
            NOTE,
            "",
        ),
        (
            "ALTER TABLE items RENAME TO x; CREATE VIEW items AS SELECT 1; DROP VIEW items",
            NOTE,
            "items is renamed to x",
        ),
        ("CREATE TABLE n (id INT); DROP TABLE items; ALTER TABLE n RENAME TO items", NOTE, ""),
        ("ALTER TABLE app.items RENAME size TO x", NOTE, ""),
        ("ALTER TABLE app.items RENAME size TO x", OTHER, "app.items.size is renamed to x"),
        ("ALTER TABLE app.items SET SCHEMA other", OTHER, "app.items is renamed to other.items"),
        ("ALTER TABLE items ADD CONSTRAINT note CHECK (id > 0)", ROW, ""),
        ("UPDATE items SET note = 'ALTER TABLE items DROP note'", ROW, ""),
    ],
)
def test_names_follow_the_statements(sql: str, mention: Mention, expected: str) -> None:
    assert after(sql, mention) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DROP TRIGGER IF EXISTS `shop`.`Watch`", [("DROP", "watch")]),
        ("DROP FUNCTION a(int), b", [("DROP", "a"), ("DROP", "b")]),
        ("DROP TRIGGER a ON b", [("DROP", "a")]),
        (
            "CREATE OR REPLACE DEFINER=`a`@`b` TRIGGER w BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
            [("CREATE", "w")],
        ),
        ("create function app.f() returns int language sql as 'select 1'", [("CREATE", "f")]),
        (
            "CREATE TRIGGER IF NOT EXISTS w BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
            [("CREATE", "w")],
        ),
        ("/* a */ ALTER EVENT e DISABLE", [("ALTER", "e")]),
        ("ALTER TABLE t ADD function INT", []),
        ("SELECT 'DROP TRIGGER a'", []),
    ],
)
def test_programs_that_are_replaced(sql: str, expected: list[tuple[str, str]]) -> None:
    assert list(replaced_programs(sql)) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("ALTER TABLE items DROP COLUMN note", True),
        ("ALTER TABLE items RENAME COLUMN note TO x", True),
        ("CREATE UNIQUE INDEX i ON items (note)", True),
        ("INSERT INTO items (note) VALUES ('DROP TRIGGER a; RENAME TO')", True),
        ("ALTER TABLE items RENAME TO things", False),
        ("ALTER TABLE items DISABLE TRIGGER ALL", False),
        ("ALTER TABLE items DROP note; DROP FUNCTION f", False),
        ("DROP TABLE items", False),
        ("DROP SCHEMA app CASCADE", False),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", False),
        ("DO $$ BEGIN NULL; END $$", False),
        ("CALL p()", False),
        ("SELECT f()", False),
    ],
)
def test_programs_are_read_again_after_what_may_change_them(sql: str, expected: bool) -> None:
    assert keeps_programs(sql) == expected
