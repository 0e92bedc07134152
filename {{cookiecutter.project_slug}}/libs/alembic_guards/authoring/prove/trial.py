"""Tries operations on a replica, and adds repairs for what autogenerate does not detect."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from alembic_guards.authoring.find.reference import State, read_state, reference_state
from alembic_guards.authoring.passes.dependents import drop_dependents
from alembic_guards.authoring.passes.online import split
from alembic_guards.authoring.passes.unnamed import name_dropped_constraints
from alembic_guards.authoring.prove.repairs import repairs
from alembic_guards.authoring.prove.replica import TemplateDatabase
from alembic_guards.authoring.write.code import render_function, run_upgrade
from alembic_guards.database.catalog import read_catalog

MAX_ROUNDS = 3  # a repair may be the prerequisite of another one


def add_repairs(
    script: ops.MigrationScript,
    scripts: ScriptDirectory,
    migration: MigrationContext,
    template: TemplateDatabase,
) -> list[ops.MigrationScript]:
    """Add repairs to a new revision, until upgrade and downgrade lead to their target catalogs.

    Return the one or two revisions that it is written as. If an operation fails, nothing more is
    added: the proof of the revision reports the error. A SyntaxError of the rendered code is
    raised.
    """
    with template.replica(scripts) as connection:
        initial = read_state(connection)
        target = reference_state(template.url, migration.opts["target_metadata"])
        present = read_catalog(migration.connection) if migration.connection else initial.catalog
        connection.commit()
        try:
            for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list, strict=True):
                drop_dependents(up, present, target.catalog, migration.dialect)
                _add_repairs(up, migration, connection, target, downgrade=False)
                upgraded = read_catalog(connection)
                connection.commit()
                name_dropped_constraints(down, upgraded, migration.dialect)
                drop_dependents(down, upgraded, present, migration.dialect)
                _add_repairs(down, migration, connection, initial, downgrade=True)
            revisions = split(script, migration.dialect)
            if revisions != [script]:
                _run_each(revisions, migration, connection)
        except SyntaxError:  # a fault of the renderers, which the proof would not report
            raise
        except Exception:  # noqa: BLE001 (of the server, SQLAlchemy or Alembic)
            return [script]
    return revisions


def _run_each(
    revisions: list[ops.MigrationScript], migration: MigrationContext, connection: sa.Connection
) -> None:
    """Run upgrade, downgrade and upgrade of each revision in turn; raises any error of theirs."""
    for script in revisions:
        for container in (script.upgrade_ops, script.downgrade_ops, script.upgrade_ops):
            if container is not None:
                _run_code(render_function(container.ops, migration), connection)


def _add_repairs(
    container: ops.OpContainer,
    migration: MigrationContext,
    connection: sa.Connection,
    target: State,
    *,
    downgrade: bool,
) -> None:
    """Run `container`, and append repairs to it while the catalog differs from `target`."""
    steps: list[MigrateOperation] = list(container.ops)
    for _ in range(MAX_ROUNDS):
        _run_code(render_function(steps, migration), connection)
        steps = list(
            repairs(read_state(connection), target, connection.dialect, downgrade=downgrade)
        )
        connection.commit()
        if not steps:
            return
        container.ops += steps


def _run_code(code: str, connection: sa.Connection) -> None:
    migration = MigrationContext.configure(connection)
    with migration.begin_transaction():
        run_upgrade(code, Operations(migration))
    connection.commit()
