"""Finds the models package of a project, and the example that a new project begins with."""

import importlib
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from alembic_guards.authoring.adopt.files import Files
from alembic_guards.authoring.models import import_models

#: Digests of the example of new projects, where {package} is the package: of the models, and of their test.
EXAMPLES = {
    "user.py": {"d6184ea4d7bbc4f3"},
    "test_models.py": {"1dae33ed293db44f", "93823fb141bb427a"},
}

NO_BASE = """No class was found that models have as their base. Nothing was written.
The function that env.py passes to options() must return the metadata of a subclass of DeclarativeBase."""


class Package(NamedTuple):
    """The package of the models."""

    name: str  # as it is imported
    folder: Path
    base: str  # the module that defines Base
    attributes: set[str]  # of Base

    def module(self, name: str) -> str:
        """Return the name of a module of the package."""
        return f"{self.name}.{name}"

    def reload(self, models: Callable[[], MetaData]) -> MetaData:
        """Import the models again, with the files that were written since."""
        for name in [*sys.modules]:
            if f"{name}.".startswith(f"{self.name}."):
                del sys.modules[name]
        importlib.invalidate_caches()
        return import_models(models)


def find_package(models: Callable[[], MetaData]) -> tuple[Package, MetaData]:
    """Import the models; return their package and their metadata. Raises CommandError without a base class."""
    metadata = import_models(models)
    for base in _bases(DeclarativeBase):
        if base.metadata is metadata and base.__module__ in sys.modules:
            module: Any = sys.modules[base.__module__]
            folder = Path(str(module.__file__)).parent
            name = module.__package__ or base.__module__
            return Package(name, folder, base.__module__, set(dir(base))), metadata
    raise CommandError(NO_BASE)


def _bases(parent: type[DeclarativeBase]) -> Iterator[type[DeclarativeBase]]:
    for child in parent.__subclasses__():
        if "metadata" in vars(child):
            yield child
        yield from _bases(child)


def remove_example(package: Package, project: Path, files: Files) -> bool:
    """Remove the example and its test, if nobody has changed either; return whether that was so."""
    paths = [package.folder / "user.py", project / "tests" / "test_models.py"]
    found = [path for path in paths if path.exists()]
    if not all(_is_example(path, package) for path in found):
        return False
    for path in found:
        files.remove(path)
    return bool(found)


def _is_example(path: Path, package: Package) -> bool:
    root = package.name.partition(".")[0]
    text = path.read_text(encoding="utf-8").replace(f"{root}.", "{package}.")
    return sha256(text.encode()).hexdigest()[:16] in EXAMPLES[path.name]
