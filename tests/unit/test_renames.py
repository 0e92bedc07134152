"""Each rename has its SQL, its inverse, its code in a revision, and is read from SQL again."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate.api import render_python_code
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic_guards import authoring, runtime
from alembic_guards.authoring.write.describe import describe
from alembic_guards.runtime.enum_history import KNOWN, follow_rename
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import (
    MoveTable,
    Rename,
    RenameColumn,
    RenameConstraint,
    RenameEnumValue,
    RenameIndex,
    RenameSequence,
    RenameTable,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect,
    "postgresql": postgresql.dialect,
    "mysql": mysql.dialect,
}
#: What needs quotes, or has a meaning to Python, to a driver or to sa.text().
NAMES = ("select", "Order", "two words", "100% sure", "a:b", 'x"y', "it's", "naïve", "TO")

runtime.install()
authoring.install()

#: A rename, what it is in SQL by dialect, what it is in a revision, and in a line.
RENAMES: dict[str, tuple[Rename, dict[str, str], str, str]] = {
    "column": (
        RenameColumn("title", "headline", table="posts"),
        dict.fromkeys(DIALECTS, "ALTER TABLE posts RENAME COLUMN title TO headline"),
        "op.alter_column('posts', 'title', new_column_name='headline')",
        "rename posts.title to headline",
    ),
    "column in a schema": (
        RenameColumn("title", "Headline", table="posts", schema="depot"),
        {"postgresql": 'ALTER TABLE depot.posts RENAME COLUMN title TO "Headline"'},
        "op.alter_column('posts', 'title', new_column_name='Headline', schema='depot')",
        "rename posts.title to Headline",
    ),
    "table": (
        RenameTable("posts", "articles"),
        dict.fromkeys(DIALECTS, "ALTER TABLE posts RENAME TO articles"),
        "op.rename_table('posts', 'articles')",
        "rename posts to articles",
    ),
    "table in a schema": (
        RenameTable("posts", "articles", schema="depot"),
        {"postgresql": "ALTER TABLE depot.posts RENAME TO articles"},
        "op.rename_table('posts', 'articles', schema='depot')",
        "rename posts to articles",
    ),
    "move": (
        MoveTable("public", "Depot", table="posts"),
        {"postgresql": 'ALTER TABLE public.posts SET SCHEMA "Depot"'},
        """op.execute('ALTER TABLE public.posts SET SCHEMA "Depot"')""",
        "move public.posts to Depot",
    ),
    "constraint": (
        RenameConstraint("uq_a", "uq_b", table="posts", schema="depot"),
        {"postgresql": "ALTER TABLE depot.posts RENAME CONSTRAINT uq_a TO uq_b"},
        "op.execute('ALTER TABLE depot.posts RENAME CONSTRAINT uq_a TO uq_b')",
        "rename posts.uq_a to uq_b",
    ),
    "index of a schema": (
        RenameIndex("ix_a", "ix_b", table="posts", schema="depot"),
        {"postgresql": "ALTER INDEX depot.ix_a RENAME TO ix_b"},
        "op.execute('ALTER INDEX depot.ix_a RENAME TO ix_b')",
        "rename posts.ix_a to ix_b",
    ),
    "index of a table": (
        RenameIndex("ix_a", "ix_b", table="posts"),
        {"mysql": "ALTER TABLE posts RENAME INDEX ix_a TO ix_b"},
        "op.execute('ALTER TABLE posts RENAME INDEX ix_a TO ix_b')",
        "rename posts.ix_a to ix_b",
    ),
    "sequence": (
        RenameSequence("orders", "invoices", schema="depot"),
        {"postgresql": "ALTER SEQUENCE depot.orders RENAME TO invoices"},
        "op.execute('ALTER SEQUENCE depot.orders RENAME TO invoices')",
        "rename orders to invoices",
    ),
    "sequence of MariaDB": (
        RenameSequence("orders", "invoices"),
        {"mysql": "ALTER TABLE orders RENAME TO invoices"},
        "op.execute('ALTER TABLE orders RENAME TO invoices')",
        "rename orders to invoices",
    ),
    "sequence of a column": (
        RenameSequence("items_id_seq", "things_id_seq", table="things"),
        {"postgresql": "ALTER SEQUENCE items_id_seq RENAME TO things_id_seq"},
        "op.execute('ALTER SEQUENCE items_id_seq RENAME TO things_id_seq')",
        "rename things.items_id_seq to things_id_seq",
    ),
    "value": (
        RenameEnumValue("it's", "its", enum="depot.color", column="items.color"),
        {"postgresql": "ALTER TYPE depot.color RENAME VALUE 'it''s' TO 'its'"},
        """op.execute("ALTER TYPE depot.color RENAME VALUE 'it''s' TO 'its'")""",
        "rename 'it''s' in items.color to 'its'",
    ),
}
CASES = [
    pytest.param(op, dialect, sql[dialect], code, about, id=f"{name}-{dialect}")
    for name, (op, sql, code, about) in RENAMES.items()
    for dialect in sql
]


def migration(dialect: str) -> tuple[MigrationContext, io.StringIO]:
    """Return a context that writes SQL instead of executing it, and what it writes to."""
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    return MigrationContext.configure(dialect_name=dialect, opts=options), written


def code_of(op: Rename, dialect: str) -> str:
    """Return the code of a revision that only does `op`."""
    context = MigrationContext.configure(dialect_name=dialect)
    context.dialect.identifier_preparer._double_percents = False
    rendered = render_python_code(ops.UpgradeOps([op]), migration_context=context)
    return "\n".join(line.strip() for line in rendered.splitlines() if not line.startswith("#"))


def sql_of(code: str, dialect: str) -> str:
    """Return what the code of a revision executes."""
    context, written = migration(dialect)
    exec(code, {"op": Operations(context), "sa": sa})  # noqa: S102
    return written.getvalue().strip().removesuffix(";").replace("%%", "%")


@pytest.mark.parametrize(("op", "dialect", "sql", "code", "about"), CASES)
def test_a_rename_has_its_sql_its_code_and_its_line(
    op: Rename, dialect: str, sql: str, code: str, about: str
) -> None:
    assert op.sql(DIALECTS[dialect]()) == sql
    assert code in code_of(op, dialect)
    assert list(describe(op)) == [about]


@pytest.mark.parametrize(("op", "dialect", "sql", "code", "about"), CASES)
def test_the_code_does_what_the_rename_says(
    op: Rename, dialect: str, sql: str, code: str, about: str
) -> None:
    # Alembic leaves out a word that PostgreSQL does not need.
    said = sql.replace("RENAME COLUMN", "RENAME") if dialect == "postgresql" else sql
    assert sql_of(code, dialect) == said


@pytest.mark.parametrize("op", [op for op, *_ in RENAMES.values()])
def test_the_inverse_leads_back(op: Rename) -> None:
    assert (op.reverse().old, op.reverse().new) == (op.new, op.old)
    assert op.reverse().reverse() == op
    assert type(op.reverse()) is type(op)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "op",
    [
        RenameColumn("a", "b", table="t"),
        RenameTable("a", "b"),
        RenameTable("a", "b", schema="s"),
        MoveTable("s", "b", table="t"),
    ],
    ids=lambda op: op.about,
)
def test_names_of_all_kinds_survive_sql_and_code(op: Any, name: str, dialect: str) -> None:
    op = type(op)(**{**vars(op), "old": name, "new": f"{name} 2"})
    sql = op.sql(DIALECTS[dialect]())
    assert list(renames_in(sql)) == [op]
    assert list(renames_in(sql_of(code_of(op, dialect), dialect))) == [op]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ALTER TABLE t RENAME COLUMN a TO b", [RenameColumn("a", "b", table="t")]),
        ("alter table t rename a to b;", [RenameColumn("a", "b", table="t")]),
        ("ALTER TABLE ONLY s.t RENAME a TO b", [RenameColumn("a", "b", table="t", schema="s")]),
        ('ALTER TABLE "T" RENAME "to" TO "x""y"', [RenameColumn("to", 'x"y', table="T")]),
        ("ALTER TABLE `t`\n  RENAME COLUMN `a` TO `b c`", [RenameColumn("a", "b c", table="t")]),
        ("ALTER TABLE IF EXISTS a RENAME TO b", [RenameTable("a", "b")]),
        ("ALTER TABLE s.a RENAME AS s.b", [RenameTable("a", "b", schema="s")]),
        ("ALTER TABLE a RENAME b", [RenameTable("a", "b")]),
        ("ALTER ONLINE IGNORE TABLE a NOWAIT RENAME b", [RenameTable("a", "b")]),
        ("RENAME TABLE a TO b, c TO d", [RenameTable("a", "b"), RenameTable("c", "d")]),
        ("ALTER TABLE s.t SET SCHEMA z", [MoveTable("s", "z", table="t")]),
        ("ALTER TABLE t SET SCHEMA z", [MoveTable("", "z", table="t")]),
        (
            "ALTER TABLE t ADD c DECIMAL(8, 2) DEFAULT 'x, RENAME y TO z', RENAME COLUMN a TO b",
            [RenameColumn("a", "b", table="t")],
        ),
        (
            "-- first\nALTER TABLE t /* why */ RENAME a TO b; ALTER TABLE t RENAME TO u",
            [RenameColumn("a", "b", table="t"), RenameTable("t", "u")],
        ),
        ("ALTER TABLE t RENAME CONSTRAINT a TO b", []),
        ("ALTER TABLE t RENAME INDEX a TO b", []),
        ("ALTER TABLE t RENAME KEY a TO b", []),
        ("ALTER TABLE t CHANGE a b INTEGER", []),
        ("ALTER TABLE t DROP COLUMN rename", []),
        ("ALTER INDEX a RENAME TO b", []),
        ("INSERT INTO t VALUES ('ALTER TABLE t RENAME a TO b')", []),
        ("SELECT 'it''s; ALTER TABLE t RENAME a TO b'", []),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; ALTER TABLE a RENAME b; END", []),
        ("ALTER TABLE t RENAME", []),
        ("ALTER TABLE", []),
        ("RENAME TABLE", []),
        ("", []),
    ],
)
def test_renames_are_found_in_what_an_owner_writes(sql: str, found: list[Rename]) -> None:
    assert list(renames_in(sql)) == found


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({}, "ALTER TABLE t RENAME COLUMN a TO b"),
        (
            {"existing_type": sa.String(20), "existing_nullable": False, "existing_comment": "x"},
            "ALTER TABLE t RENAME COLUMN a TO b",
        ),
        ({"existing_server_default": sa.Computed("1 + c")}, "ALTER TABLE t RENAME COLUMN a TO b"),
        ({"schema": "s"}, "ALTER TABLE s.t RENAME COLUMN a TO b"),
        ({"type_": sa.Integer()}, "ALTER TABLE t CHANGE a b INTEGER NULL"),
        ({"nullable": False, "existing_type": sa.Integer()}, "ALTER TABLE t CHANGE a b INTEGER"),
        ({"comment": None, "existing_type": sa.Integer()}, "ALTER TABLE t CHANGE a b INTEGER"),
        ({"server_default": None, "existing_type": sa.Integer()}, "ALTER TABLE t CHANGE a b"),
        ({"autoincrement": True, "existing_type": sa.Integer()}, "ALTER TABLE t CHANGE a b"),
    ],
)
def test_mariadb_changes_of_a_column_only_what_is_said(options: Any, start: str) -> None:
    context, written = migration("mysql")
    Operations(context).alter_column("t", "a", new_column_name="b", **options)
    assert written.getvalue().startswith(start)
    written.truncate(0)
    written.seek(0)
    if "schema" not in options:
        with Operations(context).batch_alter_table("t") as batch:
            batch.alter_column("a", new_column_name="b", **options)
        assert written.getvalue().startswith(start)


@pytest.mark.parametrize("in_batch", [False, True])
def test_views_triggers_and_keys_of_sqlite_follow_a_rename(in_batch: bool) -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        run = connection.exec_driver_sql
        run("CREATE TABLE t (a INTEGER PRIMARY KEY CHECK (a > 0), b INTEGER)")
        run("CREATE TABLE u (t_a INTEGER REFERENCES t (a))")
        run("CREATE VIEW v AS SELECT a FROM t")
        run("CREATE TRIGGER w AFTER INSERT ON u BEGIN INSERT INTO t (a) VALUES (NEW.t_a); END")
        operations = Operations(MigrationContext.configure(connection))
        if in_batch:
            with operations.batch_alter_table("t") as batch:
                batch.alter_column("a", new_column_name="z", existing_type=sa.Integer())
        else:
            operations.alter_column("t", "a", new_column_name="z", existing_type=sa.Integer())
        run("INSERT INTO u VALUES (7)")
        assert run("SELECT z FROM t").scalar() == run("SELECT * FROM v").scalar() == 7
        assert sa.inspect(connection).get_foreign_keys("u")[0]["referred_columns"] == ["z"]


def test_sqlite_rebuilds_a_table_that_changes_in_more_than_a_name() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER, b INTEGER)")
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("t") as batch:
            batch.alter_column("a", new_column_name="z", existing_type=sa.Integer())
            batch.alter_column("b", nullable=False, existing_type=sa.Integer())
        columns = sa.inspect(connection).get_columns("t")
        assert [(column["name"], column["nullable"]) for column in columns] == [
            ("z", True),
            ("b", False),
        ]


@pytest.fixture
def known() -> Iterator[dict[tuple[str, str], list[str]]]:
    """Yield the values of enums that are remembered, none at first."""
    before = dict(KNOWN)
    KNOWN.clear()
    yield KNOWN
    KNOWN.clear()
    KNOWN.update(before)


def test_values_of_enums_are_known_under_the_new_names(known: dict[Any, list[str]]) -> None:
    known.update({("t", "a"): ["x"], ("t", "b"): ["y"], ("s.t", "a"): ["z"], ("u", "a"): []})
    for old, new in ("a", "a_"), ("b", "a"), ("a_", "b"):
        follow_rename(RenameColumn(old, new, table="t"))
    follow_rename(RenameTable("t", "v"))
    follow_rename(RenameTable("t", "w", schema="s"))
    follow_rename(MoveTable("s", "r", table="w"))
    assert known == {("v", "b"): ["x"], ("v", "a"): ["y"], ("r.w", "a"): ["z"], ("u", "a"): []}


@pytest.mark.parametrize(
    "renames",
    [
        ['op.alter_column("t", "a", new_column_name="b")', 'op.rename_table("t", "u")'],
        ['op.execute("ALTER TABLE t RENAME COLUMN a TO b")', 'op.rename_table("t", "u")'],
        ['op.rename_table("t", "u")', 'op.execute("ALTER TABLE u RENAME a TO b")'],
        [
            'op.execute("ALTER TABLE t RENAME TO u")',
            'op.alter_column("u", "a", new_column_name="b")',
        ],
        [
            'with op.batch_alter_table("t") as batch: batch.alter_column("a", new_column_name="b")',
            """op.execute(sa.text('ALTER TABLE "t" RENAME TO "u"'))""",
        ],
    ],
)
def test_a_revision_by_hand_is_followed_in_each_of_its_forms(
    renames: list[str], known: dict[Any, list[str]]
) -> None:
    create = 'op.create_table("t", sa.Column("a", sa.Enum("x", "y")))'
    with sa.create_engine("sqlite://").connect() as connection:
        names = {"op": Operations(MigrationContext.configure(connection)), "sa": sa}
        exec("\n".join([create, *renames]), names)  # noqa: S102
        assert sa.inspect(connection).get_columns("u")[0]["name"] == "b"
    assert known == {("u", "b"): ["x", "y"]}


def test_a_rename_is_rendered_beside_other_operations() -> None:
    context = MigrationContext.configure(dialect_name="sqlite", opts={"render_as_batch": True})
    drop = ops.ModifyTableOps("posts", [ops.DropColumnOp("posts", "gone")])
    rename = RenameColumn("title", "headline", table="posts")
    code = render_python_code(
        ops.UpgradeOps([rename, drop]), migration_context=context, render_as_batch=True
    )
    assert code.index("op.alter_column('posts', 'title'") < code.index("with op.batch_alter_table")
