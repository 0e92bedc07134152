"""Runs revisions on a connection, without the command line and without env.py."""

from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection

#: What context.configure() has to know about a backend, besides what it has to know of each.
BY_BACKEND: dict[str, dict[str, Any]] = {
    "sqlite": {
        "render_as_batch": True,  # SQLite changes a table by replacing it
        "transactional_ddl": True,  # open_connection() makes it so
    },
    "postgresql": {"include_schemas": True},
    "mysql": {},
}


def backend_options(url: URL) -> dict[str, Any]:
    """Return what context.configure() has to know to run revisions on a database like that of `url`."""
    return {"transaction_per_migration": True, **BY_BACKEND[url.get_backend_name()]}


def upgrade(connection: Connection, script: ScriptDirectory, to: str) -> None:
    """Apply the revisions up to `to`; raises what they raise."""
    _run(connection, lambda revision, _: script._upgrade_revs(to, revision))


def downgrade(connection: Connection, script: ScriptDirectory, to: str) -> None:
    """Take back the revisions after `to`; raises what they raise."""
    _run(connection, lambda revision, _: script._downgrade_revs(to, revision))


def _run(connection: Connection, steps: Any) -> None:
    connection.commit()  # Alembic would take a transaction that is open for its caller's own
    options = {"fn": steps, **backend_options(connection.engine.url)}
    migration = MigrationContext.configure(connection, opts=options)
    with Operations.context(migration), migration.begin_transaction():
        migration.run_migrations()
