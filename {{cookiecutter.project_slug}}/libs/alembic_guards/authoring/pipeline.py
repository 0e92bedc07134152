"""Finishes what autogenerate found before it is written as a revision."""

import os
from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import context
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import write_hooks
from alembic.util import CommandError
from sqlalchemy import MetaData

from alembic_guards.authoring.passes.backfill import add_backfills
from alembic_guards.authoring.passes.consent import confirm_drops
from alembic_guards.authoring.passes.dependency_order import sort_by_dependency
from alembic_guards.authoring.passes.noops import remove_noops
from alembic_guards.authoring.passes.unnamed import remove_unnamed_on_sqlite
from alembic_guards.authoring.passes.using import add_using_clauses
from alembic_guards.authoring.prove.proof import prove, reference_state
from alembic_guards.authoring.prove.replica import TemplateDatabase
from alembic_guards.authoring.prove.trial import complete
from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.describe import describe
from alembic_guards.authoring.write.types import keep_percents, write_colons
from alembic_guards.authoring.write.unknown_types import write_strange_types
from alembic_guards.database.catalog import differences, of_models, read_catalog
from alembic_guards.runtime.journal import NAME as RESERVED
from alembic_guards.runtime.operations import OwnOp

DRIFT = """The database is not what the models say:
  {}
What is missing comes with: make revision, make upgrade
What is unwanted was made by hand: give it to the models, or drop it by hand."""
MISSED = """The revisions do not lead to what the models say, and no operation for it is known:
  {}
No file was written. Begin one to write by hand: alembic revision --message=..."""


def finish_revision(
    migration: MigrationContext,
    _: str | Iterable[str | None] | Iterable[str],
    directives: list[ops.MigrationScript],
) -> None:
    """Make what autogenerate found run on every database, name it, and say what it does.

    This is a process_revision_directives function of context.configure(). Where nothing has
    changed, no revision is left to be written.
    """
    connection = migration.connection
    if connection is None:
        return
    script, metadata = directives[0], migration.opts["target_metadata"]
    if RESERVED in metadata.tables:
        raise CommandError(f"Nothing was written: {RESERVED} is a name that upgrades need.")
    answers: Answers | None = migration.opts["answers"]
    keep_percents(migration.dialect)
    write_colons(migration.impl)
    there = read_catalog(connection)
    original: TemplateDatabase | None = connection.info.get("original")
    url = original.url if original else connection.engine.url
    wanted = reference_state(url, metadata).catalog
    drift = "\n  ".join(differences(of_models(there, wanted), wanted))
    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        if not drift:  # whatever Alembic takes for a change, but for what no catalog tells
            container.ops = [part for op in container.ops for part in _beside(op)]
        remove_noops(container, there, wanted)
        remove_unnamed_on_sqlite(container, migration.dialect)
        sort_by_dependency(container, migration.dialect)
        if answers:
            add_backfills(container, migration, answers)
        add_using_clauses(container, migration, answers)
    if answers is None or original is None:  # `alembic check`
        if drift:
            raise CommandError(DRIFT.format(drift))
        if steps := [step for up in script.upgrade_ops_list for step in describe(up)]:
            raise CommandError(DRIFT.format("\n  ".join(steps)))
        return
    answers.settle()
    for up in script.upgrade_ops_list:
        confirm_drops(up)
    for down in script.downgrade_ops_list:
        write_strange_types(down, there, migration.dialect)
        down.ops.sort(key=lambda op: not getattr(op, "leads", False))
    directives[:] = complete(script, context.script, migration, original)
    if _describe(directives):
        _prove_when_written(directives, original, metadata)
    else:
        directives.clear()
        original.close()
        if drift:
            raise CommandError(MISSED.format(drift))
        context.config.print_stdout("Nothing to write: the revisions hold all that the models say.")


def _beside(op: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    """Yield the renames that are done here, and the changes of values in enums that are texts."""
    if isinstance(op, OwnOp):
        yield op
    if isinstance(op, ops.ModifyTableOps):
        for part in op.ops:
            types = (getattr(part, "existing_type", None), getattr(part, "modify_type", None))
            if None not in types and any(isinstance(type_, sa.Enum) for type_ in types):
                yield ops.ModifyTableOps(op.table_name, [part], schema=op.schema)


def _describe(scripts: list[ops.MigrationScript]) -> list[str]:
    """Print and return what revisions do, and name those after it that have no name."""
    every: list[str] = []
    for script in scripts:
        steps = [step for found in script.upgrade_ops_list for step in describe(found)]
        later = " (online)" if script is not scripts[0] else ""
        script.message = f"{script.message}{later}" if script.message else _message(steps)
        every += steps
    if every:
        context.config.print_stdout("\n".join(f"  {step}" for step in every))
    return every


def _prove_when_written(
    scripts: list[ops.MigrationScript], original: TemplateDatabase, metadata: MetaData
) -> None:
    """Have Alembic call `prove` after the hooks of alembic.ini have shaped a file."""
    config, written = context.config, list[str]()

    @write_hooks.register("prove")
    def hook(file: str, _: object) -> None:
        script = scripts[len(written)]
        written.append(file)
        wanted = metadata if script is scripts[-1] else None
        try:
            prove(config, os.path.relpath(file), str(script.rev_id), original, wanted)
            if wanted is not None:
                original.close()
        except KeyboardInterrupt:
            for unproven in written:  # it must not look as if it were proven
                os.remove(unproven)
            raise CommandError("Interrupted. Nothing was written.") from None

    context.script.hooks.append({"type": "prove", "_hook_name": "prove"})


def _message(steps: list[str]) -> str:
    """Name a revision after its first steps, but for those that only complete another one."""
    lesser = ("create index", "alter", "use times", "UPDATE", "ALTER")
    steps = [step for step in steps if not step.startswith(lesser)] or steps
    more = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
    return ", ".join(steps[:3]) + more
