"""Dumps SQLite: it keeps the text of each CREATE statement in sqlite_master."""

from collections.abc import Collection

from sqlalchemy import Connection

from alembic_guards.database.catalog.sqlite import VIRTUAL
from alembic_guards.database.catalog.sqlite_parser import quoted

#: Kinds of objects in the order of creation. A view may name a table that does not exist yet.
KINDS = ("table", "index", "view", "trigger")

#: The tables in which virtual tables store rows: CREATE VIRTUAL TABLE creates them.
SHADOW = f"{VIRTUAL.partition(' WHERE ')[0]} WHERE type = 'shadow'"
OBJECTS = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"


def dump(connection: Connection, left_out: Collection[str], _: Collection[str]) -> list[str]:
    """Return the CREATE statements of all objects, as they were written."""
    found = _objects(connection, left_out)
    return [sql for kind in KINDS for each, _, sql in found if each == kind]


def drops(connection: Connection, left_out: Collection[str]) -> list[str]:
    """Return the statements that drop all views and tables; indexes and triggers go with them."""
    found = _objects(connection, left_out)
    names = ((kind, name) for kind, name, _ in reversed(found) if kind in ("table", "view"))
    return [f"DROP {kind.upper()} {quoted(name)}" for kind, name in sorted(names, key=_views_first)]


def _views_first(named: tuple[str, str]) -> bool:
    return named[0] == "table"


def _objects(connection: Connection, left_out: Collection[str]) -> list[tuple[str, str, str]]:
    """Return the kind, the name and the statement of each object, in the order of creation."""
    hidden = {*left_out, *connection.exec_driver_sql(SHADOW).scalars()}
    return [
        (kind, name, sql.rstrip().rstrip(";"))
        for kind, table, name, sql in connection.exec_driver_sql(OBJECTS)
        if table not in hidden and not name.startswith("sqlite_")
    ]
