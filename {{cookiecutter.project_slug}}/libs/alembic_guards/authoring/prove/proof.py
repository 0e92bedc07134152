"""Proves a new revision on a scratch database: upgrade, downgrade, and upgrade again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, event

from alembic_guards.authoring.find.reference import reference_state
from alembic_guards.authoring.normalize import normalized
from alembic_guards.authoring.prove.template import TemplateDatabase
from alembic_guards.database.catalog import (
    BY_HAND,
    Catalog,
    Entry,
    differences,
    of_models,
    read_catalog,
)
from alembic_guards.database.connections import open_connection
from alembic_guards.database.identifiers import bare
from alembic_guards.database.managed import managed, missing_views
from alembic_guards.runtime.apply import downgrade, upgrade
from alembic_guards.runtime.programs import ProgramCheck
from alembic_guards.runtime.refusals import Refused
from alembic_guards.runtime.view_parser import changes_in

UNPROVEN = """{file} is written, but {what}:
  {details}
Upgrades refuse it. Complete it by hand until this passes: make prove
Or delete it, correct the models, and write it again: make revision"""


class ProofError(CommandError):
    """A revision has failed its proof; `what` says in which way."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


def drift(url: URL, metadata: MetaData) -> list[str]:
    """Return the differences between the database at `url` and `metadata`, a line each.

    What env.py leaves out is not compared, if a command of Alembic has run in this process.
    """
    with open_connection(url) as connection:
        metadata = normalized(metadata, connection)
        target = reference_state(url, metadata).catalog
        present = managed(read_catalog(connection), metadata, connection.dialect)
        missing = missing_views(present, metadata, connection.dialect)
        return [*missing, *differences(of_models(present, target), target)]


def prove(
    config: Config, file: str, revision: str, template: TemplateDatabase, metadata: MetaData | None
) -> None:
    """Run upgrade(), downgrade() and upgrade() of a revision on a scratch database; compare the catalogs.

    Raises ProofError if it fails, if the downgrade does not restore the initial catalog, or if
    the upgrade does not lead to the catalog of `metadata`. That is None if a later revision leads
    there.
    """
    scripts = ScriptDirectory.from_config(config)
    down_revision = str(scripts.get_revision(revision).down_revision or "base")
    problems: dict[str, list[str]] = {}
    with template.copied(scripts, down_revision) as connection:
        try:
            initial = read_catalog(connection)
            with _recording(connection) as executed:
                upgrade(connection, scripts, revision)
            upgraded = read_catalog(connection)
            target = (
                reference_state(template.url, metadata, template.url).catalog
                if metadata
                else upgraded
            )
            dropped = _dropped_views(executed)
            target = {**_kept_by_hand(initial, upgraded, target, dropped), **target}
            problems["upgrade() does not lead to the schema of the models"] = [
                *(missing_views(upgraded, metadata, connection.dialect) if metadata else ()),
                *differences(of_models(upgraded, target), target),
            ]
            with _recording(connection):
                downgrade(connection, scripts, down_revision)
            reverted = read_catalog(connection)
            problems["downgrade() does not restore the schema"] = differences(reverted, initial)
            upgrade(connection, scripts, revision)
            repeated = read_catalog(connection)
            problems["a second upgrade() leads to another schema"] = differences(repeated, upgraded)
        except CommandError as error:
            problems["it fails"] = str(error).splitlines()
    for what, details in problems.items():
        if details:
            lines = "\n  ".join(details)
            raise ProofError(what, UNPROVEN.format(file=file, what=what, details=lines))


@contextmanager
def _recording(connection: Connection) -> Iterator[list[str]]:
    """Yield the statements that the block executes.

    Raises Refused where they break a trigger, a routine or an event by what they rename or drop.
    """
    programs, executed = ProgramCheck(connection), list[str]()

    def record(_: object, __: object, statement: str, *___: object) -> None:
        executed.append(statement.replace("%%", "%"))

    event.listen(connection, "before_cursor_execute", record)
    try:
        yield executed
    finally:
        event.remove(connection, "before_cursor_execute", record)
    if refusals := list(programs.refusals(executed)):
        raise Refused(refusals)


def _dropped_views(executed: Iterable[str]) -> set[str]:
    """Return the names of the views that statements drop, and do not create again."""
    dropped: set[str] = set()
    for change in (change for statement in executed for change in changes_in(statement)):
        if change.kind == "drop view":
            dropped.add(change.name)
        elif change.kind == "create view":
            dropped.discard(change.name)
    return dropped


def _kept_by_hand(
    initial: Catalog, upgraded: Catalog, target: Catalog, dropped: set[str]
) -> Catalog:
    """Return the objects made by hand, such as views and triggers, that a revision must keep.

    Those of tables that are missing in `target` are left out, and views that the revision drops. Their
    definitions may follow renames in their tables, and on MariaDB also drops.
    """
    tables = {key.table for key in target}
    views = {key.table for key in initial if key.kind in ("view", "virtual table")}
    return {
        key: entry if _is_invalid(upgraded.get(key)) else upgraded[key]
        for key, entry in initial.items()
        if (key.table in views and bare(key.table).rpartition(".")[2] not in dropped)
        or (key.kind in BY_HAND and key.table in tables)
    }


def _is_invalid(entry: Entry | None) -> bool:
    return entry is None or entry.definition.endswith("INVALID")
