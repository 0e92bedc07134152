"""What the body of a trigger, routine or event names, whatever quotes and comments are around it."""

from collections.abc import Set as AbstractSet

import pytest
from alembic_guards.database.programs import Program, search_path
from alembic_guards.runtime.program_parser import Mention, mentions, missing_columns

COLUMNS = {
    "items": {"id", "name", "group"},
    "logs": {"id", "text", "at"},
    "Order": {"Id"},
    "app.items": {"size"},
}
NAME = Mention("items", "name")
ROW = NAME._replace(is_row=True)
TEXT = Mention("logs", "text")
APP = Mention("app.items", None)
ITEMS, LOGS = Mention("items", None), Mention("logs", None)


def found(body: str, dialect: str = "mysql", **fields: object) -> AbstractSet[Mention]:
    """Return what the body of a trigger of items names."""
    program = Program("trigger", "t", body, "items")._replace(**fields)  # type: ignore[arg-type]
    return mentions(program, COLUMNS, dialect)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("SET @a = NEW.name", {ROW}),
        ("SET @a = new . `Name`", {ROW}),
        ("SET @a = old.`group`", {Mention("items", "group", is_row=True)}),
        ("SET @a = 'NEW.name'", set()),
        ("SET @a = 'it\\'s NEW.name'", set()),
        ("SET @a = 'it''s NEW.name'", set()),
        ('SET @a = "NEW.name"', set()),
        ("SET @a = 1 -- NEW.name", set()),
        ("SET @a = 1--NEW.name", {ROW}),
        ("SET @a = 1 # NEW.name", set()),
        ("SET @a = 1 /* NEW.name */", set()),
        ("SET @a = 1 /*!50000 + NEW.name */", {ROW}),
        ("SET @a = NEW.unknown", set()),
        ("SET @name = 1", set()),
        ("INSERT INTO logs (text) VALUES (NEW.id)", {LOGS, TEXT, Mention("items", "id", True)}),
        ("INSERT INTO logs (text) SELECT name FROM items", {LOGS, TEXT, ITEMS, NAME}),
        ("UPDATE logs SET text = 'a' WHERE at > 0", {LOGS, TEXT, Mention("logs", "at")}),
        ("UPDATE logs AS l, items i SET l.text = i.name", {LOGS, TEXT, ITEMS, NAME}),
        ("DELETE FROM logs WHERE id IN (SELECT id FROM items)", {LOGS, ITEMS}),
        ("BEGIN DECLARE text INT; UPDATE logs SET id = text; END", {LOGS, Mention("logs", "id")}),
        (
            "IF NEW.name IS NOT NULL THEN UPDATE logs SET text = CASE WHEN at THEN 1 ELSE 2 END; END IF",
            {ROW, LOGS, TEXT, Mention("logs", "at")},
        ),
        (
            "BEGIN SELECT id INTO @a FROM `Order`; END",
            {Mention("Order", None), Mention("Order", "Id")},
        ),
        ("SELECT extract(name FROM logs.at) FROM logs", {LOGS, Mention("logs", "at")}),
    ],
)
def test_what_a_body_of_mariadb_names(body: str, expected: set[Mention]) -> None:
    assert found(body) == expected


