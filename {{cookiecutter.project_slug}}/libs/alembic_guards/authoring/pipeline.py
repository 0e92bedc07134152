"""Runs the passes, the trial and the proof on the operations that autogenerate has found."""

import sys
from collections.abc import Iterable
from copy import copy

from alembic import context
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError, rev_id
from sqlalchemy import Connection

from alembic_guards.authoring.comparison import Comparison, Pass, apply
from alembic_guards.authoring.find.other_dialect import ignored_names
from alembic_guards.authoring.find.reference import reference_of
from alembic_guards.authoring.operations import OpList, RevisionOps, flatten, regroup
from alembic_guards.authoring.passes.backfill import add_backfills
from alembic_guards.authoring.passes.by_hand import write_by_hand
from alembic_guards.authoring.passes.consent import confirm_drops
from alembic_guards.authoring.passes.dependency_order import put_leading_first, sort_by_dependency
from alembic_guards.authoring.passes.dependents import drop_changed_indexes, drop_dependents
from alembic_guards.authoring.passes.noops import keep_uncataloged, remove_noops
from alembic_guards.authoring.passes.online import drop_columns_with_indexes, is_by_hand
from alembic_guards.authoring.passes.sequences import keep_present_sequences, shrink_sequences
from alembic_guards.authoring.passes.unknown_types import write_unknown_types
from alembic_guards.authoring.passes.unnamed import (
    name_dropped_constraints,
    remove_unnamed_on_sqlite,
)
from alembic_guards.authoring.passes.using import add_using_clauses
from alembic_guards.authoring.prove.causes import causes_of_drift
from alembic_guards.authoring.prove.hooks import ProofHooks
from alembic_guards.authoring.prove.template import TemplateDatabase
from alembic_guards.authoring.prove.trial import add_repairs
from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.describe import describe
from alembic_guards.authoring.write.types import escape_colons, keep_percent_signs
from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.catalog import (
    Catalog,
    differences,
    of_models,
    read_catalog,
    read_statements,
)
from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.database.managed import managed, missing_views
from alembic_guards.errors import commands
from alembic_guards.runtime.programs import broken_triggers
from alembic_guards.runtime.report import add_to_report
from alembic_guards.terminal import GREEN, RED, has_color, paint

DRIFT = """The database differs from the models:
  {}
{}"""
NO_CAUSE = "Write a revision of the difference: make revision, make upgrade"
BROKEN = """The database has triggers that do not work:
  {}
Drop them, or replace them in a revision: make revision empty=1"""
MISSED = """The revisions build a database that differs from the models, and no operation is known:
  {}
No file was written. Write the revision by hand: make revision empty=1
Then prove it: make prove"""


REPARTITIONED = """Nothing was written: PostgreSQL cannot change how a table is partitioned.
  {}
Write that revision by hand: make revision empty=1. In it rename the table and its indexes, create the table of the \
models, copy the rows, and drop the old one."""

NOTHING = """Nothing to write: the revisions build the database of the models.
For a change of rows, write an empty revision: make revision empty=1"""

#: The passes over the operations of both upgrade() and downgrade(), in their order.
COMMON: tuple[Pass, ...] = (
    keep_uncataloged,  # if the catalogs are the same, drop what Alembic takes for a difference
    remove_noops,  # drop operations on objects that are the same in both catalogs
    remove_unnamed_on_sqlite,  # leave unnamed constraints of SQLite to the repairs
    sort_by_dependency,  # create a table before those that refer to it, and drop it after them
    add_backfills,  # give existing rows a value before a column becomes NOT NULL
    add_using_clauses,  # convert values to the new type on PostgreSQL
    write_by_hand,  # put the place for SQL by hand before NOT NULL and the drops
    write_unknown_types,  # recreate and alter columns of types that SQLAlchemy does not know
)
UPGRADE: tuple[Pass, ...] = (
    *COMMON,
    confirm_drops,  # mark drops that a person has answered for
)
DOWNGRADE: tuple[Pass, ...] = (
    *COMMON,
    put_leading_first,  # rename values of enums before the tables change
)
#: The passes before the trial, over upgrade(); then, with the catalog that it leads to, downgrade().
BEFORE_TRIAL: tuple[tuple[Pass, ...], tuple[Pass, ...]] = (
    (
        drop_changed_indexes,  # drop indexes of SQLite that Alembic takes for unchanged
        shrink_sequences,  # give sequences the range of their columns' new types
        drop_dependents,  # drop objects that stop a column from changing; repairs recreate them
        drop_columns_with_indexes,  # let PostgreSQL drop the indexes of a dropped column
    ),
    (
        name_dropped_constraints,  # drop unnamed constraints by the names that the server chose
        keep_present_sequences,  # rename back only sequences that exist then
        drop_changed_indexes,
        shrink_sequences,
        drop_dependents,
    ),
)


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
    metadata, script = migration.opts["target_metadata"], directives[0]
    if taken := sorted(OWN_TABLES & metadata.tables.keys()):
        raise CommandError(f"Nothing was written: upgrades need the name {taken[0]}.")
    if ignored := ignored_names(metadata, migration.dialect):
        context.config.print_stdout("%s", ignored)
    keep_percent_signs(migration.dialect)
    escape_colons(migration.impl)
    template: TemplateDatabase | None = connection.info.get(TEMPLATE)
    target = reference_of(connection, metadata)
    present = managed(
        read_catalog(connection), metadata, migration.dialect, all_schemas=template is not None
    )
    comparison = _compare(migration, present, target.catalog)
    if comparison.answers is not None:
        _refuse_repartitioning(comparison)
    upgrade = apply(UPGRADE, _found(script.upgrade_ops), comparison)
    if comparison.answers is None or template is None:  # `alembic check`
        _refuse_drift(connection, comparison, upgrade)
        script.upgrade_ops = ops.UpgradeOps(regroup(upgrade))  # Alembic looks at it again
        return
    downgrade = apply(DOWNGRADE, _found(script.downgrade_ops), comparison.reversed())
    add_to_report(context.config, questions=comparison.answers.asked)
    comparison.answers.check_complete()
    with template.copied(context.script) as scratch:
        found = RevisionOps(upgrade, downgrade)
        revisions = add_repairs(found, comparison, target, scratch, BEFORE_TRIAL)
    directives[:] = _scripts(script, revisions)
    if _describe(directives):
        by_hand = any(map(is_by_hand, revisions))
        hooks = ProofHooks(context.config, directives, template, metadata, by_hand=by_hand)
        hooks.install(context.script)
        hooks.show_files(context.script)
    else:
        directives.clear()
        template.close()
        _refuse_unknown(comparison)


