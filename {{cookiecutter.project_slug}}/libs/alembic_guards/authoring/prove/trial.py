"""Tries operations on a scratch database, and adds what autogenerate does not detect."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from alembic_guards.authoring.passes.dependents import drop_dependents
from alembic_guards.authoring.passes.online import split
from alembic_guards.authoring.passes.unnamed import name_dropped_constraints
from alembic_guards.authoring.prove.proof import reference_state
from alembic_guards.authoring.prove.repairs import State, read_state, repairs
from alembic_guards.authoring.prove.replica import TemplateDatabase
from alembic_guards.authoring.write.code import function, run
from alembic_guards.database.catalog import read_catalog

ROUNDS = 3  # a repair may be what another one needs


def complete(
    found: ops.MigrationScript,
    script: ScriptDirectory,
    migration: MigrationContext,
    original: TemplateDatabase,
) -> list[ops.MigrationScript]:
    """Add to the operations of a new revision what still separates the database from the models.

    Return the revisions that it is written as. Where an operation fails, nothing more is added: the
    proof of the revision will tell of it.
    """
    with original.copy(script) as connection:
        before = read_state(connection)
        after = reference_state(original.url, migration.opts["target_metadata"])
        renamed = read_catalog(migration.connection) if migration.connection else before.catalog
        connection.commit()
        try:
            for up, down in zip(found.upgrade_ops_list, found.downgrade_ops_list, strict=True):
                drop_dependents(up, renamed, after.catalog, migration.dialect)
                _complete(up, migration, connection, after, back=False)
                there = read_catalog(connection)
                connection.commit()
                name_dropped_constraints(down, there, migration.dialect)
                drop_dependents(down, there, renamed, migration.dialect)
                _complete(down, migration, connection, before, back=True)
            scripts = split(found, migration.dialect)
            if scripts != [found]:
                _try_in_turn(scripts, migration, connection)
        except SyntaxError:  # of the rendering, which the proof would not find
            raise
        except Exception:  # noqa: BLE001 (of the server, SQLAlchemy or Alembic)
            return [found]
    return scripts


def _try_in_turn(
    scripts: list[ops.MigrationScript], migration: MigrationContext, connection: sa.Connection
) -> None:
    """Run each script up, down and up again, as a project's tests do; raises where one fails."""
    for script in scripts:
        for container in (script.upgrade_ops, script.downgrade_ops, script.upgrade_ops):
            if container is not None:
                _perform(function(container.ops, migration), connection)


def _complete(
    container: ops.OpContainer,
    migration: MigrationContext,
    connection: sa.Connection,
    wanted: State,
    *,
    back: bool,
) -> None:
    steps: list[MigrateOperation] = list(container.ops)
    for _ in range(ROUNDS):
        _perform(function(steps, migration), connection)
        steps = list(repairs(read_state(connection), wanted, connection.dialect, back=back))
        connection.commit()
        if not steps:
            return
        container.ops += steps


def _perform(code: str, connection: sa.Connection) -> None:
    migration = MigrationContext.configure(connection)
    with migration.begin_transaction():
        run(code, Operations(migration))
    connection.commit()
