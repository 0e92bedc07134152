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
        # Blocks that run at once.
        ("DO $$ BEGIN DROP TABLE users; END $$", USERS),
        ("SELECT 1; DO LANGUAGE plpgsql $do$ BEGIN; DROP TABLE users; END $do$", USERS),
        ("do 'begin if x then drop table users; end if; end'", USERS),
        ("DO $$ BEGIN FOR a IN SELECT 1 LOOP DROP TABLE users; END LOOP; END $$", USERS),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", USERS),
        ("DO $$ BEGIN EXECUTE $x$DROP TABLE users$x$; END $$", USERS),
        ("DO $$ BEGIN RAISE NOTICE 'DROP TABLE users'; END $$", []),
        ("BEGIN NOT ATOMIC DROP TABLE users; END", USERS),
        ("EXECUTE IMMEDIATE 'DROP TABLE users'", USERS),
        ("/*!40000 DROP TABLE users */; /*M!100100 DROP TABLE blog.posts */", TABLES),
        # Where a literal ends.
        ("DO $a$ BEGIN PERFORM $b$x$b$; DROP TABLE users; END $a$", USERS),
        ("CREATE FUNCTION f() AS $a$ SELECT $b$x$b$; DROP TABLE a $a$; DROP TABLE users", USERS),
        (r"UPDATE t SET a = E'it\'s'; DROP TABLE users; UPDATE t SET a = 'x'", USERS),
        # Spellings.
        ("ALTER ONLINE TABLE users DROP COLUMN nick", [Drop(None, "users", "nick")]),
        ("ALTER IGNORE TABLE users DROP nick", [Drop(None, "users", "nick")]),
        (
            "ALTER ONLINE IGNORE TABLE IF EXISTS users WAIT 5 DROP a, DROP b",
            [Drop(None, "users", "a"), Drop(None, "users", "b")],
        ),
        ("ALTER TABLE users NOWAIT DROP a", [Drop(None, "users", "a")]),
        ("DROP TABLES users WAIT 5, blog.posts", TABLES),
        ("DROP TEMPORARY TABLE users", []),
        ("DROP TABLE shop.blog.posts", [Drop("blog", "posts")]),
        ("DROP DATABASE IF EXISTS blog", [Drop("blog", None)]),
        ("DROP SCHEMA blog, shop", [Drop("blog", None), Drop("shop", None)]),
        ("CREATE OR REPLACE TABLE users (id INT)", USERS),
        ("CREATE OR REPLACE TEMPORARY TABLE users (id INT)", []),
        # Changes of rows, which are deliberate.
        ("TRUNCATE users; DELETE FROM users", []),
    ],
)
def test_drops_are_read(sql: str, drops: list[Drop]) -> None:
    assert list(drops_in(sql)) == drops
