"""What a command that runs revisions reports, and how it ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from alembic_guards.errors import command_errors
from alembic_guards.runtime.runner import attempts

REVISION = """"number {0}"
revision = {0!r}
down_revision = {1!r}
def upgrade():
    {2}
def downgrade():
    {2}
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptDirectory]:
    """Return an empty directory of revisions, in a project without a Makefile."""
    (tmp_path / "versions").mkdir()
    monkeypatch.chdir(tmp_path)
    yield ScriptDirectory(tmp_path, version_locations=[tmp_path / "versions"])


def write(scripts: ScriptDirectory, revision: str, before: str | None, code: str = "pass") -> None:
    path = Path(scripts.dir, "versions", f"{revision}.py")
    path.write_text(REVISION.format(revision, before, code))


def run(scripts: ScriptDirectory, command: str, to: str) -> None:
    """Run a command on the database of a directory as env.py does, without its options."""

    def steps(heads: Any, _: object) -> Any:
        return getattr(scripts, f"_{command}_revs")(to, heads)

    url = f"sqlite:///{scripts.dir}/test.db"
    environment = EnvironmentContext(Config(), scripts, fn=steps, destination_rev=to)
    with environment, sa.create_engine(url).connect() as connection, command_errors():
        environment.configure(connection=connection, transaction_per_migration=True)
        for attempt in attempts():
            with attempt, environment.begin_transaction():
                environment.run_migrations()


def test_reports_name_the_commands_of_the_project(
    scripts: ScriptDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "alembic.guards")
    write(scripts, "a", None)
    write(scripts, "b", "a")
    run(scripts, "stamp", "a")
    with sa.create_engine(f"sqlite:///{scripts.dir}/test.db").begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'b'")
    run(scripts, "upgrade", "head")
    assert (
        "Stamped: nothing was applied. What differs from the models: alembic check" in caplog.text
    )
    assert "b came to be applied without a record" in caplog.text
    assert "make " not in caplog.text


def test_an_interrupted_command_is_to_be_run_again(scripts: ScriptDirectory) -> None:
    write(scripts, "a", None)
    run(scripts, "upgrade", "head")
    write(scripts, "b", "a", "raise KeyboardInterrupt")
    scripts = ScriptDirectory(scripts.dir, version_locations=scripts._version_locations)
    with pytest.raises(CommandError) as raised:
        run(scripts, "upgrade", "head")
    assert str(raised.value) == (
        "Interrupted. Run the same command again: it continues where it stopped."
    )


def test_a_failure_says_once_that_it_is_one(scripts: ScriptDirectory) -> None:
    write(scripts, "a", None, "raise ValueError")
    with pytest.raises(CommandError) as raised:
        run(scripts, "upgrade", "head")
    said = str(raised.value)
    assert said.startswith(
        "Revision a: number a was rolled back; no changes were applied. The database"
    )
    assert "Correct the revision or the rows, then run the same command again." in said
    assert "failed" not in said
