"""What the server puts into a column, and what it says of it."""

from .kind import SHELF, Change, item

PLAIN = "extra = mapped_column(Integer)"
DOUBLE = "extra = mapped_column(Integer, Computed('size * 2', True))"
PRICE = "price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))"
REBATE = "rebate: Mapped[decimal.Decimal] = mapped_column(Numeric(4, 2), server_default='0')"
TOTAL = "total = mapped_column(Numeric(12, 2), Computed('{}', True))"
OLDER = "older = mapped_column(Integer, Computed('old + 1', True))"
NUMBER = "number: Mapped[int] = mapped_column(Sequence('numbers'))"


#: The same text but for a blank, in all that may hold a text; `{}` is where it stands.
BLANKS = (
    (
        "a default",
        "nick: Mapped[str | None] = mapped_column(Text, server_default='{}')",
        "SELECT count(*) FROM items WHERE nick = 'a  b'",
        ("postgresql",),
    ),
    (
        "a default of a short text",
        "nick: Mapped[str | None] = mapped_column(String(50), server_default='{}')",
        "SELECT count(*) FROM items WHERE nick LIKE 'a  b'",
        ("postgresql", "mariadb"),
    ),
    (
        "what a column is computed from",
        "nick = mapped_column(String(50), Computed(\"concat(name, '{}')\", True))",
        "SELECT count(*) FROM items WHERE nick LIKE 'ca  b'",
        ("mariadb",),
    ),
    (
        "what a column is computed from",
        "nick = mapped_column(Text, Computed(\"name || '{}'\", True))",
        "SELECT count(*) FROM items WHERE nick = 'ca  b'",
        ("postgresql",),
    ),
    (
        "a check with a name of its own",
        "__table_args__ = (CheckConstraint(\"name <> 'blank {}'\", name='blank'),)",
        (
            "SELECT count(DISTINCT constraint_name) FROM information_schema.check_constraints"
            " WHERE check_clause LIKE '%blank a  b%'"
        ),
        ("postgresql", "mariadb"),
    ),
    (
        "a comment",
        "nick: Mapped[str | None] = mapped_column(Text, comment='{}')",
        "SELECT count(*) FROM pg_description WHERE description = 'a  b'",
        ("postgresql",),
    ),
    (
        "a domain",
        "nick = mapped_column(postgresql.DOMAIN('nick', Text, check=\"VALUE <> '{}'\"))",
        "SELECT count(*) FROM pg_constraint WHERE pg_get_constraintdef(oid) LIKE '%a  b%'",
        ("postgresql",),
    ),
    (
        "an index",
        "__table_args__ = (Index('by_nick', text(\"(name || '{}')\")),)",
        "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%a  b%'",
        ("postgresql",),
    ),
)


