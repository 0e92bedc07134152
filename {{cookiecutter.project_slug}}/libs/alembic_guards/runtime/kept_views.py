"""Keeps the views of PostgreSQL through a revision: drops those that are in the way, and creates them again.

PostgreSQL changes no type of a column that a view or a rule reads, and drops nothing that one needs. Which
views there are, the database knows alone: some were never in a revision. So they are found before each
statement, and created again, as they were, at the end of the revision: two columns that a view compares
may both get another type.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.database.identifiers import quoter
from alembic_guards.runtime.dry_run import read
from alembic_guards.runtime.names_before import names_before
from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.refusals import refuse
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.view_definitions import (
    View,
    columns_of,
    dependent_views,
    grants_of,
)
from alembic_guards.runtime.view_parser import Change, changes_in

READS = """The {kind} {view} reads {subject}, and this revision drops it. Change the view in the revision: \
before the drop op.execute("DROP {kind} {view}"), and after it op.execute("CREATE {kind} {view} AS ...")"""
IN_THE_WAY = """The {kind} {view} reads {subject}, which this revision changes, and it cannot be dropped and \
created again: {obstacle}. Drop it by hand before the upgrade, and create it after that"""
NOT_CREATED = """The {kind} {view} was dropped to change {subject}, and cannot be created again: {error}. \
All of this transaction is rolled back. Change the view in the revision: before that change \
op.execute("DROP {kind} {view}"), and after it op.execute("CREATE {kind} {view} AS ...")"""

#: The changes after which a view cannot be created again as it was.
DROPS = {"drop", "table", "type", "drop view"}
#: The changes by which a revision drops a view or a rule itself.
OWN_DROPS = {"drop view", "drop rule"}
#: A statement that may rename or drop views in ways that are not parsed.
UNPARSED = re.compile(
    r"""(?:^|;|\*/)\s*(?:DO\b|ALTER\s+(?:MATERIALIZED\s+)?VIEW\b
    |DROP\s+(?!TABLE\b|TYPE\b|DOMAIN\b|VIEW\b|MATERIALIZED\b)[^;]*\bCASCADE\b)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
COMMITS = "the statement is in an autocommit block, where each of them commits"


@contextmanager
def keeping_views(migration: MigrationContext) -> Iterator[list[str]]:
    """Keep the views in the block; yield the names of those that were created again.

    They are also created again before an autocommit block; in it, none is dropped. In a dry run nothing
    is dropped or created: what stands in the way is refused. Raises Refused, and CommandError for a view
    that cannot be created again.
    """
    connection = migration.connection
    if not isinstance(connection, sa.Connection) or connection.dialect.name != "postgresql":
        yield []
        return
    kept = _KeptViews(connection)
    with _around_commits(migration, kept):
        listeners: dict[str, Callable[..., None]] = {
            "before_cursor_execute": kept.before,
            "after_cursor_execute": kept.after,
        }
        for name, listener in listeners.items():
            event.listen(connection, name, listener)
        try:
            yield kept.names
            kept.create_again()
        finally:
            for name, listener in listeners.items():
                event.remove(connection, name, listener)


@contextmanager
def _around_commits(migration: MigrationContext, kept: "_KeptViews") -> Iterator[None]:
    """Create views again before an autocommit block of the migration, and drop none in it."""
    patched: Any = migration
    own, block = vars(migration).get("autocommit_block"), migration.autocommit_block

    @contextmanager
    def autocommit_block() -> Iterator[None]:
        kept.create_again()
        kept.commits = True
        try:
            with block():
                yield
        finally:
            kept.commits = False

    patched.autocommit_block = autocommit_block
    try:
        yield
    finally:
        if own is None:
            del patched.autocommit_block
        else:
            patched.autocommit_block = own


