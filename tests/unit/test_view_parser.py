"""What a statement changes of what a view may read is known before it is executed."""

import pytest
from alembic_guards.runtime.broken_views import Gone, View, gone_in
from alembic_guards.runtime.view_parser import KEYWORDS, Change, changes_in


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("ALTER TABLE t ALTER a TYPE text", [("retype", None, "t", "a")]),
        (
            'ALTER TABLE ONLY s."T" ALTER COLUMN "A b" SET DATA TYPE text USING a::text, DROP c',
            [("retype", "s", "T", "A b"), ("drop", "s", "T", "c")],
        ),
        ("ALTER TABLE t DROP COLUMN IF EXISTS a CASCADE", [("drop", None, "t", "a", True)]),
        ("ALTER TABLE t DROP CONSTRAINT t_pkey", [("constraint", None, "t", "t_pkey")]),
        ("ALTER TABLE t ADD a int, ADD CHECK (a > 0)", [("add", None, "t", "a")]),
        ("ALTER TABLE t ALTER a SET DEFAULT 1, ALTER b SET NOT NULL", []),
        ("DROP TABLE IF EXISTS a, s.b", [("table", None, "a", ""), ("table", "s", "b", "")]),
        ("DROP TYPE color", [("type", None, "color", "")]),
        ("ALTER TYPE color RENAME TO old", [("rename type", None, "color", "old")]),
        ("ALTER TYPE color ADD VALUE 'x'", []),
        ("DROP MATERIALIZED VIEW v", [("drop view", None, "v", "")]),
        ("DROP VIEW v CASCADE", [("drop view", None, "v", "", True)]),
        ("DROP VIEW w, v", [("drop view", None, "w", ""), ("drop view", None, "v", "")]),
        ("DROP RULE IF EXISTS r ON s.t", [("drop rule", "s", "t", "r")]),
        ("ALTER TABLE t ADD a int REFERENCES u ON DELETE CASCADE", [("add", None, "t", "a")]),
        ("CREATE OR REPLACE VIEW s.v AS SELECT 1", [("create view", "s", "v", "")]),
        (
            "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY INVOKER VIEW `v` AS SELECT 1",
            [("create view", None, "v", "")],
        ),
        ("ALTER VIEW v AS SELECT 1", [("create view", None, "v", "")]),
        ("ALTER VIEW v ALTER a SET DEFAULT 1", []),
        ("ALTER TABLE t CHANGE COLUMN a b int", [("rename", None, "t", "a")]),
        ("ALTER TABLE t CHANGE a A int", []),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DROP TABLE t'", []),
        ("INSERT INTO t VALUES ('DROP TABLE u')", []),
        ("ALTER TABLE t ADD INDEX i (a), ADD UNIQUE KEY k (a), ADD FULLTEXT (b)", []),
        ("ALTER TABLE t ADD (a int, b numeric(3, 1))", [("add", None, "t", c) for c in "ab"]),
        ("ALTER TABLE t DROP PRIMARY KEY, DROP INDEX i, DROP FOREIGN KEY f", []),
        (
            "ALTER TABLE t DROP COLUMN `key`, ADD `index` int",
            [("drop", None, "t", "key"), ("add", None, "t", "index")],
        ),
        (
            "ALTER TABLE t DROP key, DROP index CASCADE",
            [("drop", None, "t", "key"), ("drop", None, "t", "index", True)],
        ),
        ("CREATE OR REPLACE TABLE s.t (a int)", [("create table", "s", "t", "")]),
        ("-- first\nDROP VIEW v", [("drop view", None, "v", "")]),
        ("/* first */ CREATE VIEW v AS SELECT 1", [("create view", None, "v", "")]),
    ],
)
def test_the_changes_of_a_statement_are_read(sql: str, changes: list[tuple[object, ...]]) -> None:
    assert list(changes_in(sql)) == [Change(*change) for change in changes]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("definition", "gone", "reads"),
    [
        ("select `d`.`t`.`a` AS `a` from `d`.`t`", ("t", "a"), True),
        ("select `x`.`a` AS `b` from `d`.`t` `x`", ("t", "A"), True),
        ("select `x`.`b` AS `a` from `d`.`t` `x`", ("t", "a"), False),
        ("select `x`.`b` AS `a` from `d`.`t` `x`", ("t", ""), True),
        ("select `u`.`a` AS `a` from (`d`.`u` join `d`.`t`)", ("t", "a"), False),
        ("select `e`.`t`.`a` AS `a` from `e`.`t`", ("t", ""), False),
    ],
)
def test_what_a_view_of_mariadb_reads_is_read_from_its_definition(
    definition: str, gone: tuple[str, str], reads: bool
) -> None:
    assert View("d", "v", definition, "d").reads(Gone(None, *gone, "renames")) is reads


def test_what_a_statement_takes_away_is_read() -> None:
    sql = "ALTER TABLE t RENAME COLUMN a TO b; RENAME TABLE t TO u; ALTER TABLE u DROP c, CHANGE d e int"
    assert [gone.subject for gone in gone_in(sql)] == ["t.a", "t", "u.c", "u.d"]


@pytest.mark.parametrize(
    "value", ["Can view the log", "may create or alter a view", "create a view"]
)
def test_only_sql_that_changes_something_is_parsed(value: str) -> None:
    assert not KEYWORDS.search(f"INSERT INTO permissions VALUES ('{value}')")
