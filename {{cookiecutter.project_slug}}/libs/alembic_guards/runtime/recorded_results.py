"""Encodes the results of statements for the journal, and returns them in a replay."""

import base64
import json
import zlib
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

#: The largest result that is recorded, in compressed bytes: some millions of keys. The packets of
#: MariaDB have 16 MiB.
MOST_BYTES = 8 * 2**20

#: The most rows of a result that is encoded at all.
MOST_ROWS = 2_000_000


class NotRecordable(Exception):
    """A result holds a value of an unknown type, or is too large."""


class Result(NamedTuple):
    """The result of a statement, from its cursor; `columns` is None where it returns no rows."""

    rowcount: int
    lastrowid: int | None
    columns: (
        Sequence[tuple[str, Any]] | None
    )  # each with its name, and its type as the driver numbers it
    rows: Sequence[Sequence[Any]]


#: How values of types that JSON does not have are written, and read.
WRITE: dict[type, Callable[[Any], Any]] = {
    bytes: lambda value: base64.b64encode(value).decode(),
    date: date.isoformat,
    datetime: datetime.isoformat,
    Decimal: str,
    dict: lambda value: [[_write(key), _write(item)] for key, item in value.items()],
    list: lambda value: [_write(item) for item in value],
    time: time.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    tuple: lambda value: [_write(item) for item in value],
    UUID: str,
}
READ: dict[str, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "Decimal": Decimal,
    "dict": lambda pairs: {_read(key): _read(item) for key, item in pairs},
    "list": lambda items: [_read(item) for item in items],
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "tuple": lambda items: tuple(_read(item) for item in items),
    "UUID": UUID,
}


def encode(value: Any) -> bytes:
    """Return `value` as bytes; raises NotRecordable for unknown types and large values."""
    encoded = zlib.compress(json.dumps(_write(value)).encode(), 1)
    if len(encoded) > MOST_BYTES:
        raise NotRecordable
    return encoded


def decode(encoded: bytes) -> Any:
    """Return the value of which encode() has made these bytes."""
    return _read(json.loads(zlib.decompress(encoded)))


def encode_result(result: Result) -> bytes:
    """Return a result as bytes; raises NotRecordable as encode() does."""
    if len(result.rows) > MOST_ROWS:
        raise NotRecordable
    return encode(tuple(result))


def decode_result(encoded: bytes) -> Result:
    """Return the result of which encode_result() has made these bytes."""
    return Result(*decode(encoded))


def _write(value: Any) -> Any:
    if value is None or type(value) in {bool, float, int, str}:
        return value
    if type(value) not in WRITE:  # a subclass would come back as its base class
        raise NotRecordable
    return {type(value).__name__: WRITE[type(value)](value)}


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        ((name, written),) = value.items()
        return READ[name](written)
    return value


class RecordedCursor:
    """A cursor with a recorded result; all other attributes are those of the driver's cursor."""

    def __init__(self, cursor: Any, result: Result) -> None:
        self.cursor = cursor
        self.rowcount, self.lastrowid = result.rowcount, result.lastrowid
        self.description: Any = None
        if result.columns:
            unknown = (None,) * 5  # sizes, which SQLAlchemy does not read
            self.description = [(*column, *unknown) for column in result.columns]
        self.rows = list(result.rows)
        self.at = 0
        self.arraysize = 1

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        row = self.fetchmany(1)
        return row[0] if row else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        begin = self.at
        self.at = min(begin + (size or self.arraysize), len(self.rows))
        return self.rows[begin : self.at]

    def fetchall(self) -> list[Any]:
        """Return all remaining rows."""
        return self.fetchmany(len(self.rows) or 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


def real_cursor(cursor: Any) -> Any:
    """Return the driver's cursor."""
    return cursor.cursor if isinstance(cursor, RecordedCursor) else cursor


def take_result(cursor: Any) -> Result:
    """Fetch the result of the statement that a cursor has executed."""
    columns = cursor.description and [(column[0], column[1]) for column in cursor.description]
    rows = [tuple(row) for row in cursor.fetchall()] if columns else []
    return Result(cursor.rowcount, getattr(cursor, "lastrowid", None), columns or None, rows)
