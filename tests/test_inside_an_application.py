"""An application can upgrade its database itself, and Alembic leaves the rest of it alone."""

import pytest
from conftest import VARIANTS, Bake

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


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_upgrading_from_python_prints_nothing_and_keeps_the_loggers(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    project.make("database")
    project.make("revision")
    assert project.python(UPGRADE) is True
    assert list(project.columns()) == ["posts", "users"]
