"""A data migration in batches ends with every row done, and none done twice."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from chain import at_statement, write_revision
from conftest import DATABASES, Bake, Process, Project
from test_upgrades import LONG, SERVERS, empty, execute, is_there, prepare

ROWS = 60

TABLES = """
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(50)),
        sa.Column("slug", sa.String(50)),
        sa.Column("n", sa.Integer, nullable=False))
    op.create_table("todo", sa.Column("id", sa.Integer, primary_key=True))
"""

#: Batches of 10 rows, by what steers the loop. `{find}` and `{limit}` differ by database.
LOOPS = {
    "rowcount": """
        n = 10
        while n == 10:
            more = "UPDATE users SET slug = lower(email), n = n + 1 {find}"
            n = bind.execute(sa.text(more)).rowcount""",
    "ids": """
        some = "SELECT id FROM users WHERE slug IS NULL ORDER BY id LIMIT 10"
        while ids := bind.execute(sa.text(some)).scalars().all():
            bind.execute(fill, {{"ids": ids}})""",
    "returning": """
        more = "UPDATE users SET slug = lower(email), n = n + 1 {find} RETURNING id"
        while bind.execute(sa.text(more)).all():
            pass""",
    "queue": """
        some = "DELETE FROM todo {limit} RETURNING id"
        while ids := bind.execute(sa.text(some)).scalars().all():
            bind.execute(fill, {{"ids": ids}})""",
}

BLOCK = """
    bind = op.get_bind()
    fill = sa.text("UPDATE users SET slug = lower(email), n = n + 1 WHERE id IN :ids")
    fill = fill.bindparams(sa.bindparam("ids", expanding=True))
    with {block}:{loop}
"""

BLOCKS = {
    "autocommit": "op.get_context().autocommit_block()",
    "transaction": "bind.begin_nested()",
}

SUBQUERY = "WHERE id IN (SELECT id FROM {} ORDER BY id LIMIT 10)"
FIND = {
    "sqlite": SUBQUERY.format("users WHERE slug IS NULL"),
    "postgresql": SUBQUERY.format("users WHERE slug IS NULL"),
    "mariadb": "WHERE slug IS NULL ORDER BY id LIMIT 10",
}
LIMIT = {
    "sqlite": SUBQUERY.format("todo"),
    "postgresql": SUBQUERY.format("todo"),
    "mariadb": "ORDER BY id LIMIT 10",
}

#: MariaDB 10.11 has no UPDATE ... RETURNING.
FORMS = [
    (database, form)
    for database in DATABASES
    for form in LOOPS
    if (database, form) != ("mariadb", "returning")
]


def write_loop(project: Project, database: str, form: str, block: str = "autocommit") -> Path:
    """Write a revision that fills `slug` in batches, after one that makes the tables."""
    write_revision(project, TABLES)
    loop = LOOPS[form].format(find=FIND[database], limit=LIMIT[database])
    return write_revision(project, BLOCK.format(loop=loop, block=BLOCKS[block]))


def fill_tables(project: Project) -> None:
    """Apply the first revision, and insert the rows."""
    project.alembic("upgrade", "r0")
    numbers = range(1, ROWS + 1)
    users = ", ".join(f"({n}, 'Ada{n}@x.org', 0)" for n in numbers)
    todo = ", ".join(f"({n})" for n in numbers)
    execute(project, f"INSERT INTO users (id, email, n) VALUES {users}")
    execute(project, f"INSERT INTO todo VALUES {todo}")


def state(project: Project) -> list[list[object]]:
    """Return how many rows have which number of changes, and whether they have their slug."""
    done = "CASE WHEN slug = lower(email) THEN 1 ELSE 0 END"
    return is_there(project, f"SELECT n, {done}, count(*) FROM users GROUP BY n, {done} ORDER BY n")


@pytest.mark.parametrize("block", ["autocommit", pytest.param("transaction", marks=LONG)])
@pytest.mark.parametrize(("database", "form"), FORMS)
def test_a_loop_of_batches_that_waits_for_a_row_does_every_row_once(
    bake: Bake, database: str, form: str, block: str
) -> None:
    project = prepare(bake, database)
    write_loop(project, database, form, block)
    fill_tables(project)
    limits = {"MIGRATION_LOCK_TIMEOUT": "0.3"}
    go = project.path / "go"

    def stand_by() -> None:
        while not go.exists():
            time.sleep(0.05)

    # It is started first: a copy of a process that has SQLite locked takes the lock for its own.
    upgrade = Process(project, ["upgrade", "head"], first=stand_by, environment=limits)
    with project.connect() as other:
        other.exec_driver_sql("UPDATE users SET email = email WHERE id = 35")
        go.touch()
        upgrade.read_until("waiting for a lock")
        time.sleep(1)
    status, said = upgrade.end()
    assert status == 0, said
    assert state(project) == [[1, 1, ROWS]], said


@pytest.mark.parametrize("block", ["autocommit", pytest.param("transaction", marks=LONG)])
@pytest.mark.parametrize(("database", "form"), FORMS)
@pytest.mark.parametrize("every", [13, pytest.param(1, marks=LONG)])
@pytest.mark.parametrize("when", ["after", pytest.param("before", marks=LONG)])
def test_a_loop_of_batches_that_is_killed_at_any_statement_does_every_row_once(
    bake: Bake, database: str, form: str, block: str, every: int, when: str
) -> None:
    project = prepare(bake, database)
    write_loop(project, database, form, block)
    number, killed = every, -signal.SIGKILL
    while killed:
        empty(project)
        fill_tables(project)

        def die(number: int = number) -> None:
            at_statement(number, lambda: os.kill(os.getpid(), signal.SIGKILL), when=when)

        killed, _ = Process(project, ["upgrade", "head"], first=die).end()
        said = project.alembic("upgrade", "head")
        assert state(project) == [[1, 1, ROWS]], f"killed {when} statement {number}: {said}"
        number += every
    assert number > 2 * every, "it was never killed"


COUNT = """
    with op.get_context().autocommit_block():
        for _ in range(40):
            op.execute("UPDATE users SET n = n + 1")
