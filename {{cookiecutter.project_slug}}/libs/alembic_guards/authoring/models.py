"""Imports the models, and has autogenerate compare a normalized copy of their metadata."""

from collections.abc import Callable

from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.orm import configure_mappers

from alembic_guards.authoring.normalize import normalized
from alembic_guards.database.managed import managed_models
from alembic_guards.errors import explain


def import_models(models: Callable[[], MetaData]) -> MetaData:
    """Call `models` and configure all mappers; return the metadata.

    Raises CommandError for whatever the models raise, with the place in the owner's code.
    """
    try:
        metadata = models()
        configure_mappers()
    except Exception as error:  # noqa: BLE001 (what an owner's module may raise)
        raise CommandError(
            f"The models cannot be imported; nothing was changed.\n  {explain(error)}"
        ) from None
    return metadata


def normalize_target(context: AutogenContext) -> None:
    """Replace the `target_metadata` of the running command by a normalized copy.

    Only tables that env.py does not leave out are compared; foreign keys may refer to the others.

    Normalization needs the connection, which the options of context.configure() do not have yet.
    """
    if context.connection is not None:
        options = context.migration_context.opts
        metadata = normalized(options["target_metadata"], context.connection)
        options["target_metadata"] = context.metadata = metadata
        context.sorted_tables = managed_models(metadata)
