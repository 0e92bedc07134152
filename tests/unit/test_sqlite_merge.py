"""A merge takes over what a batch operation changed, and each other clause word for word."""

import pytest
from alembic_guards.database.catalog.sqlite_parser import Table, parse_table, write_table
from alembic_guards.runtime.sqlite_merge import keep_comments, merge

TABLES = {"p": parse_table("CREATE TABLE p (id INTEGER PRIMARY KEY)")}


def table(body: str) -> Table:
    return parse_table(f"CREATE TABLE t ({body}\n)")


def merged(current: str, reflected: str, wanted: str) -> str:
    """Return the body of the merged table, in one line."""
    form = merge(table(current), table(reflected), table(wanted), TABLES.get)
    return " ".join(form.removeprefix("CREATE TABLE t (").removesuffix(")").split())


@pytest.mark.parametrize(
    ("current", "reflected", "wanted", "result"),
    [
        pytest.param(
            "a int, b text collate nocase -- why",
            "a INTEGER, b TEXT",
            "a INTEGER, b TEXT, c TEXT",
            "a int, b text collate nocase, -- why c TEXT",
            id="a column is added",
        ),
        pytest.param(
            "a int, b text UNIQUE, UNIQUE (a, b), CHECK (b > 'a')",
            "a INTEGER, b TEXT, UNIQUE (b), UNIQUE (a, b)",
            "b TEXT, UNIQUE (b)",
            "b text UNIQUE, CHECK (b > 'a')",
            id="a column is dropped, and a key with it",
        ),
        pytest.param(
            "a int, b int AS (a + 1), c int AS (c + 1)",
            "a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1), c INTEGER",
            "b INTEGER GENERATED ALWAYS AS (a + 1), c INTEGER",
            "c int AS (c + 1)",
            id="a column that reads a dropped one is left out",
        ),
        pytest.param(
            "a int NOT NULL ON CONFLICT IGNORE DEFAULT 1, b int NULL",
            "a INTEGER NOT NULL DEFAULT 1, b INTEGER",
            "a INTEGER DEFAULT 1, b INTEGER NOT NULL",
            "a int DEFAULT 1, b int NOT NULL",
            id="NOT NULL changes",
        ),
        pytest.param(
            "a int DEFAULT (1 + 1) CHECK (a > 0), b int DEFAULT 2",
            "a INTEGER DEFAULT (1 + 1), b INTEGER DEFAULT 2",
            "a INTEGER DEFAULT 5, b INTEGER",
            "a int CHECK (a > 0) DEFAULT 5, b int",
            id="defaults change",
        ),
        pytest.param(
            "a varchar (5) NOT NULL, b int",
            "a VARCHAR(5) NOT NULL, b INTEGER",
            "a VARCHAR(9) NOT NULL, b INTEGER",
            "a VARCHAR(9) NOT NULL, b int",
            id="a type changes",
        ),
        pytest.param(
            "a int REFERENCES p ON DELETE CASCADE DEFERRABLE, b int",
            "a INTEGER, b INTEGER, FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE",
            "a INTEGER, b INTEGER, FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE",
            "a int REFERENCES p ON DELETE CASCADE DEFERRABLE, b int",
            id="a foreign key stays",
        ),
        pytest.param(
            "a int CONSTRAINT x REFERENCES p, b int, CONSTRAINT y UNIQUE (b) ON CONFLICT FAIL",
            "a INTEGER, b INTEGER, CONSTRAINT x FOREIGN KEY (a) REFERENCES p (id),"
            " CONSTRAINT y UNIQUE (b)",
            "a INTEGER, b INTEGER, CONSTRAINT y UNIQUE (b), CONSTRAINT z CHECK (b > 0)",
            "a int, b int, CONSTRAINT y UNIQUE (b) ON CONFLICT FAIL, CONSTRAINT z CHECK (b > 0)",
            id="one constraint goes, and one comes",
        ),
        pytest.param(
            "id integer PRIMARY KEY AUTOINCREMENT, b int UNIQUE, c int UNIQUE ON CONFLICT FAIL,"
            " /* own */ CHECK (b > 0)",
            "id INTEGER, b INTEGER, c INTEGER, CONSTRAINT pk PRIMARY KEY (id),"
            " CONSTRAINT ub UNIQUE (b), CONSTRAINT uc UNIQUE (c), CONSTRAINT k CHECK (b > 0)",
            "id INTEGER, b INTEGER, c INTEGER, CONSTRAINT pk PRIMARY KEY (id),"
            " CONSTRAINT uc UNIQUE (c), CONSTRAINT k CHECK (b > 0)",
            "id integer CONSTRAINT pk PRIMARY KEY AUTOINCREMENT, b int,"
            " c int CONSTRAINT uc UNIQUE ON CONFLICT FAIL, /* own */ CONSTRAINT k CHECK (b > 0)",
            id="a convention gives names",
        ),
        pytest.param(
            "a int, CONSTRAINT x UNIQUE (a), CONSTRAINT y UNIQUE (a)",
            "a INTEGER, CONSTRAINT x UNIQUE (a), CONSTRAINT y UNIQUE (a)",
            "a INTEGER, CONSTRAINT y UNIQUE (a)",
            "a int, CONSTRAINT y UNIQUE (a)",
            id="of two alike one goes",
        ),
    ],
)
def test_a_merge_keeps_what_does_not_change(
    current: str, reflected: str, wanted: str, result: str
) -> None:
    assert merged(current, reflected, wanted) == result


def test_a_column_keeps_its_comments_unless_it_has_others() -> None:
    old = table("-- one\na INTEGER, -- two\n b INTEGER -- three\n")
    new = table("a TEXT, b INTEGER, -- four\n c TEXT")
    form = write_table("CREATE TABLE t (", list(keep_comments(old, new)), new.tail)
    assert [line.strip() for line in form.splitlines()] == [
        "CREATE TABLE t (",
        "-- one",
        "a TEXT,  -- two",
        "b INTEGER,  -- four",
        "c TEXT",
        ")",
    ]
