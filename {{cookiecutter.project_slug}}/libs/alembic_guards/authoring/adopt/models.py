"""Writes the models of a database into the models package."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.authoring.adopt.files import Files
from alembic_guards.authoring.adopt.modules import module_code, types_code
from alembic_guards.authoring.adopt.names import modules
from alembic_guards.authoring.adopt.package import Package, find_package, remove_example
from alembic_guards.authoring.adopt.read import read_specs
from alembic_guards.authoring.adopt.spec import Specs
from alembic_guards.compat import run_write_hook
from alembic_guards.database.catalog import Catalog
from alembic_guards.database.managed import managed

#: The module of the tables that have nothing in common.
DEFAULT = "tables"

TAKEN = """The models have the {names} already, and so has the database. Nothing was written.
Remove {what} from the models: make adopt writes them as they are in the database."""


def write_models(
    config: Config,
    script: ScriptDirectory,
    migration: MigrationContext,
    scratch: sa.Connection,
    catalog: Catalog,
    models: Callable[[], sa.MetaData],
    files: Files,
) -> sa.MetaData:
    """Write a module for each group of tables in `catalog`, and return the metadata of all models.

    `scratch` is a connection to a database with that catalog. Raises CommandError where the models have
    one of the tables already.
    """
    package, metadata = find_package(models)
    if remove_example(package, Path(str(config.config_file_name)).parent, files):
        metadata = package.reload(models)
    options = {**migration.opts, "target_metadata": metadata}
    context = AutogenContext(MigrationContext.configure(scratch, opts=options))
    specs = read_specs(scratch, _with_models(catalog, scratch.dialect), context)
    taken = sorted(
        {table.name for table in specs.tables} & {t.name for t in metadata.tables.values()}
    )
    if taken:
        names = f"table{'s' * (len(taken) > 1)} {', '.join(taken)}"
        raise CommandError(TAKEN.format(names=names, what="them" if len(taken) > 1 else "it"))
    _write(package, specs, script, files)
    return package.reload(models)


def _with_models(catalog: Catalog, dialect: sa.Dialect) -> Catalog:
    """Return the entries of the tables that get models.

    A table that others own gets one where a foreign key of the project refers to it: no command compares it.
    """
    own = managed(catalog, sa.MetaData(), dialect)
    tables = {key.table for key in own}
    while True:
        entries = [entry for key, entry in catalog.items() if key.table in tables]
        referred = {entry.refers_to.table for entry in entries if entry.refers_to}
        if referred <= tables:
            return {
                key: entry
                for key, entry in catalog.items()
                if key in own or key.table in tables - {""}
            }
        tables |= referred


def _write(package: Package, specs: Specs, script: ScriptDirectory, files: Files) -> None:
    def write(name: str, text: str) -> None:
        path = package.folder / f"{name}.py"
        files.write(path, text)
        for hook in script.hooks:
            run_write_hook(str(path), hook)

    types = free_module(package.folder, "types")
    if text := types_code(specs, package.base):
        write(types, text)
    taken = set(specs.named)
    for name, tables in modules(specs.tables, DEFAULT).items():
        text = module_code(
            tables, specs, package.base, package.module(types), package.attributes, taken
        )
        write(free_module(package.folder, name), text)


def free_module(folder: Path, name: str) -> str:
    """Return the name of a module that a package does not have: `name`, if it is free."""
    while (folder / name).exists() or (folder / f"{name}.py").exists():
        name = f"{name}_"
    return name
