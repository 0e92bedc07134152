"""Records the renames of a transaction: a query for the owner has the names that are valid after its rollback."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from alembic_guards.database.connection_info import RENAMED, is_dry_run
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable

#: The prefix of temporary names in a rebuild on SQLite, which are none of the owner's.
TEMPORARY = "_alembic_tmp_"


def listen(connection: object) -> None:
    """Record the renames that a connection executes; offline, where there is none, do nothing."""
    if not isinstance(connection, sa.Connection):
        return
    if not event.contains(connection, "before_cursor_execute", _record_renames):
        event.listen(connection, "before_cursor_execute", _record_renames)
        event.listen(connection, "commit", _forget_renames)
        event.listen(connection, "rollback", _forget_renames)


def names_after_rollback(connection: sa.Connection, table: str, column: str) -> tuple[str, str]:
    """Return the names that a table and a column of it have outside of the transaction."""
    for rename in reversed(connection.info.get(RENAMED, [])):
        match rename:
            case RenameTable(old=old, new=new) if new == table and not old.startswith(TEMPORARY):
                table = old
            case RenameColumn(old=old, new=new) if rename.table == table and new == column:
                column = old
    return table, column


def _record_renames(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
    if not is_dry_run(connection) and (renames := list(renames_in(statement))):
        connection.info.setdefault(RENAMED, []).extend(renames)


def _forget_renames(connection: sa.Connection) -> None:
    if not connection.invalidated:
        connection.info.pop(RENAMED, None)
