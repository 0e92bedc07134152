"""What models need and cannot define, such as a function, comes from revisions that create it by hand."""

from typing import NamedTuple

import pytest
from change_by_hand import by_hand
from changes.kind import item
from conftest import Bake, Project

COLUMN = "    extra: Mapped[str | None]\n"

VECTOR = '''
class Vector(sa.types.UserDefinedType):
    """That of an extension in a schema of its own."""
    cache_ok = True
    def get_col_spec(self, **_):
        return "ext.vector(3)"
'''


class Case(NamedTuple):
    """What a revision creates by hand, and the models that need it."""

    up: tuple[str, ...]
    down: tuple[str, ...]
    models: str


def typed(name: str, *lines: str) -> str:
    """The model Item with a column of a type that SQLAlchemy does not know."""
    source = f"""
class Own(sa.types.UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **_):
        return "{name}"
"""
    return item(*lines or ("own = mapped_column(Own)",)).replace(
        "class Item", f"{source}\nclass Item"
    )


CASES = {
    "a function in a default": Case(
        ("CREATE FUNCTION make_code() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'x'; END$$",),
        ("DROP FUNCTION make_code",),
        item("code: Mapped[str] = mapped_column(server_default=text('make_code()'))"),
    ),
    "a function of a schema in an index, a CHECK and a generated column": Case(
        (
            "CREATE SCHEMA tools",
            "CREATE FUNCTION tools.plain(t text) RETURNS text IMMUTABLE RETURN lower(t)",
        ),
        ("DROP FUNCTION tools.plain", "DROP SCHEMA tools"),
        item(
            "low = mapped_column(Text, Computed('tools.plain(name)', persisted=True))",
            "__table_args__ = (Index('ix_plain', text('tools.plain(name)')),"
            " CheckConstraint(\"tools.plain(name) <> ''\", name='plain'))",
        ),
    ),
    "a collation": Case(
        ('CREATE COLLATION mine FROM "C"',),
        ("DROP COLLATION mine",),
        item("code: Mapped[str] = mapped_column(String(collation='mine'), index=True)"),
    ),
    "an extension in a schema": Case(
        ("CREATE SCHEMA ext", "CREATE EXTENSION vector WITH SCHEMA ext"),
        ("DROP EXTENSION vector", "DROP SCHEMA ext"),
        item("v = mapped_column(Vector)").replace("class Item", f"{VECTOR}\nclass Item")
        + "Index('ix_v', Item.v, postgresql_using='hnsw',"
        " postgresql_ops={'v': 'ext.vector_l2_ops'})\n",
    ),
    "an operator class": Case(
        (
            "CREATE OPERATOR CLASS mine FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 hashtext(text)",
        ),
        ("DROP OPERATOR FAMILY mine USING hash",),
        item("__table_args__ = (Index('ix_mine', text('name mine'), postgresql_using='hash'),)"),
    ),
    "an operator": Case(
        ("CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",),
        ("DROP OPERATOR === (text, text)",),
        item("__table_args__ = (CheckConstraint(\"NOT name::text === 'x'::text\", name='other'),)"),
    ),
    "a text search configuration": Case(
        ("CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple)",),
        ("DROP TEXT SEARCH CONFIGURATION mine",),
        item(
            "__table_args__ = (Index('ix_words', text(\"to_tsvector('mine', name)\"),"
            " postgresql_using='gin'),)"
        ),
    ),
    "a composite type": Case(
        ("CREATE TYPE address AS (street text, town text)",),
        ("DROP TYPE address",),
        typed("address"),
    ),
    "a range type": Case(
        ("CREATE TYPE span AS RANGE (subtype = time)",), ("DROP TYPE span",), typed("span")
    ),
    "a domain": Case(
        ("CREATE DOMAIN code AS text CHECK (VALUE <> '')",), ("DROP DOMAIN code",), typed("code")
    ),
    "an array of an enum": Case(
        ("CREATE TYPE mood AS ENUM ('a', 'b')",), ("DROP TYPE mood",), typed("mood[]")
    ),
    "a sequence": Case(
        ("CREATE SEQUENCE numbers START 7",),
        ("DROP SEQUENCE numbers",),
        item("number: Mapped[int] = mapped_column(server_default=text(\"nextval('numbers')\"))"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_models_find_what_a_revision_has_created_by_hand(bake: Bake, name: str) -> None:
    project, case = bake("postgresql"), CASES[name]
    project.alembic("-x", "create-database", "current")
    by_hand(project, case.up, case.down)
    project.write_model(case.models)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    project.alembic("check")

    project.write_model(
        case.models.replace("    name: Mapped[str]\n", f"    name: Mapped[str]\n{COLUMN}")
    )
    said = project.alembic("revision", "--autogenerate")
    assert said.startswith("  add items.extra\nWrote "), said
    project.alembic("upgrade", "head")
    project.alembic("check")
    project.alembic("downgrade", "base", ALLOW_DATA_LOSS="1")
    project.alembic("upgrade", "head")


def test_a_table_gets_another_access_method_and_its_old_one_back(bake: Bake) -> None:
    project = bake("postgresql")
    project.alembic("-x", "create-database", "current")
    own = "ACCESS METHOD own"
    by_hand(project, [f"CREATE {own} TYPE TABLE HANDLER heap_tableam_handler"], [f"DROP {own}"])
    project.write_model(item())
    project.alembic("revision", "--autogenerate")
    project.write_model(item("__table_args__ = {'postgresql_using': 'own'}"))
    project.alembic("revision", "--autogenerate")
    for to, expected in (("head", "own"), ("-1", "heap"), ("head", "own")):
        project.alembic("upgrade" if to == "head" else "downgrade", to)
        with project.connect() as connection:
            query = "SELECT amname FROM pg_class c JOIN pg_am ON pg_am.oid = relam WHERE relname = 'items'"
            assert connection.exec_driver_sql(query).scalar_one() == expected
    project.alembic("check")


def test_a_function_over_an_enum_of_the_models_is_found(bake: Bake) -> None:
    color = "color: Mapped[str] = mapped_column(Enum('a', 'b', name='color'))"
    project = bake("postgresql")
    project.alembic("-x", "create-database", "current")
    project.write_model(item(color))
    project.alembic("revision", "--autogenerate")
    rank = "FUNCTION rank(c color) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$"
    by_hand(project, [f"CREATE {rank}"], ["DROP FUNCTION rank(color)"])
    project.write_model(
        item(color, "__table_args__ = (CheckConstraint('rank(color) > 0', name='ranked'),)")
    )
    stays_green(project)


def test_the_tests_of_a_project_find_what_a_revision_has_created_by_hand(bake: Bake) -> None:
    project, case = bake("postgresql"), CASES["a function in a default"]
    project.alembic("-x", "create-database", "current")
    by_hand(project, case.up, case.down)
    project.write_model(case.models)
    project.alembic("revision", "--autogenerate")
    (project.path / "tests" / "test_models.py").write_text(USE.format(project.package))
    project.run(".venv/bin/python", "-m", "pytest", "-q", "tests")


USE = """
from sqlalchemy import orm
from {}.models.user import Item

def test_a_row_gets_the_default(session: orm.Session) -> None:
    session.add(item := Item(name="a"))
    session.commit()
    assert item.code == "x"
"""


#: Calls create_all() in the database of the project, and prints the error.
CREATE_ALL = """
import json, sys, sqlalchemy as sa
sys.path.append("libs")
from alembic_guards.testing import create_all
from {0}.models import Base
from {0}.settings import migration_url
with sa.create_engine(migration_url(), poolclass=sa.NullPool).connect() as connection:
    try:
        create_all(connection, Base.metadata)
    except Exception as error:
        print(json.dumps(str(error)))
"""


@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_create_all_drops_nothing_in_a_database_that_is_not_empty(bake: Bake, kind: str) -> None:
    project, case = bake("postgresql"), CASES["a function in a default"]
    project.alembic("-x", "create-database", "current")
    by_hand(project, case.up, case.down)
    project.write_model(case.models)
    project.sql(f"CREATE {kind} kept AS SELECT 1 AS n")
    said = project.python(CREATE_ALL.format(project.package))
    assert "function make_code() does not exist" in said
    assert project.sql("SELECT n FROM kept") == [[1]]


@pytest.mark.parametrize(
    ("database", "line", "expected"),
    [
        (
            "postgresql",
            "code: Mapped[str] = mapped_column(server_default=text('make_code()'))",
            ["function make_code() does not exist", "make revision empty=1"],
        ),
        (
            "postgresql",
            "code: Mapped[str] = mapped_column(String(collation='mine'))",
            ['collation "mine" for encoding "UTF8" does not exist', "make revision empty=1"],
        ),
        (
            "mariadb",
            "number: Mapped[int] = mapped_column(server_default=text('nextval(numbers)'))",
            ["numbers' doesn't exist", "sa.Sequence("],
        ),
        (
            "sqlite",
            "__table_args__ = (CheckConstraint(\"shop_norm(name) <> ''\", name='norm'),)",
            ["no such function: shop_norm", "settings.py"],
        ),
        (
            "sqlite",
            "code: Mapped[str] = mapped_column(String(9, collation='mine'), index=True)",
            ["no such collation sequence: mine", "settings.py"],
        ),
    ],
)
def test_what_is_missing_is_named_with_the_place_where_it_belongs(
    bake: Bake, database: str, line: str, expected: list[str]
) -> None:
    project = bake(database)
    project.write_model(item(line))
    said = project.alembic("revision", "--autogenerate", status=None)
    assert all(words in said for words in expected), said
    assert project.revisions() == []


REGISTER = '''

@sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
def register(connection: sqlite3.Connection, _: object) -> None:
    """Register what the models need."""
    connection.create_function("shop_norm", 1, str.lower, deterministic=True)
    connection.create_collation("mine", lambda a, b: (a > b) - (a < b))
'''


def test_functions_and_collations_of_sqlite_that_settings_registers_are_found(bake: Bake) -> None:
    project = bake("sqlite")
    settings = project.path / "src" / project.package / "settings.py"
    head, _, body = settings.read_text().partition("\n\n")
    settings.write_text(f"{head}\n\nimport sqlite3\nimport sqlalchemy\n{body}{REGISTER}")
    project.write_model(
        item(
            "code: Mapped[str] = mapped_column(String(9, collation='mine'), index=True)",
            "__table_args__ = (CheckConstraint(\"shop_norm(name) <> ''\", name='norm'),)",
        )
    )
    stays_green(project)


def test_a_sequence_of_mariadb_stands_in_the_models(bake: Bake) -> None:
    project = bake("mariadb")
    project.alembic("-x", "create-database", "current")
    project.write_model(
        item(
            "number: Mapped[int] = mapped_column(server_default=text('nextval(numbers)'))"
        ).replace("class Item", "sa.Sequence('numbers', metadata=Base.metadata)\n\nclass Item")
    )
    stays_green(project)


def stays_green(project: Project) -> None:
    """Write a revision, and run all of them up, down and up."""
    project.alembic("revision", "--autogenerate")
    for to in ("head", "base", "head"):
        verb = "downgrade" if to == "base" else "upgrade"
        project.alembic(verb, to, ALLOW_DATA_LOSS="1")
    project.alembic("check")
