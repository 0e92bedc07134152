"""All models of the project: modules in this folder and below are imported automatically."""

from importlib import import_module
from pathlib import Path

from {{ cookiecutter.__package }}.models.base import Base

__all__ = ["Base"]


def _import_modules(folder: Path) -> None:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if not any(part.startswith(".") for part in parts):  # backups of an editor
            import_module(".".join((__name__, *parts)).removesuffix(".__init__"))


_import_modules(Path(__file__).parent)
