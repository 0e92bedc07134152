"""Tries operations on a scratch database, and adds repairs for what autogenerate does not detect."""

from dataclasses import dataclass, replace

import sqlalchemy as sa
from alembic import operations as api
from alembic.runtime.migration import MigrationContext

from alembic_guards.authoring.comparison import Comparison, Pass, apply
from alembic_guards.authoring.find.reference import State, read_state
from alembic_guards.authoring.operations import ByHandOp, OpList, RevisionOps
from alembic_guards.authoring.passes.online import is_online, split
from alembic_guards.authoring.passes.views import downgrade_views, upgrade_views
from alembic_guards.authoring.prove.repairs import repairs
from alembic_guards.authoring.write.code import render_function, run_upgrade
from alembic_guards.database.catalog import Catalog
from alembic_guards.database.identifiers import bare
from alembic_guards.runtime.kept_views import keeping_views

MAX_ROUNDS = 3  # a repair may be the prerequisite of another one


class TrialError(Exception):
    """An operation has failed in the trial. The proof of the revision reports its error."""


def add_repairs(
    revision: RevisionOps,
    comparison: Comparison,
    target: State,
    connection: sa.Connection,
    passes: tuple[tuple[Pass, ...], tuple[Pass, ...]],
) -> list[RevisionOps]:
    """Add repairs to a new revision, until upgrade and downgrade lead to their target catalogs.

    `connection` is to a copy of the template, at head, and `target` the state of the reference
    database. Before the trial the first of `passes` complete the upgrade, the second ones the
    downgrade. Return the one or two revisions to write. If an operation fails, nothing more is added.
    A SyntaxError of the rendered code is raised.
    """
    trial, (up, down) = _Trial(comparison.migration, connection), revision
    initial = read_state(connection)
    connection.commit()
    try:
        up = upgrade_views(apply(passes[0], up, comparison), comparison, target)
        up, upgraded = trial.repaired(up, target, downgrade=False)
        back = replace(comparison.reversed(), present=upgraded)
        down = downgrade_views(apply(passes[1], down, back), back, initial)
        down, _ = trial.repaired(down, initial, downgrade=True)
        entries = (*initial.catalog.values(), *upgraded.values())
        taken = {bare(entry.name) for entry in entries}
        revisions = split(RevisionOps(up, down), comparison.dialect, taken)
        if any(map(is_online, revisions)):
            trial.run_each(revisions)
    except TrialError:
        return [RevisionOps(up, down)]
    return revisions


@dataclass(frozen=True)
class _Trial:
    """Runs operations on a scratch database as a revision does; raises TrialError for their errors."""

    migration: MigrationContext
    connection: sa.Connection

    def repaired(
        self, operations: OpList, target: State, *, downgrade: bool
    ) -> tuple[OpList, Catalog]:
        """Run operations, and repairs while the catalog differs from `target`.

        Return the operations with the repairs, and the catalog that they lead to.
        """
        steps, found, dialect = operations, [*operations], self.connection.dialect
        for _ in range(MAX_ROUNDS):
            self.run(steps)
            present = read_state(self.connection)
            self.connection.commit()
            steps = [*repairs(present, target, dialect, downgrade=downgrade)]
            found += steps
            if not steps:
                break
        return found, present.catalog

    def run_each(self, revisions: list[RevisionOps]) -> None:
        """Run upgrade, downgrade and upgrade of each revision in turn."""
        for up, down in revisions:
            for operations in (up, down, up):
                self.run(operations)

    def run(self, operations: OpList) -> None:
        """Run operations in a transaction."""
        try:
            steps = [op for op in operations if not isinstance(op, ByHandOp)]
            code = render_function(steps, self.migration)
            migration = MigrationContext.configure(self.connection)
            with migration.begin_transaction(), keeping_views(migration):
                run_upgrade(code, api.Operations(migration))
            self.connection.commit()
        except SyntaxError:  # a fault of the renderers, which the proof would not report
            raise
        except Exception as error:
            raise TrialError from error
