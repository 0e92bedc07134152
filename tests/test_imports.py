"""An upgrade imports neither the models nor what writes revisions; a comparison imports both."""

import pytest
from conftest import DATABASES, Bake

LOADED = """
import json, sys
from alembic import command, config
command.{command}
names = ("alembic_guards.authoring", "{package}.models")
print(json.dumps([name for name in names if name in sys.modules]))
"""


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        ('upgrade(config.Config("alembic.ini"), "head")', []),
        ('upgrade(config.Config("alembic.ini"), "head", sql=True)', []),
        ('current(config.Config("alembic.ini"))', []),
        ('check(config.Config("alembic.ini"))', ["alembic_guards.authoring", "{package}.models"]),
    ],
    ids=["upgrade", "sql", "current", "check"],
)
def test_only_a_comparison_imports_the_models(
    bake: Bake, database: str, command: str, loaded: list[str]
) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    code = LOADED.format(command=command, package=project.package)
    assert project.python(code) == [name.format(package=project.package) for name in loaded]


def test_alembic_called_by_a_program_writes_a_proven_revision(bake: Bake) -> None:
    project = bake()
    project.python(
        "from alembic import command, config\n"
        'command.revision(config.Config("alembic.ini"), autogenerate=True)\n'
        "print(1)"
    )
    [revision] = project.revisions()
    assert "create users" in revision.read_text()
    project.make("upgrade")
    project.make("check")
