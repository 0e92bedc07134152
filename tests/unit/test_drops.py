"""Drops are read from SQL that an owner writes, in whatever spelling."""

import pytest
from alembic_guards.runtime.drop_parser import Drop, drops_in

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
        ("SELECT 1; DO $do$ BEGIN; DROP TABLE a; END $do$", []),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; DROP TABLE a; END", []),
    ],
)
def test_drops_are_read(sql: str, drops: list[Drop]) -> None:
    assert list(drops_in(sql)) == drops
