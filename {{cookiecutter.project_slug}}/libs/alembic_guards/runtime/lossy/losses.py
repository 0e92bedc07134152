"""Finds the rows that a change of type would change: how many, some of their values, and a query."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Engine, event

from alembic_guards.runtime.journal import SKIPPED
from alembic_guards.runtime.lossy.conversions import TABLES
from alembic_guards.runtime.lossy.families import COUNTS, Family, family
from alembic_guards.runtime.lossy.rules import Change, Condition, any_of, doubles_percents
from alembic_guards.runtime.lossy.sqlite import holds_bytes
from alembic_guards.runtime.rename_parser import renames_in
from alembic_guards.runtime.renames import RenameColumn, RenameTable

#: Where a connection keeps the renames of its transaction.
RENAMED = "alembic_renamed"
#: How the tables begin that SQLite renames once they have taken the place of another.
TEMPORARY = "_alembic_tmp_"

#: How many values are shown, and how much of each.
SHOWN, WIDTH = 3, 40


class Losses(NamedTuple):
    """What rows would lose."""

    rows: int
    total: int  # of the table
    examples: str
    query: str  # that finds them all
    nothing_done: bool  # by the revision, once its transaction is undone


def install() -> None:
    """Take note of renames: a query must name what is there once a transaction is undone."""
    event.listen(Engine, "before_cursor_execute", _note)
    event.listen(Engine, "commit", _forget)
    event.listen(Engine, "rollback", _forget)


def _note(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
    if SKIPPED not in connection.info and (renames := list(renames_in(statement))):
        connection.info.setdefault(RENAMED, []).extend(renames)


def _forget(connection: sa.Connection) -> None:
    if not connection.invalidated:  # whose transaction ended with its session
        connection.info.pop(RENAMED, None)


def _once_undone(connection: sa.Connection, table: str, column: str) -> tuple[str, str]:
    """Return the names that a table and a column of it have outside of the transaction."""
    for rename in reversed(connection.info.get(RENAMED, [])):
        match rename:
            case RenameTable(old=old, new=new) if new == table and not old.startswith(TEMPORARY):
                table = old
            case RenameColumn(old=old, new=new) if rename.table == table and new == column:
                column = old
    return table, column


def find_losses(
    connection: sa.Connection, table: str, schema: str | None, change: Change
) -> Losses | None:
    """Return what rows of a table would lose by a change of type; None where that is nothing."""
    rows, number = _rows(table, schema, change), sa.select(sa.func.count())
    no_texts = _no_texts(connection, rows, change)
    lost = _lost(change, no_texts)
    if lost is None or not (count := connection.scalar(number.select_from(rows).where(lost))):
        return None
    shown = _select(rows, _shown(change)).where(lost).distinct().limit(SHOWN + 1)
    then, name = _once_undone(connection, table, change.column.name)
    before = change._replace(column=sa.column(name, change.old))
    query = sa.select(sa.text("*")).select_from(_rows(then, schema, before))
    return Losses(
        count,
        connection.scalar(number.select_from(rows)) or 0,
        _listed(change, list(connection.scalars(shown))),
        _written(query.where(_lost(before, no_texts)), change.dialect),
        change.dialect.name not in ("mariadb", "mysql") or SKIPPED in connection.info,
    )


def _lost(change: Change, no_texts: list[bytes]) -> Condition:
    """Return the condition of rows that lose something; None where there is none."""
    loses = TABLES[change.dialect.name](change).loses
    if no_texts:
        found: Iterator[Any] = (sa.literal_column(f"X'{value.hex()}'") for value in no_texts)
        loses = any_of(loses, change.column.in_(list(found)))
    return None if loses is None else sa.and_(change.column.is_not(None), loses)


def _no_texts(connection: sa.Connection, rows: sa.TableClause, change: Change) -> list[bytes]:
    """Return the bytes in a column of SQLite that become a text, and are none."""
    if change.dialect.name != "sqlite" or not holds_bytes(change):
        return []
    found = connection.scalars(_select(rows, change.column).distinct())
    return [value for value in found if not _is_text(value)]


def _rows(table: str, schema: str | None, change: Change) -> sa.TableClause:
    return sa.table(table, change.column, schema=schema)


def _select(rows: sa.TableClause, value: Any) -> sa.Select[Any]:
    return sa.select(sa.type_coerce(value, sa.types.NullType())).select_from(rows)


def _is_text(value: bytes | str | None) -> bool:
    """Whether bytes are a text; SQLite gives what is one back as that, whatever the type."""
    try:
        value if value is None or isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return False
    return True


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
