"""The command `status`: where the database is, what is pending, and what is wrong."""

import os
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from alembic_guards.database.features import features
from alembic_guards.database.journal_store import journal_store
from alembic_guards.database.managed import managed_tables
from alembic_guards.database.missing_names import missing_names
from alembic_guards.errors import commands, explain
from alembic_guards.runtime.applied_log import AppliedLog, revisions_of
from alembic_guards.runtime.journal import say_applied
from alembic_guards.runtime.verify import difference, inserted

#: The key in the options of context.configure() of the function that imports the models.
MODELS = "load_models"

SEVERAL_HEADS = "Two revisions follow the same one. The heads are {heads}. Merge them: make merge"
PENDING = "Pending: {count}. To apply {them}: make upgrade"
INTERRUPTED = (
    "Not complete: {step}. {applied}. Unless it is running now, complete it: make {command}"
)
UNPROVEN = "Unproven: {file}, because {reason}. Complete it, and prove it: make prove"
MODELS_AHEAD = "The models have what no revision creates: {names}. Write a revision: make revision"
NOT_IMPORTED = "The models cannot be imported: {reason}"


def status(config: Config) -> None:
    """Show where the database is, what is pending, and what is wrong."""
    script = ScriptDirectory.from_config(config)

    def show(heads: tuple[str, ...], migration: MigrationContext) -> list[None]:
        for line in _lines(heads, migration):
            config.print_stdout("%s", commands(line))
        return []

    with EnvironmentContext(config, script, fn=show, dont_mutate=True):
        script.run_env()


def _lines(heads: tuple[str, ...], migration: MigrationContext) -> Iterator[str]:
    connection, script = migration.connection, migration.script
    assert connection is not None and script is not None
    url = connection.engine.url.set(query={}).render_as_string()  # the query may have a password
    yield f"Database: {url}"
    log = AppliedLog(connection, migration)
    log.load()
    for head in heads:
        yield f"Revision: {_described(script.get_revision(head), log)}"
    if not heads:
        yield "Revision: none is applied"
    applied = {one.revision for one in revisions_of(script, heads)}
    newest = script.get_heads()
    pending = [one for one in revisions_of(script, newest) if one.revision not in applied]
    if pending:
        count = "1 revision" if len(pending) == 1 else f"{len(pending)} revisions"
        yield PENDING.format(count=count, them="it" if len(pending) == 1 else "them")
    for one in pending:
        yield f"  {one.revision}: {one.doc}"
    if len(newest) > 1:
        yield SEVERAL_HEADS.format(heads=" and ".join(newest))
    yield from _problems(heads, migration, log, pending)
    if not pending and (line := models_ahead(migration)):
        yield line


def _described(revision: Script, log: AppliedLog) -> str:
    """Say which revision it is, and when it was applied."""
    record = log.records.get(revision.revision)
    when = f", applied {record.when}" if record and record.at else ""
    head = " (head)" if revision.is_head else ""
    return f"{revision.revision}{head}: {revision.doc}{when}"


def _problems(
    heads: tuple[str, ...], migration: MigrationContext, log: AppliedLog, pending: list[Script]
) -> Iterator[str]:
    connection = migration.connection
    assert connection is not None
    is_resumed = False
    if not features(connection.dialect).atomic_revisions:
        entries = journal_store(connection, migration).read()
        if count := sum(entry.is_change for entry in entries):
            step, applied = entries[0].step, say_applied(count)
            yield INTERRUPTED.format(step=step, applied=applied, command=step.partition(" ")[0])
            is_resumed = True
    for revision in pending:
        if reason := getattr(revision.module, "unproven", ""):
            yield UNPROVEN.format(file=os.path.relpath(str(revision.path)), reason=reason)
    yield from inserted(log, heads)
    if log.exists:
        log.columns.begin(heads, is_resumed=is_resumed)
        yield from difference(log, heads)


def models_ahead(migration: MigrationContext) -> str:
    """Say which tables and columns the models have, and a database at the newest revision does not."""
    load: Callable[[], sa.MetaData] | None = migration.opts.get(MODELS)
    if load is None or migration.connection is None:
        return ""
    try:
        metadata = load()
    except Exception as error:  # noqa: BLE001 (the code of the owner may raise anything)
        return NOT_IMPORTED.format(reason=explain(error))
    missing = missing_names(migration.connection, managed_tables(metadata))
    return MODELS_AHEAD.format(names=", ".join(missing)) if missing else ""
