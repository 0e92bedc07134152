"""Schemas of PostgreSQL."""

from .kind import HEADER, ITEM, SHELF, Change, item

#: create_all() makes no schema: the models have to say that it is made before the tables are.
DEPOT = HEADER + (
    'sa.event.listen(Base.metadata, "before_create", DDL("CREATE SCHEMA IF NOT EXISTS depot"))\n'
)
BIN = """
class Bin(Base):
    __tablename__ = "bins"
    __table_args__ = {"schema": "depot"}
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
"""
IN_BIN = "    bin_id: Mapped[int | None] = mapped_column(ForeignKey('depot.bins.id'), index=True)\n"
ROWS = (
    "INSERT INTO depot.bins (id, code) VALUES (1, 'x'), (2, 'y')",
    "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
)
PLAIN = DEPOT + ITEM + BIN
BIN_2 = BIN.replace("Bin", "Tray").replace("bins", "trays")
ENUM = """
    color: Mapped[Color] = mapped_column(Enum(Color, schema='depot'), server_default='RED')
"""
IN_SHELF = "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('{}.shelves.id'), index=True)"
CODES, XY = "SELECT code FROM depot.bins ORDER BY id", (("x",), ("y",))


CHANGES = [
    Change(
        "a table in a schema is renamed, with the schema before its new name",
        item("__table_args__ = {'schema': 'depot'}"),
        item("__table_args__ = {'schema': 'depot'}").replace('"items"', '"things"'),
        answers="rename=depot.items:depot.things",
        rows=("INSERT INTO depot.items (id, name) VALUES (1, 'a')",),
        look="SELECT id, name FROM depot.things",
        sees=((1, "a"),),
        only=("postgresql",),
    ),
    Change(
        "a table whose models name the default schema gets a column",
        item("__table_args__ = {'schema': 'public'}"),
        item("size: Mapped[int | None]", "__table_args__ = {'schema': 'public'}"),
        only=("postgresql",),
    ),
    Change(
        "a table in a schema that is new is added",
        item(),
        PLAIN,
        look="SELECT count(*) FROM depot.bins",
        sees=((0,),),
        only=("postgresql",),
    ),
    Change(
        "the first revision makes a schema, a table and an enum in it",
        DEPOT,
        PLAIN + "    color = mapped_column(Enum(Color, schema='depot'))\n",
        rows=(),
        look="SELECT count(color) FROM depot.bins",
        sees=((0,),),
        only=("postgresql",),
    ),
    *[
        Change(
            f"in a schema, {what}",
            before,
            after,
            answers=answers,
            rows=ROWS,
            look=look,
            sees=sees,
            only=("postgresql",),
        )
        for what, before, after, answers, look, sees in (
            ("nothing changes but a table elsewhere", PLAIN, PLAIN + SHELF, "", CODES, XY),
            ("a second table is added", PLAIN, PLAIN + BIN_2, "", CODES, XY),
            (
                "a table is removed",
                PLAIN + BIN_2,
                PLAIN,
                "drop=depot.trays",
                CODES,
                XY,
            ),
            (
                "the last table is removed",
                PLAIN,
                item(),
                "drop=depot.bins",
                "SELECT name FROM items ORDER BY id",
                (("a",), ("b",)),
            ),
            ("a column is added", PLAIN, PLAIN + "    note: Mapped[str | None]\n", "", CODES, XY),
            (
                "a column that must have a value is added",
                PLAIN,
                PLAIN + "    size: Mapped[int]\n",
                "fill=depot.bins.size:5",
                "SELECT code, size FROM depot.bins ORDER BY id",
                (("x", 5), ("y", 5)),
            ),
            (
                "a column is removed",
                PLAIN + "    note: Mapped[str | None]\n",
                PLAIN,
                "drop=depot.bins.note",
                CODES,
                XY,
            ),
            (
                "a column with a unique constraint is renamed",
                PLAIN,
                PLAIN.replace("code:", "mark:"),
                "rename=depot.bins.code:mark",
                "SELECT mark FROM depot.bins ORDER BY id",
                XY,
            ),
            (
                "a table is renamed",
                PLAIN,
                PLAIN.replace('"bins"', '"boxes"'),
                "rename=depot.bins:boxes",
                "SELECT code FROM depot.boxes ORDER BY id",
                XY,
            ),
            (
                "a column gets another type",
                PLAIN + "    size: Mapped[int | None]\n",
                PLAIN + "    size: Mapped[str | None]\n",
                "",
                CODES,
                XY,
            ),
            (
                "a primary key becomes larger",
                PLAIN,
                DEPOT + ITEM + BIN.replace("mapped_column(primary", "mapped_column(BIG, primary"),
                "",
                CODES,
                XY,
            ),
            (
                "a server default and a check are added",
                PLAIN + "    size: Mapped[int | None]\n",
                PLAIN + "    size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'),"
                " server_default='5')\n",
                "",
                CODES,
                XY,
            ),
            (
                "an index is added",
                PLAIN,
                PLAIN.replace("unique=True", "unique=True, index=True"),
                "",
                CODES,
                XY,
            ),
            (
                "an index on some of the rows changes",
                PLAIN + "Index('part', Bin.code, postgresql_where=Bin.id > 1)\n",
                PLAIN + "Index('part', Bin.code, postgresql_where=Bin.id > 2)\n",
                "",
                "SELECT pg_get_indexdef('depot.part'::regclass) LIKE '%> 2%'",
                ((True,),),
            ),
            (
                "an enum is added",
                PLAIN,
                PLAIN
                + "    color: Mapped[Color | None] = mapped_column(Enum(Color, schema='depot'))\n",
                "",
                CODES,
                XY,
            ),
            (
                "an enum gets a value",
                PLAIN + ENUM,
                (PLAIN + ENUM).replace("GREEN = 2", "GREEN = 2\n    BLUE = 3"),
                "",
                "SELECT code FROM depot.bins WHERE color = 'RED' ORDER BY id",
                XY,
            ),
            (
                "an enum of the table's schema that the models do not name gets a value",
                PLAIN + ENUM.replace(", schema='depot'", ""),
                (PLAIN + ENUM.replace(", schema='depot'", "")).replace(
                    "GREEN = 2", "GREEN = 2\n    BLUE = 3"
                ),
                "",
                "SELECT code FROM depot.bins WHERE color = 'RED' ORDER BY id",
                XY,
            ),
            (
                "a table gets a foreign key to it from elsewhere",
                PLAIN,
                DEPOT + ITEM + IN_BIN + BIN,
                "",
                CODES,
                XY,
            ),
            (
                "a table loses a foreign key from elsewhere",
                DEPOT + ITEM + IN_BIN + BIN,
                PLAIN,
                "drop=items.bin_id",
                CODES,
                XY,
            ),
            (
                "a table refers to one elsewhere",
                PLAIN,
                PLAIN + "    item_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'))\n",
                "",
                CODES,
                XY,
            ),
            (
                "comments are added",
                PLAIN,
                PLAIN.replace("unique=True", "unique=True, comment='x'").replace(
                    '"depot"}', '"depot", "comment": "y"}'
                ),
                "",
                "SELECT obj_description('depot.bins'::regclass)",
                (("y",),),
            ),
            (
                "a table has the name of one elsewhere",
                PLAIN,
                PLAIN
                + BIN.replace("Bin", "Item2").replace('"bins"', '"items"').replace("code", "label"),
                "",
                "SELECT count(*) FROM depot.items",
                ((0,),),
            ),
        )
    ],
    *(
        Change(
            f"a table moves {where}",
            item(IN_SHELF.format(schema_1))
            + SHELF.replace("id:", f"__table_args__ = {{'schema': {schema_1!r}}}\n    id:"),
            item(IN_SHELF.format(schema_2))
            + SHELF.replace("id:", f"__table_args__ = {{'schema': {schema_2!r}}}\n    id:"),
            answers=f"rename={old}:{new}".replace('"', "").replace("=public.", "="),
            rows=(
                f"INSERT INTO {old} (id, code) VALUES (1, 'x')",
                "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1)",
            ),
            look=f"SELECT name, code FROM items JOIN {new} AS s ON s.id = shelf_id",
            sees=(("a", "x"),),
            only=("postgresql",),
        )
        for where, schema_1, schema_2, old, new in (
            ("into a schema", "public", "depot", "public.shelves", "depot.shelves"),
            ("out of a schema", "depot", "public", "depot.shelves", "public.shelves"),
            ("to another schema", "depot", "Store", "depot.shelves", '"Store".shelves'),
        )
    ),
    Change(
        "a table moves into a schema, and it and its columns get other names",
        DEPOT + ITEM + SHELF,
        DEPOT + ITEM + BIN.replace("code", "label") + "    size: Mapped[int]\n",
        answers="rename=shelves:depot.bins rename=depot.bins.code:label fill=depot.bins.size:3",
        rows=("INSERT INTO shelves (id, code) VALUES (1, 'x')",),
        look="SELECT id, label, size FROM depot.bins",
        sees=((1, "x", 3),),
        only=("postgresql",),
    ),
    Change(
        "a table moves into a schema, and nobody says so",
        DEPOT + ITEM + BIN,
        DEPOT + ITEM.replace('"items"', '"items"\n    __table_args__ = {"schema": "depot"}') + BIN,
        only=("postgresql",),
        refused={"postgresql": "rename=items:depot.items or drop=items"},
    ),
]
