"""Columns that get another type."""

from .kind import HEADER, SHELF, Change, item

NOON = "2026-01-02 12:00:00"
UID = "12345678123456781234567812345678"
GENERAL = [
    f"c{number} = mapped_column({type_})"
    for number, type_ in enumerate(
        [
            "BigInteger",
            "Boolean",
            "Date",
            "DateTime",
            "DateTime(timezone=True)",
            "Double",
            "Enum('x', \"it's\", name='letters')",
            "Enum(Color)",
            "Float",
            "Float(10)",
            "Integer",
            "Interval",
            "Interval(second_precision=3)",
            "JSON",
            "LargeBinary",
            "LargeBinary(20)",
            "Numeric",
            "Numeric(10, 2)",
            "Numeric(asdecimal=False)",
            "PickleType",
            "SmallInteger",
            "String(20)",
            "Text",
            "Time",
            "Time(timezone=True)",
            "Unicode(20)",
            "UnicodeText",
            "Uuid",
            "Uuid(as_uuid=False)",
            "Uuid(native_uuid=False)",
            "CHAR(3)",
            "DECIMAL(8, 3)",
            "REAL",
            "TIMESTAMP",
        ]
    )
]
POSTGRESQL = "".join(
    f"    c{number} = mapped_column(postgresql.{type_})\n"
    for number, type_ in enumerate(
        [
            "ARRAY(Integer)",
            "ARRAY(String(9), dimensions=2)",
            "ARRAY(Numeric(9, 2))",
            "JSONB",
            "INET",
            "CIDR",
            "MACADDR",
            "MACADDR8",
            "TSVECTOR",
            "TSQUERY",
            "INTERVAL",
            "INTERVAL(precision=3)",
            "INTERVAL(fields='YEAR TO MONTH')",
            "DATERANGE",
            "INT4RANGE",
            "INT8RANGE",
            "NUMRANGE",
            "TSRANGE",
            "TSTZRANGE",
            "DATEMULTIRANGE",
            "BIT",
            "BIT(3)",
            "BIT(3, varying=True)",
            "MONEY",
            "OID",
            "REGCLASS",
            "UUID",
            "BYTEA",
            "DOUBLE_PRECISION",
            "TIMESTAMP(precision=3)",
            "TIME(timezone=True, precision=3)",
            "JSONPATH",
            "ENUM('x', 'y', name='own')",
            "DOMAIN('positive', Integer, check='VALUE > 0')",
        ]
    )
)
MARIADB = "".join(
    f"    c{number} = mapped_column(mysql.{type_})\n"
    for number, type_ in enumerate(
        [
            "TINYINT",
            "TINYINT(display_width=1)",
            "SMALLINT(unsigned=True)",
            "MEDIUMINT",
            "INTEGER(unsigned=True)",
            "BIGINT(unsigned=True)",
            "BIGINT(zerofill=True)",
            "TINYTEXT",
            "MEDIUMTEXT",
            "LONGTEXT",
            "TINYBLOB",
            "MEDIUMBLOB",
            "LONGBLOB",
            "YEAR",
            "SET('a', \"it's\")",
            "ENUM('a', \"it's\")",
            "BIT(5)",
            "DATETIME(fsp=6)",
            "TIME(fsp=3)",
            "TIMESTAMP(fsp=6)",
            "DOUBLE(precision=9, scale=2, unsigned=True)",
            "FLOAT(7, 3)",
            "DECIMAL(9, 2, zerofill=True)",
            "INET6",
            "INET4",
            "VARCHAR(9, charset='latin1')",
            "TEXT(collation='utf8mb4_bin')",
            "CHAR(3, binary=True)",
            "JSON",
            "NVARCHAR(9)",
            "REAL",
        ]
    )
)
ALL = ("sqlite", "postgresql", "mariadb")
SERVERS = ("postgresql", "mariadb")
NUMBER = """
class Number(Base):
    __tablename__ = "numbers"
    k: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
"""
#: Lets a database of PostgreSQL be in New York, for the sessions to come.
IN_NEW_YORK = """DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'America/New_York');
END $$"""
#: What a column holds before and after, a value, and what finds it then.
FAMILIES = (
    ("DateTime", "Date", "'2026-01-02 00:00:00'", "{} = '2026-01-02'"),
    ("Date", "DateTime", "'2026-01-02'", "CAST({} AS CHAR(26)) LIKE '2026-01-02 00:00:00%'"),
    ("String(36)", "Uuid", f"'{UID}'", f"replace(CAST({{}} AS CHAR(36)), '-', '') = '{UID}'"),
    ("Text", "LargeBinary", "'\u00e4'", "length({}) = 2"),
    ("LargeBinary", "Text", "'abc'", "{} = 'abc'"),
    ("Enum('1', '2', name='e1')", "Integer", "'2'", "{} = 2"),
    ("Integer", "Enum('2', '1', name='e2')", "1", "{} = '1'"),
    ("String(9)", "Enum('x', 'y', name='e3', native_enum=False)", "'x'", "{} = 'x'"),
    ("Enum('x', name='e4')", "Enum('x', name='e4', native_enum=False)", "'x'", "{} = 'x'"),
    ("Boolean", "SmallInteger", "true", "{} = 1"),
    ("Boolean", "Numeric(5, 2)", "true", "{} = 1"),
    ("BigInteger", "Boolean", "1", "{} = true"),
    ("Numeric(9, 2)", "Boolean", "1", "{} = true"),
    ("BigInteger", "SmallInteger", "32767", "{} = 32767"),
    ("Numeric(9, 3)", "Numeric(5, 2)", "999.99", "{} = 999.99"),
    ("Float", "Numeric(5, 2)", "0.5", "{} = 0.5"),
)


