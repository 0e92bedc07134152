"""The commands `status` and `history`: where the database is, what is pending, and what is wrong."""

import os
import sys
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

from alembic_guards.compat import mark_current
from alembic_guards.database.features import features
from alembic_guards.database.journal_store import journal_store
from alembic_guards.database.managed import managed_tables
from alembic_guards.database.missing_names import missing_names
from alembic_guards.errors import commands, explain
from alembic_guards.runtime.applied_log import AppliedLog, revisions_of
from alembic_guards.runtime.graph import Node, draw, near
from alembic_guards.runtime.journal import say_applied
from alembic_guards.runtime.place import read_place
from alembic_guards.runtime.verify import difference, inserted

#: The key in the options of context.configure() of the function that imports the models.
MODELS = "load_models"

#: The most revisions that the graph of `status` shows, and how many it shows around a place in a longer one.
LONGEST, AROUND = 12, 3
HISTORY = "History (@ the database, * applied, o pending):"
HERE = "  <- you are here"
NOWHERE = f"no revision{HERE}"
UNMARKED = "The place of the database is not marked: {reason}"

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


def history(
    config: Config,
    rev_range: str | None = None,
    verbose: bool = False,
    indicate_current: bool = False,
) -> None:
    """List the revisions, and mark that of the database."""
    if rev_range or verbose or indicate_current:
        command.history(config, rev_range, verbose, indicate_current)
        return
    heads: tuple[str, ...] = ()
    reason = ""
    try:
        heads = read_place(config).heads
    except CommandError as error:
        reason = str(error).partition("\n")[0]
    for revision in ScriptDirectory.from_config(config).walk_revisions():
        marked = mark_current(revision) if revision.revision in heads else revision
        config.print_stdout(
            "%s",
            marked.cmd_format(
                verbose=False, include_branches=True, include_doc=True, include_parents=True
            ),
        )
    if reason:
        config.stdout.flush()
        print(UNMARKED.format(reason=reason), file=sys.stderr)


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
    yield from _graph(script, heads, applied)
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


def _graph(script: ScriptDirectory, heads: tuple[str, ...], applied: set[str]) -> Iterator[str]:
    """Yield the history as a graph; a long one only around the database."""
    revisions = [*script.walk_revisions()]
    nodes = [_node(script, one, heads, applied) for one in revisions]
    if not nodes:
        return
    if not heads:
        nodes.append(Node("", (), NOWHERE, "@"))
    names = [node.name for node in nodes]
    kept = near(names, heads or ("",), AROUND) if len(revisions) > LONGEST else names
    yield HISTORY
    for line in draw(nodes, kept):
        yield f"  {line}"


def _node(
    script: ScriptDirectory, revision: Script, heads: tuple[str, ...], applied: set[str]
) -> Node:
    named = (*to_tuple(revision.down_revision, ()), *to_tuple(revision.dependencies, ()))
    parents = dict.fromkeys(str(script.get_revision(name).revision) for name in named)
    is_here = revision.revision in heads
    symbol = "@" if is_here else "*" if revision.revision in applied else "o"
    head = " (head)" if revision.is_head else ""
    text = f"{revision.revision}{head}: {revision.doc}{HERE if is_here else ''}"
    return Node(revision.revision, (*parents,) or (() if heads else ("",)), text, symbol)


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
