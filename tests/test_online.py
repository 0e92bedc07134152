"""What takes long on a table in use is done beside its readers and writers, on PostgreSQL."""

import re
import subprocess
import time

import pytest
import sqlalchemy as sa
import sqlalchemy.event
from chain import write_revision
from changes.kind import SHELF, item
from conftest import MAKE, Bake, Process, Project, type_at_terminal

INDEXED = item().replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(index=True)")
UNIQUE = item("__table_args__ = (UniqueConstraint('name', name='uq_name'),)")

#: Before and after a change that takes long in every way that there is.
LOOSE = item("size: Mapped[int | None]", "shelf_id: Mapped[int | None]") + SHELF
STRICT = (
    item(
        "size: Mapped[int]",
        "shelf_id: Mapped[int | None] = mapped_column(ForeignKey('shelves.id'), index=True)",
        "__table_args__ = (UniqueConstraint('name'), CheckConstraint('size > 0'))",
    )
    + SHELF
)
STATEMENTS = 11
ROWS = "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')"

#: Lets no more than so many changes of the schema succeed.
LIMIT = """
    CREATE SEQUENCE changes;
    CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('changes') > {allowed} THEN RAISE 'enough'; END IF;
    END $$;
    CREATE EVENT TRIGGER fail ON ddl_command_start WHEN tag IN ('ALTER TABLE', 'CREATE INDEX')
        EXECUTE FUNCTION fail()
"""
NO_LIMIT = "DROP EVENT TRIGGER fail; DROP FUNCTION fail; DROP SEQUENCE changes"

#: Who waits longer for a lock than the limit that migrations have for it.
WAITING = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'CONCURRENTLY'
        AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1.1 s'
"""


def test_what_takes_long_is_a_revision_of_its_own_behind_the_rest(bake: Bake) -> None:
    project = prepare(bake, item(), item("size: Mapped[int | None] = mapped_column(index=True)"))
    *_, short, long = (revision.read_text() for revision in project.revisions())
    assert "index" not in short
    assert "column" not in long
    assert long.startswith('"""the change (online)\n')
    assert project.make("heads").count("(head)") == 1
    project.alembic("upgrade", "head")
    project.alembic("check")


def test_a_change_that_is_nothing_else_stays_one_revision(bake: Bake) -> None:
    project = prepare(bake, LOOSE, STRICT, "fill=items.size:1")
    assert len(project.revisions()) == 2


def test_new_tables_are_made_at_once(bake: Bake) -> None:
    project = prepare(bake, item(), item() + SHELF.replace("unique", "index"))
    assert len(project.revisions()) == 2
    assert "CONCURRENTLY" not in project.make("sql", "to=base:head")


def test_readers_and_writers_go_on_while_an_index_is_built_and_while_it_is_dropped(
    bake: Bake,
) -> None:
    project = prepare(bake, item(), INDEXED)
    for row, command in enumerate(["upgrade", "downgrade"], 3):
        with project.connect() as holder:
            holder.exec_driver_sql(f"INSERT INTO items (id, name) VALUES ({row}0, 'long')")
            working = start(project, command)
            wait_for(project)
            with project.connect() as other:
                other.exec_driver_sql("SET lock_timeout = '100 ms'")
                other.exec_driver_sql(f"INSERT INTO items (id, name) VALUES ({row}, 'short')")
                other.exec_driver_sql("SELECT * FROM items")
        assert working.wait() == 0


@pytest.mark.parametrize("command", ["upgrade", "downgrade"])
def test_an_index_that_an_interrupted_run_left_invalid_is_repaired_by_the_next(
    bake: Bake, command: str
) -> None:
    project = prepare(bake, item(), INDEXED)
    if command == "downgrade":
        project.alembic("upgrade", "head")
    with project.connect() as holder:
        holder.exec_driver_sql("INSERT INTO items (id, name) VALUES (3, 'c')")
        working = start(project, command)
        pid = wait_for(project)
        holder.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        assert working.wait() != 0
    assert indexes(project) == {"ix_items_name": False}
    project.make(command)
    assert indexes(project) == ({"ix_items_name": True} if command == "upgrade" else {})


def test_check_names_an_index_that_is_invalid(bake: Bake) -> None:
    project = prepare(bake, item(), INDEXED)
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        connection.exec_driver_sql(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_items_name'::regclass"
        )
    assert "INVALID" in project.alembic("check", status=1)


REPLACED = {
    "index": (
        INDEXED,
        item("__table_args__ = (Index('ix_items_name', 'name', 'id', unique=True),)"),
    ),
    "constraint": (
        UNIQUE,
        item("__table_args__ = (UniqueConstraint('name', 'id', name='uq_name'),)"),
    ),
    "index by a constraint": (
        item("__table_args__ = (Index('uq_name', 'name', unique=True),)"),
        UNIQUE,
    ),
}


