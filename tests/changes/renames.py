"""New names for what is there, with all that hangs on it."""

from .kind import ITEM, SHELF, Change, item

MARK = """
class Mark(Base):
    __tablename__ = "marks"
    x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
"""
LINE = """
class Line(Base):
    __tablename__ = "edges"
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int]
    y: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(["x", "y"], ["marks.x", "marks.y"]),
        Index(None, "x", "y"),
    )
"""
SHELF_ID = "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'))"
ALL = ("sqlite", "postgresql", "mariadb")
A, B = "a" * 63, "b" * 63


def long_named(one: str, two: str) -> str:
    """Two models whose tables have long names, and an index and a sequence after them."""
    return f"""
class One(Base):
    __tablename__ = "{one}"
    id: Mapped[int] = mapped_column(primary_key=True)
    one: Mapped[str] = mapped_column(index=True)

class Two(Base):
    __tablename__ = "{two}"
    id: Mapped[int] = mapped_column(primary_key=True)
    two: Mapped[str] = mapped_column(index=True)
"""


#: Columns, with their types in Python, that change in several ways.
ROOMS = {"size": "int", "note": "str", "shelf": "int", "gap": "int | None"}

LOG = """
class Log(Base):
    __tablename__ = "logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
"""
#: Triggers whose bodies no server compares with the columns.
TRIGGERS = {
    "mariadb": (
        (
            "CREATE TRIGGER watch BEFORE INSERT ON items FOR EACH ROW"
            " INSERT INTO logs (text) VALUES (NEW.note)"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO logs (text) VALUES (NEW.note); RETURN NEW; END $$"
        ),
        "CREATE TRIGGER watch BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION watch()",
    ),
}


