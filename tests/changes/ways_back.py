"""Columns that are NOT NULL again after a downgrade: their rows get a value that fits, or that was asked for."""

from .kind import SHELF, Change, item

ALL = ("sqlite", "postgresql", "mariadb")

#: For columns with a CHECK: their type, a value in SQL, and the condition.
CHECKED = {
    "a": ("Integer", "7", "a > 0"),
    "b": ("Integer", "7", "b BETWEEN 5 AND 10"),
    "c": ("Numeric(9, 2)", "50.5", "c >= 10.5 AND c < 100"),
    "d": ("String(20)", "'x'", "d IN ('x', 'it''s')"),
    "e": ("String(20)", "'abc'", "length(e) = 3"),
    "f": ("String(20)", "'abc'", "f <> ''"),
    "g": ("Date", "'2026-01-02'", "g >= '2020-01-01'"),
    "h": ("String(20)", "'a@b'", "h LIKE '%@%'"),
    "i": ("Integer", "-7", "i < 0 AND i <> -1"),
    "j": ("Integer", "7", "j > a"),
}
ROW = "(id, name, a, b, c, d, e, f, g, h, i, j) VALUES ({}, 'a', 1, " + ", ".join(
    value for name, (_, value, _) in CHECKED.items() if name != "a"
)


def checked(*, nullable: bool) -> str:
    """Return a model with the columns of CHECKED, and one that is not NULL anyway."""
    lines = [
        f"{name} = mapped_column({type_}, nullable={nullable})"
        for name, (type_, _, _) in CHECKED.items()
    ]
    checks = ", ".join(f'CheckConstraint("{sql}")' for _, _, sql in CHECKED.values())
    return item(*lines, f"__table_args__ = ({checks},)")


#: For unique columns: their type, and values of three rows in SQL.
UNIQUE = {
    "a": ("String(9)", "'x'", "'y'", "'z'"),
    "b": ("Uuid", *(f"'1234567812345678123456781234567{n}'" for n in (1, 2, 3))),
    "c": ("Date", "'2026-01-02'", "'2026-01-03'", "'2026-01-04'"),
    "d": ("DateTime", "'2026-01-02 00:00:00'", "'2026-01-03 00:00:00'", "'2026-01-04 00:00:00'"),
    "e": ("Float", "1", "2", "3"),
    "f": ("Numeric(9, 2)", "1", "2", "3"),
    "g": ("LargeBinary(9)", "'x'", "'y'", "'z'"),
    "h": ("Time", "'01:00:00'", "'02:00:00'", "'03:00:00'"),
    "i": ("BigInteger", "1", "2", "3"),
}
UNIQUE_ROWS = "INSERT INTO items (id, name, {}) VALUES ".format(", ".join(UNIQUE)) + ", ".join(
    f"({n}, 'a', {', '.join(values[n] for values in UNIQUE.values())})" for n in (1, 2, 3)
)


def unique(*, nullable: bool) -> str:
    """Return a model with the columns of UNIQUE."""
    lines = [
        f"{name} = mapped_column({type_}, unique=True, nullable={nullable})"
        for name, (type_, *_) in UNIQUE.items()
    ]
    return item(*lines)


PERSONS = """
class Person(Base):
    __tablename__ = "persons"
    key: Mapped[str] = mapped_column(String(9), primary_key=True)
    {}
class Pair(Base):
    __tablename__ = "pairs"
    x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    {}
"""
Y = "y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)"

OWN = """
class Own(sa.types.UserDefinedType):
    cache_ok = True
    def __init__(self, name):
        self.name = name
    def get_col_spec(self, **_):
        return self.name
"""

