"""Upgrades and downgrades a scratch database, without the command line and without env.py."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import URL, Connection

from alembic_guards.database.features import backend_name
from alembic_guards.errors import explain
from alembic_guards.runtime.kept_views import keeping_views

#: The arguments of context.configure() that depend on the backend.
BY_BACKEND: dict[str, dict[str, Any]] = {
    "sqlite": {
        "render_as_batch": True,  # most changes of a table need a rebuild
        "transactional_ddl": True,  # which open_connection() enables
    },
    "postgresql": {"include_schemas": True},
    "mysql": {},
}


def backend_options(url: URL) -> dict[str, Any]:
    """Return the arguments of context.configure() for running revisions on the backend of `url`."""
    return {"transaction_per_migration": True, **BY_BACKEND[backend_name(url)]}


def upgrade(connection: Connection, script: ScriptDirectory, to: str) -> None:
    """Apply the revisions up to `to`; raises CommandError where one of them fails."""

    def steps(heads: Any) -> Iterator[RevisionStep]:
        for found in reversed(list(script.iterate_revisions(to, heads, implicit_base=True))):
            yield MigrationStep.upgrade_from_script(script.revision_map, found)

    _run(connection, steps)


def downgrade(connection: Connection, script: ScriptDirectory, to: str) -> None:
    """Revert the revisions after `to`; raises CommandError where one of them fails."""

    def steps(heads: Any) -> Iterator[RevisionStep]:
        for found in list(script.iterate_revisions(heads, to, select_for_downgrade=True)):
            yield MigrationStep.downgrade_from_script(script.revision_map, found)

    _run(connection, steps)


def _run(connection: Connection, find_steps: Callable[[Any], Iterable[Any]]) -> None:
    running = ""

    def steps(heads: Any, _: object) -> Iterator[Any]:
        nonlocal running
        for step in find_steps(heads):
            running = f"{step.migration_fn.__name__}() of {os.path.relpath(step.revision.path)}"
            step.migration_fn = keeping(step.migration_fn)
            yield step

    def keeping(migrate: Callable[..., None]) -> Callable[..., None]:
        @wraps(migrate)
        def kept(**arguments: Any) -> None:
            with keeping_views(migration):
                migrate(**arguments)

        return kept

    connection.commit()  # Alembic would leave an open transaction to its caller
    options = {"fn": steps, **backend_options(connection.engine.url)}
    migration = MigrationContext.configure(connection, opts=options)
    try:
        with Operations.context(migration), migration.begin_transaction():
            migration.run_migrations()
    except RevisionError as error:
        raise CommandError(str(error)) from error
    except Exception as error:
        if not running:
            raise
        raise CommandError(f"{running} fails on a scratch database:\n{explain(error)}") from error
