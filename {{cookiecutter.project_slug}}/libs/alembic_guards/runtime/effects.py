"""Digests the catalog, to tell afterwards whether a statement that commits by itself was executed."""

import re
from contextlib import closing
from hashlib import md5
from typing import Any

from sqlalchemy import Connection

#: The tables, triggers and routines of MariaDB and MySQL.
NAMES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
    ORDER BY 1"""

#: The valid indexes and the attached partitions, which a statement with CONCURRENTLY changes.
CONCURRENT = """
    SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid
    UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits WHERE NOT inhdetachpending
    ORDER BY 1"""


def digest(connection: Connection, statement: str) -> str:
    """Return a digest of the objects that a statement of Kind.IMPLICIT may change."""
    with closing(connection.connection.cursor()) as cursor:
        if connection.dialect.name == "postgresql":
            text = repr(_all(cursor, CONCURRENT))
        else:
            names = [name for (name,) in _all(cursor, NAMES)]
            quote = connection.dialect.identifier_preparer.quote
            tables = [name for (name,) in _all(cursor, "SHOW TABLES") if name in statement]
            shown = [_all(cursor, f"SHOW CREATE TABLE {quote(name)}") for name in tables]
            text = re.sub(r" AUTO_INCREMENT=\d+", "", repr((names, shown)))  # INSERT moves it
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _all(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return list(cursor.fetchall())
