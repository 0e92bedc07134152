"""An application can upgrade its database itself, and Alembic leaves the rest of it alone."""

import pytest
from chain import write_revision
from conftest import DATABASES, VARIANTS, Bake

UPGRADE = """
import asyncio, json, logging
from alembic import command, config

logging.basicConfig(level=logging.ERROR)
before = logging.getLogger("shop")
handlers = list(logging.root.handlers)

async def start() -> None:
    await asyncio.to_thread(command.upgrade, config.Config("alembic.ini"), "head")
    command.downgrade(config.Config("alembic.ini"), "base")  # in the loop itself it works, too

asyncio.run(start())
command.upgrade(config.Config("alembic.ini"), "head")
unchanged = (
    logging.root.handlers == handlers
    and logging.root.level == logging.ERROR
    and not before.disabled
)
print(json.dumps(unchanged))
"""


#: Upgrades while another process holds a table, and prints what the logger has got.
LOGGED = """
import json, logging, threading, time
import sqlalchemy as sa
from alembic import command, config
from {package}.settings import migration_url

class Kept(logging.Handler):
    lines: list[str] = []
    def emit(self, record):
        self.lines.append(f"{{record.levelname}} {{record.getMessage()}}")

log = logging.getLogger("alembic.guards")
log.addHandler(Kept())
log.setLevel(logging.INFO)
other = sa.create_engine(migration_url()).connect()
other.exec_driver_sql("{lock}")

def upgrade():
    command.upgrade(config.Config("alembic.ini"), "head")

thread = threading.Thread(target=upgrade)
thread.start()
while not any("waiting for a lock" in line for line in Kept.lines):
    time.sleep(0.1)
other.rollback()
thread.join()
print(json.dumps(Kept.lines))
"""

LOCK = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE users",
    "mariadb": "SELECT * FROM users",
}


@pytest.mark.parametrize("database", DATABASES)
def test_an_application_finds_in_its_log_what_is_waited_for_and_what_was_applied(
    bake: Bake, database: str
) -> None:
    project = bake(database)
    project.make("database")
    write_revision(project, '\n    op.create_table("users", sa.Column("n", sa.Integer))')
    project.make("upgrade")
    write_revision(project, '\n    op.add_column("users", sa.Column("more", sa.Integer))')
    code = LOGGED.format(package=project.package, lock=LOCK[database])
    lines = project.python(code)
    applied = next(line for line in lines if "waiting for a lock" not in line)
    assert applied.startswith("INFO Applied r1: number 1 (1 of 1, ")
    assert lines[-1] == "INFO The database is at r1 (head)."
    assert sum("waiting for a lock" in line and "still" not in line for line in lines) == 1, lines


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_upgrading_from_python_prints_nothing_and_keeps_the_loggers(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    project.make("database")
    project.make("revision")
    assert project.python(UPGRADE) is True
    assert list(project.columns()) == ["posts", "users"]
