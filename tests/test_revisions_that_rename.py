"""A revision says a rename in the words of Alembic, and whoever writes one by hand loses nothing."""

import pytest
from chain import write_revision
from conftest import DATABASES, Bake, Project

MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
#: A table of MariaDB whose columns have all that CHANGE would take away.
RICH = """
    op.execute('''CREATE TABLE items (
        id INTEGER AUTO_INCREMENT PRIMARY KEY,
        note VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'x' COMMENT 'why',
        seen TIMESTAMP(3) NULL DEFAULT NULL ON UPDATE current_timestamp(3),
        size INTEGER GENERATED ALWAYS AS (length(note) * 2) STORED,
        KEY by_note (note))''')
    op.execute("INSERT INTO items (note) VALUES ('a')")
"""
ALTERS = """
    op.alter_column("items", "id", new_column_name="nr", existing_type=sa.Integer)
    op.alter_column("items", "note", new_column_name="text", existing_type=sa.String(20))
    op.alter_column("items", "seen", new_column_name="at", existing_type=sa.DateTime)
    op.alter_column("items", "size", new_column_name="double")
"""
IN_BATCH = ALTERS.replace("    op.alter", "        batch.alter").replace('"items", ', "")
COLUMNS = {"`id`": "`nr`", "`note`": "`text`", "`seen`": "`at`", "`size`": "`double`"}


@pytest.mark.parametrize("database", DATABASES)
def test_a_revision_says_a_rename_as_alembic_does_on_every_database(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(MODEL)
    project.make("revision")
    project.write_model(MODEL.replace("name:", "title:").replace('"items"', '"things"'))
    said = project.make("revision", "x=rename=items:things rename=things.name:title")
    assert "  rename items to things\n  rename things.name to title\n" in said
    revision = project.revisions()[1]
    up, _, down = revision.read_text().partition("def downgrade")
    lines = ('op.rename_table("items", "things")', 'op.alter_column("things", "name", new_column_')
    assert up.index(lines[0]) < up.index(lines[1])
    lines = ('op.rename_table("things", "items")', 'op.alter_column("things", "title", new_column_')
    assert down.index(lines[0]) > down.index(lines[1])
    assert "batch_alter_table" not in revision.read_text()


@pytest.mark.parametrize(
    "renames", [ALTERS, f'    with op.batch_alter_table("items") as batch:{IN_BATCH}'.lstrip()]
)
def test_a_rename_by_hand_on_mariadb_keeps_all_that_is_said_of_a_column(
    bake: Bake, renames: str
) -> None:
    project = bake("mariadb")
    project.make("database")
    write_revision(project, RICH)
    project.alembic("upgrade", "head")
    form = project.sql("SHOW CREATE TABLE items")[0][1]
    write_revision(project, f"\n    {renames.strip()}\n")
    project.alembic("upgrade", "head")
    for old, new in COLUMNS.items():
        form = form.replace(old, new)
    assert project.sql("SHOW CREATE TABLE items")[0][1] == form
    assert project.sql("SELECT nr, text, `double` FROM items") == [[1, "a", 2]]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_views_and_triggers_follow_a_rename_by_hand(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    table = 'op.create_table("items", sa.Column("id", sa.Integer, primary_key=True), '
    view = 'op.execute("CREATE VIEW names AS SELECT name FROM items")'
    write_revision(project, f'\n    {table}sa.Column("name", sa.String(20)))\n    {view}\n')
    rename = 'op.alter_column("items", "name", new_column_name="title")'
    write_revision(project, f'\n    {rename}\n    op.rename_table("items", "things")\n')
    project.alembic("upgrade", "head")
    project.sql("INSERT INTO things (title) VALUES ('a')")
    assert project.sql("SELECT * FROM names") == [["a"]]


@pytest.mark.parametrize(
    "rename",
    [
        'op.alter_column("items", "size", new_column_name="100% size")',
        'op.execute("ALTER TABLE items RENAME COLUMN size TO `100% size`")',
        'op.get_bind().exec_driver_sql("ALTER TABLE items RENAME COLUMN size TO `100%% size`")',
        'op.get_bind().execute(sa.text("ALTER TABLE `items` RENAME COLUMN size TO `100% size`"))',
    ],
)
def test_rows_are_counted_before_a_revision_by_hand_that_renames(bake: Bake, rename: str) -> None:
    project = bake("mariadb")
    project.make("database")
    table = 'op.create_table("items", sa.Column("size", sa.Integer))'
    rows = 'op.execute("INSERT INTO items VALUES (1), (1)")'
    write_revision(project, f"\n    {table}\n    {rows}\n")
    project.alembic("upgrade", "head")
    constraint = 'op.create_unique_constraint("one", "items", ["100% size"])'
    write_revision(project, f"\n    {rename}\n    {constraint}\n")
    said = project.alembic("upgrade", "head", status=None)
    assert "2 of 2 rows of items hold the same 100% size as another row" in said
    assert columns(project) == ["size"]


def columns(project: Project) -> list[str]:
    """Return the names of the columns of items."""
    return project.columns()["items"]
