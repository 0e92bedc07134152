"""The example of a new project is known to `make adopt`, which removes it if nobody has changed it."""

from hashlib import sha256
from pathlib import Path

import pytest
from alembic_guards.authoring.adopt.package import EXAMPLES

TEMPLATE = Path(__file__).parents[2]
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
MODELS = PROJECT / "src/{{cookiecutter.__package}}/models/user.py"


@pytest.mark.parametrize(
    "path",
    [
        MODELS,
        TEMPLATE / "templates/sync/test_models.py",
        TEMPLATE / "templates/async/test_models.py",
    ],
    ids=lambda path: path.parent.name,
)
def test_the_digest_of_the_example_is_known(path: Path) -> None:
    text = path.read_text().replace("{{ cookiecutter.__package }}.", "{package}.")
    assert sha256(text.encode()).hexdigest()[:16] in EXAMPLES[path.name]