class _KeptViews:
    """The views that the running revision has dropped."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.is_paused = False
        self.commits = False  # each statement commits
        self.views: dict[str, View] = {}  # to be created again, each after those that it reads
        self.reasons: dict[str, Change] = {}  # why they were dropped, by their keys
        self.former: list[View] = []  # that the revision itself drops
        self.gone: set[str] = set()  # the keys of views that the revision itself drops or replaces
        self.is_unknown = False  # a dry run has skipped what may drop or rename any view
        self.redefined: list[View] = []  # that the running statement creates
        self.types: dict[str, str] = {}  # the former names of renamed types
        self.replaced: set[str] = set()  # the present names of types that another replaces
        self.names: list[str] = []

    def before(self, _: object, __: object, statement: str, *___: object) -> None:
        """Drop the views that a statement could not be executed with."""
        if self.is_paused:
            return
        sql = statement.replace("%%", "%")
        with self._paused():
            changes = list(changes_in(sql))
            for change in changes:
                if change.kind == "create view":
                    self._redefine(change)
            # A view follows a rename, and what was read of it before does not.
            if self.views and any(renames_in(sql)):
                self._create_again()
            if any(_mentions(sql, view) for view in self.views.values()):
                self._create_again()
            unparsed = UNPARSED.search(sql)
            if not is_dry_run(self.connection):
                self.gone = set()  # those of former statements are gone in the database
            elif unparsed:
                self.is_unknown = True
            for change in changes:
                if change.kind in OWN_DROPS or change.cascades:
                    self.gone |= self._own(change)
            for change in changes:
                self._before(change, sql if unparsed else "")

    def after(self, *_: object) -> None:
        """Give a view that the statement has created what the view had before."""
        if self.is_paused or not self.redefined:
            return
        views, self.redefined = self.redefined, []
        with self._paused():
            for view in views if not is_dry_run(self.connection) else ():
                for sql in view.complete(columns_of(self.connection, view)):
                    self._execute(sql)
                self._grant(view)

    def create_again(self) -> None:
        """Create all dropped views again; in a dry run, refuse where one reads what is gone."""
        with self._paused():
            self._create_again()

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Let the statements in the block pass; those that read are executed in a dry run, too."""
        self.is_paused = True
        try:
            with read(self.connection):
                yield
        finally:
            self.is_paused = False

    def _before(self, change: Change, unparsed: str) -> None:
        """Drop the views that stand in the way of a change, but for those that `unparsed` SQL names."""
        if change.kind == "rename type":
            self.types[change.part] = change.name
        elif change.kind == "create view":
            self._redefine(change)
            self.gone |= self._own(change)
        elif change.kind == "add":
            added = change._replace(kind="drop")
            self.reasons = {key: why for key, why in self.reasons.items() if why != added}
        elif change.kind == "type" and change.name in self.types:
            self.replaced.add(change.name)
        if change.cascades:
            return
        own = self._own(change) if change.kind in OWN_DROPS else set[str]()
        found = dependent_views(self.connection, self._now(change), self.gone - own)
        self.former += [view for view in found if view.key in own]
        found = [view for view in found if view.key not in {*self.views, *self.gone}]
        found = [view for view in found if not _mentions(unparsed, view)]
        for view in reversed(found):
            self.reasons[view.key] = change
            self._drop(view, change)
        # What was dropped before may read these; they do not read it, or it would have taken them along.
        self.views = {view.key: view for view in found} | self.views

    def _drop(self, view: View, change: Change) -> None:
        obstacle = view.obstacle or (COMMITS if self.commits else "")
        if obstacle and not self.is_unknown:
            fields = {"kind": view.kind.lower(), "view": view.name, "subject": change.subject}
            refuse(self.connection, IN_THE_WAY.format(**fields, obstacle=obstacle))
        elif not is_dry_run(self.connection):
            self._execute(view.drop)

    def _own(self, change: Change) -> set[str]:
        """Return the keys of the views that a change drops or replaces itself: one, or all with CASCADE."""
        if change.kind == "create view":
            change = change._replace(kind="drop view")
        found = dependent_views(self.connection, self._now(change))
        return {view.key for view in (found if change.cascades else found[:1])}

    def _now(self, change: Change) -> Change:
        """Return a change with the names that its table and column have before a dry run."""
        before = names_before(self.connection, change.name, [change.part])
        return change if before is None else change._replace(name=before[0], part=before[1][0])

    def _redefine(self, change: Change) -> None:
        """Take what a view had for the definition that the running statement gives it."""
        for view in [*self.views.values(), *self.former]:
            is_same = view.own_name in {change.name, change.name.lower()} and (
                view.schema == change.schema or (change.schema is None and view.is_visible)
            )
            if is_same and view.kind != "RULE":
                self.redefined.append(view)
                self.views.pop(view.key, None)
        self.former = [view for view in self.former if view not in self.redefined]
        self.reasons = {
            key: why
            for key, why in self.reasons.items()
            if (why.kind, why.name) != ("drop view", change.name)
        }

    def _create_again(self) -> None:
        for key, view in list(self.views.items()):
            change = self.reasons.pop(key, None)
            if not is_dry_run(self.connection):
                self._create(view, change)
            elif change and change.kind in DROPS and not view.obstacle and not self.is_unknown:
                fields = {"kind": view.kind, "view": view.name, "subject": change.subject}
                refuse(self.connection, READS.format(**fields))
            del self.views[key]

    def _create(self, view: View, change: Change | None) -> None:
        try:
            for sql in view.create():
                self._execute(self._with_new_types(sql))
        except DBAPIError as error:
            subject = change.subject if change else "what it reads"
            reason = str(error.orig).splitlines()[0]
            fields = {"kind": view.kind, "view": view.name, "subject": subject}
            raise CommandError(NOT_CREATED.format(**fields, error=reason)) from error
        self._grant(view)
        self.names.append(view.name)

    def _grant(self, view: View) -> None:
        """Give a view the grants that it had, and no others, such as those of default privileges."""
        if view.grants is None:
            return
        stored, roles = grants_of(self.connection, view)
        differs = stored != view.grants
        if differs and roles:
            self._execute(f"REVOKE ALL ON {view.name} FROM {roles}")
        for sql in view.grant(columns_of(self.connection, view), columns_only=not differs):
            self._execute(sql)

    def _with_new_types(self, sql: str) -> str:
        """Return a statement with the name of the type that replaces a renamed one."""
        quote = quoter(self.connection.dialect)
        for new in self.replaced:
            sql = re.sub(rf"(?<=[:.]){_spelling(new)}(?!\w)", quote(self.types[new]), sql)
        return sql

    def _execute(self, sql: str) -> None:
        self.connection.execute(sa.text(as_text(sql)))


def _spelling(name: str) -> str:
    return f'"?{re.escape(name)}"?'


def _mentions(sql: str, view: View) -> bool:
    """Whether a statement names a view; a table of the same name is of another schema."""
    own = _spelling(view.own_name)
    qualified = rf"{_spelling(view.schema)}\s*\.\s*{own}(?!\w)"
    found = re.search(qualified, sql)
    if view.is_visible:
        found = found or re.search(rf'(?<![\w."]){own}(?![\w.])', sql)
    return found is not None and view.kind != "RULE"
