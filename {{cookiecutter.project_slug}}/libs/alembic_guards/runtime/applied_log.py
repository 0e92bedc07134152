"""The log of what was applied to a database: each revision with its file, time and author."""

import getpass
import json
import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import Connection

import alembic_guards
from alembic_guards.database.bookkeeping import OWN_TABLES, store_of
from alembic_guards.database.features import features
from alembic_guards.database.names import column_names
from alembic_guards.runtime.code_hash import code_hash, file_hash

Names = set[tuple[str, str]]


class Record(NamedTuple):
    """How a revision came to be applied; what is not known is empty."""

    how: str = (
        "before"  # applied, stamped, elsewhere (such as SQL of --sql), or before the log began
    )
    file: str = ""  # digest of the file
    code: str = ""  # digest of what upgrade() executes
    at: str = ""
    by: str = ""
    seconds: float = 0
    version: str = ""  # of this library

    @property
    def when(self) -> str:
        """Say when and by whom, for messages."""
        return f"on {self.at[:16].replace('T', ' ')} UTC by {self.by}" if self.at else "earlier"


class AppliedLog:
    """What a version table does not say: which files have made the database what it is, and when."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.connection, self.migration = connection, migration
        self.store = store_of(connection, migration)
        self.is_there = False
        self.heads: set[str] = set()  # of the database when the log was written
        self.records: dict[str, Record] = {}
        self.names: Names = set()  # columns that revisions have made, as of the next
        self.names_at: set[str] = set()  # heads of the database
        self.before: Names = set()  # columns of the database before the upgrade

    def load(self) -> None:
        """Read the log; without one it is empty. A log that cannot be read counts as none."""
        try:
            found = json.loads(self.store.read() or "{}")
            records = {key: _record(value) for key, value in found.get("revisions", {}).items()}
            names = {(t, c) for t, columns in found.get("columns", {}).items() for c in columns}
        except (ValueError, TypeError, AttributeError):
            found, records, names = {}, {}, set()
        self.is_there, self.heads = bool(found), set(found.get("heads", []))
        self.records = records
        self.names, self.names_at = names, set(found.get("columns_at", []))

    def reload(self) -> None:
        """Read again on SQLite, where another process may have written; the columns stay."""
        if features(self.connection.dialect).atomic_revisions:
            names, names_at = self.names, self.names_at
            self.load()
            self.names, self.names_at = names, names_at

    def save(self, heads: Iterable[str]) -> None:
        """Write the log in the transaction that is open."""
        self.heads = set(heads)
        columns: dict[str, list[str]] = {}
        for table, column in sorted(self.names):
            columns.setdefault(table, []).append(column)
        records = {key: record._asdict() for key, record in self.records.items()}
        content = {
            "heads": sorted(self.heads),
            "revisions": records,
            "columns": columns,
            "columns_at": sorted(self.names_at),
        }
        self.store.write(json.dumps(content, separators=(",", ":")))
        self.is_there = True

    def applied(self, revision: Script, seconds: float) -> None:
        """Add a revision that was applied."""
        self.records[revision.revision] = self._record("applied", revision, seconds)

    def reverted(self, revision: str) -> None:
        """Remove a revision that was reverted."""
        self.records.pop(revision, None)

    def adopt(self, heads: Iterable[str], how: str) -> None:
        """Bring the records to the revisions that the version table says are applied.

        Revisions without a record get one: `how` they came to be applied.
        """
        present = {one.revision: one for one in revisions_of(self.migration.script, heads)}
        self.records = {key: record for key, record in self.records.items() if key in present}
        for key, revision in present.items():
            if how == "stamped" and self._is_edited(revision):
                del self.records[key]
            if key not in self.records:
                self.records[key] = Record() if how == "before" else self._record(how, revision, 0)

    def edited(self, heads: Iterable[str]) -> list[tuple[Script, Record]]:
        """Return the applied revisions whose code has changed since then, with their records."""
        found = revisions_of(self.migration.script, heads)
        return [(one, self.records[one.revision]) for one in found if self._is_edited(one)]

    def inserted(self, heads: Iterable[str]) -> list[tuple[Script, str]]:
        """Return the revisions that were not applied, though one after them was: with that one.

        Only where the version table is as the log has left it: SQL of `--sql` may have applied more.
        """
        if not self.is_there or set(heads) != self.heads:
            return []
        present = revisions_of(self.migration.script, heads)
        missing = sorted((one for one in present if one.revision not in self.records), key=_path)
        return [(one, self._applied_after(one)) for one in missing]

    def update(self, heads: Iterable[str], *, is_stamp: bool) -> None:
        """Read the log again in the transaction of a step that begins at `heads`."""
        self.reload()
        if is_stamp:  # what is missing is accepted
            self.names &= self.before
        elif not self.is_there:
            self.adopt(heads, "before")
        elif self.heads != set(heads):
            self.adopt(heads, "elsewhere")

    def trace(self, heads: Iterable[str]) -> None:
        """Read the columns of the database before anything is applied."""
        self.before = self._present()
        if set(heads) != self.names_at:  # another tool has changed it, or an upgrade was killed
            self.names &= self.before

    def trace_end(self, heads: Iterable[str], *, has_changed: bool) -> None:
        """Record which columns the revisions since trace() have made and dropped, if there were any."""
        after = self._present() if has_changed else self.before
        made, dropped = after - self.before, self.before - after
        if made or dropped or set(heads) != self.names_at:
            self.names, self.names_at = (self.names | made) - dropped, set(heads)
            self.save(heads)
        self.before = after

    def missing(self) -> dict[str, list[str]]:
        """Return the tables and columns that revisions have made and the database does not have.

        A table that is missing as a whole has no columns in the answer.
        """
        tables = {table for table, _ in self.before}
        missing: dict[str, list[str]] = {}
        for table, column in sorted(self.names - self.before):
            columns = missing.setdefault(table, [])
            if table in tables:
                columns.append(column)
        return missing

    def _present(self) -> Names:
        own = {*OWN_TABLES, self.migration.version_table}
        found = column_names(self.connection)
        return {(table, column) for table, column in found if table.rpartition(".")[2] not in own}

    def _record(self, how: str, revision: Script, seconds: float) -> Record:
        path = _source(revision)
        return Record(
            how=how,
            file=file_hash(path) if path else "",
            code=code_hash(path) if path else "",
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            by=f"{_user()}@{socket.gethostname()}",
            seconds=round(seconds, 1),
            version=alembic_guards.__version__,
        )

    def _is_edited(self, revision: Script) -> bool:
        record, path = self.records.get(revision.revision), _source(revision)
        if record is None or not record.code or path is None:
            return False
        return file_hash(path) != record.file and code_hash(path) != record.code

    def _applied_after(self, revision: Script) -> str:
        """Return the first applied revision that follows one, directly or not."""
        following = list(revision.nextrev)
        script = self.migration.script
        for name in following:
            if name in self.records or script is None:
                return name
            following += [one for one in script.get_revision(name).nextrev if one not in following]
        return ""


def revisions_of(script: ScriptDirectory | None, heads: Iterable[str]) -> list[Script]:
    """Return the revisions that are applied where the version table holds `heads`."""
    found: dict[str, Script] = {}
    waiting = list(heads)
    while script and waiting:
        revision = script.get_revision(waiting.pop())
        if revision.revision not in found:
            found[revision.revision] = revision
            waiting += (*to_tuple(revision.down_revision, ()), *to_tuple(revision.dependencies, ()))
    return sorted(found.values(), key=_path)


def _record(values: dict[str, Any]) -> Record:
    """Return a record; what a newer version of this library adds to it is left out."""
    return Record(**{key: value for key, value in values.items() if key in Record._fields})


def _path(revision: Script) -> str:
    return str(revision.path)


def _source(revision: Script) -> Path | None:
    """Return the file of a revision; None where it is compiled alone."""
    path = Path(str(revision.path))
    return path if path.suffix == ".py" and path.exists() else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run with a number that has no name
        return str(os.getuid())