KEYS_OF_UUID = """
class Box(Base):
    __tablename__ = "boxes"
    id: Mapped[uuid.UUID] = mapped_column({0}, primary_key=True)
class Lid(Base):
    __tablename__ = "lids"
    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[uuid.UUID] = mapped_column({0}, ForeignKey("boxes.id"))
"""

CHANGES = [
    Change(
        "a text becomes longer",
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(String(255))"),
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(String(300))"),
    ),
    Change(
        "a text becomes unlimited",
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(String(255))"),
        item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(Text)"),
    ),
    Change(
        "a number becomes larger",
        item("size: Mapped[int | None]"),
        item("size: Mapped[int | None] = mapped_column(BigInteger)"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM items",
        sees=((7,),),
    ),
    Change(
        "a number becomes a text",
        item("size: Mapped[int | None]"),
        item("size: Mapped[str | None]"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM items",
        sees=(("7",),),
    ),
    Change(
        "a text becomes a number",
        item("size: Mapped[str | None]"),
        item("size: Mapped[int | None]"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', '7')",),
        look="SELECT size FROM items",
        sees=((7,),),
    ),
    Change(
        "a primary key becomes larger and goes on counting",
        item(),
        item("note: Mapped[str | None]").replace(
            "int] = mapped_column(", "int] = mapped_column(BIG, "
        ),
        look="SELECT name FROM items WHERE id = 3",
        sees=(("c",),),
        rows=("INSERT INTO items (name) VALUES ('a')", "INSERT INTO items (name) VALUES ('b')"),
        then="INSERT INTO items (name) VALUES ('c')",
    ),
    *[
        Change(
            f"a type changes: {name}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value}), (2, 'b', NULL)",),
            look=f"SELECT count(*) FROM items WHERE id = 1 AND {sees} OR id = 2 AND extra IS NULL",
            sees=((2,),),
        )
        for name, before, after, value, sees in (
            ("text to boolean", "String(9)", "Boolean", "'1'", "extra = true"),
            ("boolean to text", "Boolean", "String(9)", "true", "extra IN ('1', 'true')"),
            ("text to date", "String(20)", "Date", "'2026-01-02'", "extra = '2026-01-02'"),
            ("date to text", "Date", "String(20)", "'2026-01-02'", "extra = '2026-01-02'"),
            ("text to time", "String(20)", "Time", "'03:04:05'", "extra = '03:04:05'"),
            ("text to date and time", "String(30)", "DateTime", f"'{NOON}'", f"extra = '{NOON}'"),
            (
                "date and time to text",
                "DateTime",
                "String(30)",
                f"'{NOON}'",
                f"extra LIKE '{NOON}%'",
            ),
            (
                "date to date and time",
                "Date",
                "DateTime",
                "'2026-01-02'",
                "extra BETWEEN '2026-01-02' AND '2026-01-02 00:00:00.000000'",
            ),
            (
                "a time zone is added",
                "DateTime",
                "DateTime(True)",
                f"'{NOON}'",
                f"extra = '{NOON}'",
            ),
            (
                "a time zone is removed",
                "DateTime(True)",
                "DateTime",
                f"'{NOON}'",
                f"extra = '{NOON}'",
            ),
            ("number to boolean", "Integer", "Boolean", "1", "extra = true"),
            ("boolean to number", "Boolean", "Integer", "true", "extra = 1"),
            ("number to fraction", "Integer", "Numeric(12, 2)", "7", "extra = 7"),
            ("number to float", "Integer", "Float", "7", "extra = 7"),
            ("fraction to float", "Numeric(12, 2)", "Float", "0.25", "extra = 0.25"),
            ("float to fraction", "Float", "Numeric(12, 2)", "0.25", "extra = 0.25"),
            ("float to double", "Float", "Double", "0.25", "extra = 0.25"),
            ("fraction to text", "Numeric(12, 2)", "String(20)", "0.25", "extra = '0.25'"),
            ("text to fraction", "String(20)", "Numeric(12, 2)", "'0.25'", "extra = 0.25"),
            ("more digits", "Numeric(12, 2)", "Numeric(14, 4)", "0.25", "extra = 0.25"),
            ("fewer digits", "Numeric(14, 4)", "Numeric(12, 2)", "0.25", "extra = 0.25"),
            ("a number becomes smaller", "BigInteger", "SmallInteger", "7", "extra = 7"),
            ("JSON to text", "JSON", "Text", "'[1, 2]'", "extra = '[1, 2]'"),
            ("text to JSON", "Text", "JSON", "'[1, 2]'", "CAST(extra AS CHAR(6)) = '[1, 2]'"),
            (
                "uuid to text",
                "Uuid",
                "String(36)",
                f"'{UID}'",
                f"replace(extra, '-', '') = '{UID}'",
            ),
            (
                "text to uuid",
                "String(36)",
                "Uuid",
                f"'{UID}'",
                f"replace(CAST(extra AS CHAR(36)), '-', '') = '{UID}'",
            ),
            ("bytes to text", "LargeBinary", "Text", "'abc'", "extra = 'abc'"),
            ("text to bytes", "Text", "LargeBinary", "'abc'", "length(extra) = 3"),
            ("a text becomes shorter", "String(300)", "String(9)", "'abc'", "extra = 'abc'"),
            ("a text gets a limit", "Text", "String(9)", "'abc'", "extra = 'abc'"),
            ("a text of a fixed length", "String(9)", "CHAR(9)", "'abc'", "extra = 'abc'"),
            ("a text of any length", "CHAR(3)", "String(9)", "'abc'", "extra = 'abc'"),
            ("text to a text in Unicode", "String(9)", "Unicode(9)", "'ä'", "extra = 'ä'"),
            ("text to number with a sign", "Text", "BigInteger", "'-7'", "extra = -7"),
            ("number to text with a sign", "BigInteger", "Text", "-7", "extra = '-7'"),
            ("numbers in a text with spaces", "Text", "Integer", "' 7 '", "extra = 7"),
            ("date and time to date", "DateTime", "Date", "'2026-01-02'", "extra = '2026-01-02'"),
        )
    ],
    *[
        Change(
            f"a text that has {what} becomes {how}",
            item(f"code = mapped_column({before}, {argument})") + SHELF,
            item(f"code = mapped_column({after}, {argument})") + SHELF,
            rows=(
                "INSERT INTO shelves (id, code) VALUES (1, '7')",
                "INSERT INTO items (id, name, code) VALUES (1, 'a', '7')",
            ),
            look="SELECT count(*) FROM items WHERE code = " + value,
            sees=((1,),),
        )
        for what, argument in (
            ("an index", "index=True"),
            ("a unique constraint", "unique=True"),
            ("a default", "server_default='7', nullable=False"),
        )
        for how, before, after, value in (
            ("longer", "String(100)", "String(200)", "'7'"),
            ("a number", "String(100)", "Integer", "7"),
        )
    ],
    Change(
        "a text and its foreign key become longer on both sides",
        item("code = mapped_column(String(255), ForeignKey('shelves.code'))")
        + SHELF.replace("(unique", "(String(255), unique"),
        item("code = mapped_column(String(300), ForeignKey('shelves.code'))")
        + SHELF.replace("(unique", "(String(300), unique"),
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, code) VALUES (1, 'a', 'x')",
        ),
        look="SELECT code FROM items",
        sees=(("x",),),
    ),
    Change(
        "a primary key and the foreign keys to it become larger",
        item("shelf_id = mapped_column(ForeignKey('shelves.id'), index=True)") + SHELF,
        item("shelf_id = mapped_column(ForeignKey('shelves.id'), index=True)")
        + SHELF.replace("mapped_column(primary", "mapped_column(BIG, primary"),
        rows=(
            "INSERT INTO shelves (id, code) VALUES (1, 'x')",
            "INSERT INTO items (id, name, shelf_id) VALUES (1, 'a', 1)",
        ),
        look="SELECT name, shelf_id FROM items",
        sees=(("a", 1),),
    ),
    Change(
        "a number becomes a text in a column with a check",
        item("size = mapped_column(Integer)", "__table_args__ = (CheckConstraint('size > 0'),)"),
        item("size = mapped_column(Text)", "__table_args__ = (CheckConstraint(\"size <> ''\"),)"),
        rows=("INSERT INTO items (id, name, size) VALUES (1, 'a', 7)",),
        look="SELECT size FROM items",
        sees=(("7",),),
    ),
    *[
        Change(
            f"columns of every general type {what}",
            before,
            after,
            answers=answers,
        )
        for what, before, after, answers in (
            ("are added", item(), item(*GENERAL), ""),
            (
                "are removed",
                item(*GENERAL),
                item(),
                " ".join(f"drop=items.{line.split()[0]}" for line in GENERAL),
            ),
            (
                "come with a table",
                item(),
                item() + SHELF + "".join(f"    {line}\n" for line in GENERAL),
                "",
            ),
        )
    ],
    *[
        Change(
            f"columns of {database}'s own types {what}",
            item() + SHELF + ("" if what == "are added" else own),
            item() + SHELF + (own if what == "are added" else ""),
            answers=""
            if what == "are added"
            else " ".join(f"drop=shelves.{line.split()[0]}" for line in own.splitlines()),
            rows=("INSERT INTO shelves (id, code) VALUES (1, 'x')",),
            look="SELECT code FROM shelves",
            sees=(("x",),),
            only=(database,),
        )
        for database, own in (("postgresql", POSTGRESQL), ("mariadb", MARIADB))
        for what in ("are added", "are removed")
    ],
    *[
        Change(
            f"a type of PostgreSQL's own changes: {before} to {after}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value})",),
            look="SELECT extra::text FROM items",
            sees=((sees,),),
            only=("postgresql",),
        )
        for before, after, value, sees in (
            ("JSON", "postgresql.JSONB", "'[1,2]'", "[1, 2]"),
            ("JSON", "Integer", "'5'", "5"),
            ("Uuid", "Uuid(native_uuid=False)", f"'{UID}'", UID),
            ("ARRAY(Text)", "ARRAY(Enum('x', 'y', name='xy'))", "'{x}'", "{x}"),
            ("postgresql.JSONB", "JSON", "'[1, 2]'", "[1, 2]"),
            ("Text", "postgresql.INET", "'10.0.0.1'", "10.0.0.1/32"),
            ("postgresql.CIDR", "postgresql.INET", "'10.0.0.0/8'", "10.0.0.0/8"),
            ("ARRAY(Integer)", "ARRAY(BigInteger)", "'{1,2}'", "{1,2}"),
            ("ARRAY(Integer)", "ARRAY(String(9))", "'{1,2}'", "{1,2}"),
            ("ARRAY(String(9))", "ARRAY(Integer)", "'{1,2}'", "{1,2}"),
            ("Text", "ARRAY(Text)", "'{a,b}'", "{a,b}"),
            ("Text", "ARRAY(Text)", "'Annie'", "{Annie}"),
            ("ARRAY(Text)", "postgresql.JSONB", "'{a,\"b c\"}'", '["a", "b c"]'),
            ("Integer", "ARRAY(BigInteger)", "7", "{7}"),
            ("Enum('x', 'y', name='xy')", "ARRAY(Enum('x', 'y', name='xy'))", "'x'", "{x}"),
            ("postgresql.INET", "String(20)", "'10.0.0.1'", "10.0.0.1"),
            ("Uuid", "String(32)", f"'{UID}'", UID),
            ("postgresql.INT4RANGE", "postgresql.INT4MULTIRANGE", "'[1,3)'", "{[1,3)}"),
            ("String(40)", "postgresql.INTERVAL", "'1 day'", "1 day"),
            ("String(40)", "DateTime(True)", f"'{NOON}+00'", f"{NOON}+00"),
            ("Text", "postgresql.TSVECTOR", "'cat'", "'cat'"),
            ("postgresql.INTERVAL", "postgresql.INTERVAL(fields='DAY')", "'1 day'", "1 day"),
            ("postgresql.BIT(4)", "postgresql.BIT(8, varying=True)", "B'1010'", "1010"),
            ("postgresql.MONEY", "Numeric(12, 2)", "'7.25'", "7.25"),
            ("Numeric(12, 2)", "postgresql.MONEY", "'7.25'", "$7.25"),
            (
                "Text",
                "postgresql.DATERANGE",
                "'[2026-01-01,2026-02-01)'",
                "[2026-01-01,2026-02-01)",
            ),
            ("Integer", "postgresql.OID", "7", "7"),
            (
                "postgresql.TIMESTAMP(precision=0)",
                "postgresql.TIMESTAMP(precision=6)",
                f"'{NOON}'",
                NOON,
            ),
            ("Time", "Time(timezone=True)", "'03:04:05'", "03:04:05+00"),
        )
    ],
    *[
        Change(
            f"a type of MariaDB's own changes: {before} to {after}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value})",),
            look="SELECT CAST(extra AS CHAR) FROM items",
            sees=((sees,),),
            only=("mariadb",),
        )
        for before, after, value, sees in (
            ("mysql.TINYINT", "mysql.SMALLINT", "7", "7"),
            ("mysql.TINYINT", "Boolean", "1", "1"),
            ("mysql.TINYINT(display_width=4)", "mysql.TINYINT", "7", "7"),
            ("Integer", "mysql.INTEGER(unsigned=True)", "7", "7"),
            ("mysql.INTEGER(unsigned=True)", "mysql.BIGINT(unsigned=True)", "7", "7"),
            ("Integer", "mysql.MEDIUMINT(zerofill=True, display_width=5)", "7", "00007"),
            ("Text", "mysql.MEDIUMTEXT", "'x'", "x"),
            ("mysql.LONGTEXT", "mysql.TINYTEXT", "'x'", "x"),
            ("LargeBinary", "mysql.LONGBLOB", "'x'", "x"),
            ("Integer", "mysql.YEAR", "2026", "2026"),
            ("mysql.SET('a', 'b')", "mysql.SET('a', 'b', 'c')", "'a,b'", "a,b"),
            ("mysql.SET('a', 'b', 'c')", "mysql.SET('a', 'b')", "'a,b'", "a,b"),
            ("DateTime", "mysql.DATETIME(fsp=6)", f"'{NOON}'", f"{NOON}.000000"),
            ("DateTime", "mysql.TIMESTAMP(fsp=3)", f"'{NOON}'", f"{NOON}.000"),
            ("mysql.VARCHAR(20, charset='latin1')", "mysql.VARCHAR(20)", "'ä'", "ä"),
            ("mysql.BIT(4)", "mysql.BIT(8)", "5", "\x05"),
            ("Text", "mysql.INET6", "'::1'", "::1"),
            ("Uuid", "CHAR(32)", f"'{UID}'", UID),
            ("Uuid", "Uuid(native_uuid=False)", f"'{UID}'", UID),
            ("mysql.ENUM('7.5', '9')", "Numeric(5, 1)", "'7.5'", "7.5"),
            ("Boolean", "mysql.ENUM('0', '1')", "true", "1"),
            ("mysql.DOUBLE", "mysql.DECIMAL(12, 2, unsigned=True)", "0.25", "0.25"),
        )
    ],
    Change(
        "columns change between families of types, all at once",
        item(*(f"c{n} = mapped_column({before})" for n, (before, _, _, _) in enumerate(FAMILIES))),
        item(*(f"c{n} = mapped_column({after})" for n, (_, after, _, _) in enumerate(FAMILIES))),
        rows=(
            "INSERT INTO items VALUES (1, 'a', "
            + ", ".join(value for _, _, value, _ in FAMILIES)
            + ")",
        ),
        look="SELECT count(*) FROM items WHERE "
        + " AND ".join(sees.format(f"c{n}") for n, (_, _, _, sees) in enumerate(FAMILIES)),
        sees=((1,),),
    ),
    *[
        Change(
            f"a type changes to one that a row does not fit: {before} to {after}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value}), (2, 'b', NULL)",),
            look="SELECT count(extra) FROM items",
            sees=((1,),),
            only=only,
            stopped=" holds a value in extra that",
        )
        for before, after, value, only in (
            ("DateTime", "Date", f"'{NOON}'", ALL),
            ("Time", "DateTime", "'03:04:05'", ("sqlite", "mariadb")),
            ("String(20)", "String(3)", "'abcdef'", ALL),
            ("Text", "CHAR(3)", "'abcdef'", ALL),
            ("Integer", "String(3)", "123456", ALL),
            ("String(9)", "Enum('x', 'y', native_enum=False)", "'z'", ALL),
            ("BigInteger", "SmallInteger", "99999", ("postgresql", "mariadb")),
            ("BigInteger", "Float", "9007199254740993", ("postgresql", "mariadb")),
            ("Numeric(9, 2)", "Numeric(5, 2)", "1234.5", ("postgresql", "mariadb")),
            ("Float", "Numeric(5, 2)", "0.125", ("postgresql", "mariadb")),
            ("String(20)", "Numeric(5, 2)", "'7.256'", SERVERS),
            ("String(20)", "Integer", "'7.5'", SERVERS),
            ("String(20)", "Integer", "'00123'", ALL),
            ("String(20)", "Numeric(9, 2)", "'-012.50'", ALL),
            ("String(20)", "REAL", "'0.12345678901234567'", SERVERS),
            ("String(20)", "Date", f"'{NOON}'", ALL),
            ("String(20)", "Time", f"'{NOON}'", ALL),
            ("String(30)", "DateTime", f"'{NOON}.7'", ("mariadb",)),
            ("String(30)", "DateTime", f"'{NOON}+05'", ("postgresql",)),
            ("String(9)", "postgresql.BIT(3)", "'10101'", ("postgresql",)),
            ("String(9)", "postgresql.MONEY", "'7.256'", ("postgresql",)),
            ("postgresql.INET", "postgresql.CIDR", "'10.0.0.1/8'", ("postgresql",)),
            ("Numeric(9, 3)", "postgresql.MONEY", "7.256", ("postgresql",)),
            ("postgresql.MONEY", "Numeric(9, 1)", "7.25", ("postgresql",)),
            ("ARRAY(Numeric(9, 2))", "ARRAY(Integer)", "'{1.5}'", ("postgresql",)),
            ("JSON", "Date", f"'\"{NOON}\"'", ("postgresql",)),
            ("Interval", "postgresql.INTERVAL(precision=0)", "'1.7 s'", ("postgresql",)),
            ("Interval", "Time", "'1 day 2 hours'", ("postgresql",)),
            ("mysql.DOUBLE", "mysql.DOUBLE(12, 2)", "1.256", ("mariadb",)),
            ("Integer", "mysql.YEAR", "70", ("mariadb",)),
            ("String(9)", "mysql.BIT(8)", "'5'", ("mariadb",)),
            ("VARBINARY(9)", "BINARY(9)", "'abc'", ("mariadb",)),
            ("Integer", "Enum('x', 'y', name='letters')", "7", ("mariadb",)),
            ("String(9)", "Enum('x', 'y', name='letters')", "'X'", ("mariadb",)),
            ("String(9)", "Enum('x', 'y', name='letters')", "'x '", ("mariadb",)),
            ("ARRAY(Integer)", "Integer", "'{1,2}'", ("postgresql",)),
            (
                "postgresql.INT4MULTIRANGE",
                "postgresql.INT4RANGE",
                "'{[1,2), [5,6)}'",
                ("postgresql",),
            ),
            ("Integer", "Interval", "7", ("sqlite",)),
            ("String(40)", "Uuid", f"'{UID[:-1]}x'", ("sqlite",)),
            ("String(20)", "Date", "'soon'", ("sqlite",)),
            ("String(20)", "Time", "'noon'", ("sqlite",)),
            ("String(20)", "DateTime", "'03:04:05'", ("sqlite",)),
            ("String(40)", "Uuid", "'xyz'", ("sqlite",)),
            ("Text", "JSON", "'{'", ("sqlite",)),
            ("Integer", "Date", "20260102", ("sqlite",)),
            (
                "postgresql.TIMESTAMP",
                "postgresql.TIMESTAMP(precision=0)",
                f"'{NOON}.7'",
                ("postgresql",),
            ),
            ("mysql.DATETIME(fsp=6)", "DateTime", f"'{NOON}.7'", ("mariadb",)),
            ("mysql.INTEGER(unsigned=True)", "Integer", "4000000000", ("mariadb",)),
            ("Integer", "mysql.INTEGER(unsigned=True)", "-1", ("mariadb",)),
        )
    ],
    Change(
        "a number becomes a UUID, for which PostgreSQL has no cast",
        item("extra: Mapped[int | None]"),
        item("extra: Mapped[uuid.UUID | None]"),
        only=("postgresql",),
        refused={"postgresql": "add a column of the new type, fill it"},
    ),
    Change(
        "a primary key becomes a text, and the foreign key to it",
        item("k: Mapped[int | None] = mapped_column(ForeignKey('numbers.k'))") + NUMBER,
        item("k: Mapped[str | None] = mapped_column(ForeignKey('numbers.k'))")
        + NUMBER.replace("Mapped[int]", "Mapped[str]").replace(", autoincrement=False", ""),
        rows=(
            "INSERT INTO numbers (k) VALUES (7)",
            "INSERT INTO items (id, name, k) VALUES (1, 'a', 7)",
        ),
        look="SELECT k FROM items",
        sees=(("7",),),
    ),
    *(
        Change(
            f"a type cannot hold a value, and says nothing: {value} as {after}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value})",),
            sees=((1, "a"),),
            only=(database,),
            stopped=" holds a value in extra that",
        )
        for database, before, after, value in (
            ("sqlite", "Text", "Date", "'2020-02-30'"),
            ("sqlite", "Text", "DateTime", "'2020-01-01 24:00:00'"),
            ("sqlite", "Text", "DateTime", "'2020-01-01  10:00:00'"),
            ("sqlite", "Text", "DateTime", "'2020-01-01 10:00:00 '"),
            ("sqlite", "Text", "Time", "'24:00:00'"),
            ("sqlite", "LargeBinary", "String(20)", "x'61ff'"),
            ("sqlite", "Numeric(9, 3)", "Numeric(5, 2)", "12.345"),
            ("postgresql", "ARRAY(Integer)", "Integer", "'[0:0]={7}'"),
            ("postgresql", "ARRAY(Integer)", "Integer", "'{{7}}'"),
            ("mariadb", "Float", "String(30)", "16777216"),
        )
    ),
    Change(
        "the largest and the least whole numbers become decimals",
        item("extra = mapped_column(BigInteger)"),
        item("extra = mapped_column(Numeric(19, 0))"),
        rows=(
            "INSERT INTO items (id, name, extra) VALUES (1, 'a', 9223372036854775807)",
            "INSERT INTO items (id, name, extra) VALUES (2, 'b', -9223372036854775808)",
        ),
        only=("postgresql", "mariadb"),
    ),
    *(
        Change(
            f"a range becomes one of another type: {before} to {after}",
            item(f"extra = mapped_column(postgresql.{before})"),
            item(f"extra = mapped_column(postgresql.{after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', '{value}')",),
            look="SELECT extra::text FROM items",
            sees=((sees,),),
            only=("postgresql",),
        )
        for before, after, value, sees in (
            ("INT4RANGE", "INT8RANGE", "[1,5)", "[1,5)"),
            ("INT4MULTIRANGE", "NUMMULTIRANGE", "{[1,5)}", "{[1,5)}"),
        )
    ),
    Change(
        "a UUID that is a key becomes a text without hyphens",
        HEADER + KEYS_OF_UUID.format("Uuid"),
        HEADER + KEYS_OF_UUID.format("Uuid(native_uuid=False)"),
        rows=(
            "INSERT INTO boxes (id) VALUES ('12345678-1234-5678-1234-567812345678')",
            "INSERT INTO lids (id, box_id) VALUES (1, '12345678-1234-5678-1234-567812345678')",
        ),
        look="SELECT boxes.id FROM boxes JOIN lids ON box_id = boxes.id",
        sees=(("12345678123456781234567812345678",),),
        only=("postgresql", "mariadb"),
    ),
    *(
        Change(
            f"times in a server of New York are in {where}: {before} to {after}",
            item(f"extra = mapped_column({before})"),
            item(f"extra = mapped_column({after})"),
            answers=answers,
            rows=(
                IN_NEW_YORK,
                "SET TIME ZONE 'UTC'",
                f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value})",
            ),
            look=f"SELECT CAST({sees} AS text) FROM items",
            sees=((then,),),
            only=("postgresql",),
        )
        for where, answers in (("UTC", ""), ("Berlin", "zone=items.extra:europe/berlin"))
        for before, after, value, sees, then in (
            (
                "DateTime",
                "DateTime(True)",
                f"'{NOON}'",
                "extra AT TIME ZONE 'UTC'",
                NOON if where == "UTC" else "2026-01-02 11:00:00",
            ),
            (
                "DateTime(True)",
                "DateTime",
                f"'{NOON}+00'",
                "extra",
                NOON if where == "UTC" else "2026-01-02 13:00:00",
            ),
            (
                "ARRAY(DateTime)",
                "ARRAY(DateTime(True))",
                f"ARRAY['{NOON}'::timestamp]",
                "extra[1] AT TIME ZONE 'UTC'",
                NOON if where == "UTC" else "2026-01-02 11:00:00",
            ),
        )
    ),
    Change(
        "a time zone is added to times with a default",
        item("extra = mapped_column(DateTime, server_default=func.now(), nullable=False)"),
        item("extra = mapped_column(DateTime(True), server_default=func.now(), nullable=False)"),
        rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', '{NOON}')",),
        then="INSERT INTO items (id, name) VALUES (2, 'b')",
        look=f"SELECT count(*) FROM items WHERE extra >= '{NOON}'",
        sees=((2,),),
        only=("postgresql",),
    ),
    Change(
        "times are in a time zone that the server does not know",
        item("extra = mapped_column(DateTime)"),
        item("extra = mapped_column(DateTime(True))"),
        answers="zone=items.extra:Europe/Atlantis",
        only=("postgresql",),
        refused={
            "postgresql": "zone=items.extra:Europe/Atlantis is not a time zone known to the server"
        },
    ),
]