"""


@pytest.mark.parametrize("database", SERVERS)
@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=LONG)])
def test_a_change_of_rows_and_its_record_are_committed_together(
    bake: Bake, database: str, kills: int
) -> None:
    project = prepare(bake, database)
    write_revision(project, TABLES)
    write_revision(project, COUNT)
    chance = random.Random(1)
    killed = 0
    while killed < kills:
        empty(project)
        fill_tables(project)
        while True:
            upgrade = Process(project, ["upgrade", "head"], first=lambda: tell("SET n = n + 1"))
            upgrade.read_until("is at")
            time.sleep(chance.uniform(0, 0.05))
            upgrade.kill()
            if upgrade.end()[0] == 0 or "The database is at r1" in upgrade.said:
                break
            killed += 1
        project.alembic("upgrade", "head")
        assert is_there(project, "SELECT DISTINCT n FROM users") == [[40]]


#: What is run in an autocommit_block() of PostgreSQL between two UPDATEs, and what `n` is in the end.
BETWEEN = {
    "a function that writes": ('bind.exec_driver_sql("SELECT bump()").all()', 12),
    "an index that does not look": ('op.execute("CREATE INDEX CONCURRENTLY by_n ON users (n)")', 2),
    "an error that is caught": (
        """with suppress(sa.exc.IntegrityError):
            op.execute("INSERT INTO todo VALUES (1)")""",
        2,
    ),
    "several statements": ('op.execute("SET work_mem = 9999; UPDATE users SET n = n + 5")', 7),
    "a block of code": ('op.execute("DO $$ BEGIN UPDATE users SET n = n + 5; END $$")', 7),
}

MIXED = """
    from contextlib import suppress
    bind = op.get_bind()
    with op.get_context().autocommit_block():
        op.execute("UPDATE users SET n = n + 1")
        {between}
        op.execute("UPDATE users SET n = n + 1")
