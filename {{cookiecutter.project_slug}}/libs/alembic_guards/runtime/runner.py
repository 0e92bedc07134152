"""Runs the migrations of a command: one upgrade at a time, with retries, and with progress messages."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.compat import Command, replace_steps, running_command
from alembic_guards.database.connection_info import CODE, LATER_CODE
from alembic_guards.database.features import features
from alembic_guards.database.journal_store import journal_store
from alembic_guards.database.managed import apply_options
from alembic_guards.database.timeouts import upgrade_timeout
from alembic_guards.errors import ADOPT, EXISTS, commands, explain
from alembic_guards.runtime.applied_log import AppliedLog
from alembic_guards.runtime.broken_views import refusing_broken_views
from alembic_guards.runtime.dry_run import run_dry
from alembic_guards.runtime.executor import Executor
from alembic_guards.runtime.journal import Journal, say_applied
from alembic_guards.runtime.kept_views import keeping_views
from alembic_guards.runtime.locks import (
    LockRetry,
    acquire_advisory_lock,
    is_lock_timeout,
    release_advisory_lock,
)
from alembic_guards.runtime.progress import Progress, has_terminal
from alembic_guards.runtime.run_log import RunLog
from alembic_guards.runtime.sqlite_executor import SQLiteExecutor
from alembic_guards.runtime.status import models_ahead
from alembic_guards.runtime.unknown_revisions import refuse_unknown_revisions
from alembic_guards.runtime.verify import STAMPED, refuse_inserted, refuse_unproven
from alembic_guards.terminal import GREEN, paint

Heads = tuple[str, ...]

#: The messages of an upgrade that an application runs.
logger = logging.getLogger("alembic.guards")

FAILED = """{step} {outcome}. The database is at {current}.
{reason}
{remedy}, then run the same command again."""
RECREATED = "Dropped and created again, as they were: {}"
INTERRUPTED = "Interrupted. Run the same command again: it continues where it stopped."


class HeadsMoved(Exception):
    """Another process has applied or reverted revisions since this one has read the heads."""


def attempts() -> Iterator[AbstractContextManager[object]]:
    """Yield contexts to run the migrations in, until an attempt has succeeded.

    Raises CommandError where one fails for another reason than a lock, where MIGRATION_TIMEOUT has
    passed, and where the database is at an unknown revision.
    """
    migration = context.get_context()
    apply_options(migration)
    if migration.as_sql or migration.connection is None:  # offline: the SQL is printed
        yield nullcontext()
    elif "destination_rev" not in migration.opts:  # a command that runs no revision
        heads = migration.get_current_heads()
        refuse_unknown_revisions(migration, heads)
        if running_command() is Command.CHECK:
            applied_log = AppliedLog(migration.connection, migration)
            applied_log.load()
            refuse_inserted(applied_log, heads)
        migration.connection.rollback()
        yield nullcontext()
    else:
        report = _print if context.config.cmd_opts else logger.info
        with Progress(report).showing("Another upgrade is running"):
            acquire_advisory_lock(migration.connection, report)
        try:
            attempt = Attempt(migration, migration.connection, report)
            while not attempt.succeeded:
                yield attempt
        finally:
            release_advisory_lock(migration.connection)


class Attempt:
    """A context to run migrations in, which suppresses the errors after which it may be retried."""

    def __init__(
        self, migration: MigrationContext, connection: Connection, report: Callable[[str], None]
    ) -> None:
        self.migration, self.connection, self.report = migration, connection, report
        self.succeeded = False
        self.heads: Heads = ()
        self.next_heads: Heads = ()  # after the running step
        self.count = 0  # of the steps that this command has run
        self.step: RevisionStep | None = None  # the running one
        self.retry = LockRetry(connection, report)
        self.journal = Journal(connection, journal_store(connection, migration))
        self.log = RunLog(connection, migration, report)
        self.is_upgrade = True  # neither a downgrade nor a stamp
        self.is_stamp = False
        self.has_begun = False  # whether the log was read, before the first step
        self.began = 0.0  # when the running step began
        self.progress = Progress(report)
        self.is_atomic = features(connection.dialect).atomic_revisions
        self.executor = (
            SQLiteExecutor(connection)
            if self.is_atomic
            else Executor(connection, self.journal, self.retry, self.progress)
        )
        self.find_steps = replace_steps(migration, self._steps)
        migration.on_version_apply_callbacks += (self._before_commit,)
        connection.execution_options(begin="BEGIN IMMEDIATE")
        if self.is_atomic:
            migration.autocommit_block = nullcontext  # type: ignore[method-assign,assignment]

    def __enter__(self) -> None:
        self.step = None
        self.journal.load()

    def __exit__(
        self, _: object, error: BaseException | None, __: TracebackType | None
    ) -> bool | None:
        if error is None:
            self.succeeded = True
            self._finish()
        elif isinstance(error, HeadsMoved):
            self.has_begun = False  # what the other process has changed is not of this one
            self.connection.rollback()
        elif is_lock_timeout(error):
            self._wait(error)
        elif self.step is not None and isinstance(error, Exception):
            is_lost = self.connection.invalidated
            remedy = "Restore the connection" if is_lost else "Correct the revision or the rows"
            reason = explain(error)
            if not self.heads and self.is_upgrade and EXISTS.search(reason):
                reason += commands(ADOPT)
            raise self._failure(reason, remedy) from error
        elif isinstance(error, KeyboardInterrupt) and not self.is_stamp:
            raise CommandError(INTERRUPTED) from None
        else:
            return False
        return True

    def _steps(self, heads: Heads, migration: MigrationContext) -> Iterator[Any]:
        refuse_unknown_revisions(migration, heads)
        self.heads = heads
        steps = list(self.find_steps(heads, migration))
        self.is_stamp = any(isinstance(step, StampStep) for step in steps)
        self.is_upgrade = all(isinstance(step, RevisionStep) and step.is_upgrade for step in steps)
        if not self.has_begun:
            self.has_begun = True
            self.log.begin(
                heads,
                is_upgrade=self.is_upgrade,
                is_stamp=self.is_stamp,
                has_steps=bool(steps),
                is_resumed=bool(self.journal.recorded),
            )
        if self.is_upgrade:
            refuse_unproven(step.revision for step in steps)
        total = self.count + len(steps)
        for step in steps:
            revision = step.revision.revision if isinstance(step, RevisionStep) else ""
            name = f"{step.migration_fn.__name__} {revision}"
            self.journal.refuse_other_step(name)
            self.step = step if revision else None
            self.retry.subject = self._subject()
            began = self.began = time.monotonic()
            step.migration_fn = self._guarded(step.migration_fn, name)
            yield step  # Alembic asks for the next step when this one is committed
            self.heads = self.next_heads  # another process may have changed those of the database
            self.count += 1
            self.retry.reset()
            if self.step is not None:
                progress = f"{self.count} of {total}, {time.monotonic() - began:.1f} s"
                verb = "Applied" if step.is_upgrade else "Reverted"
                line = f"{verb} {_name(self.step)} ({progress})"
                is_command = context.config.cmd_opts is not None
                self.report(paint(line, GREEN, sys.stdout) if is_command else line)
        self.step = None
        self.journal.refuse_other_step()

    def _before_commit(self, heads: set[str], **_: object) -> None:
        """Complete the journal and the log, in the transaction of the revision."""
        self.journal.clear()
        self.next_heads = tuple(heads)
        self.log.complete(self.step, self.heads, heads, time.monotonic() - self.began)

    def _finish(self) -> None:
        """Complete the log, and say where the database is; raises CommandError where it differs."""
        self.log.end(self.heads, has_changed=self.count > 0)
        if self.is_upgrade:
            self.log.refuse_difference(self.heads)
        nothing = "" if self.count else "Nothing to do. "
        stamped = f" {commands(STAMPED)}" if self.is_stamp else ""
        self.report(f"{nothing}The database is at {self._current()}.{stamped}")
        if self.is_upgrade and context.config.cmd_opts and (has_terminal() or not self.count):
            self._report_models()

    def _report_models(self) -> None:
        """Say what the models have and no revision creates: a person may have forgotten `make revision`.

        An application, and a deployment that has applied something, do not import the models for that.
        """
        script = self.migration.script
        is_newest = script is not None and set(script.get_heads()) == set(self.heads)
        if is_newest and (line := models_ahead(self.migration)):
            self.report(commands(line))

    def _guarded(self, migrate: Callable[..., None], step: str) -> Callable[..., None]:
        """Return upgrade() or downgrade() with a check of the heads, a dry run, and the journal."""

        @wraps(migrate)
        def guarded(**arguments: Any) -> None:
            if set(self.migration.get_current_heads()) != set(self.heads):
                raise HeadsMoved
            self.connection.info[CODE] = lambda: _code([self.step.revision] if self.step else [])
            self.connection.info[LATER_CODE] = lambda: _code(self._later())

            def run() -> list[str]:
                with refusing_broken_views(self.migration), keeping_views(self.migration) as names:
                    migrate(**arguments)
                return names

            if not self.is_atomic and not self.journal.recorded:
                run_dry(self.migration, run)
            with self.executor.running(step), self.progress.showing(step):
                names = run()
            if names:
                self.report(RECREATED.format(", ".join(names)))

        return guarded

    def _later(self) -> Iterator[Script]:
        """Yield the revisions after that of the running step; none in a downgrade."""
        script = self.migration.script
        if self.step is not None and self.step.is_upgrade and script is not None:
            for found in script.iterate_revisions("heads", self.step.revision.revision):
                if found is not self.step.revision:
                    yield found

    def _wait(self, error: BaseException) -> None:
        """Pause before the next attempt; raises CommandError after MIGRATION_TIMEOUT seconds."""
        self.connection.rollback()
        if not self.retry.wait(str(getattr(error, "statement", ""))):
            waited = f"{upgrade_timeout():.0f} s, blocked by {self.retry.blocker}"
            reason = f"It has waited for a lock for {waited}."
            raise self._failure(reason, "End that, or set MIGRATION_TIMEOUT=3600") from error

    def _failure(self, reason: str, remedy: str) -> CommandError:
        """Roll back, and return an error that says what was applied."""
        outcome = "was rolled back; no changes were applied"
        try:
            self.connection.rollback()
            self.journal.load()
            if count := self.journal.count_applied():
                outcome = f"stopped: {say_applied(count)}"
            else:
                self.log.end(self.heads, has_changed=self.count > 0)
        except SQLAlchemyError:
            outcome, remedy = "lost its connection to the server", "Restore the connection"
        return CommandError(
            FAILED.format(
                step=self._subject(),
                outcome=outcome,
                current=self._current(),
                reason=reason,
                remedy=remedy,
            )
        )

    def _subject(self) -> str:
        return f"Revision {_name(self.step)}" if self.step else "The upgrade"

    def _current(self) -> str:
        """Return the heads of the database, for messages."""
        newest = self.migration.script.get_heads() if self.migration.script else []
        names = [f"{head} (head)" if head in newest else head for head in self.heads]
        return " and ".join(names) or "no revision"


def _code(revisions: Iterable[Script]) -> str:
    """Return the text of the files of revisions."""
    paths = (Path(str(revision.path)) for revision in revisions)
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


def _name(step: RevisionStep) -> str:
    return f"{step.revision.revision}: {step.revision.doc}"


def _print(text: str) -> None:
    """Print a line and flush it, so that a log has it at its time."""
    context.config.print_stdout("%s", text)
    context.config.stdout.flush()
