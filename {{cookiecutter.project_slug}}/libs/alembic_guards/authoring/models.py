"""Imports the models, and says what is wrong with them in a few lines."""

from collections.abc import Callable

from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.orm import configure_mappers

from alembic_guards.errors import explain


def import_models(models: Callable[[], MetaData]) -> MetaData:
    """Return what `models` returns, once all mappers are configured.

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
