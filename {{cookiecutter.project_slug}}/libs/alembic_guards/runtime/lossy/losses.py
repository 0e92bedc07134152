"""Finds the rows that a change of type would change: their number, some values, and a query."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import doubles_percents
from alembic_guards.runtime.lossy.conversions import TABLES
from alembic_guards.runtime.lossy.families import COUNTS, Family, family
from alembic_guards.runtime.lossy.rules import Change, Condition, any_of
from alembic_guards.runtime.lossy.sqlite import holds_bytes
from alembic_guards.runtime.transaction_names import names_after_rollback

#: How many values are shown, and how many characters of each.
SHOWN, WIDTH = 3, 40


class Losses(NamedTuple):
    """The rows that would lose data."""

    rows: int
    total: int  # rows of the table
    examples: str
    query: str  # SQL that finds them, once the transaction is rolled back
    is_rolled_back: bool  # whether the refusal undoes the whole revision


def find_losses(
    connection: sa.Connection, table: str, schema: str | None, change: Change
) -> Losses | None:
    """Return the rows of a table that would lose data by a change of type; None where no row would."""
    rows, number = _rows(table, schema, change), sa.select(sa.func.count())
    undecodable = _undecodable(connection, rows, change)
    lost = _lost(change, undecodable)
    if lost is None or not (count := connection.scalar(number.select_from(rows).where(lost))):
        return None
    shown = _select(rows, _shown(change)).where(lost).distinct().limit(SHOWN + 1)
    old_table, name = names_after_rollback(connection, table, change.column.name)
    before = change._replace(column=sa.column(name, change.old))
    query = sa.select(sa.text("*")).select_from(_rows(old_table, schema, before))
    return Losses(
        count,
        connection.scalar(number.select_from(rows)) or 0,
        _listed(change, list(connection.scalars(shown))),
        _sql(query.where(_lost(before, undecodable)), change.dialect),
        backend_name(change.dialect) != "mysql" or is_dry_run(connection),
    )


def _lost(change: Change, undecodable: list[bytes]) -> Condition:
    """Return the condition of rows that lose data; None where no row can."""
    loses = TABLES[change.dialect.name](change).loses
    if undecodable:
        found: Iterator[Any] = (sa.literal_column(f"X'{value.hex()}'") for value in undecodable)
        loses = any_of(loses, change.column.in_(list(found)))
    return None if loses is None else sa.and_(change.column.is_not(None), loses)


def _undecodable(connection: sa.Connection, rows: sa.TableClause, change: Change) -> list[bytes]:
    """Return the values of a binary column of SQLite that becomes text, and that are not UTF-8."""
    if change.dialect.name != "sqlite" or not holds_bytes(change):
        return []
    found = connection.scalars(_select(rows, change.column).distinct())
    return [value for value in found if not _is_utf8(value)]


def _rows(table: str, schema: str | None, change: Change) -> sa.TableClause:
    return sa.table(table, change.column, schema=schema)


def _select(rows: sa.TableClause, value: Any) -> sa.Select[Any]:
    return sa.select(sa.type_coerce(value, sa.types.NullType())).select_from(rows)


def _is_utf8(value: bytes | str | None) -> bool:
    """Whether a value is text, or bytes that are UTF-8: SQLite returns either from a binary column."""
    try:
        value if value is None or isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(change: Change) -> Any:
    """Return the column as text that any driver can read."""
    if change.dialect.name == "postgresql":
        return sa.cast(change.column, sa.Text)
    if family(change.old) in Family.BINARY | Family.BIT:
        return sa.func.hex(change.column)
    return change.column if change.dialect.name == "sqlite" else sa.cast(change.column, sa.CHAR)


def _listed(change: Change, values: list[Any]) -> str:
    plain = family(change.old) in COUNTS
    texts = [text if len(text) <= WIDTH else f"{text[:WIDTH]}…" for text in map(str, values)]
    some = [text if plain else f"'{text}'" for text in texts[:SHOWN]]
    return ", ".join([*some, "…"] if len(texts) > SHOWN else some)


def _sql(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    """Return a query to be pasted: without parameters, in one line."""
    compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    text = str(compiled).replace("\n", "").strip()
    return text.replace("%%", "%") if doubles_percents(dialect) else text
