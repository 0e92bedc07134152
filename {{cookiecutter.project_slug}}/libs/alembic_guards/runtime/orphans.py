"""Finds rows of SQLite that refer to rows that do not exist: SQLite checks no foreign key during a migration."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connection_info import ORPHANS
from alembic_guards.database.identifiers import quoter
from alembic_guards.runtime.constraint_parser import ForeignKey
from alembic_guards.runtime.refusals import Refusal, Refused
from alembic_guards.runtime.transaction_names import names_after_rollback
from alembic_guards.runtime.violations import UnknownRows, find

KEYS = """
    SELECT m.name AS "table", f.id, f."table" AS referent, f."from", f."to"
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f
    WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY m.name, f.id, f.seq
"""


class Key(NamedTuple):
    """A foreign key, in small letters: SQLite numbers those of a table anew when one is added."""

    table: str
    referent: str
    columns: tuple[str, ...]


class Orphans(NamedTuple):
    """The number of orphaned rows by foreign key; 0 where a key has none."""

    counts: dict[Key, int]
    found: dict[Key, ForeignKey]


def read_orphans(connection: sa.Connection) -> Orphans:
    """Return the foreign keys of a database of SQLite, and the number of rows that violate each."""
    columns: dict[tuple[str, int], list[Any]] = {}
    for row in connection.exec_driver_sql(KEYS, execution_options={"no_parameters": True}):
        columns.setdefault((row.table, row.id), []).append(row)
    rows = Counter((row[0].lower(), row[3]) for row in _violations(connection))
    counts, found = dict[Key, int](), dict[Key, ForeignKey]()
    for (table, number), parts in columns.items():
        own = tuple(part[3] for part in parts)
        referent = parts[0].referent
        key = Key(table.lower(), referent.lower(), tuple(map(str.lower, own)))
        counts[key] = counts.get(key, 0) + rows[table.lower(), number]
        found[key] = ForeignKey(
            table=table,
            columns=own,
            referent=referent,
            referent_columns=tuple(part[4] for part in parts if part[4]),
        )
    return Orphans(counts, found)


def _violations(connection: sa.Connection) -> list[Any]:
    """Return the rows of PRAGMA foreign_key_check.

    It fails where a foreign key refers to columns that are not unique: such a table is left out.
    """
    try:
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    except SQLAlchemyError:
        quote = quoter(connection.dialect)
        rows: list[Any] = []
        for table in sa.inspect(connection).get_table_names():
            with suppress(SQLAlchemyError):
                rows += connection.exec_driver_sql(
                    f"PRAGMA foreign_key_check({quote(table)})"
                ).all()
        return rows


def find_orphans(
    connection: sa.Connection,
    before: Mapping[Key, int] | None = None,
    after: Orphans | None = None,
) -> list[Refusal]:
    """Return the refusals of foreign keys that rows of SQLite violate.

    `before` are the counts of read_orphans() before the revision: one that makes no more of them is not
    to blame, such as for those that an old file has. `after` is what read_orphans() returns now.
    """
    after = after or read_orphans(connection)

    found = after.found

    def name_before(key: Key) -> Key:
        return _name_before(connection, found[key])

    refusals: list[Refusal] = []
    for key in grown(before or {}, after.counts, name_before):
        constraint = found[key]
        try:
            refusal = find(connection, constraint)
        except UnknownRows:  # such as a table that does not exist
            refusal = None
        refusals.append(refusal or _refusal(constraint, after.counts[key]))
    return refusals


def grown(
    before: Mapping[Key, int], after: Mapping[Key, int], name_before: Callable[[Key], Key]
) -> Iterator[Key]:
    """Yield the keys of which more rows are orphaned than before.

    A key that was not there before may be one that was renamed: it is compared with that which
    `name_before` returns, or with one that is gone and had the same table or the same columns.
    """
    gone = {key: number for key, number in before.items() if key not in after}
    for key, number in after.items():
        if number <= before.get(key, 0):
            continue
        if key not in before:
            named = name_before(key)
            candidates = [named, *(one for one in gone if _is_like(one, named))]
            fitting = (one for one in candidates if gone.get(one, 0) >= number)
            if (old := next(fitting, None)) is not None:
                gone[old] -= number
                continue
        yield key


def _is_like(key: Key, other: Key) -> bool:
    return key.table == other.table or key.columns == other.columns


def _name_before(connection: sa.Connection, key: ForeignKey) -> Key:
    """Return a foreign key with the names that it had before the renames of the transaction."""
    names = [names_after_rollback(connection, key.table, column) for column in key.columns]
    table = names[0][0] if names else key.table
    referent, _ = names_after_rollback(connection, key.referent, "")
    columns = tuple(column.lower() for _, column in names)
    return Key(table.lower(), referent.lower(), columns)


def refuse_orphans(connection: sa.Connection) -> None:
    """Raise Refused for foreign keys that rows of SQLite violate, unless the step was checked at its end."""
    if ORPHANS not in connection.info and (refusals := find_orphans(connection)):
        raise Refused(refusals)


def _refusal(constraint: ForeignKey, count: int) -> Refusal:
    table, referent = constraint.table, constraint.referent
    refer = (
        f"row of {table} refers to a row of {referent} that does not exist."
        if count == 1
        else f"rows of {table} refer to rows of {referent} that do not exist."
    )
    return Refusal(f"{count} {refer}", is_one=count == 1)
