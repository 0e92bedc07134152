"""Conditions that rows must meet."""

from .kind import SHELF, Change, item


def without_convention(*lines: str) -> str:
    """The model Item in metadata that names nothing."""
    convention = "Base.metadata.naming_convention = MetaData().naming_convention\n"
    return item(*lines).replace("class Item", f"{convention}class Item")


CHANGES = [
    Change(
        "a check without a name changes, where nothing gets one",
        without_convention("size = mapped_column(Integer, CheckConstraint('size > 0'))"),
        without_convention("size = mapped_column(Integer, CheckConstraint('size > 1'))"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM items",
        sees=((7,),),
    ),
    *[
        Change(
            f"a unique constraint of two columns {what}, where nothing gets a name",
            without_convention("size: Mapped[int | None]", *before),
            without_convention("size: Mapped[int | None]", *after),
        )
        for what, before, after in (
            ("comes", [], ["__table_args__ = (UniqueConstraint('name', 'size'),)"]),
            ("goes", ["__table_args__ = (UniqueConstraint('name', 'size'),)"], []),
        )
    ],
    Change(
        "a check is added",
        item("size: Mapped[int | None]"),
        item("size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > 0'),)"),
    ),
    Change(
        "a check is removed",
        item("size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > 0'),)"),
        item("size: Mapped[int | None]"),
    ),
    Change(
        "a check changes",
        item("size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > 0'),)"),
        item("size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > 1'),)"),
    ),
    Change(
        "a check with a name of its own is added",
        item("size: Mapped[int | None]"),
        item(
            "size: Mapped[int | None]",
            "__table_args__ = (CheckConstraint('size > 0', name='positive'),)",
        ),
    ),
    Change(
        "a check with a name of its own is removed",
        item(
            "size: Mapped[int | None]",
            "__table_args__ = (CheckConstraint('size > 0', name='positive'),)",
        ),
        item("size: Mapped[int | None]"),
    ),
    Change(
        "a column with a check of its own is added",
        item(),
        item("size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'))"),
    ),
    Change(
        "a table with checks is added",
        item(),
        item()
        + SHELF.replace("(unique=True)", "(CheckConstraint(\"code <> '%'\"), unique=True)")
        + "    __table_args__ = (CheckConstraint('length(code) > 1'),)",
    ),
    Change(
        "a column with a check is renamed",
        item("size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > 0'),)"),
        item("amount: Mapped[int | None]", "__table_args__ = (CheckConstraint('amount > 0'),)"),
        answers="rename=items.size:amount",
    ),
    Change(
        "a check is added that is an expression of columns",
        item("size: Mapped[int | None]"),
        item(
            "size: Mapped[int | None]", "__table_args__ = (CheckConstraint(text('size % 2 = 0')),)"
        )
        + "Item.__table__.append_constraint(CheckConstraint(Item.__table__.c.size > 5))",
    ),
    *[
        Change(
            f"a check is added: {sql}",
            item("size: Mapped[int | None]"),
            item("size: Mapped[int | None]", f"__table_args__ = (CheckConstraint({sql!r}),)"),
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
        )
        for sql in (
            "name <> 'it''s'",
            "name LIKE '%'",
            "name NOT LIKE '5!%' ESCAPE '!'",
            "name <> ':x'",
            "name <> '10:20::30'",
            "name IN ('a', 'b', 'c')",
            "size BETWEEN 1 AND 10 OR size IS NULL",
            "name <> '(' AND name <> ')),'",
            "length(name) < 100 AND lower(name) = name",
            "CASE WHEN size > 5 THEN 1 ELSE 2 END > 0",
        )
    ],
    *[
        Change(
            f"a check changes under the same name: {what}",
            item(
                "size: Mapped[int]", f"__table_args__ = (CheckConstraint({before!r}, name='own'),)"
            ),
            item(
                "size: Mapped[int]", f"__table_args__ = (CheckConstraint({after!r}, name='own'),)"
            ),
            rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
            look="SELECT size FROM items",
            sees=((7,),),
        )
        for what, before, after in (
            ("a number", "size < 10", "size < 100"),
            ("a column", "size < 10", "length(name) < 10"),
            ("an operator", "size < 10", "size > 1"),
            ("a text", "name LIKE 'a'", "name LIKE 'a%'"),
        )
    ],
    Change(
        "several checks are added, changed and removed at once",
        item(
            "size: Mapped[int]",
            "__table_args__ = (CheckConstraint('size > 0'),"
            " CheckConstraint('size < 100', name='x'))",
        ),
        item(
            "size: Mapped[int]",
            "__table_args__ = (CheckConstraint('size > 1'), CheckConstraint('size < 99', name='y'),"
            " CheckConstraint('length(name) > 0', name='z'))",
        ),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM items",
        sees=((7,),),
    ),
    Change(
        "a boolean gets a check of its own",
        item("big: Mapped[bool] = mapped_column(Boolean())"),
        item("big: Mapped[bool] = mapped_column(Boolean(create_constraint=True))"),
        rows=("INSERT INTO items (id, name, big) VALUES (1, 'a', true)",),
        look="SELECT big FROM items",
        sees=((1,),),
    ),
    Change(
        "a boolean loses the check of its own",
        item("big: Mapped[bool] = mapped_column(Boolean(create_constraint=True))"),
        item("big: Mapped[bool] = mapped_column(Boolean())"),
        rows=("INSERT INTO items (id, name, big) VALUES (1, 'a', true)",),
        look="SELECT big FROM items",
        sees=((1,),),
    ),
    Change(
        "a boolean with a check of its own is renamed",
        item("big: Mapped[bool] = mapped_column(Boolean(create_constraint=True, name='own'))"),
        item("tall: Mapped[bool] = mapped_column(Boolean(create_constraint=True, name='own'))"),
        answers="rename=items.big:tall",
        rows=("INSERT INTO items (id, name, big) VALUES (1, 'a', true)",),
        look="SELECT tall FROM items",
        sees=((1,),),
    ),
    Change(
        "a column with two checks of its own is added",
        item(),
        item(
            "size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'),"
            " CheckConstraint('size < 9', name='small'))"
        ),
    ),
    Change(
        "a column with a check of its own is removed",
        item("size: Mapped[int | None] = mapped_column(CheckConstraint('size > 0'))"),
        item(),
        answers="drop=items.size",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
    ),
    Change(
        "a column that a check of the table uses with others is removed",
        item(
            "size: Mapped[int | None]", "__table_args__ = (CheckConstraint('size > length(name)'),)"
        ),
        item(),
        answers="drop=items.size",
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7), (2, 'b', NULL)",),
    ),
    Change(
        "a check is for one database only",
        item(),
        item(
            "__table_args__ = (CheckConstraint('length(name) > 0').ddl_if(dialect='postgresql'),)"
        ),
    ),
    Change(
        "a check is for another database by a rule",
        item(),
        item(
            "__table_args__ = (CheckConstraint('name IS JSON', _create_rule=lambda compiler:"
            " compiler.dialect.name == 'oracle'),)"
        ),
    ),
    Change(
        "a check on one database only goes",
        item("__table_args__ = (CheckConstraint('length(name) > 0').ddl_if(dialect='sqlite'),)"),
        item(),
    ),
    Change(
        "a check with a pattern is added",
        item(),
        item("__table_args__ = (CheckConstraint(\"name ~ '^[a-z]{1,3}$'\"),)"),
        only=("postgresql",),
    ),
    Change(
        "a check with a pattern is added, on MariaDB",
        item(),
        item("__table_args__ = (CheckConstraint(\"name REGEXP '^[a-z]{1,3}$'\"),)"),
        only=("mariadb",),
    ),
    Change(
        "an exclusion constraint is added",
        item("days = mapped_column(postgresql.DATERANGE)"),
        item(
            "days = mapped_column(postgresql.DATERANGE)",
            "__table_args__ = (postgresql.ExcludeConstraint(('days', '&&'), name='no_overlap'),)",
        ),
        rows=("INSERT INTO items (id, name, days) VALUES (1, 'a', '[2026-01-01,2026-02-01)')",),
        look="SELECT count(*) FROM pg_constraint WHERE conname = 'no_overlap'",
        sees=((1,),),
        only=("postgresql",),
    ),
    Change(
        "an exclusion constraint is removed",
        item(
            "days = mapped_column(postgresql.DATERANGE)",
            "__table_args__ = (postgresql.ExcludeConstraint(('days', '&&'), name='no_overlap'),)",
        ),
        item("days = mapped_column(postgresql.DATERANGE)"),
        look="SELECT count(*) FROM pg_constraint WHERE conname = 'no_overlap'",
        sees=((0,),),
        only=("postgresql",),
    ),
    Change(
        "a check that is not validated yet is added",
        item(),
        item(
            "__table_args__ = (CheckConstraint('length(name) > 0', name='later', postgresql_not_valid=True),)"
        ),
        look="SELECT convalidated FROM pg_constraint WHERE conname = 'later'",
        sees=((False,),),
        only=("postgresql",),
    ),
]
