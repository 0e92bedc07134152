"""Rows that a new constraint does not allow are counted and found before the first statement."""

import re

import pytest
import sqlalchemy as sa
from chain import at_statement, write_revision
from conftest import DATABASES, Bake, Process, Project

SERVERS = [database for database in DATABASES if database != "sqlite"]

TABLES = """
    op.create_table("shelves", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("tags", sa.Column("id", sa.Integer), sa.Column("name", sa.String(20)))
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20)),
        sa.Column("code", sa.String(20)),
        sa.Column("kind", sa.Integer),
        sa.Column("size", sa.Integer),
        sa.Column("low", sa.Integer),
        sa.Column("high", sa.Integer),
        sa.Column("shelf_id", sa.Integer),
        sa.Column("weight", sa.String(20)))
"""
ROWS = (
    "INSERT INTO shelves VALUES (1)",
    "INSERT INTO tags VALUES (1, 'a'), (1, 'b'), (2, 'c')",
    "INSERT INTO items VALUES (1, 'same', 'x', 1, 1, 1, 2, 1, '3')",
    "INSERT INTO items VALUES (2, 'same', 'x', 1, 0, 2, 1, 7, '3 kg')",
    "INSERT INTO items VALUES (3, 'other', 'x', 2, -1, 1, 2, NULL, '4')",
    "INSERT INTO items VALUES (4, NULL, NULL, 2, NULL, 1, 200, NULL, '5')",
)

#: Each kind of constraint, by operations and by SQL, with and without a name, on renamed columns.
ONE_BY_ONE = """
    op.create_check_constraint("ck_size", "items", "size > 0")
    op.execute("ALTER TABLE items ADD CHECK (high < 100)")
    op.create_unique_constraint("uq_name", "items", ["name"])
    op.create_index("ix_code", "items", ["code", "kind"], unique=True)
    op.create_foreign_key("fk_shelf", "items", "shelves", ["shelf_id"], ["id"])
    op.alter_column("items", "size", existing_type=sa.Integer, nullable=False)
    op.alter_column("items", "weight", existing_type=sa.String(20), type_=sa.Integer{using})
    op.alter_column("items", "low", new_column_name="least", existing_type=sa.Integer)
    op.create_check_constraint("ck_least", "items", "least < high")
    op.create_primary_key("pk_tags", "tags", ["id"])
"""
ONLINE = """
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE items DROP CONSTRAINT IF EXISTS ck_size, "
                   "ADD CONSTRAINT ck_size CHECK (size > 0) NOT VALID")
        op.execute("ALTER TABLE items VALIDATE CONSTRAINT ck_size")
        op.execute("ALTER TABLE items ADD CONSTRAINT fk_shelf FOREIGN KEY (shelf_id) "
                   "REFERENCES shelves (id) NOT VALID")
        op.execute("ALTER TABLE items VALIDATE CONSTRAINT fk_shelf")
        op.create_index("uq_name", "items", ["name"], unique=True, if_not_exists=True,
                        postgresql_concurrently=True)
    op.execute("ALTER TABLE items ADD CONSTRAINT uq_name UNIQUE USING INDEX uq_name")
"""
IN_BATCHES = """
    with op.batch_alter_table("items") as batch_op:
        batch_op.create_check_constraint("ck_size", "size > 0")
        batch_op.create_check_constraint("ck_high", "high < 100")
        batch_op.create_unique_constraint("uq_name", ["name"])
        batch_op.create_index("ix_code", ["code", "kind"], unique=True)
        batch_op.create_foreign_key("fk_shelf", "shelves", ["shelf_id"], ["id"])
        batch_op.alter_column("size", existing_type=sa.Integer, nullable=False)
        batch_op.alter_column("weight", existing_type=sa.String(20), type_=sa.Integer)
        batch_op.alter_column("low", new_column_name="least", existing_type=sa.Integer)
    with op.batch_alter_table("items") as batch_op:
        batch_op.create_check_constraint("ck_least", "least < high")
    with op.batch_alter_table("tags") as batch_op:
        batch_op.create_primary_key("pk_tags", ["id"])
"""

