"""Kinds of change of views: those that somebody made by hand, and those that the models declare."""

from .kind import ITEM, Change, item

SIZED = "size: Mapped[int]"
SIZED_ITEMS = ("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', 0)",)
LONGER = item("size: Mapped[int] = mapped_column(BigInteger)")
#: A view of the models, in SQLAlchemy's words.
VIEW = """
large = CreateView({select}, "large_items", metadata=Base.metadata{more})
"""
SELECT = "select(Item.id, Item.name).where(Item.size > 0)"
LOOK = "SELECT * FROM large_items ORDER BY 1"


def declared(model: str, select: str = SELECT, more: str = "") -> str:
    """Models with a view."""
    return model + VIEW.format(select=select, more=more)


CHANGES = [
    *[
        Change(
            f"a column gets another type, and {what} reads it, which somebody made by hand",
            item(SIZED),
            LONGER,
            rows=(*SIZED_ITEMS, *statements),
            look=look,
            sees=sees,
            only=only,
        )
        for what, only, look, sees, statements in (
            (
                "a view",
                ("sqlite", "postgresql", "mariadb"),
                "SELECT size FROM sizes ORDER BY 1",
                ((0,), (7,)),
                ["CREATE VIEW sizes AS SELECT size FROM items"],
            ),
            (
                "a view of a view",
                ("sqlite", "postgresql", "mariadb"),
                "SELECT size FROM a_sizes ORDER BY 1",
                ((0,), (7,)),
                [
                    "CREATE VIEW sizes AS SELECT size FROM items",
                    "CREATE VIEW a_sizes AS SELECT size FROM sizes",
                ],
            ),
            (
                "a materialized view with an index",
                ("postgresql",),
                "SELECT total, relname::text FROM totals, pg_class WHERE relname = 'by_total'",
                ((7, "by_total"),),
                [
                    "CREATE MATERIALIZED VIEW totals AS SELECT sum(size) AS total FROM items",
                    "CREATE UNIQUE INDEX by_total ON totals (total)",
                ],
            ),
            (
                "a rule",
                ("postgresql",),
                "SELECT count(*) FROM pg_rules WHERE rulename = 'watch'",
                ((1,),),
                [
                    "CREATE TABLE seen (size bigint)",
                    (
                        "CREATE RULE watch AS ON UPDATE TO items DO ALSO"
                        " INSERT INTO seen VALUES (NEW.size)"
                    ),
                ],
            ),
        )
    ],
    Change(
        "the value of an enum goes, and a view names another one, which somebody made by hand",
        item("kind: Mapped[str] = mapped_column(Enum('a', 'b', 'c', name='kind'))"),
        item("kind: Mapped[str] = mapped_column(Enum('a', 'b', name='kind'))"),
        rows=(
            "INSERT INTO items (id, name, kind) VALUES (1, 'a', 'a'), (2, 'b', 'b')",
            "CREATE VIEW kinds AS SELECT id FROM items WHERE kind = 'a'",
        ),
        look="SELECT id FROM kinds",
        sees=((1,),),
        only=("postgresql",),
    ),
    Change(
        "a primary key gets another type, as a foreign key to it does, and a view joins them",
        item()
        + "\nclass Part(Base):\n    __tablename__ = 'parts'\n"
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        + "    item_id: Mapped[int] = mapped_column(ForeignKey('items.id'))\n",
        item()
        .replace("id: Mapped[int]", "id: Mapped[str]")
        .replace("primary_key=True", "String(20), primary_key=True")
        + "\nclass Part(Base):\n    __tablename__ = 'parts'\n"
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        + "    item_id: Mapped[str] = mapped_column(String(20), ForeignKey('items.id'))\n",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "INSERT INTO parts (id, item_id) VALUES (1, 1)",
            "CREATE VIEW joined AS SELECT name FROM items JOIN parts ON item_id = items.id",
        ),
        look="SELECT name FROM joined",
        sees=(("a",),),
        only=("postgresql",),
    ),
    Change(
        "a generated column changes that a view reads, which somebody made by hand",
        item(SIZED, "twice: Mapped[int] = mapped_column(Computed('size * 2', persisted=True))"),
        item(SIZED, "twice: Mapped[int] = mapped_column(Computed('size * 3', persisted=True))"),
        rows=(*SIZED_ITEMS, "CREATE VIEW twices AS SELECT twice FROM items"),
        look="SELECT twice FROM twices ORDER BY 1",
        sees=((0,), (21,)),
    ),
    Change(
        "a table with rows changes beside a materialized view with an index, which somebody made by hand",
        item(),
        item("size: Mapped[int | None]"),
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "CREATE MATERIALIZED VIEW names AS SELECT name FROM items",
            "CREATE INDEX by_name ON names (name)",
        ),
        look="SELECT name FROM names",
        sees=(("a",),),
        only=("postgresql",),
    ),
    Change(
        "a view of the models is new",
        item(SIZED),
        declared(item(SIZED)),
        rows=SIZED_ITEMS,
        look=LOOK,
        sees=((1, "a"),),
    ),
    Change(
        "a view of the models goes",
        declared(item(SIZED)),
        item(SIZED),
        rows=SIZED_ITEMS,
        look="SELECT id FROM items ORDER BY id",
        sees=((1,), (2,)),
    ),
    Change(
        "a view of the models gets another SELECT, and a view of it stays",
        declared(item(SIZED))
        + 'names = CreateView(select(large.table.c.name), "a_names", metadata=Base.metadata)\n',
        declared(
            item(SIZED), "select(Item.name, Item.id.label('nr'), literal('%s: it''s').label('t'))"
        )
        + 'names = CreateView(select(large.table.c.name), "a_names", metadata=Base.metadata)\n',
        rows=SIZED_ITEMS,
        look="SELECT * FROM large_items, a_names WHERE nr = 1 AND a_names.name = 'b'",
        sees=(("a", 1, "%s: its", "b"),),
    ),
    Change(
        "a column goes that a view of the models reads",
        declared(item(SIZED, "more: Mapped[int | None]"), "select(Item.id, Item.more)"),
        declared(item(SIZED), "select(Item.id, Item.size)"),
        answers="drop=items.more",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look=LOOK,
        sees=((1, 7),),
    ),
    Change(
        "a column is renamed, and gets another type, that a view of the models reads",
        declared(item(SIZED)),
        declared(
            item("width: Mapped[int] = mapped_column(BigInteger)"), SELECT.replace("size", "width")
        ),
        answers="rename=items.size:width",
        rows=SIZED_ITEMS,
        look=LOOK,
        sees=((1, "a"),),
    ),
    Change(
        "a table is renamed, and another column, and one goes, that a view of the models reads",
        declared(item(SIZED, "old: Mapped[int | None]"), "select(Item.id, Item.old, Item.name)"),
        declared(
            item(SIZED).replace('"items"', '"things"').replace("name:", "title:"),
            "select(Item.id, Item.title)",
        ),
        answers="rename=items:things rename=things.name:title drop=things.old",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look=LOOK,
        sees=((1, "a"),),
    ),
    Change(
        "a table and a view of it are new, with a table of the rows of another one",
        item(SIZED),
        item(SIZED)
        + ITEM.replace("Item", "Other").replace('"items"', '"others"')
        + 'view = CreateView(select(Other.id), "a_view", metadata=Base.metadata)\n'
        + 'copy = CreateTableAs(select(Item.id, Item.name), "a_copy", metadata=Base.metadata)\n'
        + 'Index("by_name", copy.table.c.id)\n'
        + 'of_copy = CreateView(select(copy.table.c.id), "a_a", metadata=Base.metadata)\n',
        rows=SIZED_ITEMS,
        look="SELECT count(*) FROM a_copy, a_a",
        sees=((4,),),
    ),
    Change(
        "a materialized view of the models with an index gets another SELECT, and another index",
        declared(item(SIZED), "select(Item.id, Item.name)", ", materialized=True")
        + 'Index("by_id", large.table.c.id, unique=True)\n',
        declared(item(SIZED), "select(Item.id, Item.size)", ", materialized=True")
        + 'Index("by_id", large.table.c.id)\nIndex("by_size", large.table.c.size)\n',
        rows=(*SIZED_ITEMS, "REFRESH MATERIALIZED VIEW large_items"),
        look="SELECT id, size, (SELECT count(*) FROM pg_indexes WHERE tablename = 'large_items')"
        " FROM large_items ORDER BY 1",
        sees=((1, 7, 2), (2, 0, 2)),
        only=("postgresql",),
    ),
    Change(
        "a view of the models in another schema gets an option",
        declared(item(SIZED), more=', schema="Reports"'),
        declared(
            item(SIZED), more=', schema="Reports", postgresql_with={"security_invoker": True}'
        ),
        rows=SIZED_ITEMS,
        look='SELECT * FROM "Reports".large_items',
        sees=((1, "a"),),
        only=("postgresql",),
    ),
    Change(
        "a class maps a view that somebody made by hand",
        item(SIZED),
        item(SIZED, "more: Mapped[int | None]")
        + "\nclass Large(Base):\n    __tablename__ = 'large_items'\n"
        + "    __table_args__ = {'info': {'is_view': True}}\n"
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str]\n",
        rows=(*SIZED_ITEMS, "CREATE VIEW large_items AS SELECT id, name FROM items WHERE size > 0"),
        look=LOOK,
        sees=((1, "a"),),
        refused=dict.fromkeys(
            ("sqlite", "postgresql", "mariadb"),
            "missing: large_items view: the models map it, and it is made by hand",
        ),
    ),
]
