"""Drops are read from SQL that an owner writes, in whatever spelling."""

import pytest
from alembic_guards.runtime.drop_parser import Drop, drops_in

USERS = [Drop(None, "users")]
TABLES = [Drop(None, "users"), Drop("blog", "posts")]


@pytest.mark.parametrize(
    ("sql", "drops"),
    [
        ("DROP TABLE users, blog.posts", TABLES),
        ('drop table if exists "users" , `blog`.`posts` cascade;', TABLES),
        ("/* a; b */ DROP TABLE users; -- DROP TABLE c\nDROP TABLE blog.posts", TABLES),
        ('DROP TABLE "my table"', [Drop(None, "my table")]),
        ("ALTER TABLE users DROP nick", [Drop(None, "users", "nick")]),
        ("alter table only s.users drop column if exists nick", [Drop("s", "users", "nick")]),
        (
            "ALTER TABLE users ADD x numeric(5, 2), DROP COLUMN a, DROP b",
            [Drop(None, "users", "a"), Drop(None, "users", "b")],
        ),
        ("DROP SCHEMA IF EXISTS blog CASCADE", [Drop("blog", None)]),
        ("ALTER TABLE users DROP CONSTRAINT a, DROP PRIMARY KEY, DROP INDEX b", []),
        ("ALTER TABLE users ALTER a DROP NOT NULL, ALTER b DROP DEFAULT", []),
        ("DROP INDEX a; DROP VIEW b; DROP TYPE c", []),
        ("INSERT INTO notes VALUES ('DROP TABLE users; ')", []),
        ("CREATE FUNCTION f() RETURNS void AS $$ BEGIN DROP TABLE a; END $$ LANGUAGE plpgsql", []),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; DROP TABLE a; END", []),
        # The word of a definition elsewhere.
        ("CREATE TABLE audit (event text); DROP TABLE users", USERS),
        ("CREATE INDEX ix ON t (rule); ALTER TABLE users DROP age", [Drop(None, "users", "age")]),
        ("CREATE VIEW trigger AS SELECT 1; DROP TABLE users", USERS),
        # What follows a definition.
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ SELECT 1; DROP TABLE a $$"
            + " LANGUAGE sql; DROP TABLE users",
            USERS,
        ),
        ("create function f() returns int as 'select 1; drop table a'; drop table users", USERS),
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a THEN 1"
            + " END; DELETE FROM t; END; DROP TABLE users",
            USERS,
        ),
        (
            "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON t EXECUTE FUNCTION f(); DROP TABLE users",
            USERS,
        ),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; DROP TABLE a); DROP TABLE users", USERS),
        (
            "/* why */ CREATE DEFINER=`a`@'%' PROCEDURE p() BEGIN IF x THEN DROP TABLE a; END IF;"
            + " DROP TABLE b; END; DROP TABLE users",
            USERS,
        ),
        ("CREATE DEFINER = CURRENT_USER() EVENT e ON SCHEDULE EVERY 1 DAY DO DROP TABLE a", []),
        ("CREATE OR REPLACE AGGREGATE FUNCTION f() BEGIN DROP TABLE a; END", []),
        (
            "CREATE TEMP TRIGGER IF NOT EXISTS w AFTER INSERT ON t BEGIN"
            + " UPDATE t SET a = CASE WHEN a THEN 1 END; DELETE FROM u; END; DROP TABLE users",
            USERS,
        ),
        ("CREATE PROCEDURE p() BEGIN DROP TABLE a; DROP TABLE users", USERS),  # never ends
    ],
)
def test_drops_are_read(sql: str, drops: list[Drop]) -> None:
    assert list(drops_in(sql)) == drops