SAID = {
    "size": "2 of 4 rows of items do not meet the check ck_size, size > 0 (size: 0, -1).",
    "high": "1 of 4 rows of items does not meet the check high < 100 (high: 200).",
    "name": (
        "2 of 4 rows of items hold the same name as another row, which uq_name does not allow"
        " (name: 'same')."
    ),
    "code": (
        "2 of 4 rows of items hold the same (code, kind) as another row, which ix_code does not"
        " allow (code, kind: ('x', 1))."
    ),
    "shelf": (
        "1 of 4 rows of items refers by shelf_id to a row of shelves that does not exist"
        " (shelf_id: 7)."
    ),
    "null": "1 of 4 rows of items holds NULL in size, which becomes NOT NULL (id: 4).",
    "weight": "1 of 4 rows of items holds a value in weight that INTEGER cannot hold ('3 kg').",
    "least": "1 of 4 rows of items does not meet the check ck_least, least < high (least, high: (2, 1)).",
    "tags": "2 of 3 rows of tags hold the same id as another row, which",
}
ALL = list(SAID)

#: The revision, and what is said of it.
CASES = {
    "sqlite": [(IN_BATCHES, [key for key in ALL if key != "high"])],
    "mariadb": [(ONE_BY_ONE.format(using=""), ALL)],
    "postgresql": [
        (ONE_BY_ONE.format(using=", postgresql_using='weight::integer'"), ALL),
        (ONLINE, ["size", "name", "shelf"]),
    ],
}
CORRECTED = (
    "UPDATE items SET name = NULL, kind = 3, size = 1, high = 3 WHERE id IN (2, 3, 4)",
    "UPDATE items SET shelf_id = 1, weight = '3', low = 0 WHERE id IN (2, 3, 4)",
    "UPDATE items SET kind = 4 WHERE id = 3",
    "DELETE FROM tags WHERE name = 'b'",
)


