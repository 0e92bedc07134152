"""Runs the passes, the trial and the proof on the operations that autogenerate has found."""

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
from alembic_guards.authoring.prove.trial import add_repairs
from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.describe import describe
from alembic_guards.authoring.write.types import escape_colons, keep_percent_signs
from alembic_guards.authoring.write.unknown_types import write_unknown_types
from alembic_guards.database.catalog import differences, of_models, read_catalog
from alembic_guards.database.managed import managed
from alembic_guards.runtime.journal import NAME as RESERVED
from alembic_guards.runtime.operations import OwnOp

DRIFT = """The database differs from the models:
  {}
To create what is missing: make revision, make upgrade
What is unwanted was created by hand: add it to the models, or drop it by hand."""
MISSED = """The revisions build a database that differs from the models, and no operation is known:
  {}
No file was written. Write the revision by hand: alembic revision --message=..."""


def finish_revision(
    migration: MigrationContext,
    _: str | Iterable[str | None] | Iterable[str],
    directives: list[ops.MigrationScript],
) -> None:
    """Turn the operations of autogenerate into one or two revisions, describe and prove them.

    This is a process_revision_directives function of context.configure(). It removes all directives
    if nothing has changed. Raises CommandError for drift found by `alembic check`, for questions
    without an answer, and for changes that no operation is known for.
    """
    connection = migration.connection
    if connection is None:
        return
    script, metadata = directives[0], migration.opts["target_metadata"]
    if RESERVED in metadata.tables:
        raise CommandError(f"Nothing was written: {RESERVED} is a name that upgrades need.")
    answers: Answers | None = migration.opts["answers"]
    keep_percent_signs(migration.dialect)
    escape_colons(migration.impl)
    template: TemplateDatabase | None = connection.info.get("template")
    present = managed(
        read_catalog(connection), metadata, migration.dialect, all_schemas=template is not None
    )
    url = template.url if template else connection.engine.url
    target = reference_state(url, metadata).catalog
    drift = "\n  ".join(differences(of_models(present, target), target))
    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        if not drift:  # Alembic has found no-ops, and changes that the catalog does not hold
            container.ops = [part for op in container.ops for part in _not_in_catalog(op)]
        remove_noops(container, present, target)
        remove_unnamed_on_sqlite(container, migration.dialect)
        sort_by_dependency(container, migration.dialect)
        if answers:
            add_backfills(container, migration, answers)
        add_using_clauses(container, migration, answers)
    if answers is None or template is None:  # `alembic check`
        _refuse_drift(drift, script)
        return
    answers.check_complete()
    for up in script.upgrade_ops_list:
        confirm_drops(up)
    for down in script.downgrade_ops_list:
        write_unknown_types(down, present, migration.dialect)
        down.ops.sort(key=lambda op: not getattr(op, "leads", False))
    directives[:] = add_repairs(script, context.script, migration, template)
    if _describe(directives):
        _prove_when_written(directives, template, metadata)
    else:
        directives.clear()
        template.close()
        if drift:
            raise CommandError(MISSED.format(drift))
        context.config.print_stdout(
            "Nothing to write: the revisions build the database of the models."
        )


def _refuse_drift(drift: str, script: ops.MigrationScript) -> None:
    """Raise CommandError for differences between the catalogs, or else for the steps of `script`."""
    steps = [step for up in script.upgrade_ops_list for step in describe(up)]
    if differing := drift or "\n  ".join(steps):
        raise CommandError(DRIFT.format(differing))


def _not_in_catalog(op: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    """Yield operations on what no catalog holds: renames, and values of enums stored as text."""
    if isinstance(op, OwnOp):
        yield op
    if isinstance(op, ops.ModifyTableOps):
        for part in op.ops:
            types = (getattr(part, "existing_type", None), getattr(part, "modify_type", None))
            if None not in types and any(isinstance(type_, sa.Enum) for type_ in types):
                yield ops.ModifyTableOps(op.table_name, [part], schema=op.schema)


def _describe(scripts: list[ops.MigrationScript]) -> list[str]:
    """Print and return the steps of revisions; give a message to each revision that has none."""
    all_steps: list[str] = []
    for script in scripts:
        steps = [step for container in script.upgrade_ops_list for step in describe(container)]
        suffix = " (online)" if script is not scripts[0] else ""
        script.message = f"{script.message}{suffix}" if script.message else _message(steps)
        all_steps += steps
    if all_steps:
        context.config.print_stdout("\n".join(f"  {step}" for step in all_steps))
    return all_steps


def _prove_when_written(
    scripts: list[ops.MigrationScript], template: TemplateDatabase, metadata: MetaData
) -> None:
    """Have Alembic call `prove` for each file, after the post-write hooks of alembic.ini."""
    config, written_files = context.config, list[str]()

    @write_hooks.register("prove")
    def hook(file: str, _: object) -> None:
        script = scripts[len(written_files)]
        written_files.append(file)
        target = metadata if script is scripts[-1] else None
        try:
            prove(config, os.path.relpath(file), str(script.rev_id), template, target)
            if target is not None:
                template.close()
        except KeyboardInterrupt:
            for unproven in written_files:  # an unproven revision must not stay
                os.remove(unproven)
            raise CommandError("Interrupted. Nothing was written.") from None

    context.script.hooks.append({"type": "prove", "_hook_name": "prove"})


def _message(steps: list[str]) -> str:
    """Return the message of a revision: its first steps, without those that complete others."""
    secondary = ("create index", "alter", "use times", "UPDATE", "ALTER")
    steps = [step for step in steps if not step.startswith(secondary)] or steps
    rest = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
    return ", ".join(steps[:3]) + rest