@pytest.mark.parametrize("kind", REPLACED)
def test_an_index_is_replaced_by_one_that_is_built_beside_it(bake: Bake, kind: str) -> None:
    project = prepare(bake, *REPLACED[kind])
    [name] = indexes(project)
    for command in (["upgrade", "head"], ["downgrade", "-1"], ["upgrade", "head"]):

        def watch() -> None:
            @sa.event.listens_for(sa.Engine, "after_cursor_execute")
            def look(_: object, __: object, statement: str, *___: object) -> None:
                if "indisvalid FROM pg_index" not in statement:  # the query of indexes() itself
                    assert any(indexes(project).values()), "there is no index"

        status, said = Process(project, command, first=watch).end()
        assert status == 0, said
        assert indexes(project) == {name: True}
    project.alembic("check")


def test_rows_that_are_not_unique_are_named_and_leave_no_index(bake: Bake) -> None:
    project = prepare(bake, item(), UNIQUE)
    with project.connect() as connection:
        connection.exec_driver_sql("UPDATE items SET name = 'same'")
    said = project.make("upgrade", status=2)
    assert "2 of 2 rows of items hold the same name as another row, which uq_name does not" in said
    assert indexes(project) == {}
    with project.connect() as connection:
        connection.exec_driver_sql("DELETE FROM items WHERE id = 2")
    project.make("upgrade")
    assert indexes(project) == {"uq_name": True}


@pytest.mark.parametrize(
    "done",
    [pytest.param(n, marks=[] if n % 5 == 0 else pytest.mark.long) for n in range(STATEMENTS)],
)
def test_a_run_that_was_cut_short_after_any_statement_can_be_repeated(
    bake: Bake, done: int
) -> None:
    project = prepare(bake, LOOSE, STRICT, "fill=items.size:1")
    with project.connect() as connection:
        connection.exec_driver_sql(LIMIT.format(allowed=done))
    assert "enough" in project.alembic("upgrade", "head", status=1)
    with project.connect() as connection:
        connection.exec_driver_sql(NO_LIMIT)
    project.alembic("upgrade", "head")
    project.alembic("check")
    project.alembic("downgrade", "-1")
    project.alembic("upgrade", "head")


def prepare(bake: Bake, before: str, after: str, answers: str = "") -> Project:
    """Bring the models `before` into a database, with rows, and write the change to those `after`."""
    project = bake("postgresql")
    project.alembic("-x", "create-database", "current")
    project.write_model(before)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    with project.connect() as connection:
        connection.exec_driver_sql(ROWS)
    project.write_model(after)
    words = ["-x", answers] if answers else []
    project.alembic(*words, "revision", "--autogenerate", "--message=the change")
    return project


def start(project: Project, target: str) -> subprocess.Popen[bytes]:
    """Run make beside these tests."""
    return subprocess.Popen(["make", target], cwd=project.path, env=project.environment)


def wait_for(project: Project) -> int:
    """Return the process of the server that waits for the others, once it has waited long enough."""
    while True:
        with project.connect() as connection:
            if pid := connection.exec_driver_sql(WAITING).scalar():
                return int(pid)
        time.sleep(0.01)


def indexes(project: Project) -> dict[str, bool]:
    """Return the indexes of the items but for that of the primary key, and whether each is valid."""
    with project.connect() as connection:
        query = (
            "SELECT indexrelid::regclass::text, indisvalid FROM pg_index"
            " WHERE indrelid = 'items'::regclass AND NOT indisprimary"
        )
        return dict(map(tuple, connection.exec_driver_sql(query)))


SLOW = """
    op.execute("CREATE TABLE big (n integer, filler text)")
    op.execute("ALTER TABLE big ALTER filler SET STORAGE PLAIN")
    op.execute("INSERT INTO big SELECT n, repeat('x', 1900) FROM generate_series(1, 300) n")
    op.execute('''CREATE FUNCTION slow(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.02); RETURN n; END $$''')
"""
BUILD = """
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_slow ON big (slow(n))")
"""
DROP = """
    with op.get_context().autocommit_block():
        op.drop_index("ix_slow", "big", postgresql_concurrently=True)
"""


def test_an_index_that_is_built_shows_its_progress_and_what_it_waits_for(bake: Bake) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, SLOW)
    project.make("upgrade")
    write_revision(project, BUILD)
    said = type_at_terminal([MAKE, "upgrade"], "", project.path, project.environment)
    found = re.findall(
        r"upgrade r1: \d+ s, index ix_slow, building index: scanning table, (\d+) %", said
    )
    percents = [int(percent) for percent in found]
    assert percents == sorted(percents) and len({*percents}) > 1, said
    write_revision(project, DROP)
    with project.connect() as blocking:
        blocking.exec_driver_sql("SELECT count(*) FROM big")
        upgrade = Process(project, ["upgrade", "head"])
        upgrade.read_until("upgrade r2: 10 s, index ix_slow, blocked by process ")
    status, said = upgrade.end()
    assert status == 0, said
    assert re.search(r"blocked by process \d+ of \w+, whose transaction is \d+ s old\n", said)
