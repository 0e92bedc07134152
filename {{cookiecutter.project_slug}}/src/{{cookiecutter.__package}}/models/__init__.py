"""Every model of the project: a module put here, or in a folder below, is found by itself."""

from importlib import import_module
from pathlib import Path

from {{ cookiecutter.__package }}.models.base import Base

__all__ = ["Base"]

here = Path(__file__).parent
for path in sorted(here.rglob("*.py")):
    parts = path.relative_to(here).with_suffix("").parts
    if not any(part.startswith(".") for part in parts):  # an editor's backups
        import_module(".".join((__name__, *parts)).removesuffix(".__init__"))
