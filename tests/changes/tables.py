"""Whole tables, and what others made beside them."""

from .kind import SHELF, Change, item

#: Words of SQL, and names that not even every driver takes as they are.
ALL = ("sqlite", "postgresql", "mariadb")
NAMES: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("order", "MixedCase", "two words", "100% sure", "größe", "a:b"), ALL
)
# Alembic cannot read a sequence of PostgreSQL with a quote in its name.
NAMES["it's"] = ("sqlite", "mariadb")
NAMED = """
class Named(Base):
    __tablename__ = "{name}"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column("{name}", String(50), index=True, unique=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("{name}.id"), index=True)
"""
NAMED_CHECK = """
    extra: Mapped[str] = mapped_column(CheckConstraint("extra <> ''"))
"""
BOOK = """
class Book(Item):
    __tablename__ = "books"
    __mapper_args__ = {"polymorphic_identity": "book"}
    id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    pages: Mapped[int]
"""
CIRCLE = """
class Egg(Base):
    __tablename__ = "eggs"
    id: Mapped[int] = mapped_column(primary_key=True)
    hen_id: Mapped[int | None] = mapped_column(ForeignKey("hens.id"))

class Hen(Base):
    __tablename__ = "hens"
    id: Mapped[int] = mapped_column(primary_key=True)
    egg_id: Mapped[int | None] = mapped_column(ForeignKey("eggs.id"))
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("hens.id"))
"""
PARENT = """
class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text)
    __table_args__ = (CheckConstraint("code <> ''", name="codes"),)
"""
SIZED = "    size: Mapped[int] = mapped_column(CheckConstraint('size >= 0', name='sizes'))\n"
LENGTH = "    length: Mapped[int | None] = mapped_column({})\n"
CHILD = """
class Child(Base):
    __tablename__ = "a_children"
    __table_args__ = {}
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
"""
INHERITED = CHILD.format({"postgresql_inherits": "parents"})
OWN_CODE = CHILD.format({}) + "    code: Mapped[str] = mapped_column(Text)\n"
CHILD_ROW = ("INSERT INTO a_children (id, code) VALUES (1, 'x')",)
CODES = "SELECT code FROM parents"
IN_PARTS = "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'{}))"
SQLITE = "{'sqlite_strict': True, 'sqlite_with_rowid': False}"
COUNTING = "__table_args__ = {'sqlite_autoincrement': True}"


def shelf(arguments: str, *lines: str) -> str:
    """The model of a shelf, with arguments of its table and more lines in its body."""
    arguments = arguments if arguments.startswith("{") else f"({arguments})"
    return """
class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text)
""" + "".join(f"    {line}\n" for line in (f"__table_args__ = {arguments}", *lines))


