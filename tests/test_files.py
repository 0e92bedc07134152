"""A generated project is small: each file is expected, and none grows unnoticed."""

import pytest
from conftest import QUESTIONS, VARIANTS, Bake

#: The most lines that each file may have, without blank ones. What needs more says why.
BUDGET = {
    ".cruft.json": 20,
    ".env.example": 14,
    ".github/workflows/test.yml": 22,
    ".gitattributes": 1,
    ".gitignore": 8,
    ".pre-commit-config.yaml": 10,
    "AGENTS.md": 22,
    "Makefile": 82,  # a prompt, the URL, a reset and seeds, and variables that make does not expand
    "README.md": 124,  # a table of commands, make adopt, and two examples of code: use of Session, and seeds
    "alembic.ini": 20,
    "alembic/env.py": 27,
    "alembic/script.py.mako": 31,
    "alembic/versions/.gitkeep": 0,
    "compose.yaml": 15,
    "pyproject.toml": 58,
    "scripts/bootstrap": 103,  # what it does, each second
    "scripts/template-update": 43,  # what an update with a conflict says, and the answers alone in .cruft.json
    "src/shop/__init__.py": 1,
    "src/shop/database.py": 20,
    "src/shop/models/__init__.py": 12,
    "src/shop/models/base.py": 47,  # times with a zone in UTC, and names for CHECK constraints
    "src/shop/models/user.py": 30,
    "src/shop/settings.py": 122,  # on MariaDB, TLS modes by their names in other databases
    "tests/conftest.py": 50,
    "tests/test_migrations.py": 36,
    "tests/test_models.py": 29,
}
ALL_OTHERS = 883


@pytest.mark.parametrize(("database", "engine"), VARIANTS)
def test_every_file_is_expected_and_within_its_budget(
    bake: Bake, database: str, engine: str
) -> None:
    project = bake(database, engine=engine)
    lines = {
        path: sum(1 for line in (project.path / path).read_text().splitlines() if line.strip())
        for path in project.files()
    }
    others = {path: n for path, n in lines.items() if not path.startswith("libs/alembic_guards/")}
    # Which version of the template it was is known where one is committed.
    absent = {"compose.yaml"} - {QUESTIONS["_databases"][database]["compose"]}
    others.setdefault(".cruft.json", 0)
    assert others.keys() == BUDGET.keys() - absent
    assert not {path: n for path, n in others.items() if n > BUDGET[path]}
    assert sum(others.values()) - others[".cruft.json"] <= ALL_OTHERS
