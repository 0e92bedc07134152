"""Models that others released become revisions too, which run on every database.

`make test-real` runs this. It takes its time, and gets the projects from a package index.
"""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import DATABASES, TEMPLATE, Bake, Project
from real_models import REAL, RELEASED_BEFORE, Real
from rows import contents, differing, fill, without_bookkeeping
from test_changes import catalog, commit

pytestmark = pytest.mark.real

CACHE = TEMPLATE / ".real_cache"

# What is installed comes last: SQLAlchemy and Alembic stay those of the template.
MODELS = """import sys

sys.path += {folders!r}
{models}


class Base:
    metadata = metadata
"""

CHANGED = """

from change_of_models import change

answers = change(metadata)
"""

ANSWERS = """
import json
from {package}.models import answers
print(json.dumps(answers))
"""

CREATE_ALL = """
import sqlalchemy as sa
from {package}.models import Base
from {package}.settings import migration_url
with sa.create_engine(migration_url()).begin() as connection:
    if connection.dialect.name == "postgresql":
        for name in {{table.schema for table in Base.metadata.tables.values()}} - {{None}}:
            connection.execute(sa.schema.CreateSchema(name, if_not_exists=True))
    Base.metadata.create_all(connection)
"""


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.name)
def test_the_models_of_a_released_project_go_up_and_change_and_go_down(
    bake: Bake, database: str, real: Real
) -> None:
    project = bake(database)
    write_models(project, real)
    project.alembic("-x", "create-database", "current")
    if database in real.refused_by:
        assert real.refused_by[database] in create_all(project, status=None)
        return
    made, first = commit(project), len(project.revisions())
    assert without_bookkeeping(made) == by_models_alone(bake, database, real, "Fresh")
    fill(project)
    rows = contents(project)

    write_models(project, real, CHANGED)
    answers = project.python(ANSWERS.format(package=project.package))
    changed = commit(project, answers)
    assert without_bookkeeping(changed) == by_models_alone(bake, database, real, "Changed", CHANGED)
    rows_changed = contents(project)
    assert not differing(rows, rows_changed)
    for table, old, new in re.findall(r"rename=(\S+)\.(\S+):(\S+)", answers):
        assert rows_changed[f"{table}.{new}"] == rows[f"{table}.{old}"]
        assert set(rows_changed[f"{table}.added_column"]) <= {7}

    written = len(project.revisions()) - first
    project.alembic("downgrade", f"-{written}", ALLOW_DATA_LOSS="1")
    assert catalog(project) == made
    assert differing(rows, contents(project)) <= rows.keys() - rows_changed.keys()
    project.alembic("upgrade", "head")
    assert catalog(project) == changed
    assert contents(project) == rows_changed

    project.alembic("downgrade", "base", ALLOW_DATA_LOSS="1")
    assert without_bookkeeping(catalog(project)) == {}
    project.alembic("upgrade", "head")
    assert catalog(project) == changed


def write_models(project: Project, real: Real, change: str = "") -> None:
    """Put the models of a released project in the place of the project's own."""
    models = project.path / "src" / project.package / "models"
    for path in models.glob("*.py"):
        path.unlink()
    # What some of them write there as soon as they are imported is not wanted in the real one.
    project.environment["HOME"] = str(project.path.parent)
    folders = [str(Path(__file__).parent), str(installed(real))]
    source = MODELS.format(folders=folders, models=real.models)
    (models / "__init__.py").write_text(source + change)


def by_models_alone(
    bake: Bake, database: str, real: Real, name: str, change: str = ""
) -> dict[str, object]:
    """Return the catalog that the models lead to without a revision."""
    project = bake(database, project_name=name)
    write_models(project, real, change)
    project.alembic("-x", "create-database", "current")
    create_all(project)
    return without_bookkeeping(catalog(project))


def create_all(project: Project, status: int | None = 0) -> str:
    """Make the tables by the models alone, without a revision; return what is said."""
    code = CREATE_ALL.format(package=project.package)
    return project.run(".venv/bin/python", "-c", code, status=status, PYTHONPATH="src")


def installed(real: Real) -> Path:
    """Return the folder with a released project in it, installed there by the first who asks."""
    version = sha256(" ".join((RELEASED_BEFORE, *real.requirements)).encode()).hexdigest()[:8]
    folder = CACHE / f"{real.name}-{version}"
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=CACHE) as unfinished:
            target = Path(unfinished) / real.name
            options = ["--quiet", "--python", sys.executable, "--target", str(target)]
            options += ["--exclude-newer", RELEASED_BEFORE]
            uv = Path(sys.executable).with_name("uv")
            subprocess.run([uv, "pip", "install", *options, *real.requirements], check=True)
            if not folder.exists():  # another test may have been faster
                target.rename(folder)
    return folder
