"""Finds the rows that a change of type would change: how many, some of their values, and a query."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.lossy.conversions import TABLES
from alembic_guards.runtime.lossy.families import COUNTS, Family, family
from alembic_guards.runtime.lossy.rules import Change, Condition, doubles_percents
from alembic_guards.runtime.lossy.sqlite import holds_bytes

#: How many values are shown, and how much of each.
SHOWN, WIDTH = 3, 40


class Losses(NamedTuple):
    """What rows would lose."""

    rows: int
    total: int  # of the table
    examples: str
    query: str  # that finds them all
    nothing_done: bool  # by the revision, once its transaction is undone


def find_losses(
    connection: sa.Connection, table: str, schema: str | None, change: Change
) -> Losses | None:
    """Return what rows of a table would lose by a change of type; None where that is nothing."""
    loses = TABLES[change.dialect.name](change).loses
    rows = sa.table(table, change.column, schema=schema)
    if change.dialect.name == "sqlite" and holds_bytes(change):
        found = connection.scalars(_select(rows, change.column).distinct())
        loses = _is_one_of(change, [value for value in found if not _is_text(value)], loses)
    if loses is None:
        return None
    lost = sa.and_(change.column.is_not(None), loses)
    count = connection.scalar(sa.select(sa.func.count()).select_from(rows).where(lost)) or 0
    if not count:
        return None
    total = connection.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
    query = sa.select(sa.text("*")).select_from(rows).where(lost)
    values = connection.scalars(
        _select(rows, _shown(change)).where(lost).distinct().limit(SHOWN + 1)
    )
    done = change.dialect.name in ("mariadb", "mysql") and SKIPPED not in connection.info
    return Losses(
        count, total, _listed(change, list(values)), _written(query, change.dialect), not done
    )


def _select(rows: sa.TableClause, value: Any) -> sa.Select[Any]:
    return sa.select(sa.type_coerce(value, sa.types.NullType())).select_from(rows)


def _is_text(value: bytes | str | None) -> bool:
    """Whether bytes are a text; SQLite gives what is one back as that, whatever the type."""
    try:
        value if value is None or isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_one_of(change: Change, values: list[bytes], loses: Condition) -> Condition:
    bytes_of: list[Any] = [sa.literal_column(f"X'{value.hex()}'") for value in values]
    found = change.column.in_(bytes_of) if bytes_of else None
    return found if loses is None else loses if found is None else sa.or_(found, loses)


def _shown(change: Change) -> Any:
    """Return a value as a text that any driver can read."""
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


def _written(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    """Return a query as it can be pasted: without parameters, and in one line."""
    compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    text = str(compiled).replace("\n", "").strip()
    return text.replace("%%", "%") if doubles_percents(dialect) else text
