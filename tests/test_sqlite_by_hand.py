"""Tables of SQLite that a revision made by hand, in every spelling, are what the models say."""

import pytest
import sqlalchemy as sa
from change_by_hand import by_hand
from changes.kind import HEADER
from conftest import Bake

MODELS = (
    HEADER
    + """
class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)

class Item(Base):
    __tablename__ = "items"
    __table_args__ = (CheckConstraint("price >= 0 AND note <> '(a,  b)'"),
        UniqueConstraint("code", name="the code, (one)"))
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(255))
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2), server_default=text("0"))
    order: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, server_default="it's,  (so)")
"""
)
CHANGED = MODELS.replace("order: Mapped[int | None]", "order: Mapped[int]")
PARENTS = "CREATE TABLE parents (id INTEGER PRIMARY KEY)"

#: The table of the model Item, with the words that a rebuild has to keep.
SPELLINGS = {
    "constraints of columns": (
        """CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER NOT NULL REFERENCES parents(id) ON DELETE CASCADE,
    code VARCHAR(255) NOT NULL UNIQUE,
    price NUMERIC(10,2) DEFAULT 0 NOT NULL CHECK (price >= 0 AND note <> '(a,  b)'),
    "order" INTEGER NULL,
    note TEXT NOT NULL DEFAULT 'it''s,  (so)'
)""",
        ("code VARCHAR(255) NOT NULL UNIQUE", "CHECK (price >= 0 AND note <> '(a,  b)')"),
    ),
    "comments": (
        """CREATE TABLE items ( -- "what's, (for) sale
    id INTEGER NOT NULL PRIMARY KEY, -- the item's (own), number
    -- UNIQUE (id), CHECK (id > 0), CONSTRAINT x PRIMARY KEY (y)
    parent_id INTEGER NOT NULL, /* a parent, "or
    not' */
    code /* ' */ VARCHAR(255) NOT NULL, -- , (
    price NUMERIC(10, 2) NOT NULL DEFAULT 0, -- in €
    "order" INTEGER, note TEXT NOT NULL DEFAULT 'it''s,  (so)', -- free
    FOREIGN KEY (parent_id) REFERENCES parents ON DELETE CASCADE, -- the key
    UNIQUE (code) /* one each */, CHECK (price >= 0 /* , ) */ AND note <> '(a,  b)')
)""",
        (
            "\"what's, (for) sale",
            "-- the item's (own), number",
            "-- UNIQUE (id), CHECK (id > 0), CONSTRAINT x PRIMARY KEY (y)",
            "code /* ' */ VARCHAR(255)",
            "-- in €",
            "/* one each */",
        ),
    ),
    "small letters": (
        """create table items (
    id integer not null constraint pk_items primary key,
    parent_id integer not null constraint fk_items_parent_id_parents references parents (id)
        on update no action on delete cascade not deferrable,
    code varchar ( 255 ) collate binary not null constraint "the code, (one)" unique on conflict abort,
    price numeric ( 10 , 2 ) default (0) not null, "order" integer default null,
    note text default ('it''s,  (so)') not null,
    check ((price>=0 and note!='(a,  b)'))
)""",
        ("code varchar ( 255 )", "price>=0 and note!="),
    ),
    "names in quotes": (
        """CREATE TABLE [items] (
    [id] INTEGER NOT NULL,
    `parent_id` INTEGER NOT NULL,
    "code" VARCHAR(255) NOT NULL,
    'price' NUMERIC(10, 2) NOT NULL DEFAULT 0,
    [order] INTEGER,
    "note" TEXT NOT NULL DEFAULT "it's,  (so)",
    CONSTRAINT [pk_items] PRIMARY KEY ([id]),
    FOREIGN KEY (`parent_id`) REFERENCES [parents] (`id`) ON DELETE CASCADE,
    CONSTRAINT [the code, (one)] UNIQUE ([code] ASC) CHECK (`price` >= 0 AND [note] <> '(a,  b)')
)""",
        ("[order] INTEGER", "'price' NUMERIC(10, 2)", 'DEFAULT "it\'s,  (so)"'),
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_is_no_drift_and_comes_out_of_a_rebuild_unharmed(
    bake: Bake, spelling: str
) -> None:
    form, words = SPELLINGS[spelling]
    project = bake()
    by_hand(project, (PARENTS, form), ("DROP TABLE items", "DROP TABLE parents"))
    project.write_model(MODELS)
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    project.alembic("check")
    with project.connect() as connection:
        connection.exec_driver_sql("INSERT INTO parents VALUES (1)")
        connection.exec_driver_sql(
            "INSERT INTO items VALUES (7, 1, 'a', 1.5, 3, 'x'), (9, 1, 'b', 0, NULL, 'y')"
        )

    project.write_model(CHANGED)
    project.alembic("-x", "fill=items.order:4", "revision", "--autogenerate")
    assert "rebuild_table" not in project.revisions()[-1].read_text()
    project.alembic("upgrade", "head")
    project.alembic("check")
    rows = 'SELECT id, parent_id, code, price, "order", note FROM items ORDER BY id'
    with project.connect() as connection:
        text = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'items'")
        now = text.scalar_one()
        found = connection.exec_driver_sql(rows).all()
    assert [word for word in words if word not in now] in ([], ["\"what's, (for) sale"])
    assert [tuple(row) for row in found] == [
        (7, 1, "a", 1.5, 3, "x"),
        (9, 1, "b", 0, 4, "y"),
    ]
    project.alembic("downgrade", "-1")
    project.write_model(MODELS)
    assert "Nothing to write" not in project.alembic("check", status=None)


SHOP = (
    HEADER
    + """
class Item(Base):
    __tablename__ = "items"
    code: Mapped[str] = mapped_column(String(255), primary_key=True)
    note: Mapped[str | None] = mapped_column(Text)
"""
)
VIRTUAL = (
    "CREATE TABLE items (code VARCHAR(255) PRIMARY KEY, note TEXT)",
    "CREATE VIRTUAL TABLE docs USING fts5(note, content='items', content_rowid='rowid')",
    "CREATE VIRTUAL TABLE own_docs USING fts5(note)",
    "CREATE VIRTUAL TABLE places USING rtree(id, west, east)",
    (
        "CREATE TRIGGER items_docs AFTER INSERT ON items BEGIN"
        " INSERT INTO docs (rowid, note) VALUES (NEW.rowid, NEW.note); END"
    ),
)
ROWS = (
    "INSERT INTO items VALUES ('a', 'red'), ('b', 'green'), ('c', 'blue')",
    "DELETE FROM items WHERE code = 'a'",
    "INSERT INTO own_docs VALUES ('red')",
    "INSERT INTO places VALUES (1, 2, 3)",
)
FOUND = (
    "SELECT code FROM items WHERE rowid IN (SELECT rowid FROM docs WHERE docs MATCH 'blue')",
    "SELECT note FROM own_docs WHERE own_docs MATCH 'red'",
    "SELECT id FROM places WHERE west < 3",
)


def test_virtual_tables_are_no_question_and_stay_through_a_rebuild(bake: Bake) -> None:
    project = bake()
    down = [f"DROP TABLE {name}" for name in ("items", "docs", "own_docs", "places")]
    by_hand(project, VIRTUAL, down)
    project.write_model(SHOP)
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    project.alembic("check")
    with project.connect() as connection:
        for statement in ROWS:
            connection.exec_driver_sql(statement)

    project.write_model(SHOP.replace("str | None", "str"))
    project.alembic("-x", "fill=items.note:x", "revision", "--autogenerate")
    for command in (["upgrade", "head"], ["check"], ["downgrade", "-1"], ["upgrade", "head"]):
        project.alembic(*command)
    with project.connect() as connection:
        connection.exec_driver_sql("INSERT INTO items VALUES ('d', 'blue')")
        found = [connection.exec_driver_sql(query).scalars().all() for query in FOUND]
    assert found == [["c", "d"], ["red"], [1]]


RENAMED = (
    HEADER
    + """
class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parents.id"))
"""
)


def test_keys_have_the_names_of_the_models_after_a_rename(bake: Bake) -> None:
    project = bake()
    project.write_model(RENAMED)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        connection.exec_driver_sql("INSERT INTO parents VALUES (1)")
        connection.exec_driver_sql("INSERT INTO items VALUES (3, 1)")
    project.write_model(RENAMED.replace('"parents', '"owners').replace("parent_id", "owner_id"))
    answers = "rename=parents:owners rename=items.parent_id:owner_id"
    project.alembic("-x", answers, "revision", "--autogenerate")
    for command in (["upgrade", "head"], ["check"], ["downgrade", "-1"], ["upgrade", "head"]):
        project.alembic(*command)
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        assert inspector.get_pk_constraint("owners")["name"] == "pk_owners"
        (key,) = inspector.get_foreign_keys("items")
        assert key["name"] == "fk_items_owner_id_owners"
        assert connection.exec_driver_sql("SELECT id, owner_id FROM items").all() == [(3, 1)]
