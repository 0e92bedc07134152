"""Indexes and unique constraints."""

from .kind import SHELF, Change, item

PARTIAL = "sqlite_where=text('{0}'), postgresql_where=text('{0}')"


TWICE = "__table_args__ = (UniqueConstraint('name', 'id'), Index('by_name', 'name', 'id'))"

WHERE_GONE = PARTIAL.format("gone IS NULL")

INDEX_WHERE = "__table_args__ = (Index('ix_name', 'name', postgresql_where=text(\"{}\")),)"
SERVERS = ("postgresql", "mariadb")
UNIQUE = "__table_args__ = (UniqueConstraint({}, name='uq_xy'),)"
PART = """
class Part(Base):
    __tablename__ = "parts"
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int]
    y: Mapped[int]
    __table_args__ = (ForeignKeyConstraint(["x", "y"], ["items.x", "items.y"]),)
"""

CHANGES = [
    *(
        Change(
            f"an index keeps its name, and its condition is of a column that {what}",
            item(*before),
            item(*after),
            answers=answers,
        )
        for one, other in (
            (
                ["__table_args__ = (Index('ix_name', 'name', unique=True),)"],
                [
                    "gone: Mapped[int | None]",
                    f"__table_args__ = (Index('ix_name', 'name', unique=True, {WHERE_GONE}),)",
                ],
            ),
        )
        for what, before, after, answers in (
            ("comes", one, other, ""),
            ("goes", other, one, "drop=items.gone"),
        )
    ),
    Change(
        "an index has a column as its condition",
        item("isOpen: Mapped[bool] = mapped_column(default=False)"),
        item(
            "isOpen: Mapped[bool] = mapped_column(default=False)",
            "__table_args__ = (Index('ix_name', 'name', sqlite_where=isOpen.column,"
            " postgresql_where=isOpen.column),)",
        ),
        rows=(),
        sees=(),
    ),
    Change(
        "an index of the models is to be built concurrently",
        item(),
        item("__table_args__ = (Index('ix_name', 'name', postgresql_concurrently=True),)") + SHELF,
    ),
    Change(
        "an index of a new table is to be built concurrently",
        item(),
        item()
        + SHELF
        + "    __table_args__ = (Index('ix_code', 'code', postgresql_concurrently=True),)\n",
    ),
    Change(
        "another column comes to a table with an index and a unique constraint on the same columns",
        item(TWICE),
        item(TWICE, "note: Mapped[str | None]"),
    ),
    Change(
        "an index is added",
        item(),
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(index=True)"),
    ),
    Change(
        "an index is removed",
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(index=True)"),
        item(),
    ),
    Change(
        "an index becomes unique",
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(index=True)"),
        item().replace(
            "name: Mapped[str]", "name: Mapped[str] = mapped_column(index=True, unique=True)"
        ),
    ),
    Change(
        "an index gets another column",
        item("__table_args__ = (Index('ix_item', 'name'),)"),
        item("__table_args__ = (Index('ix_item', 'name', 'id'),)"),
    ),
    Change(
        "a unique constraint is added",
        item(),
        item("__table_args__ = (UniqueConstraint('name', name='uq_name'),)"),
    ),
    Change(
        "a unique constraint is removed",
        item("__table_args__ = (UniqueConstraint('name', name='uq_name'),)"),
        item(),
    ),
    Change(
        "a unique constraint gets another column",
        item("__table_args__ = (UniqueConstraint('name', name='uq_name'),)"),
        item("__table_args__ = (UniqueConstraint('name', 'id', name='uq_name'),)"),
    ),
    *[
        Change(
            f"an index is {done}: {what}",
            item(
                "size: Mapped[int | None]",
                *[f"__table_args__ = (Index('ix_own', {before}),)"] * bool(before),
            ),
            item(
                "size: Mapped[int | None]",
                *[f"__table_args__ = (Index('ix_own', {after}),)"] * bool(after),
            ),
            only=only,
        )
        for what, only, one, other in (
            (
                "on some of the rows",
                ("sqlite", "postgresql"),
                f"'name', {PARTIAL.format('size > 5')}",
                f"'name', {PARTIAL.format('size > 6')}",
            ),
            (
                "on an expression",
                ("sqlite", "postgresql"),
                "text('lower(name)')",
                "text('upper(name)')",
            ),
            (
                "in descending order",
                ("sqlite", "postgresql", "mariadb"),
                "'name', text('size DESC')",
                "'name', 'size'",
            ),
        )
        for done, before, after in (
            ("added", "", one),
            ("removed", one, ""),
            ("changed", one, other),
        )
    ],
    *[
        Change(
            f"an index of PostgreSQL's own is {done}: {what}",
            item(
                "size = mapped_column(Integer)",
                "more = mapped_column(postgresql.JSONB)",
                f"__table_args__ = (Index('ix_own', {before}),)" if before else "",
            ),
            item(
                "size = mapped_column(Integer)",
                "more = mapped_column(postgresql.JSONB)",
                f"__table_args__ = (Index('ix_own', {after}),)",
            ),
            rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
            look="SELECT regexp_replace(pg_get_indexdef('ix_own'::regclass), '.* USING ', '')",
            sees=((sees,),),
            only=("postgresql",),
        )
        for what, one, other, sees_one, sees_other in (
            (
                "order of NULL",
                "text('size NULLS FIRST')",
                "text('size NULLS LAST')",
                "btree (size NULLS FIRST)",
                "btree (size)",
            ),
            (
                "more columns in it",
                "'name', postgresql_include=['size']",
                "'name'",
                "btree (name) INCLUDE (size)",
                "btree (name)",
            ),
            (
                "GIN",
                "'more', postgresql_using='gin'",
                "'more', postgresql_using='gin', postgresql_ops={'more': 'jsonb_path_ops'}",
                "gin (more)",
                "gin (more jsonb_path_ops)",
            ),
            ("hash", "'name', postgresql_using='hash'", "'name'", "hash (name)", "btree (name)"),
            (
                "operators",
                "'name', postgresql_ops={'name': 'text_pattern_ops'}",
                "'name'",
                "btree (name text_pattern_ops)",
                "btree (name)",
            ),
            (
                "room in its pages",
                "'name', postgresql_with={'fillfactor': 50}",
                "'name'",
                "btree (name) WITH (fillfactor='50')",
                "btree (name)",
            ),
            (
                "NULL is a value",
                "'size', unique=True, postgresql_nulls_not_distinct=True",
                "'size', unique=True",
                "btree (size) NULLS NOT DISTINCT",
                "btree (size)",
            ),
        )
        for done, before, after, sees in (
            ("added", "", one, sees_one),
            ("changed", one, other, sees_other),
            ("changed back", other, one, sees_one),
        )
        if done != "changed back" or what in ("hash", "GIN", "NULL is a value")
    ],
    Change(
        "a unique constraint says that NULL is a value",
        item(
            "size = mapped_column(Integer)",
            "__table_args__ = (UniqueConstraint('size', name='u'),)",
        ),
        item(
            "size = mapped_column(Integer)",
            "__table_args__ ="
            " (UniqueConstraint('size', name='u', postgresql_nulls_not_distinct=True),)",
        ),
        rows=("INSERT INTO items (id, name) VALUES (1, 'a')",),
        look="SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'u'",
        sees=(("UNIQUE NULLS NOT DISTINCT (size)",),),
        only=("postgresql",),
    ),
    Change(
        "a unique constraint begins to wait for the end of a transaction",
        item(
            "size = mapped_column(Integer)",
            "__table_args__ = (UniqueConstraint('size', name='u'),)",
        ),
        item(
            "size = mapped_column(Integer)",
            "__table_args__ ="
            " (UniqueConstraint('size', name='u', deferrable=True, initially='DEFERRED'),)",
        ),
        look="SELECT condeferrable, condeferred FROM pg_constraint WHERE conname = 'u'",
        sees=((True, True),),
        only=("postgresql",),
    ),
    Change(
        "a unique constraint of SQLite says what happens in a conflict",
        item("__table_args__ = (UniqueConstraint('name', name='u'),)"),
        item("__table_args__ = (UniqueConstraint('name', name='u', sqlite_on_conflict='IGNORE'),)"),
        then="INSERT INTO items (name) VALUES ('a')",
        only=("sqlite",),
    ),
    *[
        Change(
            f"an index of MariaDB's own is {done}: {what}",
            item(
                "note = mapped_column(Text)",
                f"__table_args__ = (Index('ix_own', {before}),)" if before else "",
            ),
            item(
                "note = mapped_column(Text)",
                f"__table_args__ = (Index('ix_own', {after}),)" if after else "",
            ),
            look="SELECT count(*) FROM information_schema.statistics WHERE index_name = 'ix_own'"
            f" AND table_schema = database() AND {sees}",
            sees=((1 if after else 0,),),
            only=("mariadb",),
        )
        for what, one, other, sees_one, sees_other in (
            (
                "the begin of a text",
                "'note', mysql_length=20",
                "'note', mysql_length=30",
                "sub_part = 20",
                "sub_part = 30",
            ),
            (
                "words of a text",
                "'note', mysql_prefix='FULLTEXT'",
                "'note', mysql_length=30",
                "index_type = 'FULLTEXT'",
                "index_type = 'BTREE'",
            ),
        )
        for done, before, after, sees in (
            ("added", "", one, sees_one),
            ("removed", one, "", "true"),
            ("changed", one, other, sees_other),
        )
    ],
    Change(
        "a unique constraint becomes a unique index",
        item("__table_args__ = (UniqueConstraint('name', name='uq_own'),)"),
        item("__table_args__ = (Index('ix_own', 'name', unique=True),)"),
    ),
    Change(
        "a unique index becomes a unique constraint",
        item("__table_args__ = (Index('ix_own', 'name', unique=True),)"),
        item("__table_args__ = (UniqueConstraint('name', name='uq_own'),)"),
    ),
    Change(
        "a unique index becomes a unique constraint of the same name",
        item("__table_args__ = (Index('own', 'name', unique=True),)"),
        item("__table_args__ = (UniqueConstraint('name', name='own'),)"),
    ),
    Change(
        "the columns of an index change places",
        item("size: Mapped[int | None]", "__table_args__ = (Index('ix_own', 'name', 'size'),)"),
        item("size: Mapped[int | None]", "__table_args__ = (Index('ix_own', 'size', 'name'),)"),
    ),
    Change(
        "a table with an index on an expression gets a check",
        item("__table_args__ = (Index('ix_own', text('lower(name)'), unique=True),)"),
        item(
            "__table_args__ = (Index('ix_own', text('lower(name)'), unique=True),"
            " CheckConstraint('id > 0'))"
        ),
        only=("sqlite", "postgresql"),
    ),
    Change(
        "a table with an index on some of the rows gets a check",
        item(f"__table_args__ = (Index('ix_own', 'name', {PARTIAL.format('id > 0')}),)"),
        item(
            f"__table_args__ = (Index('ix_own', 'name', {PARTIAL.format('id > 0')}),"
            " CheckConstraint('id > 0'))"
        ),
        only=("sqlite", "postgresql"),
    ),
    Change(
        "an index and a unique constraint with names that are too long for the database are added",
        item("a" * 40 + ": Mapped[int | None]"),
        item(
            "a" * 40 + ": Mapped[int | None] = mapped_column(index=True)",
            f"__table_args__ = (UniqueConstraint('{'a' * 40}', 'name', 'id'),)",
        ),
    ),
    Change(
        "a column with an index and a unique constraint with names that are too long is removed",
        item(
            "a" * 60 + ": Mapped[int | None] = mapped_column(index=True)",
            f"__table_args__ = (UniqueConstraint('{'a' * 60}', 'name'),)",
        ),
        item(),
        answers=f"drop=items.{'a' * 60}",
    ),
    Change(
        "an index on an attribute of JSON is added",
        item("more = mapped_column(postgresql.JSONB)"),
        item("more = mapped_column(postgresql.JSONB)")
        + "Index('ix_more', Item.more['a:b'].astext)\n",
        only=("postgresql",),
    ),
    Change(
        "an index on an expression with quotes, percent signs and colons is added",
        item(),
        item("__table_args__ = (Index('ix_own', text(\"replace(name, '5%', 'it''s \\\\:x')\")),)"),
        only=("sqlite", "postgresql"),
    ),
    Change(
        "an index on an expression comes with a column",
        item(),
        item(
            "size: Mapped[int | None]",
            "__table_args__ = (Index('ix_own', 'name', text('size DESC')),)",
        ),
    ),
    *(
        Change(
            f"the condition of an index is of a column that gets another type: {after[0]}",
            item(f"extra = mapped_column({before[0]})", INDEX_WHERE.format(before[1])),
            item(f"extra = mapped_column({after[0]})", INDEX_WHERE.format(after[1])),
            rows=("INSERT INTO items (id, name, extra) VALUES (1, 'a', '1')",),
            sees=((1, "a"),),
            only=("postgresql",),
        )
        for before, after in (
            (("Boolean", "NOT extra"), ("Integer", "extra = 0")),
            (("Integer", "extra > 0"), ("String(9)", "extra > '0'")),
            (("String(9)", "extra = '1'"), ("Enum('1', '2', name='few')", "extra = '1'")),
            (("Enum('1', '2', name='few')", "extra = '1'"), ("String(9)", "extra = '1'")),
        )
    ),
    *(
        Change(
            f"what is unique for the sake of a foreign key {what}",
            item("x: Mapped[int]", "y: Mapped[int]", before) + PART,
            item("x: Mapped[int]", "y: Mapped[int]", after) + PART,
            rows=(
                "INSERT INTO items (id, name, x, y) VALUES (1, 'a', 2, 3)",
                "INSERT INTO parts (id, x, y) VALUES (1, 2, 3)",
            ),
            look="SELECT items.name FROM items JOIN parts ON parts.y = items.y",
            sees=(("a",),),
            only=databases,
        )
        for what, before, after, databases in (
            (
                "gets another order",
                UNIQUE.format("'x', 'y'"),
                UNIQUE.format("'y', 'x'"),
                ("postgresql",),
            ),
            (
                "gets more columns",
                UNIQUE.format("'x', 'y'"),
                UNIQUE.format("'x', 'y', postgresql_include=['name']"),
                ("postgresql",),
            ),
            (
                "becomes an index",
                UNIQUE.format("'x', 'y'"),
                "__table_args__ = (Index('ix_xy', 'x', 'y', unique=True),)",
                SERVERS,
            ),
        )
    ),
]
