"""A revision that cannot be proven says so until it is complete; what was made by hand stays."""

import pytest
from conftest import DATABASES, Bake

MODEL = """
from sqlalchemy import DDL, event
from sqlalchemy.orm import Mapped, mapped_column
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
event.listen(Item.__table__, "after_create", DDL("CREATE VIEW every AS SELECT id FROM items"))
"""
UP = '\n    op.execute("CREATE VIEW every AS SELECT id FROM {table}")\n\n\ndef downgrade'
DOWN = '-> None:\n    op.execute("DROP VIEW every")\n'

VIEW = "CREATE VIEW emails AS SELECT email, title FROM users JOIN posts ON author_id = users.id"
INSERT = "INSERT INTO posts (author_id, title) VALUES (NEW.id, 'by hand')"
TRIGGER = "CREATE TRIGGER greet AFTER INSERT ON users"
BODY = f"BEGIN {INSERT}; RETURN NULL; END".replace("'", "''")
MADE_BY_HAND = {
    "sqlite": (VIEW, f"{TRIGGER} BEGIN {INSERT}; END"),
    "postgresql": (
        VIEW,
        f"CREATE FUNCTION greet() RETURNS trigger LANGUAGE plpgsql AS '{BODY}'",
        f"{TRIGGER} FOR EACH ROW EXECUTE FUNCTION greet()",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE DOMAIN plain AS mood",
        "CREATE FUNCTION feel(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'",
    ),
    "mariadb": (
        VIEW,
        f"{TRIGGER} FOR EACH ROW {INSERT}",
        "ALTER TABLE users ADD SYSTEM VERSIONING",
    ),
}
UNMADE_BY_HAND = {
    "sqlite": ("DROP TRIGGER greet", "DROP VIEW emails"),
    "postgresql": (
        "DROP FUNCTION feel",
        "DROP DOMAIN plain",
        "DROP TYPE mood",
        "DROP TRIGGER greet ON users",
        "DROP FUNCTION greet",
        "DROP VIEW emails",
    ),
    "mariadb": (
        "ALTER TABLE users DROP SYSTEM VERSIONING",
        "DROP TRIGGER greet",
        "DROP VIEW emails",
    ),
}


@pytest.mark.parametrize("database", DATABASES)
def test_what_autogenerate_cannot_write_is_named_until_it_is_there(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(MODEL)
    said = project.make("revision", status=2)
    [revision] = project.revisions()
    file = revision.relative_to(project.path).as_posix()
    assert f"{file} is written, but upgrade() does not lead to the schema of the models:" in said
    assert "missing: every view" in said.replace("`", "")

    upgrade, _, downgrade = revision.read_text().partition("\n\n\ndef downgrade")
    complete = upgrade + UP + downgrade.replace("-> None:\n", DOWN, 1)
    revision.write_text(complete.format(table=""))
    said = project.make("revision", status=2)
    assert f"upgrade() of {file} fails on a scratch database:" in said
    assert project.revisions() == [revision]

    revision.write_text(complete.format(table="items"))
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    said = project.alembic("upgrade", "head", status=1)
    assert f"{file} is unproven: upgrade() does not lead to the schema of the models" in said
    assert said.endswith("Nothing was changed.\nComplete it, and prove it: make prove\n")
    revision.write_text(complete.format(table="items").replace("DROP VIEW", "SELECT 1 --"))
    prove = ("-x", "prove", "revision", "--autogenerate")
    said = project.alembic(*prove, status=1)
    assert f"{file} is written, but" in said, said
    revision.write_text(complete.format(table="items"))
    for _ in range(2):
        assert project.make("prove") == f"Proven: {file}\n"
        assert "unproven" not in revision.read_text()
    for command in (["upgrade", "head"], ["check"], ["downgrade", "-1"], ["upgrade", "head"]):
        project.alembic(*command)
    assert project.revisions() == [revision]


@pytest.mark.parametrize("database", DATABASES)
def test_views_and_triggers_that_a_revision_makes_by_hand_are_kept_and_not_complained_of(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    project.make("revision")
    project.run(".venv/bin/python", "-m", "alembic", "revision", "--message=by hand")
    revision = project.revisions()[1]
    up = "".join(f"    op.execute({statement!r})\n" for statement in MADE_BY_HAND[database])
    down = "".join(f"    op.execute({statement!r})\n" for statement in UNMADE_BY_HAND[database])
    upgrade, _, downgrade = revision.read_text().partition("    pass\n")
    revision.write_text(upgrade + up + downgrade.replace("    pass\n", down))
    assert "Nothing to write" in project.make("revision")
    for command in ("format", "lint", "upgrade", "check", "test"):
        project.make(command)

    model = project.path / "src" / project.package / "models" / "user.py"
    model.write_text(model.read_text().replace("Mapped[datetime]", "Mapped[datetime | None]"))
    for command in ("revision", "upgrade", "check"):
        project.make(command)
    project.sql("INSERT INTO users (email) VALUES ('ada@example.com')")
    assert project.sql("SELECT email, title FROM emails") == [["ada@example.com", "by hand"]]

    model.write_text(model.read_text().replace("email:", "mail:"))
    said = project.make("revision", "x=drop=users.email fill=users.mail:x", status=2)
    assert "emails" in said
    assert "Complete it by hand" in said


def test_a_file_whose_hook_fails_is_refused_and_one_that_is_proven_has_no_mark(bake: Bake) -> None:
    project = bake("sqlite")
    project.write_model(MODEL.partition("event.listen")[0])
    ini = project.path / "alembic.ini"
    text = ini.read_text()
    ini.write_text(text.replace("format.module = ruff", "format.module = missing"))
    assert "missing" in project.alembic("revision", "--autogenerate", status=None)
    [revision] = project.revisions()
    said = project.alembic("upgrade", "head", status=1)
    assert "is unproven: its proof has not ended. Nothing was changed." in said
    ini.write_text(text)
    project.make("prove")
    assert "unproven" not in revision.read_text()
    revision.unlink()
    project.alembic("revision", "--autogenerate")
    [revision] = project.revisions()
    assert "depends_on = None\n\n\ndef upgrade()" in revision.read_text()
    project.alembic("upgrade", "head")
