"""Tells by its effect whether a statement was executed that commits by itself."""

import re
from contextlib import closing
from hashlib import md5
from typing import Any

from sqlalchemy import Connection

#: What a statement of MariaDB or MySQL could change, besides the tables that it names.
NAMES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
    ORDER BY 1"""

#: What a statement with CONCURRENTLY changes: indexes that are used, and partitions.
CONCURRENT = """
    SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid
    UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits WHERE NOT inhdetachpending
    ORDER BY 1"""


def digest(connection: Connection, statement: str) -> str:
    """Return a digest of what a statement of the kind IMPLICIT would alter."""
    with closing(connection.connection.cursor()) as cursor:
        if connection.dialect.name == "postgresql":
            text = repr(_all(cursor, CONCURRENT))
        else:
            names = [name for (name,) in _all(cursor, NAMES)]
            quote = connection.dialect.identifier_preparer.quote
            tables = [name for (name,) in _all(cursor, "SHOW TABLES") if name in statement]
            shown = [_all(cursor, f"SHOW CREATE TABLE {quote(name)}") for name in tables]
            text = re.sub(r" AUTO_INCREMENT=\d+", "", repr((names, shown)))  # which rows move
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _all(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return list(cursor.fetchall())
