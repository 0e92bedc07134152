"""Primary and foreign keys."""

from .kind import ITEM, SHELF, Change, item

PLACE = """
class Place(Base):
    __tablename__ = "places"
    x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    y: Mapped[int]
"""
KEY = "mapped_column(ForeignKey('shelves.id'{}), index=True)"
ON_SHELF = (
    "INSERT INTO shelves (id, code) VALUES (1, 'x')",
    "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1), (2, 'b', NULL)",
)
ASSOCIATION = """
places = Table(
    "places",
    Base.metadata,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("shelf_id", ForeignKey("shelves.id", ondelete="CASCADE"), primary_key=True),
)
"""
PLACE_XY = PLACE.replace("y: Mapped[int]", "y: Mapped[int] = mapped_column(primary_key=True)")
RACK = SHELF.replace("Shelf", "Rack").replace("shelves", "racks")
CODE = """
class Code(Base):
    __tablename__ = "codes"
    code: Mapped[str] = mapped_column(primary_key=True)
"""
ALL = ("sqlite", "postgresql", "mariadb")
WITHOUT_NAMES = "Base.metadata.naming_convention = MetaData().naming_convention"
Z_AND_B = [
    f"{column}: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))" for column in "zb"
]


BOX = """
class Box(Base):
    __tablename__ = "boxes"
    __table_args__ = (UniqueConstraint("x", "y"), UniqueConstraint("x"))
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int]
    y: Mapped[int]
"""

TAG = """
class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
"""

NAMELESS = (
    item(
        "code: Mapped[str] = mapped_column(unique=True, server_default='x')",
        "size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'))",
        "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))",
    ).replace(ITEM, WITHOUT_NAMES + ITEM)
    + SHELF
    + TAG
)

NEWS = """
class News(Base):
    __tablename__ = "news"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_uid = mapped_column(ForeignKey("items.uid"))
"""
CITY = """
class City(Base):
    __tablename__ = "a_cities"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
COUNTRY = """
class Country(Base):
    __tablename__ = "countries"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
ISO = "    iso = mapped_column(String(2), unique=True)\n"

XYZ = [f"{name}: Mapped[int]" for name in "xyz"]
TRIPLE = """
class Triple(Base):
    __tablename__ = "triples"
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int]
    y: Mapped[int]
    z: Mapped[int]
    __table_args__ = (ForeignKeyConstraint({}, name="fk"),)
"""
OWN = "Sequence('own'), server_default=Sequence('own').next_value()"

