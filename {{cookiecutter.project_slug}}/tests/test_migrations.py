"""Tests of all revisions: a new revision needs no change here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from alembic_guards.testing import drift, scratch_database

from {{ cookiecutter.__package }}.models import Base
from {{ cookiecutter.__package }}.settings import migration_url

CONFIG = Config(Path(__file__).parents[1] / "alembic.ini")
SCRIPTS = ScriptDirectory.from_config(CONFIG)
OLDEST_FIRST = list(SCRIPTS.walk_revisions())[::-1]


@pytest.fixture(autouse=True)
def empty_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test on an empty scratch database."""
    with scratch_database(migration_url()) as url:
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        yield


def test_there_is_one_head() -> None:
    if len(SCRIPTS.get_heads()) > 1:
        pytest.fail("two revisions follow the same one: make merge", pytrace=False)


def test_every_revision_goes_up_down_and_up_again() -> None:
    for script in OLDEST_FIRST:
        command.upgrade(CONFIG, script.revision)
        command.downgrade(CONFIG, to_tuple(script.down_revision, default=("base",))[0])
        command.upgrade(CONFIG, script.revision)


@pytest.mark.skipif(not OLDEST_FIRST, reason="there is no revision yet: make revision")
def test_the_revisions_create_the_schema_of_the_models() -> None:
    command.upgrade(CONFIG, "heads")
    assert drift(migration_url(), Base.metadata) == []
