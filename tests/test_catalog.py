"""The catalog of a server tells what each object depends on, as the server itself knows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from alembic_guards.database.catalog import (
    Catalog,
    Entry,
    EntryKey,
    Reference,
    differences,
    of_models,
    read_catalog,
)
from alembic_guards.testing import scratch_database

Execute = Callable[..., Catalog]

POSTGRESQL = (
    "CREATE TYPE mood AS ENUM ('a', 'b')",
    "CREATE DOMAIN size AS integer CHECK (value > 0)",
    "CREATE SEQUENCE counter",
    "CREATE TABLE shelves (id integer PRIMARY KEY, room integer, code text, UNIQUE (code, room))",
    """CREATE TABLE items (
        id serial PRIMARY KEY,
        name text CONSTRAINT named CHECK (name <> 'size'),
        size size,
        "full name" text,
        moods mood[],
        number integer DEFAULT nextval('counter'),
        computed text GENERATED ALWAYS AS (name || 'size') STORED,
        code text,
        room integer,
        CONSTRAINT mooded CHECK (moods <> ARRAY['b'::mood]),
        CONSTRAINT fk FOREIGN KEY (code, room) REFERENCES shelves (code, room)
    )""",
    """CREATE UNIQUE INDEX by_name ON items (lower(name), room) INCLUDE ("full name")
       WHERE code <> 'size'""",
    'CREATE UNIQUE INDEX by_room ON items (room, code) INCLUDE ("full name")',
)
MARIADB = (
    """CREATE TABLE shelves (
        id integer PRIMARY KEY,
        room integer,
        code varchar(9),
        UNIQUE KEY `by code, room` (code, room)
    )""",
    r"""CREATE TABLE items (
        id integer PRIMARY KEY AUTO_INCREMENT COMMENT 'a AUTO_INCREMENT=7, `name` (\'',
        name varchar(99) CHARACTER SET latin1 CHECK (name <> '`size`'),
        size integer,
        `full ``name` varchar(99) DEFAULT ' GENERATED ALWAYS AS (`id`) STORED',
        mood enum('a,', 'b)', 'PRIMARY KEY', 'it''s'),
        computed varchar(299) GENERATED ALWAYS AS (concat(name, '`size`', `full ``name`)) STORED,
        code varchar(9),
        room integer,
        CONSTRAINT named CHECK (size > 0 AND name <> 'x  y\nz\\'),
        CHECK (room > 0),
        FOREIGN KEY (code, room) REFERENCES shelves (code, room) ON DELETE CASCADE,
        CONSTRAINT fk FOREIGN KEY (room) REFERENCES shelves (id),
        UNIQUE KEY `by room` (room, name(5) DESC),
        FULLTEXT KEY words (name)
    ) COMMENT 'b AUTO_INCREMENT=8 WITH SYSTEM VERSIONING PARTITION BY '""",
)


@pytest.fixture
def execute(servers: dict[str, sa.URL]) -> Iterator[Callable[..., Catalog]]:
    """Return what executes statements in an empty database, and reads its catalog."""

    def run(database: str, *statements: str) -> Catalog:
        if database not in servers:
            pytest.skip(f"no {database} answers")
        with empty(servers[database]) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            return read_catalog(connection)

    yield run


@contextmanager
def empty(server: sa.URL) -> Iterator[sa.Connection]:
    with scratch_database(server) as url:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def test_postgresql_tells_columns_and_what_else_is_used(execute: Execute) -> None:
    catalog = execute("postgresql", *POSTGRESQL)

    def entry(kind: str, name: str, table: str = "items") -> Entry:
        return catalog[EntryKey(table, kind, name)]

    assert entry("check", "named").columns == ("name",)
    assert entry("check", "mooded").columns == ("moods",)
    assert entry("check", "mooded").uses == {"mood"}
    assert entry("column", "moods").uses == {"mood"}
    assert entry("column", "size").uses == {"size"}
    assert entry("default", "number").uses == {"counter"}
    assert entry("default", "id").uses == {"items_id_seq"}
    assert entry("generated", "computed").columns == ("name",)
    assert entry("generated", "computed").generated == "STORED"
    assert entry("column", "computed").generated == ""
    assert entry("foreign key", "fk").columns == ("code", "room")
    assert entry("foreign key", "fk").refers_to == Reference("shelves", ("code", "room"))
    assert entry("index", "by_name").columns == ("room", "code", "full name", "name")
    assert entry("index", "by_name").has_expression
    assert entry("index", "by_name").unique == ()
    assert entry("index", "by_room").columns == ("room", "code", "full name")
    assert entry("index", "by_room").unique == ("room", "code")
    assert not entry("index", "by_room").has_expression
    unique = entry("unique", "shelves_code_room_key", "shelves")
    assert unique.columns == unique.unique == ("code", "room")
    assert entry("primary key", "items_pkey").unique == ("id",)
    assert entry("domain", "size", "").definition.startswith("integer CONSTRAINT")


def test_mariadb_tells_columns_and_what_else_is_used(execute: Execute) -> None:
    catalog = execute("mariadb", *MARIADB)

    def entry(kind: str, name: str, table: str = "`items`") -> Entry:
        return catalog[EntryKey(table, kind, name)]

    assert entry("table", "").definition.endswith(
        "COMMENT='b AUTO_INCREMENT=8 WITH SYSTEM VERSIONING PARTITION BY '"
    )
    assert entry("check", "`named`").columns == ("size", "name")
    assert r"'x  y\nz\\'" in entry("check", "`named`").definition
    numbered = [found for found in catalog.values() if found.is_numbered]
    assert [(found.kind, found.columns) for found in numbered] == [
        ("foreign key", ("code", "room")),
        ("check", ("room",)),
    ]
    assert numbered[0].refers_to == Reference("`shelves`", ("code", "room"))
    assert numbered[0].definition.startswith("FOREIGN KEY (`code`, `room`) REFERENCES")
    assert entry("column", "`computed`").columns == ("name", "full `name")
    assert entry("column", "`computed`").generated == "STORED"
    assert entry("column", "`full ``name`").generated == ""
    assert entry("column", "`full ``name`").columns == ()
    assert entry("index", "`by room`").columns == ("room", "name")
    assert entry("index", "`by room`").unique == ("room", "name")
    assert not entry("index", "`by room`").has_expression
    assert entry("index", "`words`").unique == ()
    assert entry("primary key", "").columns == ("id",)
    assert entry("foreign key", "`fk`").refers_to == Reference("`shelves`", ("id",))
    assert len([found for found in catalog.values() if found.kind == "column"]) == 11


@pytest.mark.parametrize(
    "by_hand",
    [
        "ALTER TABLE items PARTITION BY HASH (id) PARTITIONS 2",
        "ALTER TABLE items ADD SYSTEM VERSIONING",
        """ALTER TABLE items PARTITION BY RANGE (id) (
            PARTITION a VALUES LESS THAN (5) COMMENT = 'x, (', PARTITION b VALUES LESS THAN MAXVALUE
        )""",
        "ALTER TABLE items ADD PERIOD FOR p (a, b)",
    ],
)
def test_what_no_model_says_of_a_table_of_mariadb_is_kept_apart(
    execute: Execute, by_hand: str
) -> None:
    create = "CREATE TABLE items (id integer PRIMARY KEY, a date NOT NULL, b date NOT NULL)"
    plain, found = execute("mariadb", create), execute("mariadb", create, by_hand)
    assert found.keys() > plain.keys()
    assert differences(of_models(found, plain), plain) == []
    assert differences(found, plain) != []


@pytest.mark.parametrize(
    "literal",
    ["a  b", "a\n b", "a\tb", " a ", "(a)", "a::text", '{"a"}', "it''s  so", "x NOT VALID"],
)
def test_postgresql_gives_literals_back_as_they_are(execute: Execute, literal: str) -> None:
    forms = (
        "CREATE TABLE items (name text, size text CHECK (size <> '{}'))",
        "ALTER TABLE items ALTER name SET DEFAULT '{}'",
        "ALTER TABLE items ADD computed text GENERATED ALWAYS AS (name || '{}') STORED",
        "CREATE INDEX by_name ON items ((name || '{}'))",
        "COMMENT ON COLUMN items.name IS '{}'",
        "CREATE TYPE mood AS ENUM ('{}')",
        "CREATE DOMAIN named AS text DEFAULT '{}'",
        "CREATE VIEW every AS SELECT '{}' AS name",
    )
    catalog = execute("postgresql", *(form.replace("{}", literal) for form in forms))
    told = {entry.kind for entry in catalog.values() if f"'{literal}'" in entry.definition}
    kinds = {"check", "default", "generated", "index", "comment", "enum", "domain", "view"}
    assert told == kinds