"""

BUMP = """CREATE FUNCTION bump() RETURNS int AS $$
    BEGIN UPDATE users SET n = n + 10; RETURN 1; END $$ LANGUAGE plpgsql"""


@pytest.mark.parametrize("words", BETWEEN)
def test_whatever_changes_rows_is_done_once(bake: Bake, words: str) -> None:
    between, wanted = BETWEEN[words]
    project = prepare(bake, "postgresql")
    write_revision(project, TABLES)
    write_revision(project, MIXED.format(between=between))
    fill_tables(project)
    execute(project, BUMP)

    def die() -> None:
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        at_statement(2, kill, when="before", words="SET n = n + 1", in_dry_run=False)

    assert Process(project, ["upgrade", "head"], first=die).end()[0] == -signal.SIGKILL
    project.alembic("upgrade", "head")
    assert is_there(project, "SELECT DISTINCT n FROM users") == [[wanted]]


COMMITTING = """
CREATE PROCEDURE work() {} BEGIN UPDATE users SET n = n + 1; COMMIT; {}; COMMIT; END {}"""


@pytest.mark.parametrize("applied", ["all", "none"])
@pytest.mark.parametrize("database", SERVERS)
def test_a_procedure_that_was_cut_short_is_refused_by_name(
    bake: Bake, database: str, applied: str
) -> None:
    project = prepare(bake, database)
    write_revision(project, TABLES)
    call = """
    with op.get_context().autocommit_block():
        op.execute("CALL work()")"""
    write_revision(project, call)
    fill_tables(project)
    rest = {
        "postgresql": ("LANGUAGE plpgsql AS $$", "PERFORM 1 / (SELECT count(*) FROM none)", "$$"),
        "mariadb": ("", "UPDATE none SET n = 1", ""),
    }
    execute(project, COMMITTING.format(*rest[database]))
    project.alembic("upgrade", "head", status=1)
    said = project.alembic("upgrade", "head", status=1)
    assert "may commit by itself" in said and "CALL work()" in said
    assert "How much of that statement was applied is unknown" in said
    assert is_there(project, "SELECT DISTINCT n FROM users") == [[1]]
    execute(project, said.partition(f"If {applied} of it was:\n")[2].partition("\n")[0])
    if applied == "none":
        execute(project, "CREATE TABLE none (n INTEGER)", "INSERT INTO none (n) VALUES (1)")
    project.alembic("upgrade", "head")
    done = 1 if applied == "all" else 2  # by the first run, and by the rerun
    assert is_there(project, "SELECT DISTINCT n FROM users") == [[done]]


def test_a_result_that_cannot_be_recorded_is_refused_when_it_is_needed(bake: Bake) -> None:
    project = prepare(bake, "postgresql")
    write_revision(project, TABLES)
    between = "bind.exec_driver_sql(\"UPDATE users SET n = n RETURNING inet '::1'\").all()"
    write_revision(project, MIXED.format(between=between))
    fill_tables(project)

    def die() -> None:
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        at_statement(2, kill, when="before", words="SET n = n + 1", in_dry_run=False)

    assert Process(project, ["upgrade", "head"], first=die).end()[0] == -signal.SIGKILL
    said = project.alembic("upgrade", "head", status=1)
    assert "RETURNING inet" in said and "depends on the result of that" in said
    assert is_there(project, "SELECT DISTINCT n FROM users") == [[1]]


def tell(words: str) -> None:
    """Print that it is at work, before the first statement with these words."""
    at_statement(1, lambda: print("It is at work", flush=True), when="before", words=words)


USERS = """
    op.create_table(
        "users",
        sa.Column("id", {type}, primary_key=True, autoincrement=False),
        {more}
        sa.Column("email", sa.String(50)),
        sa.Column("slug", sa.String(50)),
        sa.Column("n", sa.Integer, nullable=False))
"""

KEYS = {
    "number": USERS.format(type="sa.Integer", more=""),
    "text": USERS.format(type="sa.String(20)", more=""),
    "two columns": USERS.format(
        type="sa.String(20)", more='sa.Column("part", sa.Integer, primary_key=True),'
    ),
    "enum": USERS.format(
        type="sa.Integer",
        more='sa.Column("kind", sa.Enum("z", "a", name="kind"), primary_key=True),',
    ),
}

BACKFILL = """
    from alembic_guards import backfill
    backfill("users", {{"slug": "lower(email) || ':%'", "n": "n + 1"}}, {where}batch=10)
    op.add_column("users", sa.Column("after", sa.Integer))
"""

BY_FUNCTION = """
    import uuid
    from alembic_guards import backfill
    backfill("users", {{"slug": lambda: f"ada@x.org:{{uuid.uuid4().hex}}", "n": "n + 1"}},
        {where}batch=10, types={{"slug": sa.String(50)}})
