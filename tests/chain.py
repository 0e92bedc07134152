"""Five revisions by hand, with all that an upgrade can be interrupted in, and what to see of them."""

from pathlib import Path

import sqlalchemy as sa
import sqlalchemy.event
from alembic_guards.database.connection_info import is_dry_run
from conftest import Project

#: What upgrade() does, revision by revision; `{build}` differs by database.
CHAIN = (
    """
    op.create_table(
        "parents", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
    op.create_table(
        "children",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("parents.id", name="fk", ondelete="CASCADE")),
        sa.Column("name", sa.String(20)))
    op.execute("INSERT INTO parents (id, n) VALUES (1, 0), (2, 0)")
    op.execute("INSERT INTO children (id, parent_id, name) VALUES (1, 1, 'a'), (2, 2, 'b')")
""",
    """
    op.execute("UPDATE parents SET n = n + 1")
    with op.batch_alter_table("parents") as batch_op:
        batch_op.add_column(sa.Column("extra", sa.Integer, nullable=False, server_default="7"))
    op.execute("UPDATE parents SET n = n + 10, extra = extra + 1")
    with op.batch_alter_table("parents") as batch_op:
        batch_op.alter_column(
            "extra", server_default=None, existing_type=sa.Integer, existing_nullable=False)
""",
    """
    {build}
    op.execute("UPDATE parents SET n = n + 100")
""",
    """
    with op.batch_alter_table("children") as batch_op:
        batch_op.alter_column("name", new_column_name="label", existing_type=sa.String(20))
        batch_op.add_column(sa.Column("note", sa.Text))
    op.execute("UPDATE children SET note = label")
    op.create_table("others", sa.Column("id", sa.Integer, primary_key=True))
    op.drop_table("others")
""",
    """
    rows = op.get_bind().execute(sa.text("SELECT id FROM parents ORDER BY id")).all()
    for (id_,) in rows:
        op.get_bind().execute(sa.text("UPDATE parents SET n = n + 1000 WHERE id = :id"), {{"id": id_}})
    op.create_index("by_label", "children", ["label"], unique=True)
""",
)

#: What only PostgreSQL builds while others go on.
BUILD = {
    "sqlite": 'op.create_index("by_n", "parents", ["n"])',
    "mariadb": 'op.create_index("by_n", "parents", ["n"])',
    "postgresql": """op.execute("UPDATE parents SET extra = extra + 1")
    with op.get_context().autocommit_block():
        op.create_index("by_n", "parents", ["n"], postgresql_concurrently=True, if_not_exists=True)""",
}

#: What is there when each of them was applied once.
COMPLETE = {
    "sqlite": [[1, 1111, 8], [2, 1111, 8]],
    "mariadb": [[1, 1111, 8], [2, 1111, 8]],
    "postgresql": [[1, 1111, 9], [2, 1111, 9]],
}
ROWS = "SELECT id, n, extra FROM parents ORDER BY id"
CHILDREN = "SELECT id, parent_id, label, note FROM children ORDER BY id"

REVISION = '''"""{doc}

Revision ID: {revision}
"""
import sqlalchemy as sa
from alembic import op
revision = {revision!r}
down_revision = {before!r}


def upgrade() -> None:{upgrade}

def downgrade() -> None:
    {downgrade}
'''


def write_revision(project: Project, upgrade: str, downgrade: str = "pass") -> Path:
    """Write a revision that follows the last one; return its file."""
    n = len(project.revisions())
    path = project.path / "alembic" / "versions" / f"2026_{n:03}_r{n}_by_hand.py"
    before = f"r{n - 1}" if n else None
    names = {"doc": f"number {n}", "revision": f"r{n}", "before": before}
    path.write_text(REVISION.format(upgrade=upgrade, downgrade=downgrade, **names))
    return path


def write_chain(project: Project, database: str) -> None:
    """Write the five revisions."""
    for upgrade in CHAIN:
        write_revision(project, upgrade.format(build=BUILD[database]))


def is_complete(project: Project, database: str) -> bool:
    """Whether the five revisions have been applied, each of them once."""
    with project.connect() as connection:
        query = connection.exec_driver_sql
        indexes = {
            index["name"]
            for table in ("parents", "children")
            for index in sa.inspect(connection).get_indexes(table)
        }
        return (
            [list(row) for row in query(ROWS)] == COMPLETE[database]
            and [tuple(row) for row in query(CHILDREN)] == [(1, 1, "a", "a"), (2, 2, "b", "b")]
            and {"by_n", "by_label"} <= indexes
            and set(sa.inspect(connection).get_table_names()) - {"alembic_guards"}
            == {"parents", "children", "alembic_version"}
            and query("SELECT version_num FROM alembic_version").scalars().all() == ["r4"]
        )


def at_statement(
    number: int, do: object, *, when: str = "after", words: str = "", in_dry_run: bool = True
) -> None:
    """Let this process `do` something before or after a statement that it sends to a database.

    It is one by its number among those that hold these words, also of a dry run or not.
    """
    count = 0

    @sa.event.listens_for(sa.Engine, f"{when}_cursor_execute")
    def counted(connection: sa.Connection, _: object, statement: str, *__: object) -> None:
        nonlocal count
        is_counted = words in statement and (in_dry_run or not is_dry_run(connection))
        count += is_counted
        if is_counted and count == number:
            do()  # type: ignore[operator]