CHANGES = [
    *[
        Change(
            f"a table of MariaDB with {what} by hand gets a column",
            item("since: Mapped[datetime.date]", "until: Mapped[datetime.date]"),
            item(
                "since: Mapped[datetime.date]",
                "until: Mapped[datetime.date]",
                "size: Mapped[int | None]",
            ),
            rows=(
                "INSERT INTO items VALUES (1, 'a', '2001-01-01', '2002-01-01')",
                f"ALTER TABLE items {by_hand}",
            ),
            look=f"SELECT count(*) FROM information_schema.{where}",
            sees=((count,),),
            only=("mariadb",),
        )
        for what, by_hand, where, count in (
            (
                "partitions",
                "PARTITION BY HASH (id) PARTITIONS 2",
                "partitions WHERE table_schema = database() AND table_name = 'items'",
                2,
            ),
            (
                "a history",
                "ADD SYSTEM VERSIONING",
                "tables WHERE table_schema = database() AND table_type = 'SYSTEM VERSIONED'",
                1,
            ),
            (
                "a period",
                "ADD PERIOD FOR valid (since, until)",
                "tables WHERE table_schema = database() AND table_name = 'items'",
                1,
            ),
        )
    ],
    *[
        Change(
            f"a table of MariaDB in partitions {what}",
            item(partitions.format(2)),
            item(*after),
            look="SELECT count(*) FROM information_schema.partitions"
            " WHERE table_schema = database() AND table_name = 'items'",
            sees=((count,),),
            only=("mariadb",),
        )
        for partitions in (
            '__table_args__ = {{"mysql_partition_by": "HASH(id)", "mysql_partitions": "{}"}}',
        )
        for what, after, count in (
            ("gets a column", ["size: Mapped[int | None]", partitions.format(2)], 2),
            ("gets more of them", [partitions.format(4)], 4),
        )
    ],
    Change("a table is added", item(), item() + SHELF),
    Change("a table is removed", item() + SHELF, item(), answers="drop=shelves"),
    Change(
        "tables that refer to each other in a row are added",
        item(),
        item()
        + SHELF
        + """
class Box(Base):
    __tablename__ = "a_boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
""",
    ),
    Change(
        "a table and the foreign key to it are removed",
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
        item(),
        answers="drop=shelves drop=items.shelf_id",
    ),
    Change(
        "a table and a foreign key to it are added",
        item(),
        item("shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF,
    ),
    Change(
        "tables that refer to each other in a circle are added",
        item(),
        item()
        + """
class Egg(Base):
    __tablename__ = "eggs"
    id: Mapped[int] = mapped_column(primary_key=True)
    hen_id: Mapped[int | None] = mapped_column(ForeignKey("hens.id"))

class Hen(Base):
    __tablename__ = "hens"
    id: Mapped[int] = mapped_column(primary_key=True)
    egg_id: Mapped[int | None] = mapped_column(ForeignKey("eggs.id"))
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("hens.id"))
""",
    ),
    Change(
        "a table that others refer to is rebuilt",
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id', ondelete='CASCADE'))")
        + SHELF,
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id', ondelete='CASCADE'))")
        + SHELF.replace("code: Mapped[str]", "code: Mapped[str | None]"),
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1), (2, 'b', 1)",
        ),
    ),
    *[
        Change(
            f"a table and a column have a name that needs quotes: {name}",
            item(),
            item() + NAMED.format(name=name),
            look=f"""SELECT "{name}" FROM "{name}" """,
            sees=(),
            only=only,
        )
        for name, only in NAMES.items()
    ],
    *[
        Change(
            f"a table with a name that needs quotes is changed: {name}",
            item() + NAMED.format(name=name),
            item() + NAMED.format(name=name).replace("String(50)", "String(70)") + NAMED_CHECK,
            answers=f'"fill={name}.extra:new"',
            rows=(f"""INSERT INTO "{name}" (id, "{name}") VALUES (1, 'x')""",),
            look=f"""SELECT "{name}", extra FROM "{name}" """,
            sees=(("x", "new"),),
            only=only,
        )
        for name, only in NAMES.items()
    ],
    Change(
        "a table with a name that needs quotes is removed",
        item() + NAMED.format(name="My Order"),
        item(),
        answers="'drop=My Order'",
    ),
    Change(
        "a table with thirty columns is added",
        item(),
        item() + SHELF + "".join(f"    c{n}: Mapped[str | None]\n" for n in range(30)),
        look="SELECT c29 FROM shelves",
        sees=(),
    ),
    Change(
        "a table without a primary key is added",
        item(),
        item() + "Table('notes', Base.metadata, Column('note', String(50), index=True))\n",
    ),
    Change(
        "a table without a primary key gets a column that must have a value",
        item() + "Table('notes', Base.metadata, Column('note', String(50)))\n",
        item()
        + "Table('notes', Base.metadata, Column('note', String(50)),"
        + " Column('size', Integer, nullable=False))\n",
        answers="fill=notes.size:3",
        rows=("INSERT INTO notes (note) VALUES ('x'), ('x')",),
        look="SELECT note, size FROM notes",
        sees=(("x", 3), ("x", 3)),
    ),
    Change(
        "a table is removed and another one with the same columns is added",
        item() + SHELF,
        item() + SHELF.replace("Shelf", "Rack").replace("shelves", "racks"),
        answers="drop=shelves",
        rows=("INSERT INTO shelves (id, code) VALUES (1, 'x')",),
        look="SELECT code FROM racks",
        sees=(),
    ),
    Change(
        "a table is divided into two",
        item("size: Mapped[int | None]", "weight: Mapped[int | None]"),
        item()
        + """
class Measure(Base):
    __tablename__ = "measures"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    size: Mapped[int | None]
    weight: Mapped[int | None]
""",
        answers="drop=items.size drop=items.weight",
        rows=("INSERT INTO items (id, name, size, weight) VALUES (1, 'a', 2, 3)",),
        sees=((1, "a"),),
    ),
    Change(
        "a table that others inherit from gets a child of its own table",
        item("kind: Mapped[str | None]"),
        item("kind: Mapped[str | None]", "__mapper_args__ = {'polymorphic_on': 'kind'}") + BOOK,
        rows=("INSERT INTO items (id, name, kind) VALUES (1, 'a', 'item')",),
        look="SELECT name, kind FROM items",
        sees=(("a", "item"),),
    ),
    Change(
        "a child's own table is removed",
        item("kind: Mapped[str | None]", "__mapper_args__ = {'polymorphic_on': 'kind'}") + BOOK,
        item("kind: Mapped[str | None]"),
        answers="drop=books",
        rows=(
            "INSERT INTO items (id, name, kind) VALUES (1, 'a', 'book')",
            "INSERT INTO books (id, pages) VALUES (1, 100)",
        ),
        look="SELECT name, kind FROM items",
        sees=(("a", "book"),),
    ),
    Change(
        "tables that refer to each other in a circle are removed",
        item() + CIRCLE,
        item(),
        answers="drop=eggs drop=hens",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
            "INSERT INTO hens (id) VALUES (1)",
            "INSERT INTO eggs (id, hen_id) VALUES (1, 1)",
            "UPDATE hens SET egg_id = 1, mother_id = 1",
        ),
    ),
    Change(
        "a table of a circle is removed",
        item() + CIRCLE,
        item()
        + CIRCLE.replace('egg_id: Mapped[int | None] = mapped_column(ForeignKey("eggs.id"))', "")
        .partition("class Hen")[2]
        .join(["\nclass Hen", ""]),
        answers="drop=eggs drop=hens.egg_id",
        rows=("INSERT INTO hens (id) VALUES (1)", "INSERT INTO eggs (id, hen_id) VALUES (1, 1)"),
        look="SELECT id FROM hens",
        sees=((1,),),
    ),
    *[
        Change(
            f"a table of SQLite's own kind is {kind}",
            item() + (before and shelf(before)),
            item()
            + (
                shelf(after) if kind != "changed" else shelf(after, "size = mapped_column(Integer)")
            ),
            rows=(
                "INSERT INTO items (id, name) VALUES (1, 'a')",
                *(before and ["INSERT INTO shelves (id, code) VALUES (1, 'x')"]),
            ),
            look="SELECT count(*) FROM sqlite_master WHERE sql LIKE '%STRICT%WITHOUT ROWID%'"
            " OR sql LIKE '%WITHOUT ROWID%STRICT%'",
            sees=((1,),),
            only=("sqlite",),
        )
        for kind, before, after in (("added", "", SQLITE), ("changed", SQLITE, SQLITE))
    ],
    Change(
        "a table of SQLite's own kind gets a check",
        item() + shelf(SQLITE),
        item() + shelf(f"CheckConstraint('id > 0'), {SQLITE}"),
        rows=("INSERT INTO shelves (id, code) VALUES (1, 'x')",),
        look="SELECT code, (SELECT count(*) FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%')"
        " FROM shelves",
        sees=(("x", 1),),
        only=("sqlite",),
    ),
    *[
        Change(
            f"a table that never counts a number twice is {kind} on SQLite",
            item(*before),
            item(*after),
            look="SELECT name, (SELECT count(*) FROM sqlite_master"
            " WHERE sql LIKE '%AUTOINCREMENT%') FROM items",
            sees=(("a", 1), ("b", 1)),
            only=("sqlite",),
        )
        for kind, before, after in (
            ("begun", [], [COUNTING]),
            ("changed", [COUNTING], [COUNTING, "size: Mapped[int] = mapped_column(default=1)"]),
        )
    ],
    *[
        Change(
            f"a table gets another {what} on MariaDB",
            item(f"__table_args__ = {{'mysql_{what}': {before!r}}}"),
            item(f"__table_args__ = {{'mysql_{what}': {after!r}}}"),
            look="SELECT count(*) FROM information_schema.tables WHERE table_schema = database()"
            f" AND table_name = 'items' AND {sees}",
            sees=((1,),),
            only=("mariadb",),
        )
        for what, before, after, sees in (
            ("engine", "InnoDB", "Aria", "engine = 'Aria'"),
            ("charset", "latin1", "utf8mb4", "table_collation LIKE 'utf8mb4%'"),
            ("row_format", "COMPACT", "DYNAMIC", "create_options LIKE '%DYNAMIC%'"),
        )
    ],
    Change(
        "a table of MariaDB gets a row format and a size of its blocks",
        item(),
        item("__table_args__ = {'mysql_row_format': 'COMPRESSED', 'mysql_key_block_size': '4'}"),
        only=("mariadb",),
    ),
    Change(
        "a table with options of MariaDB is added",
        item(),
        item()
        + shelf("{'mysql_engine': 'Aria', 'mysql_charset': 'latin1', 'comment': \"it's 5%\"}"),
        look="SELECT engine, table_comment FROM information_schema.tables"
        " WHERE table_schema = database() AND table_name = 'shelves'",
        sees=(("Aria", "it's 5%"),),
        only=("mariadb",),
    ),
    Change(
        "a table with options of MariaDB is removed",
        item()
        + shelf("{'mysql_engine': 'Aria', 'mysql_charset': 'latin1', 'comment': \"it's 5%\"}"),
        item(),
        answers="drop=shelves",
        only=("mariadb",),
        # MariaDB shows the checksums of Aria, which SQLAlchemy reads as an option that is another one.
        refused={"mariadb": "downgrade() does not restore the schema"},
    ),
    Change(
        "a table in partitions is added",
        item(),
        item() + shelf("{'postgresql_partition_by': 'RANGE (id)'}"),
        look="SELECT relkind::text FROM pg_class WHERE relname = 'shelves'",
        sees=(("p",),),
        only=("postgresql",),
    ),
    Change(
        "a table in partitions is removed",
        item() + shelf("{'postgresql_partition_by': 'RANGE (id)'}"),
        item(),
        answers="drop=shelves",
        only=("postgresql",),
        refused={"postgresql": "downgrade() does not restore the schema"},
    ),
    Change(
        "a table in partitions, which somebody made by hand, gets a column",
        item() + shelf("{'postgresql_partition_by': 'RANGE (id)'}"),
        item() + shelf("{'postgresql_partition_by': 'RANGE (id)'}", "size: Mapped[int]"),
        answers="fill=shelves.size:5",
        rows=(
            "CREATE TABLE shelves_1 PARTITION OF shelves FOR VALUES FROM (0) TO (9)",
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
        ),
        look="SELECT code, size FROM shelves_1",
        sees=(("x", 5),),
        only=("postgresql",),
    ),
    *[
        Change(
            f"a table of PostgreSQL {what}",
            item() + before,
            item() + after,
            answers=answers,
            rows=rows,
            look=look,
            sees=sees,
            only=("postgresql",),
        )
        for what, before, after, answers, rows, look, sees in (
            (
                "begins to inherit",
                PARENT + OWN_CODE,
                PARENT + INHERITED,
                "",
                CHILD_ROW,
                CODES,
                (("x",),),
            ),
            ("inherits no longer", PARENT + INHERITED, PARENT + OWN_CODE, "", CHILD_ROW, CODES, ()),
            ("that inherits is added, with its parent", "", PARENT + INHERITED, "", (), CODES, ()),
            (
                "that inherits is removed, with its parent",
                PARENT + INHERITED,
                "",
                "drop=parents drop=a_children",
                CHILD_ROW,
                "SELECT count(*) FROM items",
                ((0,),),
            ),
            (
                "that others inherit from is removed",
                PARENT + INHERITED,
                OWN_CODE,
                "drop=parents",
                CHILD_ROW,
                "SELECT code FROM a_children",
                (("x",),),
            ),
            (
                "that others inherit from gets a column",
                PARENT + INHERITED,
                PARENT + SIZED + INHERITED,
                "fill=parents.size:3 fill=a_children.size:4",
                (*CHILD_ROW, "INSERT INTO parents (id, code) VALUES (2, 'y')"),
                "SELECT code, size FROM parents ORDER BY id",
                (("x", 4), ("y", 3)),
            ),
            (
                "that others inherit from loses a column",
                PARENT + SIZED + INHERITED,
                PARENT + INHERITED,
                "drop=parents.size drop=a_children.size",
                ("INSERT INTO a_children (id, code, size) VALUES (1, 'x', 1)",),
                CODES,
                (("x",),),
            ),
            (
                "that others inherit from gets a column of another type",
                PARENT + LENGTH.format("Integer") + INHERITED,
                PARENT + LENGTH.format("BigInteger") + INHERITED,
                "",
                ("INSERT INTO a_children (id, code, length) VALUES (1, 'x', 1)",),
                "SELECT code, length FROM parents",
                (("x", 1),),
            ),
        )
    ],
    *[
        Change(
            f"the partitions of a table change: {before} to {after}",
            item() + shelf(before),
            item() + shelf(after),
            only=("postgresql",),
            refused={"postgresql": "cannot change how a table is partitioned.\n  shelves: "},
        )
        for before, after in (
            (
                "{'postgresql_partition_by': 'RANGE (id)'}",
                "{'postgresql_partition_by': 'HASH (id)'}",
            ),
            ("{'postgresql_partition_by': 'RANGE (id)'}", "{}"),
            ("{}", "{'postgresql_partition_by': 'RANGE (id)'}"),
        )
    ],
    *[
        Change(
            f"a foreign key to a table with a partition {what}",
            item(*before) + shelf("{'postgresql_partition_by': 'RANGE (id)'}"),
            item(*after) + shelf("{'postgresql_partition_by': 'RANGE (id)'}"),
            answers=answers,
            rows=(
                "CREATE TABLE shelves_1 PARTITION OF shelves FOR VALUES FROM (0) TO (9)",
                "CREATE SCHEMA parts",
                "CREATE TABLE parts.items PARTITION OF shelves FOR VALUES FROM (10) TO (19)",
                "INSERT INTO shelves (id, code) VALUES (1, 'x')",
                "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
            ),
            only=("postgresql",),
        )
        for what, before, after, answers in (
            ("is added", (), (IN_PARTS.format(""),), ""),
            ("is removed", (IN_PARTS.format(""),), (), "drop=items.shelf_id"),
            (
                "changes",
                (IN_PARTS.format(""),),
                (IN_PARTS.format(", ondelete='CASCADE'"),),
                "",
            ),
            (
                "stays, and a check is added",
                (IN_PARTS.format(""),),
                (
                    IN_PARTS.format(""),
                    "size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'))",
                ),
                "",
            ),
        )
    ],
    *[
        Change(
            f"a table begins to be {what}",
            item(f"__table_args__ = {before}"),
            item(f"__table_args__ = {after}"),
            look="SELECT relpersistence::text FROM pg_class WHERE relname = 'items'",
            sees=((sees,),),
            only=("postgresql",),
        )
        for what, before, after, sees in (
            ("unlogged", {}, {"prefixes": ["UNLOGGED"]}, "u"),
            ("logged", {"prefixes": ["UNLOGGED"]}, {}, "p"),
        )
    ],
    Change(
        "an unlogged table is removed",
        item() + shelf("{'prefixes': ['UNLOGGED']}"),
        item(),
        answers="drop=shelves",
        only=("postgresql",),
    ),
    Change(
        "a table with a parameter of its storage is added",
        item(),
        item() + shelf("{'postgresql_with': {'fillfactor': 70}}"),
        look="SELECT reloptions[1] FROM pg_class WHERE relname = 'shelves'",
        sees=(("fillfactor=70",),),
        only=("postgresql",),
    ),
    *[
        Change(
            f"the parameters of a table's storage {what}",
            item(f"__table_args__ = {{'postgresql_with': {before}}}"),
            item(f"__table_args__ = {{'postgresql_with': {after}}}"),
            look="SELECT reloptions::text FROM pg_class WHERE relname = 'items'",
            sees=((sees,),),
            only=("postgresql",),
        )
        for what, before, after, sees in (
            ("are given", {}, {"fillfactor": 70}, "{fillfactor=70}"),
            (
                "and of its long values are given",
                {},
                {"fillfactor": 70, "toast.autovacuum_enabled": "false"},
                "{fillfactor=70}",
            ),
            (
                "change",
                {"fillfactor": 70, "autovacuum_enabled": False},
                {"fillfactor": 50},
                "{fillfactor=50}",
            ),
            ("are taken away", {"fillfactor": 70}, {}, None),
        )
    ],
    *[
        Change(
            f"a table changes that {what}, which somebody made by hand",
            item("size: Mapped[int | None]"),
            item("size: Mapped[int] = mapped_column(CheckConstraint('size > 0'), default=1)"),
            rows=("INSERT INTO items (id, name) VALUES (1, 'a')", *statements),
            then="INSERT INTO items (id, name, size) VALUES (2, 'b', 2)",
            look=look,
            sees=sees,
            only=only,
            by_hand="by_hand" if "by_hand" in look else "",
        )
        for what, only, statements, look, sees in (
            (
                "a view reads",
                ("sqlite", "postgresql", "mariadb"),
                ["CREATE VIEW item_names AS SELECT name FROM items"],
                "SELECT name FROM item_names ORDER BY name",
                (("a",), ("b",)),
            ),
            (
                "a view of a view reads",
                ("sqlite", "postgresql", "mariadb"),
                [
                    "CREATE VIEW item_names AS SELECT name, size FROM items",
                    "CREATE VIEW z_names AS SELECT name FROM item_names",
                    "CREATE VIEW a_names AS SELECT name FROM z_names",
                ],
                "SELECT name FROM a_names ORDER BY name",
                (("a",), ("b",)),
            ),
            (
                "a trigger watches",
                ("sqlite",),
                [
                    (
                        "CREATE TRIGGER watch AFTER INSERT ON items BEGIN"
                        " UPDATE items SET name = upper(name) WHERE id = NEW.id; END"
                    ),
                ],
                "SELECT name FROM items ORDER BY id",
                (("a",), ("B",)),
            ),
            (
                "a trigger guards",
                ("mariadb",),
                [
                    (
                        "CREATE TRIGGER watch BEFORE INSERT ON items FOR EACH ROW"
                        " SET NEW.name = upper(NEW.name)"
                    )
                ],
                "SELECT name FROM items ORDER BY id",
                (("a",), ("B",)),
            ),
            (
                "a function and a trigger guard",
                ("postgresql",),
                [
                    (
                        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$"
                    ),
                    (
                        "CREATE TRIGGER watch BEFORE INSERT ON items FOR EACH ROW"
                        " EXECUTE FUNCTION shout()"
                    ),
                ],
                "SELECT name FROM items ORDER BY id",
                (("a",), ("B",)),
            ),
            (
                "an index on an expression serves",
                ("sqlite",),
                ["CREATE UNIQUE INDEX by_hand ON items (lower(name)) WHERE id > 0"],
                "SELECT count(*) FROM sqlite_master WHERE name = 'by_hand'",
                ((1,),),
            ),
        )
    ],
    Change(
        "a column that a view reads, which somebody made by hand, gets a longer text",
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(String(255))"),
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(String(300))"),
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "CREATE VIEW item_names AS SELECT name FROM items",
        ),
        look="SELECT name FROM item_names",
        sees=(("a",),),
    ),
    Change(
        "a table gets a column, and somebody made a table by hand that refers to it",
        item(),
        item("size: Mapped[int] = mapped_column(CheckConstraint('size > 0'), default=1)"),
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "CREATE TABLE by_hand (item_id INTEGER REFERENCES items (id) ON DELETE CASCADE)",
            "INSERT INTO by_hand VALUES (1)",
        ),
        by_hand="by_hand",
        look="SELECT item_id FROM by_hand",
        sees=((1,),),
    ),
    Change(
        "a table gets a column, and somebody made an index on it by hand",
        item(),
        item("size: Mapped[int] = mapped_column(CheckConstraint('size > 0'), default=1)"),
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "CREATE INDEX by_hand ON items (name)",
        ),
        by_hand="by_hand",
        look="SELECT size FROM items",
        sees=((1,),),
    ),
    Change(
        "a table has the name of the one that upgrades need for themselves",
        item(),
        item() + SHELF.replace("shelves", "alembic_progress"),
        refused=dict.fromkeys(
            ("sqlite", "postgresql", "mariadb"),
            "upgrades need the name alembic_progress",
        ),
    ),
]