"""


def write_backfill(project: Project, key: str, where: str = "", backfill: str = BACKFILL) -> None:
    """Write a revision that makes a table of users, and one that fills it in batches of 10."""
    write_revision(project, KEYS[key])
    text = backfill.format(where=where and f'where="{where}", ')
    if "mysql" in project.environment.get("DATABASE_URL", ""):
        text = text.replace("lower(email) || ':%'", "concat(lower(email), ':%')")
    write_revision(project, text)


def insert_users(project: Project, key: str) -> None:
    """Apply the first revision, and insert the rows."""
    project.alembic("upgrade", "r0")
    numbers = range(1, ROWS + 1)
    forms = {"number": "{0}", "text": "'k{0}'", "two columns": "'k{1}', {0}", "enum": "{0}, '{2}'"}
    keys = [forms[key].format(n, n % 3, "az"[n % 2]) for n in numbers]
    users = ", ".join(f"({key}, 'Ada{n}@x.org', 0)" for key, n in zip(keys, numbers, strict=True))
    names = {"two columns": "id, part", "enum": "id, kind"}.get(key, "id")
    execute(project, f"INSERT INTO users ({names}, email, n) VALUES {users}".replace("%", "%%"))


def filled(project: Project) -> list[list[object]]:
    """Return how many rows have been filled how often."""
    return is_there(
        project,
        "SELECT n, count(*) FROM users WHERE slug LIKE 'ada%%@x.org:%%' GROUP BY n ORDER BY n",
    )


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("database", DATABASES)
def test_a_backfill_reaches_every_row_once_whatever_the_key(
    bake: Bake, database: str, key: str
) -> None:
    project = prepare(bake, database)
    write_backfill(project, key)
    insert_users(project, key)
    project.alembic("upgrade", "head")
    assert filled(project) == [[1, ROWS]]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("database", DATABASES)
def test_a_backfill_by_a_function_gives_each_row_a_value_of_its_own(
    bake: Bake, database: str, key: str
) -> None:
    project = prepare(bake, database)
    write_backfill(project, key, "slug IS NULL", BY_FUNCTION)
    insert_users(project, key)
    project.alembic("upgrade", "head")
    assert filled(project) == [[1, ROWS]]
    assert is_there(project, "SELECT count(DISTINCT slug) FROM users") == [[ROWS]]


@pytest.mark.parametrize("database", SERVERS)
def test_a_backfill_by_a_function_over_the_key_of_an_enum_is_not_repeated(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    more = "".join(
        f'    op.add_column("users", sa.Column("{name}", sa.Integer))\n' for name in ("a", "b")
    )
    write_backfill(project, "enum", "", BY_FUNCTION + more)
    insert_users(project, "enum")

    def die() -> None:
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        at_statement(1, kill, words="ADD COLUMN b", in_dry_run=False)

    killed, _ = Process(project, ["upgrade", "head"], first=die).end()
    assert killed
    project.alembic("upgrade", "head")
    assert filled(project) == [[1, ROWS]]


@pytest.mark.parametrize("backfill", [BACKFILL, BY_FUNCTION], ids=["sql", "function"])
@pytest.mark.parametrize("database", SERVERS)
def test_a_backfill_that_is_killed_goes_on_with_the_batch_that_was_not_committed(
    bake: Bake, database: str, backfill: str
) -> None:
    project = prepare(bake, database)
    write_backfill(project, "two columns", backfill=backfill)
    insert_users(project, "two columns")
    killed, number = -signal.SIGKILL, 0
    while killed:
        number += 1

        def die(number: int = number) -> None:
            kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
            at_statement(1 + number % 2, kill, words="UPDATE users", in_dry_run=False)

        killed, said = Process(project, ["upgrade", "head"], first=die).end()
        assert number < 50, "each second run commits a batch"
    assert number > 4, said
    assert filled(project) == [[1, ROWS]], said


@pytest.mark.parametrize("database", SERVERS)
def test_a_backfill_holds_no_lock_while_it_waits_and_fills_what_is_left_to_do(
    bake: Bake, database: str
) -> None:
    project = prepare(bake, database)
    write_backfill(project, "number", where="slug IS NULL")
    insert_users(project, "number")
    execute(project, "UPDATE users SET slug = 'mine' WHERE id = 2")
    environment = {"MIGRATION_LOCK_TIMEOUT": "0.3"}
    with project.connect() as other:
        other.exec_driver_sql("UPDATE users SET email = email WHERE id = 35")
        upgrade = Process(project, ["upgrade", "head"], environment=environment)
        upgrade.read_until("waiting for a lock")
        execute(project, "UPDATE users SET email = email WHERE id <= 30")
    status, said = upgrade.end()
    assert status == 0, said
    assert filled(project) == [[1, ROWS - 1]]


@pytest.mark.parametrize("database", SERVERS)
def test_a_backfill_pauses_and_says_how_far_it_is(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_backfill(project, "number")
    insert_users(project, "number")
    upgrade = Process(project, ["upgrade", "head"], environment={"MIGRATION_BATCH_PAUSE": "3"})
    upgrade.read_until("of 60 rows, ")
    assert "upgrade r1: 10 s, users: " in upgrade.said
    assert upgrade.end()[0] == 0


@pytest.mark.parametrize("database", DATABASES)
def test_a_table_without_a_primary_key_is_refused_for_a_backfill(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_revision(project, KEYS["number"].replace("primary_key=True, ", ""))
    write_revision(project, BACKFILL.format(where=""))
    said = project.alembic("upgrade", "head", status=1)
    assert "The table users has no primary key" in said
    assert "at r0" in said


@pytest.mark.parametrize("database", DATABASES)
def test_a_backfill_is_one_update_in_sql(bake: Bake, database: str) -> None:
    project = prepare(bake, database)
    write_backfill(project, "number", where="slug IS NULL")
    said = project.alembic("upgrade", "r0:r1", "--sql")
    assert said.count("UPDATE users SET ") == 1
    assert "WHERE (slug IS NULL)" in said and ":%'" in said and ":%%'" not in said