@pytest.mark.parametrize(
    ("mode", "body", "expected"),
    [
        ("STRICT_TRANS_TABLES,ANSI_QUOTES", 'SET @a = NEW."name"', {ROW}),
        ("NO_BACKSLASH_ESCAPES", "SET @a = '\\', @b = NEW.name", {ROW}),
        ("NO_BACKSLASH_ESCAPES", 'SET @a = "\\", @b = NEW.name', {ROW}),
        ("", "SET @a = '\\', @b = NEW.name", {ROW}),
        ("", "SET @a = '\\', @b = NEW.name'", set()),
    ],
)
def test_quotes_are_those_of_the_sql_mode(mode: str, body: str, expected: set[Mention]) -> None:
    assert found(body, sql_mode=mode) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BEGIN NEW.name := 1; RETURN NEW; END", {ROW}),
        ('BEGIN NEW."name" := 1; END', {ROW}),
        ('BEGIN NEW."Name" := 1; END', set()),
        ("BEGIN NEW.NAME := 1; END", {ROW}),
        ("BEGIN RAISE 'NEW.name'; END", set()),
        ("BEGIN RAISE E'\\' NEW.name'; END", set()),
        ("BEGIN RAISE '\\'; NEW.name := 1; END", {ROW}),
        ("BEGIN EXECUTE $a$ SELECT NEW.name $a$; END", set()),
        ("BEGIN IF NEW.name IS DISTINCT FROM OLD.name THEN RETURN NULL; END IF; END", {ROW}),
        ("DECLARE text text; BEGIN UPDATE logs SET id = text; END", {LOGS, Mention("logs", "id")}),
        ("DECLARE a items.name%TYPE; BEGIN RETURN NEW; END", {NAME}),
        (
            (
                "BEGIN INSERT INTO logs AS l (id) VALUES (1) ON CONFLICT (id) DO UPDATE"
                " SET text = EXCLUDED.text || l.at; END"
            ),
            {LOGS, TEXT, Mention("logs", "id"), Mention("logs", "at")},
        ),
        (
            "BEGIN UPDATE app.items SET size = 1; END",
            {Mention("app.items", None), Mention("app.items", "size")},
        ),
        ("BEGIN PERFORM name FROM inserted; END", {NAME}),
        (
            "BEGIN FOR text IN SELECT id FROM items LOOP UPDATE logs SET id = text; END LOOP; END",
            {LOGS, ITEMS, Mention("items", "id"), Mention("logs", "id")},
        ),
        ('BEGIN PERFORM 1 FROM "order"; END', set()),
        ("BEGIN PERFORM trim(both ' ' FROM items); END", set()),
        ("BEGIN PERFORM extract(epoch FROM items), substring(logs FROM 2); END", set()),
        ("BEGIN IF a IS NOT DISTINCT FROM items THEN NULL; END IF; END", set()),
        ("WITH items AS (SELECT 1 AS name) SELECT items.name FROM items", set()),
        ("WITH logs AS (SELECT 1), items (name) AS MATERIALIZED (SELECT 2) TABLE x", set()),
        (
            "WITH items AS (SELECT id FROM items) SELECT 1 FROM items",
            {ITEMS, Mention("items", "id")},
        ),
        ("WITH RECURSIVE items AS (SELECT 1 UNION SELECT 2 FROM items) SELECT 1 FROM items", set()),
        ("WITH x AS (SELECT 1) SELECT name FROM items, x", {ITEMS, NAME}),
        ("SELECT items.name FROM (SELECT 1 AS name) AS items", set()),
        ("SELECT items.name FROM other.things items", set()),
        ("SELECT app.items.size FROM app.items", {APP, APP._replace(column="size")}),
        (
            "BEGIN CREATE TEMP TABLE IF NOT EXISTS items AS SELECT 1; PERFORM name FROM items; END",
            set(),
        ),
    ],
)
def test_what_a_body_of_postgresql_names(body: str, expected: set[Mention]) -> None:
    assert found(body, "postgresql", rows=("new", "old", "inserted")) == expected


@pytest.mark.parametrize(
    ("schema", "setting", "body", "expected"),
    [
        ("public", None, "SELECT name FROM items", {ITEMS, NAME}),
        ("app", None, "SELECT size FROM items", {APP, APP._replace(column="size")}),
        ("app", None, "SELECT text FROM logs", set()),
        ("app", None, "SELECT text FROM public.logs", {LOGS, TEXT}),
        ("app", '"$user", app, public', "SELECT text FROM logs", {LOGS, TEXT}),
        ("public", "app", "SELECT 1 FROM items", {APP}),
        ("public", '""', "SELECT name FROM items", set()),
        ("public", '""', "SELECT name FROM public.items", {ITEMS, NAME}),
    ],
)
def test_a_function_finds_tables_in_its_search_path(
    schema: str, setting: str | None, body: str, expected: set[Mention]
) -> None:
    path = search_path(schema, setting, "public")
    assert found(body, "postgresql", search_path=path) == expected


def test_a_temporary_table_of_mariadb_is_none_of_the_database() -> None:
    body = "BEGIN CREATE OR REPLACE TEMPORARY TABLE Items (n INT); SELECT name FROM items; END"
    assert found(body) == set()


@pytest.mark.parametrize(
    "body", ["", ";", "BEGIN", "INSERT INTO", "NEW.", "'", "UPDATE logs SET", "("]
)
@pytest.mark.parametrize("dialect", ["mysql", "postgresql"])
def test_no_text_is_an_error(body: str, dialect: str) -> None:
    assert found(body, dialect) <= {LOGS}


@pytest.mark.parametrize(
    ("body", "dialect", "expected"),
    [
        ("SET NEW.name = OLD.`group`, NEW.`ID` = 1", "mysql", []),
        ("SET NEW.title = 'NEW.other', @a = OLD.`x y`", "mysql", ["title", "x y"]),
        ("BEGIN NEW.title := NEW.name; NEW.title := OLD.ctid; END", "postgresql", ["title"]),
        ("BEGIN IF TG_TABLE_NAME = 'a' THEN NEW.title := 1; END IF; END", "postgresql", []),
    ],
)
def test_columns_that_a_table_lacks(body: str, dialect: str, expected: list[str]) -> None:
    assert missing_columns(Program("trigger", "t", body, "items"), COLUMNS, dialect) == expected
    assert missing_columns(Program("event", "t", body), COLUMNS, dialect) == []
