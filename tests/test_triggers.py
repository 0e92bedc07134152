"""No revision breaks a trigger, a routine or an event by what it renames or drops."""

from typing import NamedTuple

import pytest
from conftest import Bake, Project

MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str | None]
class Log(Base):
    __tablename__ = "logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
"""


class Case(NamedTuple):
    """What an owner made by hand, and a statement that it breaks with."""

    made: tuple[str, ...]
    breaks: str


def function(body: str, name: str = "watch") -> str:
    """A trigger function of PostgreSQL."""
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def on_postgresql(body: str) -> tuple[str, ...]:
    """A function and a trigger of items that executes it."""
    return (
        function(body),
        "CREATE TRIGGER watch_items BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION watch()",
    )


def on_mariadb(body: str) -> tuple[str, ...]:
    """A trigger of items."""
    return (f"CREATE TRIGGER watch_items BEFORE INSERT ON items FOR EACH ROW {body}",)


NOTE = {
    "postgresql": on_postgresql("NEW.note = upper(NEW.note); RETURN NEW;"),
    "mariadb": on_mariadb("SET NEW.note = upper(NEW.note)"),
}
LOG = {
    "sqlite": (
        (
            "CREATE TRIGGER watch_items AFTER INSERT ON items BEGIN"
            " INSERT INTO logs (text) VALUES (NEW.note); END"
        ),
    ),
    "postgresql": on_postgresql("INSERT INTO logs (text) VALUES ('NEW.note'); RETURN NEW;"),
    "mariadb": on_mariadb("INSERT INTO logs (text) VALUES ('NEW.note')"),
}
CHANGES = {
    "rename": 'op.alter_column("items", "note", new_column_name="remark")',
    "drop": 'op.drop_column("items", "note")',
}


#: Ends the dry run, and has the programs read before the next statement.
UNKNOWN = """op.get_bind().execute(sa.text("DELETE FROM logs"))
    op.drop_column("logs", "text")
    """


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> str:
    """A database that does not notice what a body names."""
    return str(request.param)


@pytest.fixture
def project(bake: Bake, database: str) -> Project:
    """A project with two tables in its database."""
    return with_tables(bake, database)


def with_tables(bake: Bake, database: str) -> Project:
    """Return a project with two tables in its database."""
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(MODEL)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    return project


def by_hand(project: Project, up: str, down: str = "pass") -> None:
    """Write a revision by hand."""
    project.alembic("revision", "--message=by hand")
    revision = project.revisions()[-1]
    upgrade, _, downgrade = revision.read_text().partition("    pass\n")
    revision.write_text(f"{upgrade}    {up}\n" + downgrade.replace("pass", down, 1))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_upgrade_stops_before_a_trigger_breaks_that_is_in_the_database_alone(
    project: Project, database: str, change: str
) -> None:
    project.sql(*NOTE[database])
    by_hand(project, f'op.create_table("others", sa.Column("n", sa.Integer))\n    {change}')
    before = project.columns()
    said = project.alembic("upgrade", "head", status=1)
    assert "The trigger watch_items of items names what this revision changes" in said
    assert "items.note is" in said
    assert project.columns() == before
    assert "The trigger watch_items" in project.alembic("upgrade", "head", status=1)
    if database == "postgresql":
        project.sql("DROP FUNCTION watch CASCADE")
    else:
        project.sql("DROP TRIGGER watch_items")
    project.alembic("upgrade", "head")


def test_a_new_revision_names_the_trigger_that_it_would_break_until_it_replaces_it(
    project: Project, database: str
) -> None:
    made = NOTE[database]
    by_hand(project, f"for text in {made!r}:\n        op.execute(text)", down=undone(database))
    project.alembic("upgrade", "head")
    project.write_model(MODEL.replace("note:", "remark:"))
    said = project.alembic("-x", "rename=items.note:remark", "revision", "--autogenerate", status=1)
    assert "is written, but it fails:" in said
    assert "items.note is renamed to remark" in said
    up, down = replaced(database, "note", "remark"), replaced(database, "remark", "note")
    revision = project.revisions()[-1]
    text = revision.read_text()
    rename = 'op.alter_column("items", "note", new_column_name="remark")\n'
    assert rename in text
    revert = 'op.alter_column("items", "remark", new_column_name="note")\n'
    text = text.replace(rename, f"{rename}    {up}\n").replace(revert, f"{revert}    {down}\n")
    revision.write_text(text)
    project.make("prove")
    for step in (["upgrade", "head"], ["downgrade", "-1"], ["upgrade", "head"]):
        project.alembic(*step)
    project.sql("INSERT INTO items (id, name, remark) VALUES (1, 'a', 'b')")
    assert project.sql("SELECT remark FROM items") == [["B"]]


def test_a_revision_that_was_applied_elsewhere_runs_where_a_later_one_replaces_the_trigger(
    project: Project, database: str
) -> None:
    made = NOTE[database]
    by_hand(project, f"for text in {made!r}:\n        op.execute(text)")
    by_hand(project, CHANGES["rename"])
    assert "do it in a new one" in project.alembic("upgrade", "head", status=1)
    by_hand(project, replaced(database, "note", "remark"))
    project.alembic("upgrade", "head")
    project.sql("INSERT INTO items (id, name, remark) VALUES (1, 'a', 'b')")
    assert project.sql("SELECT remark FROM items") == [["B"]]


def undone(database: str) -> str:
    """Return what drops the trigger."""
    if database == "postgresql":
        return (
            'op.execute("DROP TRIGGER watch_items ON items")\n    op.execute("DROP FUNCTION watch")'
        )
    return 'op.execute("DROP TRIGGER watch_items")'


def replaced(database: str, old: str, new: str) -> str:
    """Return what the message says, with the new name."""
    text = [each.replace("note", new) for each in NOTE[database]]
    if database == "postgresql":
        return f"op.execute({text[0]!r})"
    return f'op.execute("DROP TRIGGER IF EXISTS watch_items")\n    op.execute({text[0]!r})'


@pytest.mark.parametrize(
    "change",
    [
        'op.alter_column("logs", "text", new_column_name="words")',
        'op.drop_column("logs", "text")',
        'op.rename_table("logs", "lines")',
        'op.drop_table("logs")',
        'op.get_bind().execute(sa.text("DELETE FROM logs"))\n    op.drop_column("logs", "text")',
    ],
)
@pytest.mark.parametrize("database", LOG)
def test_an_upgrade_stops_before_the_table_breaks_that_a_trigger_of_another_writes(
    bake: Bake, database: str, change: str
) -> None:
    project = with_tables(bake, database)
    project.sql(*LOG[database])
    by_hand(project, change)
    followed = database == "sqlite" and ("rename" in change or "new_column" in change)
    before = project.columns()
    said = project.alembic("upgrade", "head", status=0 if followed else 1)
    if not followed:
        assert "watch_items of items" in said or "A trigger of items no longer works" in said
        assert project.columns() == before
    project.sql("INSERT INTO items (id, name) VALUES (1, 'a')")


@pytest.mark.parametrize(
    ("made", "change", "reason"),
    [
        ("CREATE PROCEDURE p() SELECT note FROM items", CHANGES["rename"], "procedure p"),
        (
            "CREATE FUNCTION f() RETURNS TEXT RETURN (SELECT max(i.note) FROM items AS i)",
            CHANGES["drop"],
            "function f",
        ),
        (
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO UPDATE items SET note = NULL",
            CHANGES["rename"],
            "event e",
        ),
        (
            NOTE["mariadb"][0],
            'op.execute("ALTER TABLE items CHANGE note remark TEXT")',
            "trigger watch_items",
        ),
        (
            NOTE["mariadb"][0],
            'op.execute("ALTER TABLE items RENAME COLUMN note TO name, RENAME COLUMN name TO note")',
            "trigger watch_items",
        ),
        (NOTE["mariadb"][0], 'op.drop_column("items", "name")', ""),
        (NOTE["mariadb"][0], 'op.rename_table("items", "things")', ""),
        (NOTE["mariadb"][0], 'op.drop_table("items")', ""),
        (
            NOTE["mariadb"][0],
            'op.drop_column("items", "note")\n    op.add_column("items", sa.Column("note", sa.Text))',
            "",
        ),
        (
            NOTE["mariadb"][0],
            f'op.execute("DROP TRIGGER watch_items")\n    {CHANGES["rename"]}',
            "",
        ),
    ],
)
def test_what_else_of_mariadb_has_a_body(bake: Bake, made: str, change: str, reason: str) -> None:
    project = with_tables(bake, "mariadb")
    project.sql(made)
    by_hand(project, change)
    said = project.alembic("upgrade", "head", status=1 if reason else 0)
    assert f"The {reason}" in said if reason else "names what" not in said


@pytest.mark.parametrize(
    ("made", "change", "reason"),
    [
        (
            ("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT max(note) FROM items'",),
            CHANGES["rename"],
            "function f",
        ),
        (
            (
                function("PERFORM note FROM made; RETURN NULL;"),
                (
                    "CREATE TRIGGER t AFTER INSERT ON items REFERENCING NEW TABLE AS made"
                    " EXECUTE FUNCTION watch()"
                ),
            ),
            CHANGES["drop"],
            "trigger t",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            f'op.execute("DROP TRIGGER watch_items ON items")\n    {CHANGES["drop"]}',
            "",
        ),
        (on_postgresql("NEW.note := 'a'; RETURN NEW;"), 'op.rename_table("items", "others")', ""),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            (
                f'op.execute("DROP TRIGGER watch_items ON items")\n    {CHANGES["drop"]}\n'
                f"    op.execute({on_postgresql('')[1]!r})"
            ),
            "trigger watch_items",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            (
                'with op.get_context().autocommit_block():\n        op.execute("SELECT 1")\n'
                f"    {CHANGES['rename']}"
            ),
            "trigger watch_items",
        ),
        (
            (
                "CREATE SCHEMA auth",
                "CREATE FUNCTION auth.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                (
                    "CREATE OR REPLACE FUNCTION auth.g() RETURNS text LANGUAGE plpgsql"
                    " AS 'BEGIN RETURN (SELECT max(note) FROM items); END'"
                ),
            ),
            CHANGES["rename"],
            "",
        ),
        (
            (
                "CREATE SCHEMA auth",
                (
                    "CREATE FUNCTION auth.g() RETURNS text LANGUAGE plpgsql SET search_path = auth, public"
                    " AS 'BEGIN RETURN (SELECT max(note) FROM items); END'"
                ),
            ),
            CHANGES["rename"],
            "function auth.g",
        ),
        (
            (
                "CREATE SCHEMA auth",
                function("RETURN NULL;", "auth.watch"),
                function("PERFORM note FROM public.items; RETURN NULL;", "auth.look"),
                "CREATE TRIGGER t AFTER INSERT ON logs EXECUTE FUNCTION auth.look()",
            ),
            f'{CHANGES["rename"]}\n    op.execute("DROP SCHEMA auth CASCADE")',
            "",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            f'op.execute("DO $$ BEGIN DROP FUNCTION watch CASCADE; END $$")\n    {CHANGES["drop"]}',
            "",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            (
                "op.execute(\"DO $$ BEGIN EXECUTE 'DROP FUNCTION ' || 'wat' || 'ch CASCADE';"
                f' END $$")\n    {CHANGES["drop"]}'
            ),
            "",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            (
                f"{UNKNOWN}op.execute(\"DO $$ BEGIN EXECUTE 'DROP FUNCTION wat' || 'ch CASCADE'; END $$\")"
                f"\n    {CHANGES['drop']}"
            ),
            "",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            (f'{UNKNOWN}op.rename_table("items", "things")\n    op.drop_column("things", "note")'),
            "trigger watch_items",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            f'op.execute("DO $$ BEGIN CREATE TABLE made (n int); END $$")\n    {CHANGES["drop"]}',
            "trigger watch_items",
        ),
        (
            on_postgresql("NEW.note := 'a'; RETURN NEW;"),
            'op.execute("DO $$ BEGIN ALTER TABLE items DROP note; END $$")',
            "trigger watch_items",
        ),
    ],
)
def test_what_else_of_postgresql_has_a_body(
    bake: Bake, made: tuple[str, ...], change: str, reason: str
) -> None:
    project = with_tables(bake, "postgresql")
    project.sql(*made)
    by_hand(project, change)
    said = project.alembic("upgrade", "head", status=1 if reason else 0)
    assert f"The {reason}" in said if reason else "names what" not in said


CHANGED = {
    "sqlite": "ALTER TABLE logs DROP COLUMN text",
    "postgresql": "ALTER TABLE items RENAME COLUMN note TO remark",
    "mariadb": "ALTER TABLE items RENAME COLUMN note TO remark",
}


@pytest.mark.parametrize("database", CHANGED)
def test_check_names_a_trigger_that_does_not_work(bake: Bake, database: str) -> None:
    project = with_tables(bake, database)
    project.sql(*(LOG if database == "sqlite" else NOTE)[database])
    project.alembic("check")
    project.sql(CHANGED[database])
    project.write_model(
        MODEL.replace("    text: Mapped[str | None]\n", "")
        if database == "sqlite"
        else MODEL.replace("note:", "remark:")
    )
    said = project.alembic("check", status=1)
    assert "The database has triggers that do not work:" in said
    assert "no column" in said
