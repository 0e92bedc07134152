"""Keeps the log while a command runs: reads it first, completes it in each step, and compares it at the end."""

from collections.abc import Callable, Iterable

from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy import Connection

from alembic_guards.errors import commands
from alembic_guards.runtime.applied_log import AppliedLog, How, revisions_of
from alembic_guards.runtime.verify import UNRECORDED, refuse_difference, refuse_inserted


class RunLog:
    """The log of what was applied, for one command."""

    def __init__(
        self, connection: Connection, migration: MigrationContext, report: Callable[[str], None]
    ) -> None:
        self.connection, self.migration, self.report = connection, migration, report
        self.applied = AppliedLog(connection, migration)

    def begin(
        self,
        heads: Iterable[str],
        *,
        is_upgrade: bool,
        is_stamp: bool,
        has_steps: bool,
        is_resumed: bool,
    ) -> None:
        """Read the log and the columns; raises CommandError for a revision that was inserted.

        `is_resumed`: an interrupted run has executed a part of the first step.
        """
        applied = self.applied
        applied.load()
        if is_upgrade:
            refuse_inserted(applied, heads)
        if applied.exists or has_steps:
            applied.columns.begin(heads, is_resumed=is_resumed)
        if applied.exists and not is_stamp and applied.heads != set(heads):
            present = revisions_of(self.migration.script, heads)
            names = [one.revision for one in present if one.revision not in applied.records]
            if names:
                self.report(commands(UNRECORDED.format(revisions=", ".join(names))))

    def complete(
        self, step: RevisionStep | None, before: Iterable[str], after: Iterable[str], seconds: float
    ) -> None:
        """Record a step in its transaction, with the heads before and after it; None is a stamp."""
        applied = self.applied
        applied.update(before, is_stamp=step is None)
        if step is None:
            applied.adopt(after, How.STAMPED)
        elif step.is_upgrade:
            applied.applied(step.revision, seconds)
        else:
            applied.reverted(step.revision)
        applied.save(after)

    def end(self, heads: Iterable[str], *, has_changed: bool) -> None:
        """Record the columns that the revisions have made, up to `heads`; commit."""
        applied = self.applied
        applied.reload()
        if applied.exists and set(self.migration.get_current_heads()) == set(heads):
            if applied.heads != set(heads):
                applied.adopt(heads, How.ELSEWHERE)
            applied.trace_end(heads, has_changed=has_changed)
        self.connection.commit()

    def refuse_difference(self, heads: Iterable[str]) -> None:
        """Raise CommandError where the database differs from the log."""
        refuse_difference(self.applied, heads)
