"""Tables of SQLite that a revision made by hand, in every spelling, are what the models say."""

import pytest
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
    code: Mapped[str]
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
