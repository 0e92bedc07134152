"""The comment of the version table of PostgreSQL, where the log is, and where the journal is found.

A publication FOR ALL TABLES has a new table at once, and then the subscription fails, because the subscriber
has no such table. Comments and large objects are in no publication, and in every dump of a whole database.
"""

import re
from typing import NamedTuple, Self

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import driver_cursor, quoted_version_table

#: What the owner has written, then the number of the large object of the journal, then the log.
PARTS = re.compile(
    r"(?P<text>.*?)(?:alembic_guards journal: (?P<journal>\d+) ?)?(?:alembic_guards: (?P<log>.*))?",
    re.DOTALL,
)


class Parts(NamedTuple):
    """The parts of the comment."""

    text: str = ""  # what the owner has written
    journal: int = 0  # the OID of a large object; 0 for none
    log: str = ""

    @classmethod
    def of(cls, comment: str) -> Self:
        """Return the parts of a comment."""
        found = PARTS.fullmatch(comment)
        assert found, "PARTS matches every text"
        return cls(found["text"], int(found["journal"] or 0), found["log"] or "")

    def __str__(self) -> str:
        """Return the comment."""
        text = f"{self.text}\n" if self.text and not self.text.endswith("\n") else self.text
        journal = f"alembic_guards journal: {self.journal} " if self.journal else ""
        return text + journal + (f"alembic_guards: {self.log}" if self.log else "")


class VersionComment:
    """Reads and writes the comment, in the transaction that is open."""

    def __init__(self, connection: Connection, migration: MigrationContext) -> None:
        self.connection, self.table = connection, quoted_version_table(migration)

    def read(self) -> Parts:
        """Return the parts of the comment; of a table that is missing, empty ones."""
        with driver_cursor(self.connection) as cursor:
            query = "SELECT obj_description(to_regclass(%s), 'pg_class')"
            return Parts.of(cursor.execute(query, (self.table,)).fetchone()[0] or "")

    def is_writable(self) -> bool:
        """Whether the version table exists, and this role owns it: no other may comment on it."""
        with driver_cursor(self.connection) as cursor:
            query = (
                "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)"
            )
            row = cursor.execute(query, (self.table,)).fetchone()
            return bool(row and row[0])

    def owner(self) -> str:
        """Return the owner of the version table, as SQL."""
        with driver_cursor(self.connection) as cursor:
            query = "SELECT relowner::regrole::text FROM pg_class WHERE oid = to_regclass(%s)"
            cursor.execute(query, (self.table,))
            return str(cursor.fetchone()[0])

    def write(self, parts: Parts) -> None:
        """Replace the comment."""
        with driver_cursor(self.connection) as cursor:
            query = "SELECT format('COMMENT ON TABLE %%s IS %%L', %s::text, %s::text)"
            statement = cursor.execute(query, (self.table, str(parts))).fetchone()[0]
            cursor.execute(statement)