#: Types with a value in SQL, by the databases that have them.
TYPES: dict[tuple[str, ...], dict[str, str]] = {
    ALL: {
        "JSON": "'[]'",
        "Uuid": "'12345678123456781234567812345678'",
        "Enum(Color)": "'GREEN'",
        "Enum(Color, native_enum=False)": "'GREEN'",
        "Enum(Color, native_enum=False, create_constraint=True)": "'GREEN'",
        "Boolean(create_constraint=True)": "true",
        "String(1)": "'a'",
        "DateTime(timezone=True)": "'2026-01-02 03:04:05'",
    },
    ("postgresql",): {
        "ARRAY(Integer)": "'{1}'",
        "ARRAY(Enum(Color))": "'{RED}'",
        "postgresql.INT4RANGE": "'[1,7)'",
        "postgresql.INET": "'10.0.0.1'",
        "postgresql.BIT(5, varying=True)": "'101'",
        "postgresql.INTERVAL": "'1 day'",
        "postgresql.JSONPATH": "'$.a'",
        "postgresql.REGCLASS": "'pg_class'",
        "Time(timezone=True)": "'01:02:03Z'",
        "postgresql.DOMAIN('code', Text, check='length(VALUE) = 3')": "'abc'",
        "postgresql.DOMAIN('positive', Integer, check='VALUE > 0')": "7",
        "Own('POINT')": "'(1,2)'",
        "Own('LSEG')": "'[(1,2),(3,4)]'",
        "Own('POLYGON')": "'((1,2),(3,4))'",
        "Own('CIRCLE')": "'<(1,2),3>'",
        "Own('PG_LSN')": "'1/1'",
    },
    ("mariadb",): {
        "mysql.SET('a', 'b')": "'a'",
        "mysql.ENUM('a', 'b')": "'a'",
        "mysql.YEAR": "2026",
        "mysql.TIME(fsp=3)": "'01:02:03'",
        "mysql.BIT(3)": "b'101'",
        "mysql.TIMESTAMP(fsp=6)": "'2026-01-02 03:04:05'",
        "mysql.INTEGER(unsigned=True)": "7",
        "mysql.LONGTEXT": "'x'",
        "VARBINARY(9)": "'x'",
        "TIMESTAMP": "'2026-01-02 03:04:05'",
        "Own('INET6')": "'::1'",
    },
}


def typed(types: dict[str, str], *, nullable: bool) -> str:
    """Return a model with a column of each type."""
    lines = [f"c{n} = mapped_column({type_}, nullable={nullable})" for n, type_ in enumerate(types)]
    return item(*lines).replace("\nclass Item", f"{OWN}\nclass Item")


def typed_row(types: dict[str, str]) -> str:
    """Return the statement that inserts a row."""
    names = ", ".join(f"c{n}" for n in range(len(types)))
    return f"INSERT INTO items (id, name, {names}) VALUES (1, 'a', {', '.join(types.values())})"


NULLS = "INSERT INTO items (id, name) VALUES (8, 'b'), (9, 'c')"
COUNT = "SELECT count(*) FROM items"

