"""Proves a new revision on a scratch database, before anybody relies on it."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, MetaData

from alembic_guards.authoring.find.prerequisites import create_normalized
from alembic_guards.authoring.normalize import normalized
from alembic_guards.authoring.prove.repairs import State, read_state
from alembic_guards.authoring.prove.replica import TemplateDatabase
from alembic_guards.database.catalog import (
    BY_HAND,
    Catalog,
    Entry,
    differences,
    of_models,
    read_catalog,
)
from alembic_guards.database.connections import open_connection
from alembic_guards.database.scratch import scratch_database
from alembic_guards.runtime.apply import downgrade, upgrade

UNPROVEN = """{file} is written, but {what}:
  {details}
Complete it by hand until this passes: make test
Or delete it, correct the models, and write it again: make revision"""


def drift(url: URL, metadata: MetaData) -> list[str]:
    """Return, a line each, where the database at `url` is not what the models say."""
    with open_connection(url) as connection:
        wanted = reference_state(url, normalized(metadata, connection)).catalog
        return differences(of_models(read_catalog(connection), wanted), wanted)


@cache
def reference_state(url: URL, metadata: MetaData) -> State:
    """Return what a new database of the kind of `url` holds when normalized metadata makes it."""
    with scratch_database(url) as scratch, open_connection(scratch) as connection:
        create_normalized(connection, metadata)
        connection.commit()
        return read_state(connection)


def prove(
    config: Config, file: str, revision: str, original: TemplateDatabase, metadata: MetaData | None
) -> None:
    """Run a revision up, down and up again on a scratch database, and look at the catalog each time.

    Raises CommandError where it fails, does not lead back, or does not lead to what the models say;
    with `metadata` None another revision is to lead there.
    """
    history = ScriptDirectory.from_config(config)
    before = str(history.get_revision(revision).down_revision or "base")
    problems: dict[str, list[str]] = {}
    with original.copy(history, before) as connection:
        try:
            old = read_catalog(connection)
            upgrade(connection, history, revision)
            new = read_catalog(connection)
            wanted = reference_state(original.url, metadata).catalog if metadata else new
            wanted = {**_made_by_hand(old, new, wanted), **wanted}
            problems["upgrade() does not lead to what the models say"] = differences(
                of_models(new, wanted), wanted
            )
            downgrade(connection, history, before)
            back = read_catalog(connection)
            problems["downgrade() does not lead back"] = differences(back, old)
            upgrade(connection, history, revision)
            again = read_catalog(connection)
            problems["upgrade() leads elsewhere the second time"] = differences(again, new)
        except CommandError as error:
            problems["it does not run"] = str(error).splitlines()
    for what, details in problems.items():
        if details:
            lines = "\n  ".join(details)
            raise CommandError(UNPROVEN.format(file=file, what=what, details=lines))


def _made_by_hand(old: Catalog, new: Catalog, wanted: Catalog) -> Catalog:
    """Return the views, and what else is made by hand on tables that are `wanted`: a revision keeps it.

    Their texts follow what is renamed in their tables; of MariaDB's also what is dropped there.
    """
    tables = {key.table for key in wanted}
    return {
        key: entry if _is_invalid(new.get(key)) else new[key]
        for key, entry in old.items()
        if key.kind in ("view", "virtual table") or (key.kind in BY_HAND and key.table in tables)
    }


def _is_invalid(entry: Entry | None) -> bool:
    return entry is None or entry.definition.endswith("INVALID")
