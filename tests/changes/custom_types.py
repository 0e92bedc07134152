"""Types that the owner of the project wrote."""

from .kind import SHELF, Change, item

PLACE = """
from sqlalchemy.types import UserDefinedType
class Place(UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **_):
        return "pg_lsn"
"""
#: A table of which reflection knows the type of no column.
HOST = """
class Host(Base):
    __tablename__ = "hosts"
    address = mapped_column({0}, primary_key=True)
    __table_args__ = (Index("by_address", "address"),)
"""

TYPES = '''
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, UserDefinedType

class Short(TypeDecorator):
    """A text of a few characters."""
    impl = String(20)
    cache_ok = True

class Cents(TypeDecorator):
    """Money, which forgets in its repr() how it was made."""
    impl = Numeric
    cache_ok = True
    def __init__(self, digits=2):
        super().__init__(12, digits)
        self.digits = digits
    def __repr__(self):
        return "Cents()"
    def process_bind_param(self, value, dialect):
        return None if value is None else decimal.Decimal(value)

class Data(TypeDecorator):
    impl = JSON
    cache_ok = True

class Words(TypeDecorator):
    """A list of words, in what suits a database."""
    impl = Text
    cache_ok = True
    def load_dialect_impl(self, dialect):
        type_ = postgresql.ARRAY(Text) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(type_)

class GUID(TypeDecorator):
    """A UUID where the database has one, as in SQLAlchemy's documentation."""
    impl = CHAR
    cache_ok = True
    def load_dialect_impl(self, dialect):
        has_it = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if has_it else CHAR(32))

Moment = DateTime().with_variant(DateTime(timezone=True), "postgresql")
Document = Text().with_variant(postgresql.JSONB(), "postgresql")

class Secret(TypeDecorator):
    impl = LargeBinary
    cache_ok = True
    def __init__(self, key, *, rounds=3):
        super().__init__()
        self.key, self.rounds = key, rounds

class Letter(UserDefinedType):
    cache_ok = True
    def __init__(self, length=1):
        self.length = length
    def get_col_spec(self, **_):
        return f"CHAR({self.length})"

class Name(TypeDecorator):
    """A text whose length the owner gives, where a server wants one."""
    impl = Unicode
    cache_ok = True

@compiles(Name, "mysql")
@compiles(Name, "mariadb")
def _(type_, compiler, **_):
    return "VARCHAR(99)"

class Vector(UserDefinedType):
    """As that of pgvector, whose extension comes with the server of these tests."""
    cache_ok = True
    def __init__(self, length):
        self.length = length
    def get_col_spec(self, **_):
        return f"VECTOR({self.length})"

class Level(enum.Enum):
    LOW = "low level"
    HIGH = "high level"

class Stage(enum.IntEnum):
    FIRST = 1
    SECOND = 2

def values(of):
    return [str(member.value) for member in of]

class Staged(TypeDecorator):
    impl = Integer
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return None if value is None else int(value)
    def process_result_value(self, value, dialect):
        return None if value is None else Stage(value)

class Packed(JSON):
    """What SQLAlchemy has no class for."""
    __visit_name__ = "packed"

@compiles(Packed, "sqlite")
def packed(element, compiler, **_):
    return "JSONB"

Flexible = JSON().with_variant(postgresql.JSONB(), "postgresql").with_variant(Packed(), "sqlite")
Wide = BIG.with_variant(mysql.BIGINT(unsigned=True), "mysql")
'''
UID = "12345678123456781234567812345678"
#: Each type with a value that a row may hold, and what finds it.
OWN = (
    ("Short", "'x'", "= 'x'"),
    ("Cents", "0.25", "= 0.25"),
    ("Cents(3)", "0.125", "= 0.125"),
    ("Data", "'[1]'", "IS NOT NULL"),
    ("Words", "NULL", "IS NULL"),
    ("Secret('key', rounds=5)", "'x'", "IS NOT NULL"),
    ("Letter(3)", "'abc'", "= 'abc'"),
    ("Enum(Level, values_callable=values)", "'low level'", "= 'low level'"),
    ("Enum(Stage, values_callable=values, native_enum=False, length=9)", "'1'", "= '1'"),
    ("Staged", "2", "= 2"),
    ("Flexible", "'[1]'", "IS NOT NULL"),
    ("Wide", "7", "= 7"),
    ("PickleType", "'x'", "IS NOT NULL"),
)