CHANGES = [
    Change(
        "a column is renamed",
        item(),
        item().replace("name:", "title:"),
        answers="rename=items.name:title",
        look="SELECT id, title FROM items ORDER BY id",
    ),
    Change(
        "a column is renamed and gets another type",
        item("size: Mapped[str | None]"),
        item("amount: Mapped[int | None]"),
        answers="rename=items.size:amount",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '7')",),
        look="SELECT amount FROM items",
        sees=((7,),),
    ),
    Change(
        "a column with an index and a unique constraint is renamed",
        item(
            "note: Mapped[str | None] = mapped_column(index=True)",
            "code: Mapped[str | None] = mapped_column(unique=True)",
        ),
        item(
            "remark: Mapped[str | None] = mapped_column(index=True)",
            "number: Mapped[str | None] = mapped_column(unique=True)",
        ),
        answers="rename=items.note:remark rename=items.code:number",
    ),
    Change(
        "a primary key is renamed",
        item(),
        item().replace("id:", "number:"),
        answers="rename=items.id:number",
        look="SELECT number, name FROM items ORDER BY number",
    ),
    Change(
        "a column gets a reserved word in mixed case as its name",
        item(),
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column('Order')"),
        answers="rename=items.name:Order",
        look="SELECT count(*) FROM items",
        sees=((2,),),
    ),
    Change(
        "a table is renamed",
        item(),
        item().replace('"items"', '"things"'),
        answers="rename=items:things",
        look="SELECT id, name FROM things ORDER BY id",
    ),
    Change(
        "a table is renamed that others refer to, with a column of each",
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id'), index=True)") + SHELF,
        item("rack_id: Mapped[int] = mapped_column(ForeignKey('racks.number'), index=True)")
        + SHELF.replace("shelves", "racks").replace("id:", "number:"),
        answers="rename=shelves:racks rename=racks.id:number rename=items.shelf_id:rack_id",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 3)",
        ),
        look="SELECT name, code FROM items JOIN racks ON rack_id = number",
        sees=(("a", "x"),),
    ),
    Change(
        "a table is renamed that refers to itself",
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'))"),
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('things.id'))").replace(
            '"items"', '"things"'
        ),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name, parent_id) VALUES (1, 'a', NULL), (2, 'b', 1)",),
        look="SELECT id, name FROM things ORDER BY id",
    ),
    *[
        Change(
            f"a column is renamed that {what}",
            item(*(line.replace("SIZE", "size") for line in lines)),
            item(*(line.replace("SIZE", "amount") for line in lines)),
            answers="rename=items.size:amount",
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', 8)",),
            look="SELECT id, amount FROM items ORDER BY id",
            sees=((1, 7), (2, 8)),
            only=only,
        )
        for what, only, *lines in (
            (
                "a unique constraint has with others",
                ALL,
                "SIZE: Mapped[int]",
                "__table_args__ = (UniqueConstraint('name', 'SIZE'),)",
            ),
            (
                "an index has with others",
                ALL,
                "SIZE: Mapped[int]",
                "__table_args__ = (Index(None, 'SIZE', 'name'), Index('own', 'name', 'SIZE'))",
            ),
            (
                "a check with a name uses",
                ALL,
                "SIZE: Mapped[int]",
                "__table_args__ = (CheckConstraint('SIZE > 0', name='positive'),)",
            ),
            (
                "a partial index uses",
                ("sqlite", "postgresql"),
                "SIZE: Mapped[int]",
                (
                    "__table_args__ = (Index('part', 'name', sqlite_where=text('SIZE > 0'),"
                    " postgresql_where=text('SIZE > 0')),)"
                ),
            ),
            (
                "an index on an expression uses",
                ("sqlite", "postgresql"),
                "SIZE: Mapped[int]",
                "__table_args__ = (Index('calculated', text('(SIZE + 1)')),)",
            ),
            (
                "a computed column uses",
                ALL,
                "SIZE: Mapped[int]",
                "double: Mapped[int | None] = mapped_column(Computed('SIZE * 2', persisted=True))",
            ),
            (
                "has a default of the server",
                ALL,
                "SIZE: Mapped[int] = mapped_column(server_default='5')",
            ),
        )
    ],
    Change(
        "a column of a composite primary key is renamed, and of the foreign key to it",
        item() + MARK + LINE,
        item()
        + (MARK + LINE).replace("x: ", "col: ").replace('"x"', '"col"').replace(".x", ".col"),
        answers="rename=marks.x:col rename=edges.x:col",
        rows=(
            "INSERT INTO marks (x, y) VALUES (1, 2)",
            "INSERT INTO edges (id, x, y) VALUES (1, 1, 2)",
        ),
        look="SELECT edges.col, edges.y FROM edges JOIN marks ON edges.col = marks.col",
        sees=((1, 2),),
    ),
    Change(
        "a column that refers to its own table is renamed",
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'), index=True)"),
        item("mother_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'), index=True)"),
        answers="rename=items.parent_id:mother_id",
        rows=("INSERT INTO items (id, name, parent_id) VALUES (1, 'a', NULL), (2, 'b', 1)",),
        look="SELECT id, mother_id FROM items ORDER BY id",
        sees=((1, None), (2, 1)),
    ),
    Change(
        "a column that its own table refers to is renamed, and the table too",
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'), index=True)"),
        item("parent_id: Mapped[int | None] = mapped_column(ForeignKey('things.nr'), index=True)")
        .replace("id: Mapped[int] ", "nr: Mapped[int] ")
        .replace('"items"', '"things"'),
        answers="rename=items:things rename=things.id:nr",
        rows=("INSERT INTO items (id, name, parent_id) VALUES (1, 'a', NULL), (2, 'b', 1)",),
        look="SELECT nr, parent_id FROM things ORDER BY nr",
        sees=((1, None), (2, 1)),
    ),
    Change(
        "a table, a column and its type change together",
        item("size: Mapped[str | None] = mapped_column(index=True)"),
        item("amount: Mapped[int | None] = mapped_column(index=True)").replace(
            '"items"', '"things"'
        ),
        answers="rename=items:things rename=things.size:amount",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '7')",),
        look="SELECT name, amount FROM things",
        sees=(("a", 7),),
    ),
    Change(
        "a column of a renamed table is named by the old name of the table",
        item("size: Mapped[int | None]", "age: Mapped[int | None]"),
        item("amount: Mapped[int | None]").replace('"items"', '"things"'),
        answers="rename=items.size:amount rename=items:things drop=items.age",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT name, amount FROM things",
        sees=(("a", 7),),
    ),
    Change(
        "a table with an enum, a check, an index and a unique constraint is renamed",
        item(
            *(
                rich := (
                    "color: Mapped[Color] = mapped_column(server_default='RED')",
                    "size: Mapped[int] = mapped_column(CheckConstraint('size > 0'), index=True)",
                    "code: Mapped[str] = mapped_column(unique=True)",
                )
            )
        ),
        item(*rich).replace('"items"', '"things"'),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name, color, size, code) VALUES (1, 'a', 'GREEN', 7, 'x')",),
        look="SELECT name, color, size, code FROM things",
        sees=(("a", "GREEN", 7, "x"),),
    ),
    Change(
        "a table with a partial index is renamed, and a column of the index gets another type",
        item(
            "size: Mapped[str | None]",
            partial := (
                "__table_args__ = (Index(None, 'size', sqlite_where=text('id > 0'),"
                " postgresql_where=text('id > 0')),)"
            ),
        ),
        item("size: Mapped[int | None]", partial).replace('"items"', '"things"'),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '7')",),
        look="SELECT size FROM things",
        sees=((7,),),
        only=("sqlite", "postgresql"),
    ),
    Change(
        "a table is renamed, and its rows go on counting",
        item(),
        item().replace('"items"', '"things"'),
        answers="rename=items:things",
        rows=("INSERT INTO items (name) VALUES ('a')", "INSERT INTO items (name) VALUES ('b')"),
        then="INSERT INTO things (name) VALUES ('c')",
        look="SELECT id FROM things ORDER BY id",
        sees=((1,), (2,), (3,)),
    ),
    Change(
        "a table gets a name in mixed case",
        item(),
        item().replace('"items"', '"Items"'),
        answers="rename=items:Items",
        look='SELECT id, name FROM "Items" ORDER BY id',
    ),
    Change(
        "a column gets a name in mixed case",
        item("note: Mapped[str | None] = mapped_column(index=True)"),
        item("Note: Mapped[str | None] = mapped_column(index=True)"),
        answers="rename=items.note:Note",
        rows=("INSERT INTO items (id, name, note) VALUES (1, 'a', 'x')",),
        look='SELECT "Note" FROM items',
        sees=(("x",),),
    ),
    *[
        Change(
            f"a table and a column get a name that needs quotes: {name}",
            item("size: Mapped[int | None] = mapped_column(index=True)"),
            item(f"size: Mapped[int | None] = mapped_column('{name}', index=True)").replace(
                '"items"', f'"{name}"'
            ),
            answers=f"'rename=items:{name}' 'rename={name}.size:{name}'",
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
            look=f'SELECT name, "{name}" FROM "{name}"',
            sees=(("a", 7),),
        )
        for name in ("select", "two words", "100% sure")
    ],
    Change(
        "a column is renamed while another one of its type goes and one comes",
        item("old: Mapped[int]", "size: Mapped[int]"),
        item("amount: Mapped[int]", "fresh: Mapped[int] = mapped_column(default=3)"),
        answers="drop=items.old rename=items.size:amount",
        rows=("INSERT INTO items (id, name, old, size) VALUES (1, 'a', 6, 7)",),
        look="SELECT amount, fresh FROM items",
        sees=((7, 3),),
    ),
    Change(
        "two columns are renamed at once, of the same type",
        item("a: Mapped[int]", "b: Mapped[int]"),
        item("c: Mapped[int]", "d: Mapped[int]"),
        answers="rename=items.a:d rename=items.b:c",
        rows=("INSERT INTO items (id, name, a, b) VALUES (1, 'a', 6, 7)",),
        look="SELECT c, d FROM items",
        sees=((7, 6),),
    ),
    Change(
        "two columns exchange their names",
        item("a: Mapped[int]", "b: Mapped[int]"),
        item("a: Mapped[int]", "b: Mapped[int]"),
        answers="rename=items.a:b rename=items.b:a",
        rows=("INSERT INTO items (id, name, a, b) VALUES (1, 'a', 6, 7)",),
        look="SELECT a, b FROM items",
        sees=((7, 6),),
    ),
    Change(
        "a column takes the name of another one that is renamed",
        item("a: Mapped[int]", "b: Mapped[int]"),
        item("b: Mapped[int]", "c: Mapped[int]"),
        answers="rename=items.a:b rename=items.b:c",
        rows=("INSERT INTO items (id, name, a, b) VALUES (1, 'a', 6, 7)",),
        look="SELECT b, c FROM items",
        sees=((6, 7),),
    ),
    Change(
        "a column with an identity is renamed, which is no primary key",
        item("no: Mapped[int] = mapped_column(Identity(start=100))"),
        item("number: Mapped[int] = mapped_column(Identity(start=100))"),
        answers="rename=items.no:number",
        look="SELECT number FROM items ORDER BY id",
        sees=((100,), (101,)),
        only=("postgresql",),
    ),
    Change(
        "a column is renamed, and another one gets its name",
        item("note: Mapped[str | None] = mapped_column(unique=True)"),
        item(
            "title: Mapped[str | None] = mapped_column(unique=True)",
            "note: Mapped[int | None] = mapped_column(unique=True)",
        ),
        answers="rename=items.note:title",
        rows=("INSERT INTO items (id, name, note) VALUES (1, 'a', 'x')",),
        look="SELECT title, note FROM items",
        sees=(("x", None),),
    ),
    Change(
        "two tables with names of 63 bytes exchange their names",
        item() + long_named(A, B),
        item() + long_named(B, A),
        answers=f"rename={A}:{B} rename={B}:{A}",
        rows=(f"INSERT INTO {A} (id, one) VALUES (1, 'x')",),
        look=f"SELECT one FROM {B}",
        sees=(("x",),),
        only=("postgresql",),
    ),
    Change(
        "two tables exchange their names",
        item() + SHELF,
        item().replace('"items"', '"shelves"') + SHELF.replace('"shelves"', '"items"'),
        answers="rename=items:shelves rename=shelves:items",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
        ),
        look="SELECT name, code FROM shelves JOIN items ON items.id = shelves.id",
        sees=(("a", "x"),),
    ),
    Change(
        "a column would get the name of one that stays",
        item("note: Mapped[str | None]"),
        item(),
        answers="rename=items.note:name",
        refused=dict.fromkeys(ALL, "items.note cannot be renamed to name"),
    ),
    Change(
        "a column of a foreign key is renamed together with its target, a unique column",
        item("code: Mapped[str] = mapped_column(ForeignKey('shelves.code'), index=True)") + SHELF,
        item("mark: Mapped[str] = mapped_column(ForeignKey('shelves.mark'), index=True)")
        + SHELF.replace("code:", "mark:"),
        answers="rename=items.code:mark rename=shelves.code:mark",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",
        ),
        look="SELECT name, shelves.id FROM items JOIN shelves ON shelves.mark = items.mark",
        sees=(("a", 3),),
    ),
    Change(
        "an association table and its columns are renamed",
        item()
        + SHELF
        + (
            association := "Table('places', Base.metadata,"
            " Column('item_id', ForeignKey('items.id', ondelete='CASCADE'), primary_key=True),"
            " Column('shelf_id', ForeignKey('shelves.id'), primary_key=True, index=True))\n"
        ),
        item() + SHELF + association.replace("places", "spots").replace("'shelf_id'", "'rack_id'"),
        answers="rename=places:spots rename=spots.shelf_id:rack_id",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "INSERT INTO places (item_id, shelf_id) VALUES (1, 3)",
        ),
        look="SELECT item_id, rack_id FROM spots",
        sees=((1, 3),),
    ),
    Change(
        "two tables exchange their roles: one is renamed, one gets the old name",
        item() + SHELF,
        item().replace('"items"', '"things"') + SHELF + ITEM.replace("Item", "Other"),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
        look="SELECT id, name FROM things",
        sees=((1, "a"),),
    ),
    Change(
        "a table with an index is renamed, and one with such an index gets its name",
        item("size: Mapped[int | None] = mapped_column(index=True)"),
        item("size: Mapped[int | None] = mapped_column(index=True)").replace('"items"', '"things"')
        + ITEM.replace("Item", "Other")
        + "    size: Mapped[int | None] = mapped_column(index=True)\n",
        answers="rename=items:things",
        look="SELECT id, name FROM things ORDER BY id",
    ),
    Change(
        "a table is renamed that a view reads, which somebody made by hand",
        item(),
        item("size: Mapped[int | None]").replace('"items"', '"things"').replace("name:", "title:"),
        answers="rename=items:things rename=things.name:title",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a')",
            "CREATE VIEW item_names AS SELECT name FROM items",
        ),
        look="SELECT * FROM item_names",
        sees=(("a",),),
        only=("sqlite", "postgresql"),
    ),
    Change(
        "the name of an index, a unique constraint, a foreign key and a check changes",
        item(
            "shelf_id: Mapped[int]",
            "__table_args__ = (Index('i1', 'name', 'id'), UniqueConstraint('name', name='u1'),"
            " ForeignKeyConstraint(['shelf_id'], ['shelves.id'], name='f1'),"
            " CheckConstraint('shelf_id > 0', name='c1'))",
        )
        + SHELF,
        item(
            "shelf_id: Mapped[int]",
            "__table_args__ = (Index('i2', 'name', 'id'), UniqueConstraint('name', name='u2'),"
            " ForeignKeyConstraint(['shelf_id'], ['shelves.id'], name='f2'),"
            " CheckConstraint('shelf_id > 0', name='c2'))",
        )
        + SHELF,
        rows=(
            "INSERT INTO shelves (id, code) VALUES (3, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 3)",
        ),
        look="SELECT name, shelf_id FROM items",
        sees=(("a", 3),),
    ),
    Change(
        "a table with a foreign key is renamed, and a new one like it takes its name",
        item(SHELF_ID) + SHELF,
        item(SHELF_ID).replace("items", "things").replace("Item", "Thing")
        + SHELF
        + ITEM
        + f"    {SHELF_ID}\n",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1)",
        ),
        answers="rename=items:things",
        look="SELECT shelf_id FROM things",
        sees=((1,),),
    ),
    *(
        Change(
            f"rows do not let a change be made, {how}: {what}",
            item(*(f"{name}: Mapped[{type_}]" for name, type_ in ROOMS.items())) + SHELF,
            item(
                *(
                    f"{name}{new}: Mapped[{'int' if name == filled else type_}]"
                    + (options.format(column=column + new) if name == column else "")
                    for name, type_ in ROOMS.items()
                )
            ).replace('"items"', f'"{table}"')
            + SHELF,
            answers=answers,
            rows=(
                (
                    "INSERT INTO items (id, name, size, note, shelf, gap)"
                    " VALUES (1, 'a', 7, 'long', 9, 1), (2, 'b', 7, 'text', 9, NULL)"
                ),
            ),
            look="SELECT size, note, shelf, gap FROM items ORDER BY id",
            sees=((7, "long", 9, 1), (7, "text", 9, None)),
            only=ALL if column == "note" else ("mariadb",),  # which would have done half of it
            stopped=stopped.format(table=table, column=f"{column}{new}"),
        )
        for how, table, new, filled, answers in (
            ("the table is renamed", "things", "", "", "rename=items:things"),
            (
                "columns are renamed",
                "items",
                "_",
                "",
                " ".join(f"rename=items.{name}:{name}_" for name in ROOMS),
            ),
            ("another column is filled", "items", "", "gap", "fill=items.gap:0"),
        )
        for what, column, options, stopped in (
            (
                "a shorter text",
                "note",
                " = mapped_column(String(3))",
                "2 of 2 rows of {table} hold values in {column} that VARCHAR(3) cannot hold ('long', 'text').",
            ),
            (
                "a unique constraint",
                "size",
                " = mapped_column(unique=True)",
                "2 of 2 rows of {table} hold the same {column} as another row",
            ),
            (
                "a check",
                "size",
                " = mapped_column(CheckConstraint('{column} < 5'))",
                "2 of 2 rows of {table} do not meet the check",
            ),
            (
                "a foreign key",
                "shelf",
                " = mapped_column(ForeignKey('shelves.id'))",
                "2 of 2 rows of {table} refer by {column} to rows of shelves that do not exist",
            ),
        )
    ),
    *[
        Change(
            f"{what} that a trigger names, which somebody made by hand",
            item("note: Mapped[str | None]") + LOG,
            after,
            answers=answers,
            rows=("INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')", *trigger),
            stopped=stopped,
            only=(database,),
        )
        for database, trigger in TRIGGERS.items()
        for what, after, answers, stopped in (
            (
                "a column is renamed",
                item("remark: Mapped[str | None]") + LOG,
                "rename=items.note:remark",
                "items.note is renamed to remark",
            ),
            ("a column is dropped", item() + LOG, "drop=items.note", "items.note is dropped"),
            (
                "a column of another table is renamed",
                item("note: Mapped[str | None]") + LOG.replace("text:", "words:"),
                "rename=logs.text:words",
                "logs.text is renamed to words",
            ),
            (
                "another table is renamed",
                item("note: Mapped[str | None]") + LOG.replace('"logs"', '"lines"'),
                "rename=logs:lines",
                "logs is renamed to lines",
            ),
        )
    ],
    Change(
        "a column is renamed that a trigger of SQLite names, which somebody made by hand",
        item("note: Mapped[str | None]") + LOG,
        item("remark: Mapped[str | None]") + LOG.replace("text:", "words:"),
        answers="rename=items.note:remark rename=logs.text:words",
        rows=(
            "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
            (
                "CREATE TRIGGER watch AFTER INSERT ON items BEGIN"
                " INSERT INTO logs (text) VALUES (NEW.note); END"
            ),
        ),
        then="INSERT INTO items (id, name, remark) VALUES (3, 'c', 'd')",
        look="SELECT words FROM logs",
        sees=(("d",),),
        only=("sqlite",),
    ),
    *(
        Change(
            f"{what} in the case of its letters alone",
            before,
            before.replace(*replaced),
            answers=answers,
            look=look,
            only=only,
        )
        for what, before, replaced, answers, look, only in (
            (
                "a table is renamed",
                item("code: Mapped[str | None] = mapped_column(String(9), index=True, unique=True)")
                + SHELF
                + "    item_id: Mapped[int | None] = mapped_column(ForeignKey('items.id'))\n",
                ("items", "Items"),
                "",
                'SELECT id, name FROM "Items" ORDER BY id',
                ("sqlite",),
            ),
            (
                "a table is renamed",
                item(
                    "code: Mapped[str | None] = mapped_column(String(9), index=True, unique=True)"
                ),
                ("items", "Items"),
                "rename=items:Items",
                'SELECT id, name FROM "Items" ORDER BY id',
                ("postgresql", "mariadb"),
            ),
            (
                "an index is renamed",
                item("__table_args__ = (Index('by_name', 'name', mysql_length=9),)"),
                ("'by_name'", "'By_Name'"),
                "",
                "SELECT id, name FROM items ORDER BY id",
                ALL,
            ),
            (
                "constraints are renamed",
                item(
                    "code: Mapped[str | None] = mapped_column(String(9))",
                    "__table_args__ = (",
                    "    UniqueConstraint('code', name='one_code'),",
                    "    CheckConstraint(\"name <> ''\", name='one_check'),",
                    ")",
                ),
                ("'one_c", "'One_c"),
                "",
                "SELECT id, name FROM items ORDER BY id",
                ALL,
            ),
        )
    ),
    *(
        Change(
            f"a column is renamed in the case of its letters alone, {how}",
            item(*lines, "key: Mapped[int | None] = mapped_column('code')"),
            item(*changed, "key: Mapped[int | None] = mapped_column('Code')"),
            answers=answers,
            rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 7)",),
            look='SELECT "Code" FROM items',
            sees=((7,),),
            only=only,
        )
        for answers, only in (
            ("", ("sqlite", "mariadb")),
            ("rename=items.code:Code", ("postgresql",)),
        )
        for how, lines, changed in (
            ("alone", (), ()),
            (
                "under a check, an index and a unique constraint",
                (
                    "__table_args__ = (CheckConstraint(column('code') < 9), Index(None, 'code', 'id'),",
                    "    UniqueConstraint('code'))",
                ),
                (
                    "__table_args__ = (CheckConstraint(column('Code') < 9), Index(None, 'Code', 'id'),",
                    "    UniqueConstraint('Code'))",
                ),
            ),
            (
                "beside another type",
                ("size: Mapped[str | None] = mapped_column(String(9))",),
                ("size: Mapped[str | None] = mapped_column(String(99))",),
            ),
        )
    ),
]