@pytest.mark.parametrize("database", DATABASES)
def test_all_violations_are_counted_first_and_the_queries_find_the_rows(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    for body, keys in CASES[database]:
        revision = write_revision(project, body)
        before = schema(project)
        said = project.alembic("upgrade", "head", status=1)
        for key in keys:
            assert SAID[key] in said, f"{key}:\n{said}"
        assert "rolled back; no changes were applied" in said
        assert "_alembic_tmp" not in said
        assert schema(project) == before
        queries = re.findall(r"Find (it|them): (.+)", said)
        assert len(queries) >= len(keys)
        with project.connect() as connection:
            plain = connection.execution_options(no_parameters=True)
            for word, query in queries:
                rows = plain.exec_driver_sql(query).all()
                assert (len(rows) == 1) == (word == "it"), query
        execute(project, *CORRECTED)
        project.alembic("upgrade", "head")
        restart(project)
        revision.unlink()


@pytest.mark.parametrize("database", DATABASES)
def test_a_repair_above_the_constraint_in_the_revision_is_taken_into_account(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    add = {
        "sqlite": '{}    with op.batch_alter_table("items") as batch_op:\n'
        '        batch_op.create_check_constraint("ck_size", "size > {}")\n'
        '        batch_op.create_unique_constraint("uq_name", ["name"])\n',
    }.get(
        database,
        '{}    op.create_check_constraint("ck_size", "items", "size > {}")\n'
        '    op.create_unique_constraint("uq_name", "items", ["name"])\n',
    )
    repairs = (
        '\n    op.execute("UPDATE items SET size = 1 WHERE size <= 0")\n'
        '    op.get_bind().exec_driver_sql("DELETE FROM items WHERE id = 2")\n'
    )
    write_revision(project, add.format(repairs, 10))
    said = project.alembic("upgrade", "head", status=1)
    assert "2 of 3 rows of items do not meet the check ck_size, size > 10 (size: 1)." in said
    assert "uq_name" not in said
    project.revisions()[-1].unlink()
    write_revision(project, add.format(repairs, 0))
    project.alembic("upgrade", "head")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_new_column_without_a_value_is_refused_where_there_are_rows(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_revision(
        project,
        '\n    with op.batch_alter_table("items") as batch_op:\n'
        '        batch_op.add_column(sa.Column("extra", sa.Integer, nullable=False))\n',
    )
    said = project.alembic("upgrade", "head", status=1)
    assert "4 of 4 rows of items would have no value in extra, which is NOT NULL without" in said
    assert "(id: 1, 2, 3, …)" in said


BETWEEN = """
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE items DROP CONSTRAINT IF EXISTS ck_kind, "
                   "ADD CONSTRAINT ck_kind CHECK (kind < 5) NOT VALID")
        op.execute("ALTER TABLE items VALIDATE CONSTRAINT ck_kind")
"""


@pytest.mark.parametrize("repair", ["by hand", "in the revision"])
def test_rows_that_come_before_the_validation_leave_nothing_and_both_repairs_go_on(
    bake: Bake, repair: str
) -> None:
    project = prepare(bake, "postgresql")
    revision = write_revision(project, BETWEEN)
    before = schema(project)

    def spoil() -> None:
        at_statement(
            2, lambda: execute(project, "UPDATE items SET kind = 9 WHERE id = 1"),
            when="before", words="DROP CONSTRAINT",
        )  # fmt: skip

    status, said = Process(project, ["upgrade", "head"], first=spoil).end()
    assert status == 1, said
    assert "1 of 4 rows of items does not meet the check ck_kind, kind < 5 (kind: 9)." in said
    assert "directly above: ALTER TABLE items DROP CONSTRAINT IF EXISTS ck_kind" in said
    assert "rolled back; no changes were applied" in said
    assert schema(project) == before
    if repair == "by hand":
        execute(project, "UPDATE items SET kind = 1 WHERE id = 1")
    else:
        text = revision.read_text()
        add = '        op.execute("ALTER TABLE items DROP'
        update = '        op.execute("UPDATE items SET kind = 1 WHERE kind >= 5")\n'
        revision.write_text(text.replace(add, update + add))
    project.alembic("upgrade", "head")


def test_a_backfill_that_fails_for_good_takes_the_unvalidated_constraint_along(bake: Bake) -> None:
    project = prepare(bake, "postgresql")
    execute(project, "ALTER TABLE items ADD CONSTRAINT ck_small CHECK (size < 5)")
    before = schema(project)
    write_revision(
        project,
        """
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY by_kind ON items (kind)")
        op.execute("ALTER TABLE items DROP CONSTRAINT IF EXISTS nn, "
                   "ADD CONSTRAINT nn CHECK (size IS NOT NULL) NOT VALID")
        op.execute("UPDATE items SET size = 9 WHERE size IS NULL")
        op.execute("ALTER TABLE items VALIDATE CONSTRAINT nn")
""",
    )
    said = project.alembic("upgrade", "head", status=1)
    assert "1 statement was applied and cannot be rolled back" in said
    after = schema(project)
    assert after - before == {"by_kind"}
    execute(project, "INSERT INTO items (id) VALUES (5)", "DELETE FROM items WHERE size IS NULL")
    project.alembic("upgrade", "head")


def prepare(bake: Bake, database: str) -> Project:
    """Return a project with tables and rows that violate every constraint."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    write_revision(project, TABLES)
    project.alembic("upgrade", "head")
    execute(project, *ROWS)
    return project


def restart(project: Project) -> None:
    """Bring the tables back as they were."""
    with project.connect() as connection:
        for table in ("items", "tags", "shelves"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DELETE FROM alembic_version")
    project.alembic("upgrade", "r0")
    execute(project, *ROWS)


def schema(project: Project) -> set[str]:
    """Return the names of tables, constraints and indexes."""
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        found = set(inspector.get_table_names())
        for table in list(found):
            parts = [
                *inspector.get_indexes(table),
                *inspector.get_check_constraints(table),
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
            ]
            found |= {str(part["name"]) for part in parts}
        return found


def execute(project: Project, *statements: str) -> None:
    """Execute statements on the project's database."""
    with project.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
