"""The log of what was applied to a database: each revision with its file, time and author."""

import getpass
import json
import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import Connection

import alembic_guards
from alembic_guards.database.features import features
from alembic_guards.database.log_store import log_store
from alembic_guards.runtime.code_hash import code_hash, file_hash
from alembic_guards.runtime.column_trace import ColumnTrace


class How(StrEnum):
    """How a revision came to be applied."""

    APPLIED = "applied"
    STAMPED = "stamped"
    ELSEWHERE = "elsewhere"  # such as by SQL of --sql
    BEFORE = "before"  # before the log began


class Record(NamedTuple):
    """The record of an applied revision; what is not known is empty."""

    how: How = How.BEFORE
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
        self.store = log_store(connection, migration)
        self.exists = False
        self.heads: set[str] = set()  # of the database when the log was written
        self.records: dict[str, Record] = {}
        self.columns = ColumnTrace(connection, migration)

    def load(self) -> None:
        """Read the log; without one it is empty. A log that cannot be read counts as none."""
        try:
            found = json.loads(self.store.read() or "{}")
            records = {key: _record(value) for key, value in found.get("revisions", {}).items()}
            self.columns.load(found.get("columns", {}), found.get("columns_at", []))
        except (ValueError, TypeError, AttributeError):
            found, records = {}, {}
            self.columns.load({}, [])
        self.exists, self.heads = bool(found), set(found.get("heads", []))
        self.records = records

    def reload(self) -> None:
        """Read again on SQLite, where another process may have written; the columns stay."""
        if features(self.connection.dialect).atomic_revisions:
            columns, self.columns = self.columns, ColumnTrace(self.connection, self.migration)
            self.load()
            self.columns = columns

    def save(self, heads: Iterable[str]) -> None:
        """Write the log in the transaction that is open."""
        self.heads = set(heads)
        records = {key: record._asdict() for key, record in self.records.items()}
        content = {
            "heads": sorted(self.heads),
            "revisions": records,
            "columns": self.columns.by_table(),
            "columns_at": sorted(self.columns.heads),
        }
        self.store.write(json.dumps(content, separators=(",", ":")))
        self.exists = True

    def applied(self, revision: Script, seconds: float) -> None:
        """Add a revision that was applied."""
        self.records[revision.revision] = self._record(How.APPLIED, revision, seconds)
        self._add_code(revision)

    def reverted(self, revision: Script) -> None:
        """Remove a revision that was reverted."""
        self.records.pop(revision.revision, None)
        self._add_code(revision)

    def adopt(self, heads: Iterable[str], how: How) -> None:
        """Bring the records to the revisions that the version table says are applied.

        Revisions without a record get one: `how` they came to be applied.
        """
        present = {one.revision: one for one in revisions_of(self.migration.script, heads)}
        self.records = {key: record for key, record in self.records.items() if key in present}
        for key, revision in present.items():
            if how is How.STAMPED and self._is_edited(revision):
                del self.records[key]
            if key not in self.records:
                self.records[key] = (
                    Record() if how is How.BEFORE else self._record(how, revision, 0)
                )

    def edited(self, heads: Iterable[str]) -> list[tuple[Script, Record]]:
        """Return the applied revisions whose code has changed since then, with their records."""
        found = revisions_of(self.migration.script, heads)
        return [(one, self.records[one.revision]) for one in found if self._is_edited(one)]

    def inserted(self, heads: Iterable[str]) -> list[tuple[Script, str]]:
        """Return the revisions that were not applied, though one after them was: with that one.

        Only where the version table is as the log has left it: SQL of `--sql` may have applied more.
        """
        if not self.exists or set(heads) != self.heads:
            return []
        present = revisions_of(self.migration.script, heads)
        missing = sorted((one for one in present if one.revision not in self.records), key=_path)
        return [(one, self._applied_after(one)) for one in missing]

    def update(self, heads: Iterable[str], *, is_stamp: bool) -> None:
        """Read the log again in the transaction of a step that begins at `heads`."""
        self.reload()
        if is_stamp:  # what is missing is accepted
            self.columns.accept()
        elif not self.exists:
            self.adopt(heads, How.BEFORE)
        elif self.heads != set(heads):
            self.adopt(heads, How.ELSEWHERE)

    def trace_end(self, heads: Iterable[str], *, has_changed: bool) -> None:
        """Record which columns the revisions since columns.begin() have made and dropped."""
        if self.columns.end(heads, has_changed=has_changed):
            self.save(heads)

    def _add_code(self, revision: Script) -> None:
        if path := _source(revision):
            self.columns.code.append(path.read_text(encoding="utf-8", errors="replace"))

    def _record(self, how: How, revision: Script, seconds: float) -> Record:
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
    known = {key: value for key, value in values.items() if key in Record._fields}
    how = known.get("how")
    return Record(**{**known, "how": How(how) if how in set(How) else How.BEFORE})


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
