"""The constraints that a statement puts on existing rows are read from its SQL."""

import pytest
from alembic_guards.runtime.constraint_parser import (
    Check,
    Constraint,
    ForeignKey,
    NewNotNull,
    NotNull,
    Unique,
    Validation,
    constraints_in,
)

CASES: list[tuple[str, list[Constraint]]] = [
    (
        "ALTER TABLE items ADD CONSTRAINT ck CHECK (size > 0 AND kind IN ('a, b)', 'c'))",
        [Check(table="items", name="ck", condition="size > 0 AND kind IN ('a, b)', 'c')")],
    ),
    (
        'alter table only s."my items" drop constraint if exists ck,'
        + " add constraint ck check (size::int > 0) not valid",
        [
            Check(
                table="my items", schema="s", name="ck", condition="size::int > 0", is_deferred=True
            )
        ],
    ),
    ("ALTER TABLE t ADD CHECK (((a > 0)))", [Check(table="t", condition="a > 0")]),
    ("ALTER TABLE t ADD CHECK ((a) > (0))", [Check(table="t", condition="(a) > (0)")]),
    ("ALTER TABLE t ADD CHECK (`a` IS NOT NULL)", [NotNull(table="t", column="a")]),
    ("ALTER TABLE t VALIDATE CONSTRAINT ck", [Validation(table="t", name="ck")]),
    (
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a, b) REFERENCES s.u (c, d) ON DELETE CASCADE",
        [
            ForeignKey(
                table="t",
                name="fk",
                columns=("a", "b"),
                referent="u",
                referent_schema="s",
                referent_columns=("c", "d"),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
        [ForeignKey(table="t", columns=("a",), referent="u")],
    ),
    (
        "ALTER TABLE t ADD UNIQUE INDEX `u` (`a` DESC, b(10))",
        [Unique(table="t", name="u", parts=("`a`", "left(b, 10)"))],
    ),
    ("ALTER TABLE t MODIFY `a` INTEGER NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (`a`)", []),
    (
        "ALTER TABLE t CHANGE COLUMN a b INT NOT NULL AUTO_INCREMENT, ADD UNIQUE (b)",
        [NotNull(table="t", column="a")],
    ),
    ("ALTER TABLE t ADD UNIQUE (a)", [Unique(table="t", parts=("a",))]),
    ("ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u", []),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON ONLY s.t USING btree"
        + " (lower(a), b text_ops DESC) INCLUDE (c) WHERE d > 0",
        [Unique(table="t", schema="s", name="u", parts=("lower(a)", "b"), where="d > 0")],
    ),
    (
        "ALTER TABLE t ADD PRIMARY KEY (a, b)",
        [
            Unique(table="t", name="the primary key", parts=("a", "b")),
            NotNull(table="t", column="a"),
            NotNull(table="t", column="b"),
        ],
    ),
    ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", [NotNull(table="t", column="a")]),
    ("ALTER TABLE t MODIFY `a` INTEGER NOT NULL", [NotNull(table="t", column="a")]),
    ("ALTER TABLE t CHANGE a b INTEGER NOT NULL", [NotNull(table="t", column="a")]),
    ("ALTER TABLE t MODIFY a INTEGER NULL", []),
    ("ALTER TABLE t ADD COLUMN a INTEGER NOT NULL", [NewNotNull(table="t", column="a")]),
    ("ALTER TABLE t ADD COLUMN a INTEGER DEFAULT 1 NOT NULL", []),
    ("ALTER TABLE t ADD a SERIAL NOT NULL", []),
    *[
        (f"ALTER TABLE t ADD a {type_} NOT NULL", [])
        for type_ in ("SMALLSERIAL", "BIGSERIAL", "serial2", "SERIAL4", "SERIAL8")
    ],
    ("ALTER TABLE t ADD a TEXT CHECK (a IS NOT NULL OR b IS NOT NULL)", []),
    ("ALTER TABLE t MODIFY a TEXT CHECK (a IS NOT NULL OR b IS NOT NULL)", []),
    ("ALTER TABLE t CHANGE a b TEXT CHECK (b IS NOT NULL OR c IS NOT NULL)", []),
    ("ALTER TABLE t ADD a TEXT NOT NULL CHECK (default)", [NewNotNull(table="t", column="a")]),
    ("ALTER TABLE t ADD a TEXT NOT NULL COMMENT 'DEFAULT'", [NewNotNull(table="t", column="a")]),
    ("ALTER TABLE t ADD serial INT NOT NULL", [NewNotNull(table="t", column="serial")]),
    ('ALTER TABLE t ADD "not" null_type', []),
    ("ALTER TABLE t MODIFY a INT NOT NULL CHECK (a > 0)", [NotNull(table="t", column="a")]),
    ("ALTER TABLE t ADD INDEX i (a)", []),
    ("ALTER ONLINE TABLE t WAIT 5 ADD UNIQUE (a)", [Unique(table="t", parts=("a",))]),
    ("ALTER IGNORE TABLE t ADD UNIQUE (a)", []),
    ("CREATE INDEX i ON t (a)", []),
    ("CREATE PROCEDURE p() BEGIN SELECT 1; ALTER TABLE t ADD UNIQUE (a); END", []),
    ("UPDATE t SET a = 'ALTER TABLE t ADD CHECK (a > 0)'", []),
]


@pytest.mark.parametrize(("sql", "found"), CASES)
def test_constraints_are_read_from_sql(sql: str, found: list[Constraint]) -> None:
    assert list(constraints_in(sql)) == found
