"""Rows that need a value, because NULL is no longer one."""

from .kind import SHELF, Change, item

CHANGES = [
    Change(
        "a column is removed whose values are different beside another one",
        item(
            "__table_args__ = (UniqueConstraint('name', 'code'),)",
            "code: Mapped[str] = mapped_column(String(5))",
        ),
        item(),
        answers="drop=items.code",
        rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 'x'), (2, 'a', 'y')",),
        sees=((1, "a"), (2, "a")),
    ),
    *[
        Change(
            f"a column that must have a value comes back: {type_}",
            item(f"more: Mapped[str] = mapped_column(postgresql.{type_})"),
            item(),
            answers="drop=items.more",
            rows=(
                f"INSERT INTO items (id, name, more) VALUES (1, 'a', '{value}'), (2, 'b', '{value}')",
            ),
            only=("postgresql",),
        )
        for type_, value in {
            "INET": "10.0.0.1",
            "CIDR": "10.0.0.0/8",
            "MACADDR": "08:00:2b:01:02:03",
            "MONEY": "7",
            "BIT(3)": "101",
            "TSVECTOR": "a b",
            "INT4RANGE": "[1,7)",
            "TSTZMULTIRANGE": "{}",
            "OID": "7",
            "JSONB": "[]",
        }.items()
    ],
    *[
        Change(
            f"a column is removed whose values are all different, by {how}: {type_}",
            item(f"code: Mapped[{type_}] = mapped_column({how})"),
            item(),
            answers="drop=items.code",
            rows=(
                f"INSERT INTO items (id, name, code) VALUES (1, 'a', {ab[0]}), (2, 'b', {ab[1]})",
            ),
        )
        for how in ("unique=True", "unique=True, index=True")
        for type_, ab in {"str": ("'x'", "'y'"), "int": (7, 8), "decimal.Decimal": (7, 8)}.items()
    ],
    Change("NOT NULL becomes NULL", item(), item().replace("Mapped[str]", "Mapped[str | None]")),
    Change(
        "NULL becomes NOT NULL",
        item().replace("Mapped[str]", "Mapped[str | None]"),
        item(),
        answers="fill=items.name:'no name, 100%'",
        rows=("INSERT INTO items (id, name) VALUES (1, 'a'), (2, NULL)",),
        sees=((1, "a"), (2, "no name, 100%")),
    ),
    *[
        Change(
            f"a column that must have a value is added: {kind}",
            item(),
            item(f"extra: Mapped[{kind}]"),
            answers=f"fill=items.extra:{answer}",
            look="SELECT count(*) FROM items WHERE extra " + sql,
            sees=((2,),),
        )
        for kind, answer, sql in (
            ("str", "'it''s 100%'", "= 'its 100%'"),
            ("int", "-7", "= -7"),
            ("bool", "true", "= true"),
            ("float", "0.5", "= 0.5"),
            (
                "datetime.datetime",
                "2026-01-02T03:04:05",
                "BETWEEN '2026-01-02 03:04:05' AND '2026-01-02 03:04:06'",
            ),
        )
    ],
    Change(
        "a column with a default is added",
        item(),
        item("size: Mapped[int] = mapped_column(default=5)"),
        look="SELECT size FROM items",
        sees=((5,), (5,)),
    ),
    Change(
        "a column that must have a value is removed",
        item("size: Mapped[int]", "code: Mapped[str]", "big: Mapped[bool]"),
        item(),
        answers="drop=items.size drop=items.code drop=items.big",
        rows=("INSERT INTO items (id, name, size, code, big) VALUES (1, 'a', 7, 'x', true)",),
        sees=((1, "a"),),
    ),
    Change(
        "a column with an enum that must have a value is added",
        item(),
        item("color: Mapped[Color]"),
        answers="fill=items.color:RED",
        look="SELECT color FROM items",
        sees=(("RED",), ("RED",)),
    ),
    Change(
        "a column with an enum gets its value from the default of the model",
        item(),
        item("color: Mapped[Color] = mapped_column(default=Color.GREEN)"),
        look="SELECT color FROM items",
        sees=(("GREEN",), ("GREEN",)),
    ),
    Change(
        "a column with JSON that must have a value is added",
        item(),
        item("extra: Mapped[dict] = mapped_column(JSON)"),
        answers='fill=items.extra:\'{"a": ":x 5%"}\'',
        look="SELECT count(*) FROM items WHERE extra IS NOT NULL",
        sees=((2,),),
    ),
    Change(
        "a column with JSON that must have a value is removed",
        item("extra: Mapped[dict] = mapped_column(JSON)"),
        item(),
        answers="drop=items.extra",
        rows=("INSERT INTO items (id, name, extra) VALUES (1, 'a', '[]'), (2, 'b', '[]')",),
    ),
    Change(
        "NULL becomes NOT NULL, with a text that looks like a parameter",
        item().replace("Mapped[str]", "Mapped[str | None]"),
        item(),
        answers="fill=items.name:'a :b 10:20 ::c'",
        rows=("INSERT INTO items (id, name) VALUES (1, NULL)",),
        sees=((1, "a :b 10:20 ::c"),),
    ),
    *[
        Change(
            f"a column that must have a value is added: {kind}, {answer}",
            item(),
            item(f"extra: Mapped[{kind}] = mapped_column({type_})"),
            answers=f'fill="items.extra:{answer}"',
            look="SELECT count(*) FROM items WHERE extra " + sql,
            sees=((2,),),
        )
        for kind, type_, answer, sql in (
            ("datetime.date", "", "2026-01-02", "= '2026-01-02'"),
            ("datetime.time", "", "03:04:05", "BETWEEN '03:04:05' AND '03:04:05.1'"),
            ("decimal.Decimal", "Numeric(12, 2)", "-0.25", "= -0.25"),
            ("uuid.UUID", "", "12345678-1234-5678-1234-567812345678", "IS NOT NULL"),
            ("bytes", "", "abc", "IS NOT NULL"),
            ("datetime.timedelta", "", "90", "IS NOT NULL"),
            ("int", "BigInteger", "9007199254740993", "= 9007199254740993"),
            ("str", "Text", "50%% of %(x)s", "= '50%% of %(x)s'"),
            ("str", "", "", "= ''"),
            ("str", "", "größer", "= 'größer'"),
            ("str", "String(3)", "abc", "= 'abc'"),
        )
    ],
    Change(
        "a text with backslashes, quotes and two lines fills rows",
        item(),
        item("extra: Mapped[str] = mapped_column(Text)"),
        answers="""fill=items.extra:'C:\\new "x"\n;second'""",
        look="SELECT count(*) FROM items WHERE length(extra) = 18"
        " AND extra LIKE '%new \"x\"%second'",
        sees=((2,),),
    ),
    *[
        Change(
            f"NULL becomes NOT NULL: {kind}",
            item(f"extra: Mapped[{kind} | None] = mapped_column({type_})"),
            item(f"extra: Mapped[{kind}] = mapped_column({type_})"),
            answers=f"fill=items.extra:{answer}",
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {has}), (2, 'b', NULL)",),
            look=f"SELECT count(*) FROM items WHERE extra = {has} AND id = 1"
            f" OR extra = {gets} AND id = 2",
            sees=((2,),),
        )
        for kind, type_, has, answer, gets in (
            ("int", "", "7", "-1", "-1"),
            ("bool", "", "true", "false", "false"),
            ("datetime.date", "", "'2026-01-02'", "1999-12-31", "'1999-12-31'"),
            ("decimal.Decimal", "Numeric(12, 2)", "7.25", "0.5", "0.5"),
            ("Color", "", "'GREEN'", "RED", "'RED'"),
        )
    ],
    Change(
        "NULL becomes NOT NULL, with the default of the model",
        item("size: Mapped[int | None]"),
        item("size: Mapped[int] = mapped_column(default=5)"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        look="SELECT size FROM items ORDER BY id",
        sees=((7,), (5,)),
    ),
    Change(
        "NULL becomes NOT NULL, with a server default from now on",
        item("size: Mapped[int | None]"),
        item("size: Mapped[int] = mapped_column(server_default='5')"),
        answers="fill=items.size:6",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        look="SELECT size FROM items ORDER BY id",
        sees=((7,), (6,)),
    ),
    Change(
        "NULL becomes NOT NULL, with another type",
        item("size: Mapped[str | None]"),
        item("size: Mapped[int]"),
        answers="fill=items.size:6",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '7'), (2, 'b', NULL)",),
        look="SELECT size FROM items ORDER BY id",
        sees=((7,), (6,)),
    ),
    Change(
        "NULL becomes NOT NULL, with another name",
        item("size: Mapped[int | None]"),
        item("amount: Mapped[int]"),
        answers="rename=items.size:amount fill=items.amount:6",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        look="SELECT amount FROM items ORDER BY id",
        sees=((7,), (6,)),
    ),
    Change(
        "NULL becomes NOT NULL in a table with another name",
        item("size: Mapped[int | None]"),
        item("size: Mapped[int]").replace('"items"', '"things"'),
        answers="rename=items:things fill=things.size:6",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        look="SELECT size FROM things ORDER BY id",
        sees=((7,), (6,)),
    ),
    Change(
        "NULL becomes NOT NULL in a column with an index, a check and a foreign key",
        item(
            "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)",
            "__table_args__ = (CheckConstraint('shelf_id > 0'),)",
        )
        + SHELF,
        item(
            "shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id'), index=True)",
            "__table_args__ = (CheckConstraint('shelf_id > 0'),)",
        )
        + SHELF,
        answers="fill=items.shelf_id:4",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (4, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 4), (2, 'b', NULL)",
        ),
        look="SELECT shelf_id FROM items",
        sees=((4,), (4,)),
    ),
    Change(
        "a foreign key that must have a value is added",
        item() + SHELF,
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id'), index=True)") + SHELF,
        answers="fill=items.shelf_id:4",
        rows=(
            "INSERT INTO shelves (id, code) VALUES (4, 'x')",
            "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",
        ),
        look="SELECT shelf_id FROM items",
        sees=((4,), (4,)),
    ),
    Change(
        "a column that must have a value is added with a check that the value meets",
        item(),
        item("size: Mapped[int]", "__table_args__ = (CheckConstraint('size > 5'),)"),
        answers="fill=items.size:6",
        look="SELECT size FROM items",
        sees=((6,), (6,)),
    ),
    Change(
        "a column that must have a value of its own in each row is added to a table without rows",
        item(),
        item("code: Mapped[str] = mapped_column(unique=True)"),
        answers="fill=items.code:x",
        rows=(),
        look="SELECT count(*) FROM items",
        sees=((0,),),
    ),
    Change(
        "a column whose default is a function of Python that takes a context is added",
        item(),
        item("code: Mapped[str] = mapped_column(default=lambda context: 'x')"),
        refused=dict.fromkeys(
            ("sqlite", "postgresql", "mariadb"), "What value do existing rows get"
        ),
    ),
    Change(
        "a column whose default is an expression of SQL is added, with another value for rows",
        item(),
        item("day: Mapped[datetime.date] = mapped_column(default=func.current_date())"),
        answers="fill=items.day:2026-01-02",
        look="SELECT count(*) FROM items WHERE day = '2026-01-02'",
        sees=((2,),),
    ),
    Change(
        "a column that must have a value is filled with what is none of its type",
        item(),
        item("size: Mapped[int]"),
        answers="fill=items.size:many",
        refused=dict.fromkeys(("sqlite", "postgresql", "mariadb"), "fill=items.size:many is no"),
    ),
    Change(
        "a column that must have a value is filled with a length of time in words",
        item(),
        item("rest: Mapped[datetime.timedelta]"),
        answers="'fill=items.rest:1 day'",
        refused=dict.fromkeys(("sqlite", "postgresql", "mariadb"), "in seconds. Nothing was"),
    ),
    Change(
        "columns with defaults of the model that are falsy are added",
        item(),
        item(
            "size: Mapped[int] = mapped_column(default=0)",
            "open: Mapped[bool] = mapped_column(default=False)",
            "note: Mapped[str] = mapped_column(default='')",
            "more: Mapped[dict] = mapped_column(JSON, default={})",
            "price: Mapped[decimal.Decimal] ="
            " mapped_column(Numeric(9, 2), default=decimal.Decimal())",
        ),
        look="SELECT count(*) FROM items WHERE size = 0 AND open = false AND note = ''"
        " AND more IS NOT NULL AND price = 0",
        sees=((2,),),
    ),
    Change(
        "a column with an array that must have a value is added",
        item(),
        item("tags: Mapped[list[str]] = mapped_column(ARRAY(String(20)))"),
        answers="fill=items.tags:'{x,y}'",
        look="SELECT tags[2] FROM items",
        sees=(("y",), ("y",)),
        only=("postgresql",),
    ),
    Change(
        "a column with an array that must have a value is removed",
        item("tags: Mapped[list[str]] = mapped_column(ARRAY(String(20)))"),
        item(),
        answers="drop=items.tags",
        rows=("INSERT INTO items (id, name, tags) VALUES (1, 'a', '{x}')",),
        sees=((1, "a"),),
        only=("postgresql",),
    ),
    Change(
        "columns of many types that must have a value are removed",
        item(
            "a: Mapped[datetime.date]",
            "b: Mapped[datetime.time]",
            "c: Mapped[decimal.Decimal] = mapped_column(Numeric(9, 2))",
            "d: Mapped[uuid.UUID]",
            "e: Mapped[bytes]",
            "f: Mapped[datetime.timedelta]",
            "g: Mapped[Color]",
            "h: Mapped[datetime.datetime]",
        ),
        item(),
        answers=" ".join(f"drop=items.{name}" for name in "abcdefgh"),
        rows=(
            (
                "INSERT INTO items VALUES (1, 'a', '2026-01-02', '03:04:05', 1.5,"
                " '12345678123456781234567812345678', 'x', '2026-01-02 03:04:05', 'RED',"
                " '2026-01-02 03:04:05')"
            ),
        ),
        sees=((1, "a"),),
        only=("sqlite", "mariadb"),
    ),
    Change(
        "an interval that must have a value is removed",
        item("length: Mapped[datetime.timedelta]", "area: Mapped[uuid.UUID]"),
        item(),
        answers="drop=items.length drop=items.area",
        rows=(
            (
                "INSERT INTO items (id, name, length, area) VALUES (1, 'a', '01:00',"
                " '12345678123456781234567812345678')"
            ),
        ),
        sees=((1, "a"),),
        only=("postgresql",),
    ),
    Change(
        "NOT NULL becomes NULL in columns with a default, an index and an enum",
        item(
            "size: Mapped[int] = mapped_column(server_default='5')",
            "code: Mapped[str] = mapped_column(index=True)",
            "color: Mapped[Color] = mapped_column(server_default='RED')",
        ),
        item(
            "size: Mapped[int | None] = mapped_column(server_default='5')",
            "code: Mapped[str | None] = mapped_column(index=True)",
            "color: Mapped[Color | None] = mapped_column(server_default='RED')",
        ),
        rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",),
        then="INSERT INTO items (id, name, code) VALUES (2, 'b', 'y')",
        look="SELECT size, code, color FROM items ORDER BY id",
        sees=((5, "x", "RED"), (5, "y", "RED")),
    ),
    Change(
        "a default of the model in JSON has quotes, colons and percent signs",
        item(),
        item("more = mapped_column(JSON, default={'a': \"it's :x %s :y: 5%\"}, nullable=False)"),
        look="SELECT count(*) FROM items WHERE CAST(more AS CHAR(99)) LIKE '%it''s :x _s :y: 5%'",
        sees=((2,),),
    ),
    Change(
        "rows get another value than the default of the server, in a column that may be NULL too",
        item(),
        item("a: Mapped[int] = mapped_column(server_default='3')", "b: Mapped[int | None]"),
        answers="fill=items.a:5 fill=items.b:7",
        look="SELECT a, b FROM items",
        sees=((5, 7), (5, 7)),
    ),
    Change(
        "a time in a time zone is a value",
        item(),
        item("at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))"),
        answers="fill=items.at:2020-02-29T01:02:03Z",
        look="SELECT count(*) FROM items WHERE at BETWEEN '2020-02-29 01:02:03' AND '2020-02-29 01:02:04'",
        sees=((2,),),
    ),
    Change(
        "NULL becomes NOT NULL, with the default that the server has",
        item("size: Mapped[int | None] = mapped_column(server_default='3')"),
        item("size: Mapped[int] = mapped_column(server_default='3')"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        look="SELECT size FROM items ORDER BY id",
        sees=((7,), (3,)),
    ),
]