def _found(container: ops.OpContainer | None) -> OpList:
    """Return the operations that autogenerate has found, as one list."""
    return flatten(container.ops) if container else []


def _compare(migration: MigrationContext, present: Catalog, target: Catalog) -> Comparison:
    drift = [
        *missing_views(present, migration.opts["target_metadata"], migration.dialect),
        *differences(of_models(present, target), target),
    ]
    answers: Answers | None = migration.opts["answers"]
    return Comparison(migration, present, target, drift, answers)


def _scripts(
    script: ops.MigrationScript, revisions: list[RevisionOps]
) -> list[ops.MigrationScript]:
    """Return a script for each revision: `script`, and one after it that has its own identifier."""
    scripts = [copy(script) for _ in revisions]
    for each, (upgrade, downgrade) in zip(scripts, revisions, strict=True):
        each.upgrade_ops = ops.UpgradeOps(regroup(upgrade))
        each.downgrade_ops = ops.DowngradeOps(regroup(downgrade))
    for later in scripts[1:]:
        later.rev_id, later.head = rev_id(), str(script.rev_id)
        later.splice, later.branch_label, later.depends_on = False, None, None
    return scripts


def _refuse_drift(connection: Connection, comparison: Comparison, upgrade: OpList) -> None:
    """Raise CommandError for differences between the catalogs, or else for operations or triggers."""
    steps = [*describe(ops.UpgradeOps(regroup(upgrade)))]
    if differing := "\n  ".join(comparison.drift or steps):
        statements = read_statements(connection)
        causes, sql = causes_of_drift(comparison, statements, context.script)
        add_to_report(context.config, differences=comparison.drift or steps, sql=sql)
        raise CommandError(DRIFT.format(differing, causes or NO_CAUSE))
    if broken := "\n  ".join(broken_triggers(connection)):
        raise CommandError(BROKEN.format(broken))


def _refuse_repartitioning(comparison: Comparison) -> None:
    """Raise CommandError for tables of PostgreSQL that are partitioned otherwise in the models."""
    words = {"": "not partitioned"}
    changed = [
        f"{key.table}: {words.get(before, before)} -> {words.get(after, after)}"
        for key, entry in sorted(comparison.target.items())
        if key.kind == "table" and key in comparison.present
        for before, after in [(comparison.present[key].definition, entry.definition)]
        if before != after
    ]
    if changed and comparison.dialect.name == "postgresql":
        raise CommandError(REPARTITIONED.format("\n  ".join(changed)))


def _refuse_unknown(comparison: Comparison) -> None:
    """Raise CommandError for differences that no operation is known for; or say there are none."""
    if drift := "\n  ".join(comparison.drift):
        raise CommandError(MISSED.format(drift))
    context.config.print_stdout(commands(NOTHING))


def _describe(scripts: list[ops.MigrationScript]) -> list[str]:
    """Print and return the steps of revisions; give a message to each revision that has none."""
    all_steps: list[str] = []
    for script in scripts:
        steps = [step for container in script.upgrade_ops_list for step in describe(container)]
        suffix = " (online)" if script is not scripts[0] else ""
        script.message = f"{script.message}{suffix}" if script.message else _message(steps)
        all_steps += steps
    if all_steps:
        add_to_report(context.config, summary=all_steps)
        for step in all_steps:
            context.config.print_stdout("%s", f"  {_with_symbol(step)}")
    return all_steps


def _with_symbol(step: str) -> str:
    """Return a step with a symbol at a terminal: for what it adds, drops or changes."""
    if not has_color(sys.stdout):
        return step
    if step.startswith(("create ", "add ", "unique ", "check ", "foreign key ")):
        return paint(f"+ {step}", GREEN, sys.stdout)
    return paint(f"- {step}", RED, sys.stdout) if step.startswith("drop ") else f"~ {step}"


def _message(steps: list[str]) -> str:
    """Return the message of a revision: its first steps, without those that complete others."""
    added = tuple(f"{step.removeprefix('add ')}: " for step in steps if step.startswith("add "))
    secondary = (
        "create index",
        "by hand",
        "alter",
        "use times",
        "backfill",
        "UPDATE",
        "ALTER",
        *added,
    )
    steps = [step for step in steps if not step.startswith(secondary)] or steps
    rest = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
    separator = "; " if any(", " in step for step in steps[:3]) else ", "
    return separator.join(steps[:3]) + rest
