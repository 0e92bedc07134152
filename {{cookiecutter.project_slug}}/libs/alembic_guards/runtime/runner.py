"""Applies revisions when it is their turn, tries again while a table is in use, and says how it goes."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial, wraps
from types import TracebackType
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.compat import replace_steps
from alembic_guards.database.timeouts import upgrade_timeout
from alembic_guards.errors import explain
from alembic_guards.runtime.dry_execution import run_dry
from alembic_guards.runtime.executor import Executor
from alembic_guards.runtime.journal import Journal
from alembic_guards.runtime.locks import Patience, is_busy, take_turn
from alembic_guards.runtime.status import Status
from alembic_guards.runtime.unknown_revisions import refuse_strangers

Heads = tuple[str, ...]

#: Where an application that upgrades its own database reads how it goes.
log = logging.getLogger("alembic.guards")

FAILED = """{step} failed: {left}, and the database is at {at}.
{said}
{then}, then again: make {command}"""


class Moved(Exception):
    """Another process has applied revisions since this one looked which are left."""


def attempts() -> Iterator[AbstractContextManager[object]]:
    """Yield contexts to run the migrations in, until it has worked in one of them.

    Raises CommandError where it does not, or where the database is at a revision that is not here.
    """
    migration = context.get_context()
    if migration.as_sql or migration.connection is None:  # the SQL is only printed
        yield nullcontext()
    elif "destination_rev" not in migration.opts:  # nothing is going to change
        refuse_strangers(migration, migration.get_current_heads())
        migration.connection.rollback()
        yield nullcontext()
    else:
        say = _print if context.config.cmd_opts else log.info
        with Status(say).of("Another upgrade is at work"):
            take_turn(migration.connection, say)
        attempt = Attempt(migration, migration.connection, say)
        while not attempt.succeeded:
            yield attempt


class Attempt:
    """A context to run migrations in, which swallows what makes it worth another attempt."""

    def __init__(
        self, migration: MigrationContext, connection: Connection, say: Callable[[str], None]
    ) -> None:
        self.migration, self.connection, self.say = migration, connection, say
        self.succeeded = False
        self.heads: Heads = ()
        self.reached: Heads = ()  # when what is running is committed
        self.applied = 0
        self.step: RevisionStep | None = None  # what is running
        self.patience = Patience(connection, say)
        self.journal = Journal(connection)
        self.status = Status(say)
        self.executor = Executor(connection, self.journal, self.patience, self.status)
        self.find_steps = replace_steps(migration, self._steps)
        migration.on_version_apply_callbacks += (self._before_commit,)
        connection.execution_options(begin="BEGIN IMMEDIATE")
        if connection.dialect.name == "sqlite":  # a commit there would leave a revision half done
            migration.autocommit_block = nullcontext  # type: ignore[method-assign,assignment]

    def __enter__(self) -> None:
        self.step = None
        self.journal.load()

    def __exit__(
        self, _: object, error: BaseException | None, __: TracebackType | None
    ) -> bool | None:
        if error is None:
            self.journal.close()
            self.succeeded = True
            self.say(f"{'' if self.applied else 'Nothing to do. '}The database is at {self._at()}.")
        elif isinstance(error, Moved):
            self.connection.rollback()
        elif is_busy(error):
            self._wait(error)
        elif self.step is not None and isinstance(error, Exception):
            then = "Correct the revision or the rows"
            raise self._failure(explain(error), then) from error
        else:
            return False
        return True

    def _steps(self, heads: Heads, migration: MigrationContext) -> Iterator[Any]:
        refuse_strangers(migration, heads)
        self.heads = heads
        steps = list(self.find_steps(heads, migration))
        total = self.applied + len(steps)
        for step in steps:
            revision = step.revision.revision if isinstance(step, RevisionStep) else ""
            name = f"{step.migration_fn.__name__} {revision}"
            self.journal.refuse_others(name)
            self.step = step if revision else None
            self.patience.subject = self._subject()
            began = time.monotonic()
            step.migration_fn = self._watched(step.migration_fn, name)
            yield step  # and Alembic comes back when it is committed
            self.heads = self.reached  # another one may have moved the database on already
            self.applied += 1
            self.patience.renew()
            if self.step is not None:
                done = f"{self.applied} of {total}, {time.monotonic() - began:.1f} s"
                verb = "Applied" if step.is_upgrade else "Took back"
                self.say(f"{verb} {_name(self.step)} ({done})")
        self.step = None
        self.journal.refuse_others()

    def _before_commit(self, heads: set[str], **_: object) -> None:
        self.journal.forget()
        self.reached = tuple(heads)

    def _watched(self, migrate: Callable[..., None], step: str) -> Callable[..., None]:
        @wraps(migrate)
        def watched(**arguments: Any) -> None:
            if set(self.migration.get_current_heads()) != set(self.heads):
                raise Moved
            if self.connection.dialect.name == "mysql" and not self.journal.recorded:
                run_dry(self.connection, partial(migrate, **arguments))
            with self.executor.running(step), self.status.of(step):
                migrate(**arguments)

        return watched

    def _wait(self, error: BaseException) -> None:
        """Wait before the next attempt; raises CommandError if that has been done for too long."""
        self.connection.rollback()
        if not self.patience.wait(str(getattr(error, "statement", ""))):
            said = f"For {upgrade_timeout():.0f} s something that it needs was in use by {self.patience.holder}."
            raise self._failure(said, "End that, or set MIGRATION_TIMEOUT=3600") from error

    def _failure(self, said: str, then: str) -> CommandError:
        try:
            self.connection.rollback()
            self.journal.load()
            count = self.journal.count()
            left = f"it is done for good up to its statement {count}"
        except SQLAlchemyError:
            count, left = 1, "the server is gone"
        command = "upgrade" if self.step is None or self.step.is_upgrade else "downgrade"
        return CommandError(
            FAILED.format(
                step=self._subject(),
                left=left if count else "nothing of it is done",
                at=self._at(),
                said=said,
                then=then,
                command=command,
            )
        )

    def _subject(self) -> str:
        return f"Revision {_name(self.step)}" if self.step else "The upgrade"

    def _at(self) -> str:
        newest = self.migration.script.get_heads() if self.migration.script else []
        names = [f"{head} (head)" if head in newest else head for head in self.heads]
        return " and ".join(names) or "no revision"


def _name(step: RevisionStep) -> str:
    return f"{step.revision.revision}: {step.revision.doc}"


def _print(text: str) -> None:
    """Print a line, at once: a log shows it when it is true."""
    context.config.print_stdout("%s", text)
    context.config.stdout.flush()