CHANGES = [
    *[
        Change(
            f"{what} changes by a blank in a text",
            item(line.format("a b")),
            item(line.format("a  b")),
            then="INSERT INTO items (id, name) VALUES (3, 'c')",
            look=query,
            sees=((1,),),
            only=only,
        )
        for what, line, query, only in BLANKS
    ],
    *[
        Change(
            f"{what} comes with blanks in a text",
            item(),
            item(line.format("a  b")),
            then="INSERT INTO items (id, name) VALUES (3, 'c')",
            look=query,
            sees=((1,),),
            only=only,
        )
        for what, line, query, only in BLANKS
        if "computed" in what or what == "a domain"
    ],
    Change(
        "a comment comes to a column that is computed",
        item("twice: Mapped[int | None] = mapped_column(Computed('2 * 3', persisted=True))"),
        item(
            "twice: Mapped[int | None] = mapped_column(Computed('2 * 3', persisted=True), comment='six')"
        ),
    ),
    Change(
        "a column with a server default is added",
        item(),
        item("size: Mapped[int] = mapped_column(server_default='5')"),
        look="SELECT size FROM items",
        sees=((5,), (5,)),
    ),
    *[
        Change(
            f"a server default is {kind}: {type_}",
            item(f"extra: Mapped[{type_} | None] = mapped_column({before})"),
            item(f"extra: Mapped[{type_} | None] = mapped_column({after})"),
        )
        for type_, *defaults in (
            ("int", "server_default='5'", "server_default='6'"),
            ("str", "server_default='a'", 'server_default="it\'s 5%"'),
            ("bool", "server_default=true()", "server_default=false()"),
            (
                "datetime.datetime",
                "server_default=func.now()",
                "server_default='2026-01-01 00:00:00'",
            ),
            ("float", "server_default=text('0.5')", "server_default='1.5'"),
        )
        for kind, before, after in (
            ("changed", *defaults),
            ("added", "", defaults[1]),
            ("removed", defaults[0], ""),
        )
    ],
    Change(
        "a column with a server default gets another type",
        item("size: Mapped[str] = mapped_column(server_default='5')"),
        item("size: Mapped[int] = mapped_column(server_default='5')"),
        look="SELECT size FROM items",
        sees=((5,), (5,)),
    ),
    *[
        Change(
            f"a column with a server default is added to rows: {what}",
            item(),
            item(f"extra = mapped_column({type_}, server_default={default}, nullable=False)"),
            look=f"SELECT count(*) FROM items WHERE {sees}",
            sees=((2,),),
        )
        for what, type_, default, sees in (
            ("a negative number", "Integer", "'-5'", "extra = -5"),
            ("a fraction", "Numeric(9, 2)", "text('0.25')", "extra = 0.25"),
            ("an empty text", "String(9)", "''", "extra = ''"),
            ("a text with a quote", "String(20)", '"it\'s"', "extra = 'it''s'"),
            ("a text with percent signs", "String(20)", "'5% %s %%'", "extra = '5% %s %%'"),
            ("a text with colons", "String(20)", "'a :b ::c 1:2'", "extra = 'a :b ::c 1:2'"),
            ("a text with a backslash", "String(20)", r"r'C:\new'", "length(extra) = 6"),
            ("a text with a new line", "String(20)", r"'a\nb'", "length(extra) = 3"),
            ("a text with parentheses", "String(20)", "'(a), b)'", "extra = '(a), b)'"),
            ("the text NULL", "String(20)", "'NULL'", "extra = 'NULL'"),
            ("a date", "Date", "'2026-01-02'", "extra = '2026-01-02'"),
            ("a long text", "Text", "text(\"('x')\")", "extra = 'x'"),
            ("JSON", "JSON", "text(\"('[1]')\")", "CAST(extra AS CHAR(3)) = '[1]'"),
            ("a function", "String(20)", "text(\"(lower('ABC'))\")", "extra = 'abc'"),
            ("an expression", "Integer", "text('(1 + 2)')", "extra = 3"),
            ("false", "Boolean", "false()", "extra = false"),
            ("a member of an enum", "Enum(Color)", "Color.GREEN.name", "extra = 'GREEN'"),
        )
    ],
    *[
        Change(
            f"a server default changes: {what}",
            item(f"extra = mapped_column({type_}, server_default={before})"),
            item(f"extra = mapped_column({type_}, server_default={after})"),
            rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
            then="INSERT INTO items (id, name) VALUES (2, 'b')",
            look=f"SELECT count(*) FROM items WHERE id = 1 AND {was} OR id = 2 AND {will}",
            sees=((2,),),
        )
        for what, type_, before, after, was, will in (
            (
                "JSON",
                "JSON",
                "text(\"('[]')\")",
                "text(\"('[1]')\")",
                "CAST(extra AS CHAR(2)) = '[]'",
                "CAST(extra AS CHAR(3)) = '[1]'",
            ),
            (
                "a day",
                "Date",
                "'2026-01-02'",
                "'2027-01-02'",
                "extra = '2026-01-02'",
                "extra = '2027-01-02'",
            ),
            (
                "an expression",
                "Integer",
                "text('(1 + 1)')",
                "text('(1 + 2)')",
                "extra = 2",
                "extra = 3",
            ),
            (
                "a text to NULL as a word",
                "String(9)",
                "'x'",
                "'NULL'",
                "extra = 'x'",
                "extra = 'NULL'",
            ),
            (
                "a text to none but spaces",
                "String(9)",
                "''",
                "'  '",
                "extra = ''",
                "length(extra) = 2",
            ),
            ("only upper and lower case", "String(9)", "'x'", "'X'", "extra = 'x'", "extra = 'X'"),
            ("only a percent sign", "String(9)", "'5'", "'5%'", "extra = '5'", "extra = '5%'"),
            ("only a colon", "String(9)", "'a'", "':a'", "extra = 'a'", "extra = ':a'"),
            (
                "only a backslash",
                "String(9)",
                "'ab'",
                r"'a\\b'",
                "extra = 'ab'",
                "length(extra) = 3",
            ),
            (
                "a number to a function",
                "String(9)",
                "'x'",
                "text(\"(lower('ABC'))\")",
                "extra = 'x'",
                "extra = 'abc'",
            ),
        )
    ],
    *[
        Change(
            f"a computed column is {what}",
            item("size: Mapped[int]", *before),
            item("size: Mapped[int]", *after),
            answers=answers,
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
            look=look,
            sees=((sees,),),
        )
        for what, before, after, answers, look, sees in (
            ("added", [], [DOUBLE], "", "SELECT extra FROM items", 14),
            ("removed", [DOUBLE], [], "drop=items.extra", "SELECT size FROM items", 7),
            (
                "changed",
                [DOUBLE],
                [DOUBLE.replace("2", "3")],
                "",
                "SELECT extra FROM items",
                21,
            ),
            (
                "computed no more",
                [DOUBLE],
                ["extra = mapped_column(Integer)"],
                "",
                "SELECT extra FROM items",
                14,
            ),
            (
                "in a table that changes for another reason",
                [DOUBLE],
                [DOUBLE, "note = mapped_column(Text, CheckConstraint(\"note <> ''\"))"],
                "",
                "SELECT extra FROM items",
                14,
            ),
            (
                "a fraction",
                [],
                [DOUBLE.replace("Integer", "Numeric(12, 2)")],
                "",
                "SELECT CAST(extra AS CHAR(2)) FROM items",
                "14",
            ),
            (
                "a text",
                [],
                [
                    (
                        "extra = mapped_column(String(300), "
                        "Computed(\"replace(name, '%', ':x')\", True))"
                    )
                ],
                "",
                "SELECT extra FROM items",
                "a",
            ),
        )
    ],
    *(
        Change(
            f"a column is computed no more that was {what}, {and_}",
            item("size: Mapped[int]", DOUBLE.replace("* 2", "+ 8").replace("True", stored)),
            item(*after),
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 0)",),
            answers=answers,
            look="SELECT extra FROM items",
            sees=((8,),),
        )
        for what, stored in (("stored", "True"), ("virtual", "False"))
        for and_, after, answers in (
            ("and stays beside its base", ["size: Mapped[int]", "extra: Mapped[int | None]"], ""),
            ("and its base goes", ["extra: Mapped[int | None]"], "drop=items.size"),
            (
                "and is never NULL",
                ["size: Mapped[int]", "extra: Mapped[int] = mapped_column(index=True)"],
                "fill=items.extra:1",
            ),
        )
    ),
    Change(
        "a column is computed no more that was virtual, with a comment",
        item("size: Mapped[int]", DOUBLE.replace("True))", "False), comment='VIRTUAL or not')")),
        item("size: Mapped[int]", "extra = mapped_column(Integer, comment='VIRTUAL or not')"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT extra FROM items",
        sees=((14,),),
        only=("postgresql", "mariadb"),
    ),
    Change(
        "a table is renamed with a column that is computed no more, and gets another name and a check",
        item("size: Mapped[int]", DOUBLE.replace("* 2", "+ 8")),
        item(
            "more: Mapped[int] = mapped_column(BigInteger, index=True)",
            "__table_args__ = (CheckConstraint('more > 2', name='much'),)",
        )
        .replace("items", "order")
        .replace("Item", "Order"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 0)",),
        answers="rename=items:order rename=items.extra:more drop=items.size fill=order.more:9",
        look='SELECT more FROM "order"',
        sees=((8,),),
    ),
    Change(
        "a column that holds values is computed from now on",
        item("size: Mapped[int]", PLAIN),
        item("size: Mapped[int]", DOUBLE),
        rows=(),
        refused=dict.fromkeys(
            ("sqlite", "postgresql", "mariadb"),
            "items.extra holds values, and the models compute it: drop=items.extra",
        ),
    ),
    *(
        Change(
            f"a column whose values may go is computed from now on, {what}",
            item(before, plain, *more),
            item(after, DOUBLE.replace("size", after.partition(":")[0]), *more),
            rows=("INSERT INTO items (id, name, size, extra) VALUES (1, 'a', 3, 9)",),
            answers=f"drop=items.extra {answers}".strip(),
            look="SELECT extra FROM items",
            sees=((6,),),
        )
        for what, before, after, plain, more, answers in (
            ("alone", "size: Mapped[int]", "size: Mapped[int]", PLAIN, (), ""),
            (
                "under an index",
                "size: Mapped[int]",
                "size: Mapped[int]",
                PLAIN,
                ("__table_args__ = (Index('ix_extra', 'extra'), UniqueConstraint('extra'))",),
                "",
            ),
            (
                "where it had to have one, of a renamed column",
                "size: Mapped[int]",
                "width: Mapped[int]",
                PLAIN.replace(")", ", nullable=False)"),
                (),
                "rename=items.size:width",
            ),
        )
    ),
    *[
        Change(
            f"a computed column is stored {what}",
            item("size: Mapped[int]", DOUBLE.replace("True", before)),
            item("size: Mapped[int]", DOUBLE.replace("True", after)),
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
            look="SELECT extra FROM items",
            sees=((14,),),
        )
        for what, before, after in (("no more", "True", "False"), ("from now on", "False", "True"))
    ],
    *[
        Change(
            f"an identity is {what} in a table with a name that needs quotes: {name}",
            item().replace("primary_key=True", before).replace('"items"', f'"{name}"'),
            item().replace("primary_key=True", after).replace('"items"', f'"{name}"'),
            rows=(f"""INSERT INTO "{name}" (name) VALUES ('a')""",),
            then=f"""INSERT INTO "{name}" (name) VALUES ('b')""",
            look=f'SELECT id, name FROM "{name}" ORDER BY id',
            only=("postgresql",),
        )
        for name in ("Items", "order", "two words")
        for what, before, after in (
            ("added", "primary_key=True", "Identity(), primary_key=True"),
            ("removed", "Identity(), primary_key=True", "primary_key=True"),
        )
    ],
    *(
        Change(
            f"an identity gets another type and ends {what}",
            item().replace("primary_key=True", before),
            item().replace("primary_key=True", after),
            only=("postgresql",),
        )
        for small in ("Integer, Identity(maxvalue=2000000000), primary_key=True",)
        for large in ("BigInteger, Identity(maxvalue=90000000000), primary_key=True",)
        for what, before, after in (("earlier", large, small), ("later", small, large))
    ),
    *[
        Change(
            f"an identity is {what}",
            item().replace("primary_key=True", before),
            item().replace("primary_key=True", after),
            rows=("INSERT INTO items (name) VALUES ('a')",),
            then="INSERT INTO items (name) VALUES ('b')",
            look="SELECT id, name, (SELECT attidentity::text FROM pg_attribute"
            " WHERE attrelid = 'items'::regclass AND attname = 'id') FROM items ORDER BY id",
            sees=((1, "a", sees), (2 if "start" not in after else 50, "b", sees)),
            only=("postgresql",),
        )
        for what, before, after, sees in (
            ("added", "primary_key=True", "Identity(), primary_key=True", "d"),
            ("removed", "Identity(), primary_key=True", "primary_key=True", ""),
            (
                "made strict",
                "Identity(), primary_key=True",
                "Identity(always=True), primary_key=True",
                "a",
            ),
            (
                "relaxed",
                "Identity(always=True), primary_key=True",
                "Identity(), primary_key=True",
                "d",
            ),
        )
    ],
    Change(
        "an identity gets another step",
        item().replace("primary_key=True", "Identity(start=1, increment=1), primary_key=True"),
        item().replace("primary_key=True", "Identity(start=1, increment=10), primary_key=True"),
        rows=("INSERT INTO items (name) VALUES ('a')",),
        then="INSERT INTO items (name) VALUES ('b')",
        look="SELECT id FROM items ORDER BY id",
        sees=((1,), (11,)),
        only=("postgresql",),
    ),
    Change(
        "a column with an identity is added",
        item(),
        item("number: Mapped[int] = mapped_column(Identity(start=5))"),
        look="SELECT number FROM items ORDER BY number",
        sees=((5,), (6,)),
        only=("postgresql",),
    ),
    Change(
        "a table with an identity is added",
        item(),
        item()
        + SHELF.replace("primary_key=True", "Identity(always=True, start=9), primary_key=True"),
    ),
    *[
        Change(
            f"a sequence is {what}",
            item(*before),
            item(*after),
            answers=answers,
            rows=(
                (
                    f"INSERT INTO items (id, name{', number' * bool(before)})"
                    f" VALUES (1, 'a'{', 5' * bool(before)})"
                ),
            ),
            sees=((1, "a"),),
            only=("postgresql", "mariadb"),
        )
        for what, before, after, answers in (
            ("added with a column", [], [NUMBER], "fill=items.number:7"),
            ("removed with a column", [NUMBER], [], "drop=items.number drop=numbers"),
        )
    ],
    *[
        Change(
            f"a sequence is renamed, and goes on counting: {database}",
            item(NUMBER),
            item(NUMBER.replace("numbers", "figures")),
            answers="rename=numbers:figures",
            rows=(
                "SELECT nextval(numbers)" if database == "mariadb" else "SELECT nextval('numbers')",
            ),
            look=look,
            sees=((True,),),
            only=(database,),
        )
        for database, look in (
            ("postgresql", "SELECT last_value = 1 AND is_called FROM figures"),
            ("mariadb", "SELECT next_not_cached_value > 1 FROM figures"),
        )
    ],
    Change(
        "a sequence that belongs to no table is added",
        item(),
        item() + "Sequence('tickets', metadata=Base.metadata, start=5)\n",
        look="SELECT nextval('tickets') > 0",
        sees=((True,),),
        only=("postgresql",),
    ),
    Change(
        "a sequence that belongs to no table is removed",
        item() + "Sequence('tickets', metadata=Base.metadata, start=5)\n",
        item(),
        answers="drop=tickets",
        look="SELECT count(*) FROM pg_class WHERE relname = 'tickets'",
        sees=((0,),),
        only=("postgresql",),
    ),
    Change(
        "a sequence that a default uses goes with the default",
        item("size: Mapped[int] = mapped_column(server_default=text(\"nextval('tickets')\"))")
        + "Sequence('tickets', metadata=Base.metadata, start=5)\n",
        item("size: Mapped[int]"),
        answers="drop=tickets",
        look="SELECT size FROM items ORDER BY id",
        sees=((5,), (6,)),
        only=("postgresql",),
    ),
    Change(
        "a column goes whose default has a colon and a percent sign",
        item("note = mapped_column(Text, server_default='100% :x', nullable=False)"),
        item(),
        answers="drop=items.note",
    ),
    Change(
        "a default of the models is a member of an enum that is a text",
        item(),
        item("state = mapped_column(String(9), server_default=State.NEW)").replace(
            "class Item", "class State(str, enum.Enum):\n    NEW = 'new'\n\nclass Item"
        ),
        look="SELECT state FROM items",
        sees=(("new",), ("new",)),
    ),
    Change(
        "NULL becomes NOT NULL in a column that follows the changes of its row",
        item(
            stamp := "at = mapped_column(TIMESTAMP, "
            "server_default=text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'), nullable=True)"
        ),
        item(stamp.replace("True", "False")),
        rows=("INSERT INTO items (id, name, at) VALUES (1, 'a', NULL)",),
        look="SELECT count(at) FROM items",
        sees=((1,),),
        only=("mariadb",),
    ),
    Change(
        "an array of a domain is added, whose check has a percent sign",
        item(),
        item(
            "codes = mapped_column(ARRAY(postgresql.DOMAIN("
            "'code', Text, check=\"VALUE LIKE 'a%'\")))"
        ),
        only=("postgresql",),
    ),
    Change(
        "a primary key begins to count by itself",
        item().replace("primary_key=True", "primary_key=True, autoincrement=False"),
        item(),
        then="INSERT INTO items (name) VALUES ('c')",
        look="SELECT count(*) FROM items WHERE id = 3",
        sees=((1,),),
    ),
    Change(
        "a primary key counts by itself no more",
        item(),
        item().replace("primary_key=True", "primary_key=True, autoincrement=False"),
    ),
    *[
        Change(
            f"the comment of a column is {what}",
            item(f"size = mapped_column(Integer{before}, server_default='5', nullable=False)"),
            item(f"size = mapped_column(Integer{after}, server_default='5', nullable=False)"),
            look="SELECT name, size FROM items ORDER BY id",
            sees=(("a", 5), ("b", 5)),
        )
        for what, before, after in (
            ("added", "", ', comment="it\'s 5% :x"'),
            ("changed", ", comment='x'", ", comment='X'"),
            ("removed", ", comment='x'", ""),
        )
    ],
    *[
        Change(f"the comment of a table is {what}", item(before), item(after))
        for what, before, after in (
            ("added", "", "__table_args__ = {'comment': \"it's 5% :x\"}"),
            ("changed", "__table_args__ = {'comment': 'x'}", "__table_args__ = {'comment': 'y'}"),
            ("removed", "__table_args__ = {'comment': 'x'}", ""),
        )
    ],
    Change(
        "a table with comments on itself and on a column gets another type and another name",
        item("size = mapped_column(Integer, comment='x')", "__table_args__ = {'comment': 'y'}"),
        item(
            "size = mapped_column(Text, comment='z')", "__table_args__ = {'comment': 'y'}"
        ).replace('"items"', '"things"'),
        answers="rename=items:things",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM things",
        sees=(("7",),),
    ),
    *[
        Change(
            f"a collation is {what}: {database}",
            item(f"word = mapped_column(String(50{before}), index=True)"),
            item(f"word = mapped_column(String(50{after}), index=True)"),
            rows=("INSERT INTO items (id, name, word) VALUES (1, 'a', 'x')",),
            look=f"SELECT word FROM items WHERE word {'=' if finds else '<>'} 'X'",
            sees=(("x",),),
            only=(database,),
        )
        for database, collation, finds in (
            ("sqlite", "NOCASE", True),
            ("postgresql", "C", False),
            ("mariadb", "utf8mb4_bin", False),
        )
        for what, before, after in (
            ("added", "", f", collation='{collation}'"),
            ("removed", f", collation='{collation}'", ""),
        )
        if what == "added" or database == "postgresql"
    ],
    *[
        Change(
            f"a default of PostgreSQL's own is added: {type_}",
            item(),
            item(f'extra = mapped_column({type_}, server_default=text("{default}"))'),
            look="SELECT count(*) FROM items WHERE extra IS NOT NULL",
            sees=((2,),),
            only=("postgresql",),
        )
        for type_, default in (
            ("Uuid", "gen_random_uuid()"),
            ("ARRAY(Text)", "'{}'"),
            ("postgresql.JSONB", "'{}'::jsonb"),
            ("postgresql.INTERVAL", "'1 day'"),
            ("postgresql.TIMESTAMP(timezone=True)", "timezone('utc', now())"),
        )
    ],
    Change(
        "a column that follows each update is added on MariaDB",
        item(),
        item(
            "changed = mapped_column(DateTime, nullable=False,"
            " server_default=text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'))"
        ),
        look="SELECT count(*) FROM items WHERE changed IS NOT NULL",
        sees=((2,),),
        only=("mariadb",),
    ),
    Change(
        "a column that another one is computed from gets another type, and goes with it",
        item("size: Mapped[int]", DOUBLE, "old: Mapped[int | None]", OLDER),
        item("size: Mapped[int] = mapped_column(BigInteger)", DOUBLE),
        answers="drop=items.old drop=items.older",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size, extra FROM items",
        sees=((7, 14),),
    ),
    *[
        Change(
            f"a computed column is made of one that {what}",
            item(PRICE, *before),
            item(PRICE, *after),
            answers=answers,
            rows=("INSERT INTO items (id, name, price) VALUES (1, 'a', 1.5)",),
            look="SELECT CAST(2 * total AS CHAR(1)) FROM items",
            sees=(("6",),),
        )
        for what, before, after, answers in (
            (
                "comes",
                [TOTAL.format("price * 2")],
                [REBATE, TOTAL.format("price * 2 - rebate")],
                "",
            ),
            (
                "goes",
                [REBATE, TOTAL.format("price * 2 - rebate")],
                [TOTAL.format("price * 2")],
                "drop=items.rebate",
            ),
        )
    ],
    Change(
        "a table with a computed column is removed",
        item() + SHELF + f"    {PRICE}\n    {TOTAL.format('price * 2')}\n",
        item(),
        answers="drop=shelves",
    ),
    Change(
        "a computed column goes with its base, in a table with a name that needs quotes",
        item(PRICE, TOTAL.format("price * 2")).replace('"items"', '"order"'),
        item().replace('"items"', '"order"'),
        rows=("""INSERT INTO "order" (id, name, price) VALUES (1, 'a', 1.5)""",),
        answers="drop=order.price drop=order.total",
        look='SELECT id, name FROM "order"',
        sees=((1, "a"),),
    ),
    *(
        Change(
            f"the base of a computed column with a unique constraint is renamed{what}",
            item(
                f"first: Mapped[str] = mapped_column(String({length}))",
                "whole: Mapped[str | None] = mapped_column(String(99),"
                " Computed('lower(first)', True), unique=True)",
            ),
            item(
                "given: Mapped[str] = mapped_column(String(50))",
                "whole: Mapped[str | None] = mapped_column(String(99),"
                " Computed('lower(given)', True), unique=True)",
            ),
            rows=("INSERT INTO items (id, name, first) VALUES (1, 'a', 'x')",),
            answers="rename=items.first:given",
            look="SELECT whole, given FROM items",
            sees=(("x", "x"),),
        )
        for what, length in (("", 50), (", and gets longer", 40))
    ),
]
