"""What depends on a change goes before it; what only mentions a name stays."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic_guards.authoring.passes.dependents import drop_changed_indexes, drop_dependents
from alembic_guards.database.catalog import Entry, Reference, catalog_of
from alembic_guards.runtime.operations import SQLOp
from compared import compared, said

ITEMS = Entry(kind="table", table="items", definition="")


def of_items(kind: str, name: str, definition: str = "", **known: Any) -> Entry:
    return Entry(kind=kind, table="items", name=name, definition=definition, **known)


def in_mariadb(entry: Entry) -> Entry:
    """The same with its names in the quotes of MariaDB."""
    target = entry.refers_to
    return Entry(
        kind=entry.kind,
        table=f"`{entry.table}`",
        name=entry.name and f"`{entry.name}`",
        definition=entry.definition,
        columns=entry.columns,
        unique=entry.unique,
        refers_to=Reference(f"`{target.table}`", target.columns) if target else None,
        generated=entry.generated,
    )


def retype(column: str, using: bool = True) -> ops.AlterColumnOp:
    options: Any = {"postgresql_using": f"{column}::integer"} if using else {}
    return ops.AlterColumnOp("items", column, modify_type=sa.Integer(), **options)


def dropped(
    entries: list[Entry],
    *operations: ops.MigrateOperation,
    database: str = "postgresql",
    target: list[Entry] | None = None,
) -> list[str]:
    """Return the statements that come before the operations on the table "items"."""
    present = catalog_of([ITEMS, *entries])
    target_catalog = present if target is None else catalog_of([ITEMS, *target])
    if database == "mysql":
        present, target_catalog = (
            catalog_of(map(in_mariadb, c.values())) for c in (present, target_catalog)
        )
    comparison = compared(database, present, target_catalog)
    steps = drop_dependents(list(operations), comparison)
    return [sql for op in steps if isinstance(op, SQLOp) for sql in op.statements]


@pytest.mark.parametrize(
    "entry",
    [
        of_items("check", "ck", "CHECK (name <> 'size')", columns=("name",)),
        of_items("check", "ck", "CHECK (size_max > 0)", columns=("size_max",)),
        of_items("check", "ck", 'CHECK ("full size" > 0)', columns=("full size",)),
        of_items("index", "ix", "… WHERE name = 'size'", columns=("name",), has_expression=True),
        of_items("index", "ix", "… (lower(size_max))", columns=("size_max",), has_expression=True),
        of_items(
            "generated", "size_of", "… (name || 'size')", columns=("name",), generated="STORED"
        ),
        of_items(
            "foreign key", "fk", "…", columns=("own",), refers_to=Reference("others", ("size",))
        ),
    ],
    ids=lambda entry: f"{entry.kind} {entry.definition}",
)
def test_what_merely_mentions_the_name_of_a_column_stays(entry: Entry) -> None:
    assert dropped([entry], retype("size")) == []
    assert dropped([entry], ops.DropColumnOp("items", "size")) == []


@pytest.mark.parametrize(
    ("entry", "statement"),
    [
        (of_items("check", "ck", columns=("a", "size")), "ALTER TABLE items DROP CONSTRAINT ck"),
        (of_items("index", "ix", columns=("size",), has_expression=True), "DROP INDEX ix"),
        (
            of_items("generated", "twice", columns=("size",), generated="STORED"),
            "ALTER TABLE items DROP COLUMN twice",
        ),
        (
            of_items("foreign key", "fk", columns=("size",), refers_to=Reference("x", ("id",))),
            "ALTER TABLE items DROP CONSTRAINT fk",
        ),
        (
            of_items("foreign key", "fk", columns=("up",), refers_to=Reference("items", ("size",))),
            "ALTER TABLE items DROP CONSTRAINT fk",
        ),
    ],
)
def test_what_depends_on_a_column_goes_before_its_type_changes(
    entry: Entry, statement: str
) -> None:
    assert dropped([entry], retype("size")) == [statement]
    assert dropped([entry], retype("other")) == []


def test_only_a_generated_column_minds_a_type_of_the_same_family() -> None:
    entries = [
        of_items("check", "ck", columns=("size",)),
        of_items("index", "ix", columns=("size",), has_expression=True),
        of_items("generated", "twice", columns=("size",), generated="VIRTUAL"),
    ]
    alone = ["ALTER TABLE items DROP COLUMN twice"]
    assert dropped(entries, retype("size", using=False)) == alone


def test_a_plain_index_follows_its_column_by_itself() -> None:
    assert dropped([of_items("index", "ix", columns=("size",))], retype("size")) == []


def test_a_generated_column_that_goes_itself_is_not_dropped_twice() -> None:
    entry = of_items("generated", "twice", columns=("size",), generated="STORED")
    both = [ops.DropColumnOp("items", "twice"), ops.DropColumnOp("items", "size")]
    assert dropped([entry], *both) == []


def test_what_refers_to_a_key_goes_before_it() -> None:
    key = of_items("unique", "uq", "UNIQUE (code)", columns=("code",), unique=("code",))
    others = [
        of_items("foreign key", "fk", columns=("up",), refers_to=Reference("items", columns))
        for columns in (("code",),)
    ]
    stays = of_items("foreign key", "own", columns=("up",), refers_to=Reference("items", ("id",)))
    statements = dropped([key, *others, stays], retype("x"), target=[*others, stays])
    assert statements == ["ALTER TABLE items DROP CONSTRAINT fk"]


def test_what_refers_to_a_primary_key_and_uses_a_column_of_it_goes_before_both() -> None:
    entries = [
        of_items("primary key", "pk", "PRIMARY KEY (id)", columns=("id",), unique=("id",)),
        of_items("foreign key", "zz", columns=("up",), refers_to=Reference("items", ("id",))),
    ]
    target = [of_items("primary key", "pk", "PRIMARY KEY (id, up)"), entries[1]]
    assert dropped(entries, retype("x"), target=target) == [
        "ALTER TABLE items DROP CONSTRAINT zz",
        "ALTER TABLE items DROP CONSTRAINT pk",
    ]


def test_mariadb_drops_foreign_keys_alone() -> None:
    entries = [
        of_items("check", "ck", columns=("size",)),
        of_items("foreign key", "fk", columns=("size",), refers_to=Reference("x", ("id",))),
        of_items(
            "foreign key", "other", "'size'", columns=("up",), refers_to=Reference("x", ("id",))
        ),
    ]
    alone = ["ALTER TABLE `items` DROP CONSTRAINT `fk`"]
    assert dropped(entries, retype("size"), database="mysql") == alone


def test_mariadb_keeps_a_generated_column_where_only_a_literal_names_what_goes() -> None:
    entries = [
        of_items(
            "column",
            "a",
            "`a` … (concat(`b`, '`size`')) STORED",
            columns=("b",),
            generated="STORED",
        ),
        of_items("column", "c", "`c` … (`size`) STORED", columns=("size",), generated="STORED"),
    ]
    drop = ops.DropColumnOp("items", "size")
    alone = ["ALTER TABLE `items` DROP COLUMN `c`"]
    assert dropped(entries, drop, database="mysql") == alone


def test_an_index_of_sqlite_that_changes_is_dropped_if_its_table_changes() -> None:
    before, after = (
        catalog_of([ITEMS, of_items("index", "ix", definition)]) for definition in ("a", "b")
    )
    comparison = compared("sqlite", before, after)
    drop = ops.DropIndexOp("ix", "items")
    assert said(drop_changed_indexes([retype("size")], comparison)) == [
        "drop index ix",
        "items.size: INTEGER",
    ]
    assert said(drop_changed_indexes([drop], comparison)) == ["drop index ix"]
    assert drop_changed_indexes([], comparison) == []
