"""Defaults of the models that are functions, for rows that are there already: each row gets a value of its own."""

from .kind import Change, item

OWN = '''
import functools
import random
import secrets

ALPHABET = "abcdefghij"

def new_code() -> str:
    """Return a code of twenty letters."""
    return "".join(random.choices(ALPHABET, k=20))

def of_two_lines():
    made = uuid.uuid4()
    return made.hex

class GUID(TypeDecorator):
    """A UUID as SQLAlchemy's documentation stores it."""
    impl = CHAR
    cache_ok = True
    def load_dialect_impl(self, dialect):
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if native else CHAR(32))
    def process_bind_param(self, value, dialect):
        return value if value is None or dialect.name == "postgresql" else value.hex

class Plain(MappedAsDataclass):
    pass
'''

#: Columns whose default is another value in each row.
COLUMNS = (
    "a: Mapped[uuid.UUID{none}] = mapped_column(default=uuid.uuid4{more})",
    "b: Mapped[str{none}] = mapped_column(String(36), default=lambda: str(uuid.uuid4()){more})",
    "c: Mapped[str{none}] = mapped_column(CHAR(32), default=lambda: uuid.uuid4().hex{more})",
    "d: Mapped[uuid.UUID{none}] = mapped_column(GUID, default=uuid.uuid4{more})",
    "e: Mapped[str{none}] = mapped_column(String(64), default=secrets.token_hex{more})",
    "f: Mapped[str{none}] = mapped_column(String(18), default=functools.partial(secrets.token_hex, 9){more})",
    "g: Mapped[str{none}] = mapped_column(String(64), default=new_code{more})",
    "h: Mapped[bytes{none}] = mapped_column(LargeBinary(16), default=lambda: uuid.uuid4().bytes{more})",
)
ROWS = ("INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'a'), (3, 'a')",)
DISTINCT = ", ".join(f"count(DISTINCT {name})" for name in "abcdefgh")


def of(*lines: str) -> str:
    """Return the model Item with more lines, after what those use."""
    return item(*lines).replace("\nclass Item", f"{OWN}\nclass Item")


def columns(none: str = "", more: str = "") -> list[str]:
    """Return the columns: `none` is what makes them nullable, `more` are options."""
    return [line.format(none=none, more=more) for line in COLUMNS]


CHANGES = [
    *[
        Change(
            f"columns are added whose defaults differ in each row{what}",
            of(),
            of(*columns(more=more), *lines),
            rows=ROWS,
            look=f"SELECT {DISTINCT} FROM items",
            sees=((3,) * 8,),
        )
        for what, more, lines in (
            ("", "", ()),
            (
                ", and are unique",
                "",
                (
                    (
                        "__table_args__ = (*(UniqueConstraint(x) for x in 'abcdeg'),"
                        " UniqueConstraint('name', 'f'), Index('ix_h', h, unique=True))"
                    ),
                ),
            ),
        )
    ],
    Change(
        "NULL becomes NOT NULL with defaults that differ in each row",
        of(*columns(none=" | None")),
        of(*columns()),
        rows=(*ROWS, "UPDATE items SET e = 'mine' WHERE id = 2"),
        look=f"SELECT {DISTINCT}, (SELECT e FROM items WHERE id = 2) FROM items",
        sees=((*(3,) * 8, "mine"),),
    ),
    Change(
        "columns are added whose defaults are times and collections",
        of(),
        of(
            "a: Mapped[datetime.datetime] ="
            " mapped_column(default=lambda: datetime.datetime.now(datetime.UTC))",
            "b: Mapped[datetime.datetime] = mapped_column(DateTime, default=datetime.datetime.utcnow)",
            "c: Mapped[datetime.datetime] = mapped_column(DateTime, default=datetime.datetime.now)",
            "d: Mapped[datetime.date] = mapped_column(default=datetime.date.today)",
            "e: Mapped[dict] = mapped_column(JSON, default=dict)",
            "f: Mapped[list] = mapped_column(JSON, default=lambda: [])",
            "g: Mapped[datetime.date] = mapped_column(default=func.current_date())",
            "h: Mapped[str] = mapped_column(String(9), default=lambda: 'new')",
        ),
        rows=ROWS,
        look="SELECT count(*) FROM items WHERE a > '2026-01-01' AND b > '2026-01-01'"
        " AND c > '2026-01-01' AND d > '2026-01-01' AND g > '2026-01-01'"
        " AND CAST(e AS CHAR(9)) = '{}' AND CAST(f AS CHAR(9)) = '[]' AND h = 'new'",
        sees=((3,),),
    ),
    Change(
        "a key of UUIDs is added beside a key of numbers, which stays unique",
        of(),
        item("uid: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)"),
        rows=ROWS,
        look="SELECT count(DISTINCT uid) FROM items",
        sees=((3,),),
    ),
    Change(
        "a column of arrays is added whose default is an empty list",
        item(),
        item(
            "a: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)",
            "b = mapped_column(postgresql.JSONB, default=dict, nullable=False)",
            "c: Mapped[uuid.UUID] = mapped_column(server_default=text('gen_random_uuid()'),"
            " default=uuid.uuid4, unique=True)",
        ),
        rows=ROWS,
        look="SELECT count(*), count(DISTINCT c) FROM items WHERE a = '{}' AND b = '{}'",
        sees=((3, 3),),
        only=("postgresql",),
    ),
    Change(
        "a unique column is added whose default is a function of several statements",
        of(),
        of("code: Mapped[str] = mapped_column(String(32), default=of_two_lines, unique=True)"),
        refused=dict.fromkeys(
            ("sqlite", "postgresql", "mariadb"),
            "items.code is NOT NULL and unique. What value do existing rows get: fill=items.code:=SQL",
        ),
    ),
    Change(
        "a column is added whose default reads the other values of the row",
        of(),
        of(
            "code: Mapped[str] = mapped_column(String(32),"
            " default=lambda context: context.get_current_parameters()['name'])"
        ),
        answers="fill=items.code:=name",
        rows=ROWS,
        look="SELECT code FROM items",
        sees=(("a",),) * 3,
    ),
]
