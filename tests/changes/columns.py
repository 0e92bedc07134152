"""Columns that come and go."""

from .kind import SHELF, Change, item

STAMPED = """
class Stamped:
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime.datetime | None] = mapped_column(onupdate=func.now(), index=True)

"""
PLACE = """
class Place(Base):
    __tablename__ = "places"
    x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
"""

#: A name of 58 bytes, and a CHECK that has the name of a proof of NOT NULL.
LONG = "number_of_all_items_on_the_shelves_of_a_warehouse_in_total"
SIZE_CHECK = "__table_args__ = (CheckConstraint('size > 0', name='ck_size_not_null'),)"


CHANGES = [
    Change(
        "a computed column is added that is never NULL",
        item("size: Mapped[int] = mapped_column(default=3)"),
        item(
            "size: Mapped[int] = mapped_column(default=3)",
            "twice: Mapped[int] = mapped_column(Computed('size * 2', persisted=True))",
        ),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT twice FROM items",
        sees=((14,),),
        only=("postgresql", "mariadb"),
    ),
    Change(
        "a column is removed whose name is a default of another one",
        item(
            "size: Mapped[str] = mapped_column(server_default='note')", "note: Mapped[str | None]"
        ),
        item("size: Mapped[str] = mapped_column(server_default='note')"),
        answers="drop=items.note",
        look="SELECT id, size FROM items ORDER BY id",
        sees=((1, "note"), (2, "note")),
    ),
    Change("a column is added", item(), item("note: Mapped[str | None]")),
    Change(
        "a column is removed", item("note: Mapped[str | None]"), item(), answers="drop=items.note"
    ),
    Change(
        "a column with an index and a unique constraint is removed",
        item(
            "note: Mapped[str | None] = mapped_column(index=True)",
            "code: Mapped[str | None] = mapped_column(unique=True)",
        ),
        item(),
        answers="drop=items.note drop=items.code",
    ),
    Change(
        "columns are added and removed at once",
        item("old: Mapped[str | None]", "older: Mapped[int | None]"),
        item("fresh: Mapped[bool | None]", "fresher: Mapped[float] = mapped_column(default=0.5)"),
        answers="drop=items.old drop=items.older",
        look="SELECT id, name, fresher FROM items ORDER BY id",
        sees=((1, "a", 0.5), (2, "b", 0.5)),
    ),
    Change(
        "the columns of a mixin are added",
        item(),
        item()
        .replace("class Item(Base)", "class Item(Stamped, Base)")
        .replace("class Item", STAMPED + "class Item"),
        look="SELECT count(*) FROM items WHERE created_at IS NOT NULL AND updated_at IS NULL",
        sees=((2,),),
    ),
    Change(
        "a column with an index, a unique constraint, a check and a foreign key is removed",
        item(
            "code: Mapped[str | None] = mapped_column(String(9), ForeignKey('shelves.code'),"
            " CheckConstraint(\"code <> 'x'\"), index=True)",
            "__table_args__ = (UniqueConstraint('code', 'name'),)",
        )
        + SHELF,
        item() + SHELF,
        answers="drop=items.code",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'y')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'y'), (2, 'b', NULL)",
        ),
    ),
    Change(
        "a column with an index, a unique constraint, a check and a foreign key is added",
        item() + SHELF,
        item(
            "code: Mapped[str | None] = mapped_column(String(9), ForeignKey('shelves.code'),"
            " CheckConstraint(\"code <> 'x'\"), index=True)",
            "__table_args__ = (UniqueConstraint('code', 'name'),)",
        )
        + SHELF,
    ),
    Change(
        "a column moves to another table",
        item("code: Mapped[str | None] = mapped_column(unique=True)"),
        item()
        + """
class Code(Base):
    __tablename__ = "codes"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    code: Mapped[str | None] = mapped_column(unique=True)
""",
        answers="drop=items.code",
        rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 'x'), (2, 'b', 'y')",),
    ),
    Change(
        "a column is added whose attribute has another name",
        item(),
        item(
            "kind: Mapped[str | None] = mapped_column('type', index=True)",
            "size: Mapped[int | None] = mapped_column('count', key='amount')",
        ),
        look="SELECT name, type FROM items ORDER BY id",
        sees=(("a", None), ("b", None)),
    ),
    Change(
        "a column is added to a table with a composite primary key",
        item() + PLACE,
        item() + PLACE + "    note: Mapped[str] = mapped_column(default='new')\n",
        rows=("INSERT INTO places (x, y) VALUES (1, 2), (1, 3)",),
        look="SELECT x, y, note FROM places ORDER BY y",
        sees=((1, 2, "new"), (1, 3, "new")),
    ),
    Change(
        "a column with the only index on a foreign key beside it is removed",
        item(
            "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))",
            "size: Mapped[int | None]",
            "__table_args__ = (Index('ix_both', 'shelf_id', 'size'),)",
        )
        + SHELF,
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        answers="drop=items.size",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'y')",
            "INSERT INTO items (id, name, shelf_id, size) VALUES (1, 'a', 1, 2)",
        ),
        look="SELECT name, shelf_id FROM items",
        sees=(("a", 1),),
    ),
    Change(
        "a column is added to two tables that refer to each other",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item(
            "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))",
            "note: Mapped[str]",
        )
        + SHELF
        + "    note: Mapped[str]\n",
        answers="fill=items.note:x fill=shelves.note:y",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'y')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1)",
        ),
        look="SELECT items.note, shelves.note FROM items JOIN shelves ON shelf_id = shelves.id",
        sees=(("x", "y"),),
    ),
    Change(
        "columns become NOT NULL, one with a long name and one whose name a CHECK has in its own",
        item(f"{LONG}: Mapped[int | None]", "size: Mapped[int | None]", SIZE_CHECK),
        item(f"{LONG}: Mapped[int]", "size: Mapped[int]", SIZE_CHECK),
        answers=f"fill=items.{LONG}:3 fill=items.size:4",
        look=f"SELECT {LONG}, size FROM items",
        sees=((3, 4), (3, 4)),
    ),
]
