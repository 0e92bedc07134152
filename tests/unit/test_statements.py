"""A statement is recorded, executed again or refused by what it is, however it is written."""

import pytest
from alembic_guards.runtime.statements import Kind, is_backfill, is_repeatable, kind_of

ON_POSTGRESQL = {
    "UPDATE t SET n = n + 1": Kind.CHANGE,
    "-- why\n  /* and how */ update t SET n = 1": Kind.CHANGE,
    "CREATE TABLE t (n INTEGER)": Kind.CHANGE,
    "CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql": Kind.CHANGE,
    "COPY t FROM '/tmp/t'": Kind.CHANGE,
    "DO $$ BEGIN UPDATE t SET n = n + 1; END $$": Kind.CHANGE,
    "DO $$ BEGIN UPDATE t SET n = n + 1; COMMIT; END $$": Kind.OPAQUE,
    "do $$ begin update t set n = n + 1; end $$": Kind.CHANGE,
    "do $$ begin update t set n = n + 1; commit; end $$": Kind.OPAQUE,
    "CALL backfill()": Kind.OPAQUE,
    "SELECT id FROM t": Kind.READ,
    "(SELECT 1) UNION (SELECT 2)": Kind.READ,
    "WITH a AS (SELECT 1) SELECT * FROM a": Kind.READ,
    "WITH a AS (DELETE FROM t RETURNING id) SELECT * FROM a": Kind.CHANGE,
    "SET lock_timeout = 0": Kind.SESSION,
    "SHOW lock_timeout": Kind.SESSION,
    "SET search_path = a; UPDATE t SET n = n + 1": Kind.CHANGE,
    "BEGIN; UPDATE t SET n = n + 1; COMMIT": Kind.OPAQUE,
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (n)": Kind.IMPLICIT,
    "DROP INDEX CONCURRENTLY IF EXISTS i": Kind.IMPLICIT,
    "REINDEX TABLE CONCURRENTLY t": Kind.IMPLICIT,
    "REINDEX TABLE t": Kind.CHANGE,
    "VACUUM t": Kind.IMPLICIT,
    "COMMENT ON TABLE t IS 'built CONCURRENTLY'": Kind.CHANGE,
    "ALTER TABLE t VALIDATE CONSTRAINT c": Kind.CHANGE,
}

ON_MARIADB = {
    "UPDATE t SET n = n + 1 LIMIT 500": Kind.CHANGE,
    "# why\nDELETE FROM t": Kind.CHANGE,
    "REPLACE INTO t VALUES (1)": Kind.CHANGE,
    "LOAD DATA INFILE 'f' INTO TABLE t": Kind.CHANGE,
    "ALTER TABLE t ADD COLUMN n INTEGER": Kind.IMPLICIT,
    "RENAME TABLE t TO u": Kind.IMPLICIT,
    "TRUNCATE t": Kind.IMPLICIT,
    "ANALYZE TABLE t": Kind.IMPLICIT,
    "CALL backfill()": Kind.OPAQUE,
    "BEGIN NOT ATOMIC UPDATE t SET n = 1; COMMIT; END": Kind.OPAQUE,
    "BEGIN": Kind.SESSION,
    "SET sql_mode = ''": Kind.SESSION,
    "SHOW CREATE TABLE t": Kind.READ,
    "SELECT 1": Kind.READ,
}


@pytest.mark.parametrize(("statement", "kind"), ON_POSTGRESQL.items())
def test_a_statement_of_postgresql_is_known(statement: str, kind: Kind) -> None:
    assert kind_of(statement, "postgresql") is kind


@pytest.mark.parametrize(("statement", "kind"), ON_MARIADB.items())
def test_a_statement_of_mariadb_is_known(statement: str, kind: Kind) -> None:
    assert kind_of(statement, "mysql") is kind


def test_what_looks_whether_it_is_there_may_be_repeated() -> None:
    assert is_repeatable("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (n)")
    assert is_repeatable("VACUUM t")
    assert not is_repeatable("CREATE INDEX CONCURRENTLY i ON t (n)")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE t SET s = 'x' WHERE s IS NULL", True),
        ("UPDATE `t` SET `s`=('x') WHERE (`s` IS NULL)", True),
        ("UPDATE t SET s = 'x' WHERE (s IS NULL) OR n = 1", False),
        ("UPDATE t SET s = 'x' WHERE (s IS NULL OR n = 1)", False),
        ("UPDATE t SET s = 'x' WHERE s = upper('y')", False),
        ("UPDATE t SET s = 'x' WHERE s IS NULL LIMIT 500", False),
        ("INSERT INTO t SELECT 1 WHERE s IS NULL", False),
        ("UPDATE t", False),
        ('UPDATE s."my t" SET "S" = coalesce(a, b) WHERE "S" IS NULL', True),
        ("update `t` set `s` = 'it''s; WHERE' where `s` = 'y'", True),
        ("UPDATE t SET s = (SELECT max(a) FROM u WHERE u.b = 1 OR u.c = 2) WHERE s IS NULL", True),
        ("UPDATE t SET s = CASE WHEN a OR b THEN 'x' ELSE 'z' END WHERE s = 'y';", True),
        ("UPDATE t SET s = 'x', n = n + 1 WHERE s = 'x'", False),
        ("UPDATE t SET s = 'x', n = n + 1 WHERE s IS NULL", False),
        ("UPDATE t SET s = 'x' WHERE s = 'y' OR b = 'z'", False),
        ("UPDATE t SET s = 'x' WHERE s IS NULL OR b IS NULL", False),
        ("UPDATE t SET s = 'x' WHERE s = 'y' AND b = 'z'", False),
        ("UPDATE t SET s = 'x' WHERE s IS NULL; UPDATE t SET n = n + 1", False),
        ("UPDATE t SET n = n + 1 WHERE s IS NULL", False),
        ("UPDATE t SET s = 'x' FROM u WHERE s IS NULL", True),
        ("UPDATE t SET s = s || 'x' WHERE s = 'y'", True),
        ("UPDATE t SET s = 'y' WHERE s = 'y'", True),
    ],
)
def test_an_update_of_one_column_and_one_value_is_a_backfill(
    statement: str, expected: bool
) -> None:
    assert is_backfill(statement) is expected