CHANGES = [
    Change(
        "a table comes that refers to a column that comes, too",
        item(),
        item("uid: Mapped[int | None] = mapped_column(unique=True)") + NEWS,
    ),
    Change(
        "a table comes that refers to a column that becomes unique",
        item("uid: Mapped[int | None]"),
        item("uid: Mapped[int | None] = mapped_column(unique=True)") + NEWS,
    ),
    *[
        Change(
            f"a foreign key comes with the column that it refers to: {order}",
            item() + CITY.replace("a_cities", cities) + COUNTRY,
            item()
            + CITY.replace("a_cities", cities)
            + "    iso = mapped_column(ForeignKey('countries.iso'))\n"
            + COUNTRY
            + ISO,
            rows=("INSERT INTO countries (id) VALUES (1)", f"INSERT INTO {cities} (id) VALUES (1)"),
            look=f"SELECT id, iso FROM {cities}",
            sees=((1, None),),
        )
        for order, cities in (("from before", "a_cities"), ("from behind", "z_cities"))
    ],
    Change(
        "a column of a foreign key goes that is NOT NULL, and comes back with rows",
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item() + SHELF,
        answers="drop=items.shelf_id",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 3), (2, 'b', 3)",
        ),
    ),
    Change(
        "a key of two columns gets a third one",
        item()
        + SHELF
        + (
            places := "Table('places', Base.metadata,"
            " Column('item_id', ForeignKey('items.id'), primary_key=True),"
            " Column('shelf_id', ForeignKey('shelves.id'), primary_key=True){})\n"
        ).format(""),
        item() + SHELF + places.format(", Column('role_id', Integer, primary_key=True)"),
        answers="fill=places.role_id:5",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "INSERT INTO places (item_id, shelf_id) VALUES (1, 3)",
        ),
        look="SELECT item_id, shelf_id, role_id FROM places",
        sees=((1, 3, 5),),
    ),
    Change(
        "a unique constraint and an index exchange their columns, and rows do not let them",
        item(
            "a: Mapped[int]",
            "b: Mapped[int]",
            "__table_args__ = (Index('ix_a', 'a'), UniqueConstraint('a', 'b', name='uq_ab'))",
        ),
        item(
            "a: Mapped[int]",
            "b: Mapped[int]",
            "__table_args__ = (Index('ix_ab', 'a', 'b'), UniqueConstraint('a', name='uq_a'))",
        ),
        rows=("INSERT INTO items (id, name, a, b) VALUES (1, 'a', 1, 1), (2, 'b', 1, 2)",),
        look="SELECT a, b FROM items ORDER BY id",
        sees=((1, 1), (1, 2)),
        only=("sqlite",),
        stopped="2 of 2 rows of items hold the same a as another row, which uq_a does not allow (a: 1).",
    ),
    *(
        Change(
            f"{what} comes that rows do not meet, after other changes",
            item("a: Mapped[int]", "shelf_id: Mapped[int]") + SHELF,
            item(
                "a: Mapped[int]",
                "shelf_id: Mapped[int]",
                "added: Mapped[int | None]",
                f"__table_args__ = ({constraint},)",
            )
            + SHELF
            + RACK,
            rows=(
                "INSERT INTO shelves (id, code) VALUES (1, 'x')",
                "INSERT INTO items (id, name, a, shelf_id) VALUES (1, 'a', 5, 1), (2, 'b', 5, 9)",
            ),
            look="SELECT a, shelf_id FROM items ORDER BY id",
            sees=((5, 1), (5, 9)),
            only=(database,),
            stopped=said,
        )
        for what, constraint, said in (
            (
                "a unique constraint",
                "UniqueConstraint('a', name='uq_a')",
                "2 of 2 rows of items hold the same a as another row, which uq_a does not allow",
            ),
            (
                "a unique index",
                "Index('ix_a', 'a', unique=True)",
                "2 of 2 rows of items hold the same a as another row, which ix_a does not allow",
            ),
            (
                "a check",
                "CheckConstraint('a < 5 OR shelf_id = 1', name='few')",
                "1 of 2 rows of items does not meet the check few, a < 5 OR shelf_id = 1",
            ),
            (
                "a foreign key",
                "ForeignKeyConstraint(['shelf_id'], ['shelves.id'])",
                "1 of 2 rows of items refers by shelf_id to a row of shelves that does not exist",
            ),
        )
        for database in ("sqlite", "mariadb")
    ),
    Change(
        "a new table refers to a key that becomes larger",
        item() + TAG.replace("tags", "marks").replace("Tag", "Mark"),
        item().replace("primary_key", "type_=BigInteger, primary_key")
        + (large := TAG.replace('ForeignKey("items.id")', 'BigInteger, ForeignKey("items.id")'))
        + large.replace("tags", "marks").replace("Tag", "Mark"),
        only=("postgresql", "mariadb"),  # where it counts by itself then, too
    ),
    *[
        Change(
            f"a table whose parts have no names is renamed{too}",
            NAMELESS,
            NAMELESS.replace('"items"', '"things"')
            .replace("items.id", "things.id")
            .replace("'shelves.id'", key),
            answers="rename=items:things",
            rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
            look="SELECT id, name FROM things",
            sees=((1, "a"),),
        )
        for too, key in {
            "": "'shelves.id'",
            ", and its foreign key is changed": "'shelves.id', ondelete='CASCADE'",
        }.items()
    ],
    Change(
        "a column goes from a table that has a check without a name",
        NAMELESS.replace(TAG, "").replace(
            "    name: Mapped[str]\n", "    name: Mapped[str]\n    note: Mapped[str | None]\n"
        ),
        NAMELESS.replace(TAG, ""),
        answers="drop=items.note",
        rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
        sees=((1, "a"),),
    ),
    Change(
        "a column of the primary key is said to be nullable",
        item(),
        item() + PLACE.replace("autoincrement=False", "nullable=True, autoincrement=False"),
    ),
    Change(
        "a unique constraint without a name is added",
        item().replace(ITEM, WITHOUT_NAMES + ITEM),
        item("__table_args__ = (UniqueConstraint('name'),)").replace(ITEM, WITHOUT_NAMES + ITEM),
    ),
    Change(
        "a table has two unique constraints without names",
        item(),
        item().replace(ITEM, WITHOUT_NAMES + ITEM) + BOX,
    ),
    Change(
        "foreign keys without names get one in front of them",
        item(*Z_AND_B).replace(ITEM, WITHOUT_NAMES + ITEM) + SHELF,
        item(Z_AND_B[0].replace("z:", "a:"), *Z_AND_B).replace(ITEM, WITHOUT_NAMES + ITEM) + SHELF,
    ),
    Change(
        "the index of a foreign key becomes unique",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
        item(
            "shelf_id: Mapped[int | None] ="
            " mapped_column(ForeignKey('shelves.id'), index=True, unique=True)"
        )
        + SHELF,
    ),
    Change(
        "the column of a foreign key becomes unique",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), unique=True)")
        + SHELF,
    ),
    Change(
        "the column of a foreign key is no longer unique",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), unique=True)")
        + SHELF,
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
    ),
    Change(
        "a foreign key is added",
        item("shelf_id: Mapped[int | None]") + SHELF,
        item(
            "shelf_id: Mapped[int | None] ="
            " mapped_column(ForeignKey('shelves.id', name='fk_shelf'))"
        )
        + SHELF,
    ),
    Change(
        "a foreign key and its index are removed",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
        item("shelf_id: Mapped[int | None]") + SHELF,
    ),
    Change(
        "the index of a foreign key is removed",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
    ),
    Change(
        "a foreign key gets an index",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
    ),
    Change(
        "a foreign key gets another target",
        item("__table_args__ = (ForeignKeyConstraint(['name'], ['shelves.code'], name='fk_item'),)")
        + SHELF,
        item("__table_args__ = (ForeignKeyConstraint(['name'], ['racks.code'], name='fk_item'),)")
        + SHELF.replace("Shelf", "Rack").replace("shelves", "racks")
        + SHELF,
        rows=(),
        look="SELECT count(*) FROM items",
        sees=((0,),),
    ),
    Change(
        "a foreign key begins to cascade",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item(
            "shelf_id: Mapped[int | None] ="
            " mapped_column(ForeignKey('shelves.id', ondelete='CASCADE'))"
        )
        + SHELF,
    ),
    *[
        Change(
            f"a primary key {what}",
            item() + before,
            item() + after,
            answers=answers,
            rows=("INSERT INTO places (x, y) VALUES (1, 2), (3, 4)",),
            look=f"SELECT {look} FROM places ORDER BY y",
            sees=sees,
        )
        for what, before, after, answers, look, sees in (
            (
                "gets a column",
                PLACE,
                PLACE.replace("y: Mapped[int]", "y: Mapped[int] = mapped_column(primary_key=True)"),
                "",
                "x, y",
                ((1, 2), (3, 4)),
            ),
            (
                "loses a column",
                PLACE.replace("y: Mapped[int]", "y: Mapped[int] = mapped_column(primary_key=True)"),
                PLACE,
                "",
                "x, y",
                ((1, 2), (3, 4)),
            ),
            (
                "is another column",
                PLACE,
                PLACE.replace("primary_key=True, ", "").replace(
                    "y: Mapped[int]",
                    "y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)",
                ),
                "",
                "x, y",
                ((1, 2), (3, 4)),
            ),
            (
                "gets a new column",
                PLACE,
                PLACE + "    z: Mapped[int] = mapped_column(primary_key=True)\n",
                "fill=places.z:5",
                "x, y, z",
                ((1, 2, 5), (3, 4, 5)),
            ),
            (
                "loses a column that goes",
                PLACE
                + "    z: Mapped[int] = mapped_column(primary_key=True, server_default='5')\n",
                PLACE,
                "drop=places.z",
                "x, y",
                ((1, 2), (3, 4)),
            ),
            (
                "that counts by itself takes the place of another",
                PLACE,
                PLACE.replace("primary_key=True, ", "")
                + "    id: Mapped[int] = mapped_column(primary_key=True)\n",
                "",
                "id, x, y",
                ((1, 1, 2), (2, 3, 4)),
            ),
            (
                "with a name of its own gets another name",
                PLACE + "    __table_args__ = (PrimaryKeyConstraint('x', name='one'),)\n",
                PLACE + "    __table_args__ = (PrimaryKeyConstraint('x', name='other'),)\n",
                "",
                "x, y",
                ((1, 2), (3, 4)),
            ),
        )
    ],
    *[
        Change(
            f"a foreign key changes: {what}",
            item(f"shelf_id: Mapped[int | None] = {KEY.format(before)}") + SHELF,
            item(f"shelf_id: Mapped[int | None] = {KEY.format(after)}") + SHELF,
            rows=ON_SHELF,
            look="SELECT id, shelf_id FROM items ORDER BY id",
            sees=((1, 1), (2, None)),
            only=only,
        )
        for what, before, after, only in (
            ("SET NULL", "", ", ondelete='SET NULL'", ALL),
            ("CASCADE no more", ", ondelete='CASCADE', onupdate='CASCADE'", "", ALL),
            ("onupdate", ", ondelete='CASCADE'", ", ondelete='CASCADE', onupdate='CASCADE'", ALL),
            ("RESTRICT", "", ", ondelete='RESTRICT'", ALL),
            ("NO ACTION", "", ", ondelete='NO ACTION'", ALL),
            ("deferrable", "", ", deferrable=True, initially='DEFERRED'", ("sqlite", "postgresql")),
            (
                "initially",
                ", deferrable=True",
                ", deferrable=True, initially='DEFERRED'",
                ("sqlite", "postgresql"),
            ),
            ("deferrable no more", ", deferrable=True", "", ("sqlite", "postgresql")),
            ("match", "", ", match='FULL'", ("postgresql",)),
            ("SET NULL of one column", "", ", ondelete='SET NULL (shelf_id)'", ("postgresql",)),
            ("only made later", "", ", use_alter=True, name='fk_later'", ALL),
        )
    ],
    Change(
        "a foreign key of two columns is added",
        item("x: Mapped[int | None]", "y: Mapped[int | None]") + PLACE_XY,
        item(
            "x: Mapped[int | None]",
            "y: Mapped[int | None]",
            "__table_args__ = (ForeignKeyConstraint(['x', 'y'], ['places.x', 'places.y']),)",
        )
        + PLACE_XY,
        rows=(
            "INSERT INTO places (x, y) VALUES (1, 2)",
            "INSERT INTO items (id, name, x, y) VALUES (1, 'a', 1, 2)",
        ),
        look="SELECT x, y FROM items",
        sees=((1, 2),),
    ),
    Change(
        "a foreign key of two columns is removed with its columns",
        item(
            "x: Mapped[int | None]",
            "y: Mapped[int | None]",
            "__table_args__ = (ForeignKeyConstraint(['x', 'y'], ['places.x', 'places.y']),)",
        )
        + PLACE_XY,
        item() + PLACE_XY,
        answers="drop=items.x drop=items.y",
        rows=(
            "INSERT INTO places (x, y) VALUES (1, 2)",
            "INSERT INTO items (id, name, x, y) VALUES (1, 'a', 1, 2), (2, 'b', NULL, NULL)",
        ),
    ),
    Change(
        "a foreign key refers to another column of the same table",
        item("shelf: Mapped[int | None] = mapped_column(ForeignKey('shelves.id', name='fk'))")
        + SHELF
        + "    number: Mapped[int] = mapped_column(unique=True)\n",
        item("shelf: Mapped[int | None] = mapped_column(ForeignKey('shelves.number', name='fk'))")
        + SHELF
        + "    number: Mapped[int] = mapped_column(unique=True)\n",
        rows=(
            "INSERT INTO shelves (id, code, number) VALUES (1, 'x', 1)",
            "INSERT INTO items (id, name, shelf) VALUES (1, 'a', 1)",
        ),
        look="SELECT shelf FROM items",
        sees=((1,),),
    ),
    Change(
        "a foreign key without a name refers to another table",
        item("other_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))")
        + SHELF
        + RACK,
        item("other_id: Mapped[int | None] = mapped_column(ForeignKey('racks.id'))") + SHELF + RACK,
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO racks (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, other_id) VALUES (1, 'a', 1)",
        ),
        look="SELECT other_id FROM items",
        sees=((1,),),
    ),
    Change(
        "a unique constraint that a foreign key refers to is added with it",
        item("code: Mapped[str | None]") + SHELF.replace("unique=True", ""),
        item("code: Mapped[str | None] = mapped_column(ForeignKey('shelves.code'))") + SHELF,
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",
        ),
        look="SELECT code FROM items",
        sees=(("x",),),
    ),
    Change(
        "a unique constraint that a foreign key refers to is removed with it",
        item("code: Mapped[str | None] = mapped_column(ForeignKey('shelves.code'))") + SHELF,
        item("code: Mapped[str | None]") + SHELF.replace("unique=True", ""),
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",
        ),
        look="SELECT code FROM items",
        sees=(("x",),),
    ),
    Change(
        "a foreign key to its own table is added",
        item(),
        item(
            "parent_id: Mapped[int | None] ="
            " mapped_column(ForeignKey('items.id', ondelete='SET NULL'), index=True)"
        ),
    ),
    Change(
        "a foreign key to its own table is removed",
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'), index=True)"),
        item(),
        answers="drop=items.parent_id",
        rows=("INSERT INTO items (id, name, parent_id) VALUES (1, 'a', NULL), (2, 'b', 1)",),
    ),
    Change(
        "a second foreign key on the same column is added",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))")
        + SHELF
        + RACK,
        item(
            "shelf_id: Mapped[int | None] ="
            " mapped_column(ForeignKey('shelves.id'), ForeignKey('racks.id'))"
        )
        + SHELF
        + RACK,
        rows=(
            "INSERT INTO racks (id, code) VALUES (1, 'x')",
            *ON_SHELF,
        ),
        look="SELECT id, shelf_id FROM items ORDER BY id",
        sees=((1, 1), (2, None)),
        # which names the index that both keys share after the older one
        refused={"mariadb": "a second upgrade() leads to another schema"},
    ),
    Change("a table between two others is added", item() + SHELF, item() + SHELF + ASSOCIATION),
    Change(
        "a table between two others is removed",
        item() + SHELF + ASSOCIATION,
        item() + SHELF,
        answers="drop=places",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO places (item_id, shelf_id) VALUES (1, 1)",
        ),
    ),
    *(
        Change(
            f"a table between two others gets a key of its own{what}",
            item() + SHELF + ASSOCIATION,
            item()
            + SHELF
            + ASSOCIATION.replace("CASCADE", action)
            .replace("primary_key", "index")
            .replace("\n)", '\n    Column("id", Integer, primary_key=True),\n)'),
            rows=(
                "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
                "INSERT INTO shelves (id, code) VALUES (1, 'x')",
                "INSERT INTO places (item_id, shelf_id) VALUES (1, 1), (2, 1)",
            ),
            look="SELECT count(DISTINCT id) FROM places",
            sees=((2,),),
        )
        for what, action in (("", "CASCADE"), (", and outlives a row of one of them", "SET NULL"))
    ),
    Change(
        "one to many becomes many to many",
        item(f"shelf_id: Mapped[int | None] = {KEY.format('')}") + SHELF,
        item() + SHELF + ASSOCIATION,
        answers="drop=items.shelf_id",
        rows=ON_SHELF,
    ),
    Change(
        "a primary key that a foreign key refers to becomes a unique column beside a new one",
        item("code: Mapped[str | None] = mapped_column(ForeignKey('codes.code'))") + CODE,
        item("code: Mapped[str | None] = mapped_column(ForeignKey('codes.code'))")
        + CODE.replace("primary_key", "unique")
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n",
        rows=(
            "INSERT INTO codes (code) VALUES ('x')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",
        ),
        look="SELECT id, code FROM codes",
        sees=((1, "x"),),
    ),
    Change(
        "a unique constraint with more columns in its index is added",
        item("size: Mapped[int | None]"),
        item(
            "size: Mapped[int | None]",
            "__table_args__ = (UniqueConstraint('size', name='u', postgresql_include=['name']),)",
        ),
        only=("postgresql",),
    ),
    Change(
        "a foreign key of a renamed table gets another action",
        item(f"shelf_id: Mapped[int | None] = {KEY.format('')}") + SHELF,
        item("shelf_id: Mapped[int | None] = " + KEY.format(", ondelete='CASCADE'")).replace(
            '"items"', '"goods"'
        )
        + SHELF,
        rows=ON_SHELF,
        answers="rename=items:goods",
        look="SELECT id, shelf_id FROM goods ORDER BY id",
        sees=((1, 1), (2, None)),
    ),
    Change(
        "an index takes the place of the one that a foreign key brought",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))") + SHELF,
        item(
            "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))",
            "size: Mapped[int | None]",
            "__table_args__ = (Index('ix_own', 'shelf_id', 'size'),)",
        )
        + SHELF,
        rows=ON_SHELF,
        look="SELECT id, shelf_id FROM items ORDER BY id",
        sees=((1, 1), (2, None)),
    ),
    Change(
        "a foreign key and what it refers to get a column, and keep their names",
        item(*XYZ, "__table_args__ = (UniqueConstraint('x', 'y', name='uq'),)")
        + TRIPLE.format('["x", "y"], ["items.x", "items.y"]'),
        item(*XYZ, "__table_args__ = (UniqueConstraint('x', 'y', 'z', name='uq'),)")
        + TRIPLE.format('["x", "y", "z"], ["items.x", "items.y", "items.z"]'),
        rows=(
            "INSERT INTO items (id, name, x, y, z) VALUES (1, 'a', 1, 2, 3)",
            "INSERT INTO triples (id, x, y, z) VALUES (1, 1, 2, 3)",
        ),
        sees=((1, "a"),),
    ),
    *(
        Change(
            f"a key and what refers to it become texts, and {what} gets another name",
            item() + TAG,
            (item() + TAG)
            .replace("id: Mapped[int]", "id: Mapped[str]")
            .replace(f'"{old}', f'"{new}')
            .replace("primary_key=True", "String(9), primary_key=True")
            .replace(" mapped_column(ForeignKey", " mapped_column(String(9), ForeignKey"),
            rows=(
                "INSERT INTO items (id, name) VALUES (1, 'a')",
                "INSERT INTO tags (id, item_id) VALUES (1, 1)",
            ),
            answers=f"rename={old}:{new}",
            look=f"SELECT name FROM {items} AS i JOIN {tags} AS t ON t.item_id = i.id",
            sees=(("a",),),
        )
        for what, old, new, items, tags in (
            ("the one", "items", "things", "things", "tags"),
            ("the other", "tags", "marks", "items", "marks"),
        )
    ),
    Change(
        "a key counts by an identity, and no more by a sequence of its own",
        item().replace("primary_key=True", f"Integer, {OWN}, primary_key=True"),
        item().replace("primary_key=True", "BigInteger, Identity(), primary_key=True"),
        answers="drop=own",
        rows=("INSERT INTO items (name) VALUES ('a'), ('b')",),
        then="INSERT INTO items (name) VALUES ('c')",
        look="SELECT count(DISTINCT id) > 1 FROM items",
        sees=((True,),),
        only=("postgresql",),
    ),
    Change(
        "what is unique is so whatever the case of its letters, beside a rename",
        item("email: Mapped[str] = mapped_column(String(80), unique=True)"),
        item(
            "email: Mapped[str] = mapped_column(String(80))",
            "__table_args__ = (Index('uq_lower', func.lower(email), unique=True),)",
        ).replace("name:", "title:"),
        answers="rename=items.name:title",
        rows=("INSERT INTO items (id, name, email) VALUES (1, 'a', 'x')",),
        look="SELECT title, email FROM items",
        sees=(("a", "x"),),
        only=("sqlite", "postgresql"),  # MariaDB has no index on an expression
    ),
]
