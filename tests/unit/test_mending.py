"""The SQL that takes a database back to the revisions, from two catalogs: in an order that works."""

import sqlite3
from contextlib import closing, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.authoring.find.reference import State
from alembic_guards.authoring.prove.mending import Mending, mending_statements
from alembic_guards.database.catalog import Catalog, Entry, Reference, catalog_of
from compared import URLS


def entry(kind: str, table: str = "items", name: str = "", definition: str = "x") -> Entry:
    return Entry(kind=kind, table=table, name=name, definition=definition, columns=(name,))


def mended(
    database: str,
    present: list[Entry],
    target: list[Entry],
    metadata: sa.MetaData | None = None,
    statements: tuple[dict[str, str], dict[str, str]] = ({}, {}),
) -> list[str]:
    def catalog(entries: list[Entry]) -> Catalog:
        return catalog_of([entry("table"), *entries])

    dialect = sa.make_url(URLS[database]).get_dialect()()
    states = [
        State(catalog(entries), made)
        for entries, made in zip((present, target), statements, strict=True)
    ]
    return mending_statements(Mending(states[0], states[1], metadata or sa.MetaData(), dialect))


def items(*columns: sa.Column[Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("items", metadata, *columns)
    return metadata


def test_nothing_is_done_where_both_are_the_same() -> None:
    for database in URLS:
        assert mended(database, [entry("column", name="a")], [entry("column", name="a")]) == []


def test_an_unwanted_column_is_dropped_after_its_index() -> None:
    present = [
        entry("column", name="a", definition="text"),
        entry("not null", name="a"),
        entry("default", name="a"),
        entry("index", name="ix"),
    ]
    assert mended("postgresql", present, []) == ["DROP INDEX ix", "ALTER TABLE items DROP COLUMN a"]


def test_a_missing_column_has_its_default_and_else_a_neutral_value_before_not_null() -> None:
    target = [
        entry("column", name="a", definition="text"),
        entry("not null", name="a", definition="NOT NULL"),
        entry("column", name="b", definition="integer"),
        entry("default", name="b", definition="7"),
        entry("not null", name="b", definition="NOT NULL"),
    ]
    assert mended("postgresql", [], target, items(sa.Column("a", sa.Text))) == [
        "ALTER TABLE items ADD a text",
        "UPDATE items SET a = ''",
        "ALTER TABLE items ADD b integer DEFAULT 7",
        "ALTER TABLE items ALTER a SET NOT NULL",
        "ALTER TABLE items ALTER b SET NOT NULL",
    ]


def test_a_type_is_changed_without_the_default_of_the_other_type() -> None:
    present = [
        entry("column", name="a", definition="text"),
        entry("default", name="a", definition="'7'::text"),
    ]
    target = [
        entry("column", name="a", definition='character varying(9) COLLATE "C"'),
        entry("default", name="a", definition="7"),
    ]
    assert mended("postgresql", present, target) == [
        "ALTER TABLE items ALTER a DROP DEFAULT",
        'ALTER TABLE items ALTER a TYPE character varying(9) COLLATE "C" USING a::character varying(9)',
        "ALTER TABLE items ALTER a SET DEFAULT 7",
    ]


def test_a_table_is_dropped_before_those_that_it_refers_to() -> None:
    refers = [("a", "c"), ("c", "b"), ("a", "b")]
    keys = [
        Entry(
            kind="foreign key",
            table=child,
            name=f"{child}_{parent}",
            definition="x",
            refers_to=Reference(parent, ("id",)),
        )
        for child, parent in refers
    ]
    tables = [entry("table", table) for table in ("a", "b", "c")]
    for database in URLS:
        quote = '"' if database == "sqlite" else ""
        assert mended(database, [*tables, *keys], []) == [
            f"DROP TABLE {quote}{table}{quote}" for table in ("a", "c", "b")
        ]


def test_a_missing_table_is_created_as_the_models_say() -> None:
    metadata = items(sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("other", metadata, sa.Column("name", sa.String(9), index=True))
    found = mended("postgresql", [], [entry("table", "other")], metadata)
    assert [" ".join(sql.split()) for sql in found] == [
        "CREATE TABLE other ( name VARCHAR(9) )",
        "CREATE INDEX ix_other_name ON other (name)",
    ]


def test_a_table_of_sqlite_is_rebuilt_where_alter_table_is_not_enough() -> None:
    old = "CREATE TABLE items (id INTEGER, gone TEXT)"
    new = "CREATE TABLE items (id INTEGER, name TEXT NOT NULL)"
    present = [entry("column", name="id"), entry("column", name="gone")]
    target = [entry("column", name="id"), entry("column", name="name")]
    metadata = items(sa.Column("name", sa.Text))
    found = mended("sqlite", present, target, metadata, ({"items": old}, {"items": new}))
    assert found[:3] == ["PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", "BEGIN"]
    assert found[3] == 'ALTER TABLE "items" RENAME TO "rebuilt_items"'
    assert found[5:8] == [
        'INSERT OR ROLLBACK INTO "items" ("id", "name") SELECT "id", \'\' FROM "rebuilt_items"',
        'DROP TABLE "rebuilt_items"',
        "COMMIT",
    ]


@pytest.mark.parametrize("lacks", ["NOT NULL", "UNIQUE", "CHECK (name <> 'b')"])
def test_rows_that_do_not_fit_survive_a_client_that_goes_on_after_errors(lacks: str) -> None:
    old, new = "CREATE TABLE items (name TEXT)", f"CREATE TABLE items (name TEXT {lacks})"
    log = "CREATE TRIGGER log AFTER INSERT ON items BEGIN SELECT 1; END"
    statements = ({"items": old, "log": log}, {"items": new})
    present = [entry("column", name="name"), entry("trigger", name="log", definition=log)]
    target = [entry("column", name="name"), entry("check", name="", definition="y")]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(old)
        connection.execute(log)
        connection.execute("INSERT INTO items VALUES ('b'), ('b'), (NULL)")
        for statement in mended("sqlite", present, target, None, statements):
            with suppress(sqlite3.Error):
                connection.execute(statement)
        rows = connection.execute("SELECT name FROM items").fetchall()
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert rows == [("b",), ("b",), (None,)]
        assert triggers.fetchall() == [("log",)]


def test_a_column_of_sqlite_is_added_and_dropped_alone_where_that_is_enough() -> None:
    tables = ({"items": "CREATE TABLE items (gone TEXT)"}, {"items": "CREATE TABLE items (a TEXT)"})
    present, target = [entry("column", name="gone")], [entry("column", name="a")]
    assert mended("sqlite", present, target, None, tables) == [
        'ALTER TABLE "items" ADD COLUMN a TEXT',
        'ALTER TABLE "items" DROP COLUMN "gone"',
    ]
