"""Identifiers: the names of objects as Alembic has them, and as SQL."""

import hashlib
from collections.abc import Callable, Container, Iterable
from itertools import count
from typing import Any

import sqlalchemy as sa

#: The bytes of the longest name of an object of PostgreSQL.
LONGEST_NAME = 63


def table_of(op: Any) -> tuple[str, str | None]:
    """Return the table of an operation and its schema; for a foreign key the referring table."""
    if hasattr(op, "source_table"):
        return op.source_table, op.kw.get("source_schema")
    return op.table_name, op.schema


def table_key(op: Any) -> str:
    """Return the name of the table of an operation, with its schema if it names one."""
    table, schema = table_of(op)
    return f"{schema}.{table}" if schema else str(table)


def is_in(table: sa.Table, schema: str | None, dialect: sa.Dialect) -> bool:
    """Whether a table of the models is in `schema`; None stands for the default schema."""
    own = None if table.schema == dialect.default_schema_name else table.schema
    return own == schema


def quoter(dialect: sa.Dialect) -> Callable[[str], str]:
    """Return a function that quotes a name, for SQL that is executed as it is: % is not doubled."""
    quote, doubled = dialect.identifier_preparer.quote, doubles_percents(dialect)
    return lambda name: quote(name).replace("%%", "%") if doubled else quote(name)


def doubles_percents(dialect: sa.Dialect) -> bool:
    """Whether compiled SQL doubles %, because the driver takes a single one for a parameter."""
    return "%%" in dialect.identifier_preparer.quote("%")


def final_name(part: sa.Constraint | sa.Index, dialect: sa.Dialect) -> str | None:
    """Return the name of a constraint or an index in CREATE; None where the server chooses it."""
    quoted = dialect.identifier_preparer.format_constraint(part) if part.name is not None else None
    if quoted is None:
        return None
    (name,) = dialect.identifier_preparer.unformat_identifiers(quoted)
    return name.replace("%%", "%") if doubles_percents(dialect) else name


def free_name(pattern: str, name: str, taken: Container[str]) -> str:
    """Return the name that `pattern` makes of `name`, such as "new_{}": at most 63 bytes.

    A name that is longer, or one of `taken`, is cut, and gets digits that depend on `name`.
    """
    free = pattern.format(name)
    for number in count():
        if len(free.encode()) <= LONGEST_NAME and free not in taken:
            break
        digits = f"_{hashlib.sha256(f'{name} {number}'.encode()).hexdigest()[:4]}"
        room = LONGEST_NAME - len(pattern.format(digits))
        free = pattern.format(name.encode()[:room].decode(errors="ignore") + digits)
    return free


def serial_name(table: str, column: str) -> str:
    """Return the name that PostgreSQL gives the sequence of a SERIAL column: at most 63 bytes."""
    parts = [table, column]
    while len("".join(parts).encode()) > LONGEST_NAME - len("__seq"):
        longer = len(parts[0].encode()) <= len(parts[1].encode())
        parts[longer] = parts[longer][:-1]
    return f"{parts[0]}_{parts[1]}_seq"


def target_of(key: sa.ForeignKey) -> str:
    """Return the target of a foreign key, as `schema.table.column`, also where one of the names has a dot.

    SQLAlchemy 2.1 raises InvalidRequestError for the text of such a target, and has its names instead.
    """
    names: Any = getattr(key, "target_tokens", None)
    return ".".join(filter(None, names)) if names else str(key.target_fullname)


def bare(name: str) -> str:
    """Return a name, or a text with names, without the quotes of identifiers."""
    return name.replace('"', "").replace("`", "")


def spelled_as(name: str, present: Iterable[str]) -> str:
    """Return a name as SQL, as it is spelled in `present` if it is there.

    quote_ident() of PostgreSQL quotes keywords that SQLAlchemy does not quote, such as `position`.
    """
    return next((other for other in present if bare(other) == bare(name)), name)


def quoted_table(op: Any, dialect: sa.Dialect) -> str:
    """Return the name of the table of an operation, with its schema, as SQL."""
    table, schema = table_of(op)
    return qualified(dialect, schema, table)


def qualified(dialect: sa.Dialect, *names: str | None) -> str:
    """Return names as SQL with dots between them; those that are None or "" are left out."""
    return ".".join(map(quoter(dialect), filter(None, names)))


def split_name(name: str, dialect: sa.Dialect) -> tuple[str | None, str]:
    """Return the schema, None for the default one, and the name of an object of a catalog."""
    if dialect.name == "sqlite":  # whose catalog has no quotes
        return None, name
    *schema, own = dialect.identifier_preparer.unformat_identifiers(name) or [""]
    return (schema[0] if schema else None), own
