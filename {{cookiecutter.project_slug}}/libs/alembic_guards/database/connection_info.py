"""The keys of Connection.info, where the guards keep what holds for one connection."""

from sqlalchemy import Connection

#: The template that a scratch database is a copy of: authoring/prove/template.py. It marks a scratch database.
TEMPLATE = "template"

#: The executor of the statements of a step: runtime/executor.py.
EXECUTOR = "alembic_executor"

#: The statements that a dry run has skipped: runtime/dry_run.py. It is present in a dry run alone.
SKIPPED = "alembic_skipped"

#: The statements whose rows the dry run has counted, and none violates them.
COUNTED = "alembic_counted"

#: The statements that the dry run has compared with the bodies of triggers: runtime/programs.py.
COMPARED = "alembic_compared"

#: The programs of the database, until a statement may change them: runtime/programs.py.
CHECK = "alembic_program_check"

#: A function that returns the code of the revision that runs, and one for that of all after it.
CODE = "alembic_code"
LATER_CODE = "alembic_later_code"

#: The drops of the running step that operations have checked: runtime/destructive.py.
CHECKED = "alembic_checked_drops"

#: Present after a step on SQLite, at whose end orphaned rows were counted: runtime/orphans.py.
ORPHANS = "alembic_orphans"

#: Present while an operation executes SQL and returns nothing of it.
UNREAD = "alembic_unread"

#: The refusals that are collected: runtime/refusals.py.
REFUSALS = "alembic_refusals"

#: The renames in the current transaction: runtime/transaction_names.py.
RENAMED = "alembic_renamed"


def is_dry_run(connection: Connection) -> bool:
    """Whether a dry run is going on, which skips all changes."""
    return SKIPPED in connection.info


def skipped_statements(connection: Connection) -> list[str]:
    """Return the statements that the dry run has skipped; none outside of a dry run."""
    found: list[str] = connection.info.get(SKIPPED, [])
    return found
