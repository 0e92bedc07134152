"""Stores the journal: in rows of our own table on MariaDB and MySQL, in a large object on PostgreSQL.

No publication has a large object, a rollback undoes what was written to it, and a dump of the whole database
has it. (PostgreSQL's documentation: "Large Objects", and "Restrictions" of logical replication.)
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from alembic_guards.database.bookkeeping import (
    OLD_JOURNAL,
    TABLE,
    create_table,
    driver_cursor,
    key_of,
)
from alembic_guards.database.features import backend_name
from alembic_guards.database.version_comment import VersionComment

COLUMNS = "n, step, state, statement, seen, result"

MISSING = """The journal of an interrupted revision is missing: large object {oid}, which the comment of {table} \
names. Nothing was changed. It is not in a backup of one schema or table (pg_dump needs --large-objects).
Restore it; or revert by hand what the revision has done, and then: COMMENT ON TABLE {table} IS NULL"""
NOT_OWNER = """{table} belongs to another role, and this revision commits before its end: only the owner can \
record how far it came. Nothing was changed.
Make the role that migrates its owner: ALTER TABLE {table} OWNER TO ..."""


class EntryState:
    """How far a recorded statement came."""

    READ = "read"
    CHANGE = "change"
    FAILURE = "failure"  # the result is the error, which the revision has handled
    BEGUN = "begun"  # it may commit by itself, and is not known to be complete
    PARTIAL = "partial"  # a backfill; the result is the position that it has reached


@dataclass
class JournalEntry:
    """A recorded statement of a revision."""

    n: int
    step: str
    state: str
    statement: str  # its beginning, and a digest of all of it
    seen: str | None = None  # digest of the objects that it could change, taken before it ran
    result: bytes | None = None  # None where the result could not be recorded

    @property
    def is_change(self) -> bool:
        """Whether it has changed something: a replay must find it in its place."""
        return self.state not in {EntryState.READ, EntryState.FAILURE}

    @property
    def text(self) -> str:
        """The statement without its digest, for messages."""
        return self.statement[:-33]


class JournalStore(Protocol):
    """Where the journal of a version table is. All methods work in the transaction that is open."""

    def prepare(self) -> None:
        """Create what write() needs, where its DDL would commit a transaction later."""
        ...

    def refuse_unwritable(self) -> None:
        """Raise CommandError where write() would."""
        ...

    def read(self) -> list[JournalEntry]:
        """Return the entries in their order."""
        ...

    def write(self, entries: Sequence[JournalEntry], after: int) -> None:
        """Remove the entries after the number `after`, and append `entries`.

        Raises CommandError where this role may not.
        """
        ...

    def clear(self) -> None:
        """Remove all entries."""
        ...

    def sql_to_clear(self) -> str:
        """Return the SQL by which a person removes all entries."""
        ...

    def sql_to_complete(self, entry: JournalEntry) -> str:
        """Return the SQL that records that the statement of the last entry is complete."""
        ...

    def sql_to_remove(self, entry: JournalEntry) -> str:
        """Return the SQL that removes the last entry."""
        ...


def journal_store(connection: Connection, migration: MigrationContext) -> JournalStore:
    """Return the store for the version table of a migration."""
    if connection.dialect.name == "postgresql":
        return JournalObject(connection, migration)
    return JournalTable(connection, key_of(migration))


def take_over(connection: Connection, store: JournalStore) -> None:
    """Move what a release before 0.2 has recorded of an interrupted revision into a store."""
    if not inspect(connection).has_table(OLD_JOURNAL):
        return
    rows = connection.exec_driver_sql(f"SELECT {COLUMNS} FROM {OLD_JOURNAL} ORDER BY n")
    if entries := [JournalEntry(*row) for row in rows]:
        store.prepare()
        store.write(entries, after=0)
        connection.commit()
    connection.exec_driver_sql(f"DROP TABLE {OLD_JOURNAL}")
    connection.commit()


class JournalTable:
    """Rows of our own table; that with the number 0 is the log."""

    def __init__(self, connection: Connection, key: str) -> None:
        self.connection, self.key = connection, key
        self.own = "version_table = '{}'".format(key.replace("'", "''"))
        self.rows = f"FROM {TABLE} WHERE {self.own} AND n > 0"

    def prepare(self) -> None:
        """Create the table."""
        with driver_cursor(self.connection) as cursor:
            cursor.execute(create_table(backend_name(self.connection.dialect)))

    def refuse_unwritable(self) -> None:
        """Do nothing: who may change tables may write to this one."""

    def read(self) -> list[JournalEntry]:
        """Return the entries in their order."""
        if not inspect(self.connection).has_table(TABLE):
            return []
        with driver_cursor(self.connection) as cursor:
            cursor.execute(f"SELECT {COLUMNS} {self.rows} ORDER BY n")
            return [JournalEntry(*row) for row in cursor.fetchall()]

    def write(self, entries: Sequence[JournalEntry], after: int) -> None:
        """Remove the entries after the number `after`, and append `entries`."""
        insert = (
            f"INSERT INTO {TABLE} (version_table, {COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        )
        with driver_cursor(self.connection) as cursor:
            cursor.execute(f"DELETE {self.rows} AND n > {after}")
            for entry in entries:
                cursor.execute(insert, (self.key, *vars(entry).values()))

    def clear(self) -> None:
        """Remove all entries."""
        with driver_cursor(self.connection) as cursor:
            cursor.execute(f"DELETE {self.rows}")

    def sql_to_clear(self) -> str:
        """Return the SQL by which a person removes all entries."""
        return f"DELETE {self.rows}"

    def sql_to_complete(self, entry: JournalEntry) -> str:
        """Return the SQL that records that the statement of the last entry is complete."""
        return (
            f"UPDATE {TABLE} SET state = '{EntryState.CHANGE}' WHERE {self.own} AND n = {entry.n}"
        )

    def sql_to_remove(self, entry: JournalEntry) -> str:
        """Return the SQL that removes the last entry."""
        return f"DELETE FROM {TABLE} WHERE {self.own} AND n = {entry.n}"


class JournalObject:
    """A large object, which the comment of the version table names: its lines are the entries.

    Each line begins with the state, in a fixed width: SQL can replace it.
    """

    #: The comment of the large object.
    ABOUT = "alembic_guards: an interrupted revision"
    #: The characters of the state.
    WIDTH = 8
    #: The mode of lo_open() in which lo_truncate() works: INV_WRITE.
    WRITE = 0x20000

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.connection = connection
        self.comment = VersionComment(connection, migration)
        self.ends = [0]  # the size of the object after each entry, in bytes

    def prepare(self) -> None:
        """Do nothing: DDL commits nothing here."""

    def refuse_unwritable(self) -> None:
        """Raise CommandError where another role owns the version table."""
        if self.ends == [0]:
            self._refuse_other_owner()

    def read(self) -> list[JournalEntry]:
        """Return the entries in their order; raises CommandError where the large object is missing."""
        self.ends = [0]
        oid = self._find()
        content: bytes = self._run("SELECT lo_get(%s::oid)", oid) if oid else b""
        entries = []
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            self.ends.append(self.ends[-1] + len(line))
            entries.append(_entry(number, line, self.WIDTH))
        return entries

    def write(self, entries: Sequence[JournalEntry], after: int) -> None:
        """Remove the entries after the number `after`, and append `entries`.

        Raises CommandError where another role owns the version table.
        """
        oid = self._find() or self._create()
        del self.ends[after + 1 :]
        lines = [_line(entry, self.WIDTH) for entry in entries]
        self._run(self._sql_to_truncate(oid, self.ends[after]))
        self._run("SELECT lo_put(%s::oid, %s, %s)", oid, self.ends[after], b"".join(lines))
        for line in lines:
            self.ends.append(self.ends[-1] + len(line))

    def clear(self) -> None:
        """Remove the large object, and its number from the comment."""
        if oid := self._find():
            self._run("SELECT lo_unlink(%s::oid)", oid)
            self.comment.write(self.comment.read()._replace(journal=0))
        self.ends = [0]

    def sql_to_clear(self) -> str:
        """Return the SQL by which a person removes all entries."""
        return self._sql_to_truncate(self._find(), 0)

    def sql_to_complete(self, entry: JournalEntry) -> str:
        """Return the SQL that records that the statement of the last entry is complete."""
        return f"SELECT lo_put({self._find()}, {self.ends[entry.n - 1]}, '{EntryState.CHANGE:<{self.WIDTH}}')"

    def sql_to_remove(self, entry: JournalEntry) -> str:
        """Return the SQL that removes the last entry."""
        return self._sql_to_truncate(self._find(), self.ends[entry.n - 1])

    def _sql_to_truncate(self, oid: int, size: int) -> str:
        return f"SELECT lo_truncate64(lo_open({oid}, {self.WRITE}), {size})"

    def _find(self) -> int:
        """Return the OID of the large object; 0 for none. One of an application is not taken for it."""
        oid = self.comment.read().journal
        is_ours = "SELECT obj_description(%s::oid, 'pg_largeobject') = %s"
        if oid and not self._run(is_ours, oid, self.ABOUT):
            raise CommandError(MISSING.format(oid=oid, table=self.comment.table))
        return oid

    def _create(self) -> int:
        """Create the large object, and return its OID: it belongs to the owner of the version table."""
        self._refuse_other_owner()
        oid: int = self._run("SELECT lo_create(0)")
        self._run(f"COMMENT ON LARGE OBJECT {oid} IS '{self.ABOUT}'")
        self._run(f"ALTER LARGE OBJECT {oid} OWNER TO {self.comment.owner()}")
        self.comment.write(self.comment.read()._replace(journal=oid))
        return oid

    def _refuse_other_owner(self) -> None:
        if not self.comment.is_writable():
            raise CommandError(NOT_OWNER.format(table=self.comment.table))

    def _run(self, statement: str, *parameters: object) -> Any:
        """Execute a statement, and return its value."""
        with driver_cursor(self.connection) as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchone()[0] if cursor.description else None


def _line(entry: JournalEntry, width: int) -> bytes:
    """Return an entry as a line."""
    fields = asdict(entry)
    del fields["n"], fields["state"]
    if entry.result is not None:
        fields["result"] = base64.b64encode(entry.result).decode()
    return f"{entry.state:<{width}}{json.dumps(fields)}\n".encode()


def _entry(number: int, line: bytes, width: int) -> JournalEntry:
    """Return the entry of which _line() has made a line."""
    fields = json.loads(line[width:])
    if fields["result"] is not None:
        fields["result"] = base64.b64decode(fields["result"])
    return JournalEntry(n=number, state=line[:width].decode().strip(), **fields)
