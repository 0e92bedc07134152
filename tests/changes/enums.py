"""Types of a few values."""

from .kind import HEADER, SHELF, Change, item

#: Members of the enum in the models, in a form that a change of them can replace.
MEMBERS = "RED = 1\n    GREEN = 2"
WORDS = "import enum\nfrom typing import Literal"
MOOD = """
class Mood(enum.Enum):
    GOOD = 1
    BAD = 2
"""
CHECKED = (
    "color = mapped_column(Enum(Color, native_enum=False, create_constraint=True, length=20){})"
)
ALL = ("sqlite", "postgresql", "mariadb")
REFERRED = """
class Paint(Base):
    __tablename__ = "paints"
    color: Mapped[Color] = mapped_column(primary_key=True)

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    color: Mapped[Color] = mapped_column(ForeignKey("paints.color"))
"""
ONE_CHECK = "Enum('x', 'y', name='xy', native_enum=False, create_constraint=True)"

COLORED = "color = mapped_column(Enum({}, name='color'), index=True)"
IS_A = "derived = mapped_column(Boolean, Computed(\"color = 'a'\", persisted=True), index=True)"
SAME = "derived = mapped_column(Enum({}, name='color'), Computed('color', persisted=True))"

CHANGES = [
    *[
        Change(
            f"an enum that a generated column {what} loses and reorders values",
            item(COLORED.format("'a', 'b', 'c'"), derived.format("'a', 'b', 'c'")),
            item(COLORED.format("'c', 'a'"), derived.format("'c', 'a'")),
            rows=("INSERT INTO items (id, name, color) VALUES (1, 'x', 'a'), (2, 'y', 'c')",),
            look="SELECT color::text, derived::text FROM items ORDER BY id",
            sees=sees,
            only=("postgresql",),
        )
        for what, derived, sees in (
            ("reads", IS_A, (("a", "true"), ("c", "false"))),
            ("has", SAME, (("a", "a"), ("c", "c"))),
        )
    ],
    *[
        Change(
            f"a table gets a column, and somebody made {what} by hand",
            item(),
            item("size: Mapped[int | None]"),
            rows=("INSERT INTO items (id, name) VALUES (1, 'a')", *statements),
            look="SELECT typname FROM pg_type WHERE typname LIKE 'made%' ORDER BY typname",
            sees=tuple((f"made{number}",) for number, _ in enumerate(statements, 1)),
            only=("postgresql",),
        )
        for what, statements in (
            ("an enum", ["CREATE TYPE made1 AS ENUM ('a')"]),
            ("a domain", ["CREATE DOMAIN made1 AS text CHECK (value <> 'a  b')"]),
            (
                "a domain on an enum",
                ["CREATE TYPE made1 AS ENUM ('a')", "CREATE DOMAIN made2 AS made1"],
            ),
        )
    ],
    Change(
        "two columns have checks of the same name",
        item(),
        item(
            f"a: Mapped[str | None] = mapped_column({ONE_CHECK})",
            f"b: Mapped[str | None] = mapped_column({ONE_CHECK})",
        ),
        look="SELECT count(*) FROM sqlite_master WHERE sql LIKE '%CHECK (a IN%' AND sql LIKE '%CHECK (b IN%'",
        sees=((1,),),
        only=("sqlite",),  # the others want a name only once
    ),
    *(
        Change(
            f"an enum whose name is as long as can be {what} a value",
            item(column.format("'x', 'y'")),
            item(column.format(after)),
            rows=("INSERT INTO items (id, name, mood) VALUES (1, 'a', 'x')",),
            look="SELECT name, mood FROM items",
            sees=(("a", "x"),),
        )
        for column in (f"mood: Mapped[str] = mapped_column(Enum({{}}, name='{'mood' * 15}mod'))",)
        for what, after in (("gets", "'x', 'y', 'z'"), ("loses", "'x'"))
    ),
    Change("a table with an enum is added", item(), item() + SHELF + "    color: Mapped[Color]\n"),
    Change(
        "a table with an enum is removed",
        item() + SHELF + "    color: Mapped[Color]\n",
        item(),
        answers="drop=shelves",
    ),
    Change("a column with an enum is added", item(), item("color: Mapped[Color | None]")),
    Change(
        "a column with an enum is removed",
        item("color: Mapped[Color | None]"),
        item(),
        answers="drop=items.color",
    ),
    Change(
        "an enum gets a value",
        item("color: Mapped[Color]"),
        item("color: Mapped[Color]").replace("GREEN = 2", "GREEN = 2\n    TURQUOISE = 3"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum loses a value that no row uses",
        item("color: Mapped[Color]").replace("GREEN = 2", "GREEN = 2\n    TURQUOISE = 3"),
        item("color: Mapped[Color]"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "two tables share an enum",
        item("color: Mapped[Color | None]"),
        item("color: Mapped[Color | None]") + SHELF + "    color: Mapped[Color]\n",
    ),
    Change(
        "an enum that is no type of the server is added, with a default",
        item(),
        item(
            "color: Mapped[Color] = mapped_column("
            "Enum(Color, native_enum=False, create_constraint=True), server_default='RED')"
        ),
        look="SELECT color FROM items",
        sees=(("RED",), ("RED",)),
    ),
    *[
        Change(
            f"an enum {what}",
            item(f"color: Mapped[Color] = mapped_column({argument})"),
            item(f"color: Mapped[Color] = mapped_column({argument})").replace(MEMBERS, members),
            rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED'), (2, 'b', 'GREEN')",),
            look="SELECT color FROM items ORDER BY id",
            sees=(("RED",), ("GREEN",)),
        )
        for what, argument, members in (
            ("gets a value in front", "", "BLUE = 0\n    RED = 1\n    GREEN = 2"),
            ("gets a value in the middle", "", "RED = 1\n    BLUE = 3\n    GREEN = 2"),
            (
                "gets several values",
                "",
                "A = 7\n    RED = 1\n    B = 8\n    GREEN = 2\n    VERY_LONG = 9",
            ),
            ("gets another order", "", "GREEN = 2\n    RED = 1"),
            (
                "gets a value, in a column with a default and an index",
                "server_default='RED', index=True",
                "RED = 1\n    GREEN = 2\n    BLUE = 3",
            ),
            (
                "that is no type of the server gets a value",
                "Enum(Color, native_enum=False, create_constraint=True, length=20)",
                "RED = 1\n    GREEN = 2\n    BLUE = 3",
            ),
            (
                "that is no type of the server, without a check, gets a longer value",
                "Enum(Color, native_enum=False)",
                "RED = 1\n    GREEN = 2\n    TURQUOISE = 3",
            ),
            (
                "with a name of its own gets a value",
                "Enum(Color, name='paint')",
                "RED = 1\n    GREEN = 2\n    BLUE = 3",
            ),
        )
    ],
    Change(
        "a value of an enum is renamed",
        item("color: Mapped[Color]"),
        item("color: Mapped[Color]").replace("RED", "CRIMSON"),
        answers="rename=items.color.RED:CRIMSON",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED'), (2, 'b', 'GREEN')",),
        look="SELECT color FROM items ORDER BY id",
        sees=(("CRIMSON",), ("GREEN",)),
    ),
    *[
        Change(
            f"values of an enum are renamed: {what}",
            item(f"size = mapped_column(Enum('large', {before}, {options}))"),
            item(f"size = mapped_column(Enum('large', {after}, {options}))"),
            answers=answers,
            rows=(
                (
                    "INSERT INTO items (id, name, size) VALUES"
                    f" (1, 'a', {before.split(', ')[0]}), (2, 'b', 'large')"
                ),
            ),
            look="SELECT size FROM items ORDER BY id",
            sees=((sees,), ("large",)),
            only=("sqlite", "postgresql") if "x:y" in what and "native" in options else ALL,
        )
        for options in ("name='sizes'", "name='sizes', native_enum=False, create_constraint=True")
        for what, before, after, answers, sees in (
            ("with a colon", "'x:y'", "'y:z'", "rename=items.size.x:y:y:z", "y:z"),
            (
                "two at once",
                "'a', 'b'",
                "'c', 'd'",
                "rename=items.size.a:c rename=items.size.b:d",
                "c",
            ),
            (
                "one for another",
                "'a', 'b'",
                "'b', 'c'",
                "rename=items.size.a:b rename=items.size.b:c",
                "b",
            ),
        )
    ],
    *[
        Change(
            f"a value of an enum that is a text goes: {what}",
            item("color = mapped_column(Enum(Color, native_enum=False))").replace(
                MEMBERS, MEMBERS + "\n    BLUE = 3"
            ),
            item("color = mapped_column(Enum(Color, native_enum=False))"),
            rows=(f"INSERT INTO items (id, name, color) VALUES (1, 'a', {row!r})",),
            look="SELECT color FROM items",
            sees=((row,),),
            stopped=stopped,
        )
        for what, row, stopped in (
            ("no row has it", "RED", ""),
            (
                "a row has it",
                "BLUE",
                "1 of 1 row of items holds a value in color that VARCHAR(5) with the values RED, GREEN",
            ),
        )
    ],
    Change(
        "an enum that is a text loses a value in a renamed column of a renamed table",
        item("color: Mapped[Color]").replace(MEMBERS, MEMBERS + "\n    BLUE = 3"),
        item("paint: Mapped[Color]").replace('"items"', '"things"'),
        answers="rename=items:things rename=things.color:paint",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'BLUE')",),
        look="SELECT color FROM items",
        sees=(("BLUE",),),
        only=("sqlite",),
        stopped="1 of 1 row of things holds a value in paint that VARCHAR(5) with the values RED, GREEN",
    ),
    Change(
        "an enum that is a text has another value in the place of one",
        item("color: Mapped[Color | None]"),
        item("color: Mapped[Color | None]").replace("RED", "TEA"),
        refused={"sqlite": "items.color.RED is gone from the models: rename=items.color.RED:TEA"},
        only=("sqlite",),
    ),
    *[
        Change(
            f"a value of an enum with a check is renamed, and {what}",
            item(CHECKED.format(", server_default='RED'")) + SHELF,
            (item(CHECKED.format(default), *lines) + SHELF).replace("RED = 1", "TEA = 1"),
            answers="rename=items.color.RED:TEA",
            rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED'), (2, 'b', 'GREEN')",),
            look="SELECT color FROM items ORDER BY id",
            sees=(("TEA",), ("GREEN",)),
        )
        for what, default, lines in (
            ("is a default", ", server_default='TEA'", []),
            ("a column comes", "", ["size: Mapped[int | None]"]),
            ("a foreign key comes", "", ["shelf_id = mapped_column(ForeignKey('shelves.id'))"]),
            (
                "a column comes that is NOT NULL",
                "",
                ["size: Mapped[int] = mapped_column(default=3)"],
            ),
        )
    ],
    Change(
        "an enum with a quote in it, in a check, gets a value",
        item(
            "size = mapped_column(Enum(\"it's\", 'b', native_enum=False, create_constraint=True))"
        ),
        item(
            "size = mapped_column(Enum(\"it's\", 'b', 'c', native_enum=False, create_constraint=True))"
        ),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 'it''s')",),
        look="SELECT size FROM items",
        sees=(("it's",),),
    ),
    Change(
        "an enum with a check of its owner's gets a value",
        item(
            owners := "__table_args__ = (CheckConstraint(\"name IN ('a', 'b')"
            " AND (color IN ('RED') OR color <> 'x')\", name='own'),)",
            "color = mapped_column(Enum(Color, native_enum=False))",
        ),
        item(owners, "color = mapped_column(Enum(Color, native_enum=False))").replace(
            MEMBERS, MEMBERS + "\n    BLUE = 3"
        ),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum loses a value that rows use, and is refused by the database",
        item("color: Mapped[Color]").replace(MEMBERS, MEMBERS + "\n    BLUE = 3"),
        item("color: Mapped[Color]"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items ORDER BY id",
        sees=(("RED",),),
    ),
    Change(
        "an enum loses a value, and the default of a column whose name PostgreSQL quotes",
        item(
            "position: Mapped[Color] = mapped_column(server_default='GREEN')",
            "interval = Sequence('interval', metadata=Base.metadata)",
        ),
        item(
            "position: Mapped[Color] = mapped_column(server_default='RED')",
            "interval = Sequence('interval', metadata=Base.metadata)",
        ).replace(MEMBERS, "RED = 1"),
        look="SELECT position FROM items",
        sees=(("RED",),),
        rows=("INSERT INTO items (id, name, position) VALUES (1, 'a', 'RED')",),
        only=("postgresql",),
    ),
    Change(
        "an enum loses a value, and the default that is that value",
        item("color = mapped_column(Enum(Color), server_default='RED')"),
        item("color = mapped_column(Enum(Color))").replace("RED = 1", "TEA = 1"),
        answers="drop=items.color.RED",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'GREEN')",),
        look="SELECT color FROM items",
        sees=(("GREEN",),),
    ),
    Change(
        "an enum that two tables share gets a value",
        item("color: Mapped[Color]") + SHELF + "    color: Mapped[Color | None]\n",
        (item("color: Mapped[Color]") + SHELF + "    color: Mapped[Color | None]\n").replace(
            MEMBERS, "BLUE = 3\n    " + MEMBERS
        ),
        rows=(
            "INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",
            "INSERT INTO shelves (id, code, color) VALUES (1, 'x', 'GREEN')",
        ),
        look="SELECT items.color, shelves.color FROM items JOIN shelves ON items.id = shelves.id",
        sees=(("RED", "GREEN"),),
    ),
    Change(
        "one of two tables that share an enum loses it",
        item("color: Mapped[Color]") + SHELF + "    color: Mapped[Color | None]\n",
        item("color: Mapped[Color]") + SHELF,
        answers="drop=shelves.color",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "a text becomes an enum",
        item("color: Mapped[str]"),
        item("color: Mapped[Color]"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "a text with a default becomes an enum with a default",
        item("color: Mapped[str] = mapped_column(server_default='RED')"),
        item("color: Mapped[Color] = mapped_column(server_default='GREEN')"),
        rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum becomes a text",
        item("color: Mapped[Color]"),
        item("color: Mapped[str]"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum becomes one that is no type of the server",
        item("color: Mapped[Color]"),
        item("color: Mapped[Color] = mapped_column(Enum(Color, native_enum=False, length=9))"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum that is no type of the server becomes one that is",
        item("color: Mapped[Color] = mapped_column(Enum(Color, native_enum=False, length=9))"),
        item("color: Mapped[Color]"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "the check of an enum that is no type of the server is added",
        item("color = mapped_column(Enum(Color, native_enum=False, length=9))"),
        item(
            "color = mapped_column("
            "Enum(Color, native_enum=False, length=9, create_constraint=True))"
        ),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "an enum is replaced by another one with the same values",
        item("color: Mapped[Color]"),
        item("color: Mapped[Color]").replace("Color", "Paint"),
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM items",
        sees=(("RED",),),
    ),
    Change(
        "a column with an enum goes, and one with another enum comes",
        item("color: Mapped[Color]"),
        item("mood: Mapped[Mood]").replace("class Item", MOOD + "class Item"),
        answers="drop=items.color fill=items.mood:BAD",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT name, mood FROM items",
        sees=(("a", "BAD"),),
    ),
    Change(
        "a column with an enum is renamed, and the enum gets a value",
        item("color: Mapped[Color]"),
        item("paint: Mapped[Color]").replace(MEMBERS, MEMBERS + "\n    BLUE = 3"),
        answers="rename=items.color:paint",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT paint FROM items",
        sees=(("RED",),),
    ),
    Change(
        "a table with an enum is renamed, and the enum gets a value",
        item("color: Mapped[Color]"),
        item("color: Mapped[Color]")
        .replace(MEMBERS, MEMBERS + "\n    BLUE = 3")
        .replace('"items"', '"things"'),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
        look="SELECT color FROM things",
        sees=(("RED",),),
    ),
    Change(
        "an enum gets a value, and a column with it becomes NOT NULL with that value",
        item("color: Mapped[Color | None]"),
        item("color: Mapped[Color]").replace(MEMBERS, MEMBERS + "\n    BLUE = 3"),
        answers="fill=items.color:BLUE",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED'), (2, 'b', NULL)",),
        then="UPDATE items SET color = 'RED'",  # what the way back has no value for
        look="SELECT count(*) FROM items WHERE color IS NOT NULL",
        sees=((2,),),
    ),
    Change(
        "an enum that was nobody's is used",
        item(),
        item(
            "color: Mapped[Color | None]", "other: Mapped[Color] = mapped_column(default=Color.RED)"
        ),
        look="SELECT other FROM items",
        sees=(("RED",), ("RED",)),
    ),
    Change(
        "an enum of words is added, and gets one",
        item("size: Mapped[Literal['small', 'large']]").replace("import enum", WORDS),
        item("size: Mapped[Literal['small', 'medium', 'large']]").replace("import enum", WORDS),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 'large')",),
        look="SELECT size FROM items",
        sees=(("large",),),
    ),
    Change(
        "an enum with quotes, commas, percent signs and colons gets a value",
        item("size = mapped_column(Enum(\"it's\", 'a, b', '5%', ':x', '', name='odd'))"),
        item("size = mapped_column(Enum(\"it's\", 'a, b', '5%', ':x', '', 'new\"', name='odd'))"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '5%'), (2, 'b', 'it''s')",),
        look="SELECT size FROM items ORDER BY id",
        sees=(("5%",), ("it's",)),
    ),
    Change(
        "an enum with a name that needs quotes is added",
        item(),
        item("size = mapped_column(Enum('a', 'b', name='My Size'), server_default='b')"),
        look="SELECT size FROM items",
        sees=(("b",), ("b",)),
    ),
    *[
        Change(
            f"an array of an enum {what}",
            item(*(["colors = mapped_column(ARRAY(Enum(Color)))"] if before else [])),
            item(*(["colors = mapped_column(ARRAY(Enum(Color)))"] if after else [])).replace(
                MEMBERS, after or MEMBERS
            ),
            answers="" if after else "drop=items.colors",
            rows=(
                "INSERT INTO items (id, name) VALUES (1, 'a')",
                *(before and ["UPDATE items SET colors = '{RED,GREEN}'"]),
            ),
            look="SELECT colors::text FROM items" if before and after else "SELECT name FROM items",
            sees=(("{RED,GREEN}" if before and after else "a",),),
            only=("postgresql",),
        )
        for what, before, after in (
            ("is added", "", MEMBERS),
            ("is removed", MEMBERS, ""),
            ("gets a value", MEMBERS, "BLUE = 3\n    " + MEMBERS),
            ("gets another order", MEMBERS, "GREEN = 2\n    RED = 1"),
        )
    ],
    *(
        Change(
            f"an enum that an index and a check use {what}",
            item(
                *(
                    rich := (
                        "color: Mapped[Color]",
                        (
                            "__table_args__ = ("
                            "Index('reds', 'name', postgresql_where=text(\"color = 'RED'\")),"
                            " CheckConstraint(\"color <> 'RED' OR name <> 'x'\", name='no_x'))"
                        ),
                    )
                )
            ),
            item(*rich).replace(MEMBERS, after),
            rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED')",),
            look="SELECT color FROM items",
            sees=(("RED",),),
        )
        for what, after in (
            ("gets a value", "BLUE = 3\n    " + MEMBERS),
            ("gets another order", "GREEN = 2\n    RED = 1"),
            ("loses a value", "RED = 1"),
        )
    ),
    *(
        Change(
            f"an enum that is a key, to which another table refers, {what}",
            (models := HEADER + REFERRED),
            models.replace(MEMBERS, after),
            rows=(
                "INSERT INTO paints (color) VALUES ('RED')",
                "INSERT INTO items (id, color) VALUES (1, 'RED')",
            ),
            look="SELECT color FROM items",
            sees=(("RED",),),
        )
        for what, after in (
            ("gets a value", "RED = 1\n    GREEN = 2\n    BLUE = 3"),
            ("gets another order", "GREEN = 2\n    RED = 1"),
        )
    ),
    Change(
        "values of an enum are renamed to what differs in the case of its letters",
        item("color: Mapped[Color] = mapped_column(server_default='RED')"),
        item(
            "color: Mapped[Color] = mapped_column("
            "Enum(Color, values_callable=lambda kind: [one.name.lower() for one in kind]),"
            " server_default='red')"
        ),
        answers="rename=items.color.RED:red rename=items.color.GREEN:green",
        rows=("INSERT INTO items (id, name, color) VALUES (1, 'a', 'RED'), (2, 'b', 'GREEN')",),
        then="INSERT INTO items (id, name) VALUES (3, 'c')",
        look="SELECT color FROM items ORDER BY id",
        sees=(("red",), ("green",), ("red",)),
    ),
    *(
        Change(
            f"a value or none becomes an array, which {what}: {one}",
            item(f"color: Mapped[{one} | None]"),
            item(f"color: Mapped[list[{one}]{after}".format(f"ARRAY({type_})", f"'{{{value}}}'")),
            rows=(
                f"INSERT INTO items (id, name, color) VALUES (1, 'a', '{value}'), (2, 'b', NULL)",
            ),
            look="SELECT color::text FROM items ORDER BY id",
            sees=((f"{{{value}}}",), (f"{{{value}}}" if "default" in after else None,)),
            only=("postgresql",),
        )
        for one, type_, value in (("Color", "Enum(Color)", "RED"), ("int", "Integer", "7"))
        for what, after in (
            ("may be none", " | None] = mapped_column({})"),
            ("is NOT NULL", "] = mapped_column({}, server_default={})"),
        )
    ),
]
