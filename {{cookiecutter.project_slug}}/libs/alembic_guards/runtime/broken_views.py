"""Refuses revisions that would break views of MariaDB and MySQL, which change no view with its table.

A view that reads a renamed or a dropped table or column stays, and fails when somebody reads it: it reads
by name, so another table or column of that name mends it. Which views there are, the database knows alone:
some were never in a revision. Those of other databases are not the project's, and may not be its to replace.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import qualified
from alembic_guards.runtime.drop_parser import drops_in
from alembic_guards.runtime.dry_run import read
from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.refusals import refuse
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable
from alembic_guards.runtime.view_parser import changes_in

VIEWS = """
    SELECT table_schema, table_name, view_definition, DATABASE() FROM information_schema.views
    WHERE table_schema = DATABASE()"""

BREAKS = """The view {view} reads {subject}, which this revision {verb}, and the server changes no views. Replace \
the view in the revision, after that: op.execute("CREATE OR REPLACE VIEW {view} AS ...")"""


class Gone(NamedTuple):
    """A table or a column that has another name, or none, after a statement."""

    schema: str | None
    table: str
    column: str
    verb: str  # renames or drops

    @property
    def subject(self) -> str:
        """The name of it."""
        return ".".join(filter(None, (self.table, self.column)))


class View(NamedTuple):
    """A view, with the SELECT as the server writes it; `own` is the database of the connection."""

    schema: str
    name: str
    definition: str
    own: str

    @property
    def key(self) -> tuple[str | None, str]:
        """The name in a statement that names its database."""
        return self.schema, self.name.lower()

    @property
    def own_key(self) -> tuple[str | None, str]:
        """The name in a statement that names no database."""
        return (None if self.schema == self.own else self.schema), self.name.lower()

    def reads(self, gone: Gone) -> bool:
        """Whether the view reads a table, or a column of it."""
        names = rf"`{re.escape(gone.schema or self.own)}`\.`{re.escape(gone.table)}`"
        found = re.findall(rf"{names}(?: `([^`]+)`)?", self.definition, re.IGNORECASE)
        if not gone.column:
            return bool(found)
        aliases = "|".join(re.escape(alias or gone.table) for alias in set(found))
        column = rf"`(?:{aliases})`\.`{re.escape(gone.column)}`"
        return bool(found) and re.search(column, self.definition, re.IGNORECASE) is not None


@contextmanager
def refusing_broken_views(migration: MigrationContext) -> Iterator[None]:
    """Refuse what the block changes where it breaks views that the block does not replace.

    In a dry run this is before the first statement. Raises CommandError at the end of the block for
    views that no longer work all the same, because the dry run did not see the whole revision.
    """
    connection = migration.connection
    if not isinstance(connection, sa.Connection) or backend_name(connection.dialect) != "mysql":
        yield
        return
    broken = _BrokenViews(connection)
    event.listen(connection, "before_cursor_execute", broken.before)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", broken.before)
    broken.refuse()


class _BrokenViews:
    """The views that read what the running revision has renamed or dropped."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.is_paused = False
        self.views: dict[View, Gone] = {}
        self.own: set[tuple[str | None, str]] = (
            set()
        )  # that a dry run would have dropped or replaced

    def before(self, _: object, __: object, statement: str, *___: object) -> None:
        """Find the views that a statement breaks, and forget those that it replaces or drops."""
        if self.is_paused:
            return
        sql = statement.replace("%%", "%")
        self.is_paused = True
        try:
            for change in changes_in(sql):
                if change.kind in {"create view", "drop view"}:
                    self._forget(change.schema, change.name)
            if gone := list(gone_in(sql)):
                self._find(gone)
            back = set(back_in(sql)) if is_dry_run(self.connection) else set()
            self.views = {
                view: each
                for view, each in self.views.items()
                if (each.schema, each.table, each.column) not in back
            }
        finally:
            self.is_paused = False

    def refuse(self) -> None:
        """Refuse what breaks views in a dry run; raise CommandError for those that are broken."""
        broken = [self._reason(*found) for found in self.views.items() if self._is_broken(found[0])]
        if is_dry_run(self.connection):
            for reason in broken:
                refuse(self.connection, reason)
        elif broken:
            raise CommandError("\n".join(broken))

    def _find(self, gone: list[Gone]) -> None:
        with read(self.connection):
            rows = self.connection.execute(sa.text(VIEWS)).all()
        for view in (View(*row) for row in rows):
            if view in self.views or not self.own.isdisjoint({view.key, view.own_key}):
                continue
            reason = next((each for each in gone if view.reads(each)), None)
            if reason and not self._fails(view):
                self.views[view] = reason

    def _forget(self, schema: str | None, name: str) -> None:
        """Leave out a view that the revision itself drops or replaces."""
        self.views = {
            view: gone
            for view, gone in self.views.items()
            if view.key != (schema or view.own, name.lower())
        }
        if is_dry_run(self.connection):
            self.own.add((schema, name.lower()))

    def _is_broken(self, view: View) -> bool:
        """Whether a view no longer works; a dry run has changed nothing."""
        return is_dry_run(self.connection) or self._fails(view)

    def _fails(self, view: View) -> bool:
        name = qualified(self.connection.dialect, view.schema, view.name)
        try:
            with read(self.connection):
                self.connection.execute(sa.text(as_text(f"SELECT 1 FROM {name} LIMIT 0"))).all()
        except DBAPIError:
            return True
        return False

    def _reason(self, view: View, gone: Gone) -> str:
        schema = None if view.schema == view.own else view.schema
        name = qualified(self.connection.dialect, schema, view.name)
        return BREAKS.format(view=name, subject=gone.subject, verb=gone.verb)


def back_in(sql: str) -> Iterator[tuple[str | None, str, str]]:
    """Yield the tables and columns that statements in SQL create or rename another to."""
    for rename in renames_in(sql):
        match rename:
            case RenameTable():
                yield rename.schema, rename.new, ""
            case RenameColumn():
                yield rename.schema, rename.table, rename.new
    for change in changes_in(sql):
        if change.kind in {"add", "create table"}:
            yield change.schema, change.name, change.part


def gone_in(sql: str) -> Iterator[Gone]:
    """Yield the tables and columns that have another name, or none, after statements in SQL."""
    for rename in renames_in(sql):
        match rename:
            case RenameTable():
                yield Gone(rename.schema, rename.old, "", "renames")
            case RenameColumn():
                yield Gone(rename.schema, rename.table, rename.old, "renames")
    for drop in drops_in(sql):
        if drop.table:
            yield Gone(drop.schema, drop.table, drop.column or "", "drops")
    for change in changes_in(sql):
        if change.kind == "rename":
            yield Gone(change.schema, change.name, change.part, "renames")