CHANGES = [
    Change(
        "columns that must have a value that meets a check are removed",
        checked(nullable=False),
        item(),
        answers=" ".join(f"drop=items.{name}" for name in CHECKED)
        + " fill=items.a:1 fill=items.j:=a+1",
        rows=tuple(f"INSERT INTO items {ROW.format(n)})" for n in (1, 2)),
        look=COUNT,
        sees=((2,),),
    ),
    Change(
        "NOT NULL becomes NULL in columns with a check, and rows are NULL",
        checked(nullable=False),
        checked(nullable=True),
        answers="fill=items.a:1 'fill=items.j:=coalesce(a, 1) + 1'",
        rows=(f"INSERT INTO items {ROW.format(1)})",),
        then=NULLS,
        look=COUNT,
        sees=((3,),),
    ),
    Change(
        "unique columns of many types that must have a value are removed",
        unique(nullable=False),
        item(),
        answers=" ".join(f"drop=items.{name}" for name in UNIQUE),
        rows=(UNIQUE_ROWS,),
        look=COUNT,
        sees=((3,),),
    ),
    Change(
        "NOT NULL becomes NULL in unique columns of many types, and rows are NULL",
        unique(nullable=False),
        unique(nullable=True),
        rows=(UNIQUE_ROWS,),
        then=NULLS,
        look=COUNT,
        sees=((5,),),
    ),
    Change(
        "a unique column, and one of a key, are removed from tables without a key of one number",
        item() + PERSONS.format("code: Mapped[int] = mapped_column(unique=True)", Y),
        item() + PERSONS.format("", ""),
        answers="drop=persons.code drop=pairs.y fill=persons.code:=length(key)",
        rows=(
            "INSERT INTO persons (key, code) VALUES ('k', 7), ('ll', 8), ('mmm', 9)".replace(
                "key", '"key"'
            ),
            "INSERT INTO pairs VALUES (1, 1), (2, 1)",
        ),
        look="SELECT count(*) FROM persons",
        sees=((3,),),
        only=("postgresql",),
    ),
    Change(
        "a unique column is removed from a table without a key of one number, and nobody says what"
        " rows get after a downgrade",
        item() + PERSONS.format("code: Mapped[int] = mapped_column(unique=True)", ""),
        item() + PERSONS.format("", ""),
        answers="drop=persons.code",
        refused=dict.fromkeys(
            ("postgresql", "mariadb"),
            "persons.code is NOT NULL again after a downgrade, and no neutral value is known: it is"
            " unique. What value do rows get then: fill=persons.code:=SQL",
        ),
        rows=(),
        look=COUNT,
        sees=((0,),),
    ),
    Change(
        "a foreign key to one row each is removed, and nobody says what rows get after a downgrade",
        item("shelf_id: Mapped[int] = mapped_column(ForeignKey('shelves.id'), unique=True)")
        + SHELF,
        item() + SHELF,
        answers="drop=items.shelf_id",
        refused=dict.fromkeys(ALL, "it is unique, and a foreign key. What value do rows get then"),
        rows=(),
    ),
    Change(
        "a column with a check that no known value meets is removed, with a value for a downgrade",
        item(
            "code: Mapped[str] = mapped_column(String(9))",
            "__table_args__ = (CheckConstraint(\"code LIKE '_-_' AND code <> '-'\"),)",
        ),
        item(),
        answers="drop=items.code fill=items.code:a-b",
        rows=("INSERT INTO items VALUES (1, 'a', 'x-y'), (2, 'b', 'x-y')",),
    ),
    Change(
        "a column with a check over two columns is removed, and nobody says what rows get after a"
        " downgrade",
        item("a: Mapped[int]", "b: Mapped[int]", "__table_args__ = (CheckConstraint('b > a'),)"),
        item("a: Mapped[int]"),
        answers="drop=items.b",
        rows=(),
        refused=dict.fromkeys(
            ALL,
            "items.b is NOT NULL again after a downgrade, and no neutral value is known: CHECK (",
        ),
    ),
    Change(
        "a column with a check over two columns is removed that one value meets in all rows",
        item(
            "a: Mapped[int]",
            "b: Mapped[int]",
            "__table_args__ = (CheckConstraint('a < 5 OR b > 3'),)",
        ),
        item("a: Mapped[int]"),
        answers="drop=items.b",
        rows=("INSERT INTO items (id, name, a, b) VALUES (1, 'a', 2, 1), (2, 'b', 7, 9)",),
    ),
    Change(
        "a column with a check is removed, with a value for a downgrade that violates the check",
        item(
            "size: Mapped[int]",
            "__table_args__ = (CheckConstraint('size > 5'),)",
        ),
        item(),
        answers="drop=items.size fill=items.size:5",
        rows=(),
        refused=dict.fromkeys(ALL, "fill=items.size:5 does not fit: CHECK ("),
    ),
    *[
        Change(
            f"columns of types of {' and '.join(only)} that must have a value are removed",
            typed(types, nullable=False),
            item().replace("\nclass Item", f"{OWN}\nclass Item"),
            answers=" ".join(f"drop=items.c{n}" for n in range(len(types))),
            rows=(typed_row(types),),
            look=COUNT,
            sees=((1,),),
            only=only,
        )
        for only, types in TYPES.items()
    ],
    *[
        Change(
            f"NOT NULL becomes NULL in columns of types of {' and '.join(only)}, and rows are NULL",
            typed(types, nullable=False),
            typed(types, nullable=True),
            rows=(typed_row(types),),
            then=NULLS,
            look=COUNT,
            sees=((3,),),
            only=only,
        )
        for only, types in TYPES.items()
    ],
]