def own(*lines: str) -> str:
    """The model Item after the types that the owner of a project has written."""
    return item(*lines).replace("class Item", TYPES + "\nclass Item")


DOMAIN = "code = mapped_column(postgresql.DOMAIN('code', Text, {}), index=True, server_default='b')"

TYPE_HEAD = "\nclass Item(Base):"
WRAPPED = """
class Mood(TypeDecorator):
    impl = Enum("a", "b", name="mood")
    cache_ok = True
class Email(TypeDecorator):
    impl = postgresql.DOMAIN("email", Text)
    cache_ok = True
"""
FOR_EACH = """
from sqlalchemy.ext.compiler import compiles
class Right(ColumnElement):
    inherit_cache = True
    type = Boolean()
class Now(sa.sql.expression.FunctionElement):
    inherit_cache = True
    type = DateTime()
for server in ("sqlite", "postgresql", "mysql"):
    compiles(Right, server)(lambda *_, **__: "name <> ''")
    compiles(Now, server)(lambda *_, **__: "CURRENT_TIMESTAMP")
"""

CHANGES = [
    *[
        Change(
            f"a column with a type of the owner's is added: {type_}",
            own(),
            own(f"extra = mapped_column({type_})"),
        )
        for type_, _, _ in OWN
    ],
    *[
        Change(
            f"a column with a type of the owner's becomes NOT NULL and gets an index: {type_}",
            own(f"extra = mapped_column({type_})", "note: Mapped[str | None]"),
            own(
                f"extra = mapped_column({type_}, nullable=False)",
                "note: Mapped[str | None] = mapped_column(index=True)",
            ),
            answers=f'''fill="items.extra:{value.strip("'")}"''',
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value}), (2, 'b', NULL)",),
            look=f"SELECT count(*) FROM items WHERE extra {finds}",
            sees=((2,),),
        )
        for type_, value, finds in OWN
        if value != "NULL" and type_ != "PickleType" and "Secret" not in type_
    ],
    Change(
        "columns with types of the owner's are removed",
        own(*(f"c{number} = mapped_column({type_})" for number, (type_, _, _) in enumerate(OWN))),
        own(),
        answers=" ".join(f"drop=items.c{number}" for number in range(len(OWN))),
    ),
    Change(
        "a table with columns of types of the owner's is added",
        own(),
        own()
        + SHELF
        + "".join(
            f"    c{number} = mapped_column({type_})\n" for number, (type_, _, _) in enumerate(OWN)
        ),
    ),
    *[
        Change(
            f"a type changes to one of the owner's: {before} to {after}",
            own(f"extra = mapped_column({before})"),
            own(f"extra = mapped_column({after})"),
            rows=(f"INSERT INTO items (id, name, extra) VALUES (1, 'a', {value})",),
            look=f"SELECT count(*) FROM items WHERE extra {finds}",
            sees=((1,),),
        )
        for before, after, value, finds in (
            ("String(9)", "Short", "'x'", "= 'x'"),
            ("Short", "Text", "'x'", "= 'x'"),
            ("Cents", "Cents(4)", "0.25", "= 0.25"),
            ("Integer", "Cents", "7", "= 7"),
            ("Text", "Data", "'[1]'", "IS NOT NULL"),
            ("JSON", "Flexible", "'[1]'", "IS NOT NULL"),
            ("Letter(3)", "Letter(5)", "'abc'", "= 'abc'"),
            ("Integer", "Wide", "7", "= 7"),
            ("String(9)", "Enum(Level, values_callable=values)", "NULL", "IS NULL"),
            ("Integer", "Staged", "2", "= 2"),
            ("CHAR(32)", "GUID", f"'{UID}'", "IS NOT NULL"),
            ("GUID", "CHAR(32)", f"'{UID}'", f"= '{UID}'"),
            ("String(40)", "GUID", f"'{UID}'", "IS NOT NULL"),
            ("Text", "Document", "'[1]'", "IS NOT NULL"),
            ("Document", "Text", "'[1]'", "= '[1]'"),
            ("DateTime", "Moment", "'2026-01-02 12:00:00'", "IS NOT NULL"),
        )
    ],
    Change(
        "an enum whose values are not its names gets a value",
        own("level = mapped_column(Enum(Level, values_callable=values))"),
        own("level = mapped_column(Enum(Level, values_callable=values))").replace(
            'HIGH = "high level"', 'MIDDLE = "it\'s"\n    HIGH = "high level"'
        ),
        rows=("INSERT INTO items (id, name, level) VALUES (1, 'a', 'high level')",),
        look="SELECT level FROM items",
        sees=(("high level",),),
    ),
    Change(
        "a column is added whose type its owner writes, for MariaDB needs a length",
        own(),
        own("extra = mapped_column(Name, index=True)"),
    ),
    Change(
        "a column with a type of the owner's is renamed",
        own("price = mapped_column(Cents(3), nullable=False)"),
        own("cost = mapped_column(Cents(3), nullable=False)"),
        answers="rename=items.price:cost",
        rows=("INSERT INTO items (id, name, price) VALUES (1, 'a', 0.125)",),
        look="SELECT CAST(cost AS CHAR(5)) FROM items",
        sees=(("0.125",),),
    ),
    Change(
        "a column with a type and a default of the owner's is added",
        own(),
        own(
            "price = mapped_column(Cents(3), default=decimal.Decimal('0.5'), nullable=False)",
            "stage = mapped_column(Staged, default=Stage.SECOND, nullable=False)",
            "level = mapped_column(Enum(Level, values_callable=values),"
            " default=Level.HIGH, nullable=False)",
        ),
        look="SELECT count(*) FROM items WHERE price = 0.5 AND stage = 2 AND level = 'high level'",
        sees=((2,),),
    ),
    *[
        Change(
            f"a column with a type of an extension {what}",
            own(*before),
            own(*after),
            answers=answers,
            only=("postgresql",),
        )
        for what, before, after, answers in (
            ("is added", [], ["extra = mapped_column(Vector(3))"], ""),
            ("is removed", ["extra = mapped_column(Vector(3))"], [], "drop=items.extra"),
            (
                "changes its length",
                ["extra = mapped_column(Vector(3))"],
                ["extra = mapped_column(Vector(4))"],
                "",
            ),
        )
    ],
    *(
        Change(
            f"a domain gets another {what}",
            item(DOMAIN.format(before)),
            item(DOMAIN.format(after)),
            rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 'q')",),
            look="SELECT code FROM items",
            sees=(("q",),),
            only=("postgresql",),
        )
        for what, before, after in (
            ("check", "check=\"VALUE <> ''\"", "check=\"VALUE <> 'x'\""),
            ("default", "default='x'", "default='y', not_null=True"),
        )
    ),
    Change(
        "a domain gets a check that rows do not meet",
        item(DOMAIN.format("default='x'")),
        item(DOMAIN.format("check=\"VALUE <> 'q'\"")),
        rows=("INSERT INTO items (id, name, code) VALUES (1, 'a', 'q')",),
        look="SELECT code FROM items",
        sees=(("q",),),
        only=("postgresql",),
        stopped="violates check constraint",
    ),
    Change(
        "a domain becomes one of shorter texts",
        item(DOMAIN.format("default='x'")),
        item(DOMAIN.format("default='x'").replace("Text", "String(3)")),
        only=("postgresql",),
        refused={"postgresql": "and no operation is known"},
    ),
    *(
        Change(
            f"a type that the server makes stands in {what}",
            item(),
            item(f"mood = mapped_column({type_})").replace(TYPE_HEAD, WRAPPED + TYPE_HEAD),
            only=("postgresql",),
        )
        for what, type_ in {
            "one of the owner's": "Mood()",
            "a variant": "String(10).with_variant(Enum('a', 'b', name='mood'), 'postgresql')",
            "an array of one of the owner's": "ARRAY(Mood())",
            "one of the owner's, as a domain": "Email()",
        }.items()
    ),
    *(
        Change(
            f"an expression that the owner writes for each database is {what}",
            item(),
            item(*lines).replace(TYPE_HEAD, FOR_EACH + TYPE_HEAD),
        )
        for what, *lines in (
            ("a check", "__table_args__ = (CheckConstraint(Right(), name='right'),)"),
            ("a default", "made = mapped_column(DateTime, server_default=Now())"),
        )
    ),
    *(
        Change(
            f"a table whose key has a type that SQLAlchemy does not reflect is {verb}, {what}",
            item() + PLACE + (host if verb == "removed" else ""),
            item() + PLACE + (host if verb == "added" else ""),
            answers="drop=hosts" if verb == "removed" else "",
            only=(database,),
        )
        for what, database, type_ in (
            ("an address of MariaDB", "mariadb", "mysql.mariadb.INET6"),
            ("a place in the log of PostgreSQL", "postgresql", "Place"),
        )
        for verb in ("added", "removed")
        for host in [HOST.format(type_)]
    ),
]
