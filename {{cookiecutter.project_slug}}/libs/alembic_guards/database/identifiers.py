"""Identifiers: the names of objects as Alembic has them, and as SQL."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


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


def serial_name(table: str, column: str) -> str:
    """Return the name that PostgreSQL gives the sequence of a SERIAL column: at most 63 bytes."""
    parts = [table, column]
    while len("".join(parts).encode()) > 63 - len("__seq"):
        longer = len(parts[0].encode()) <= len(parts[1].encode())
        parts[longer] = parts[longer][:-1]
    return f"{parts[0]}_{parts[1]}_seq"


def bare(name: str) -> str:
    """Return a name, or a text with names, without the quotes of identifiers."""
    return name.replace('"', "").replace("`", "")


def quoted_table(op: Any, dialect: sa.Dialect) -> str:
    """Return the name of the table of an operation, with its schema, as SQL."""
    quote, (table, schema) = quoter(dialect), table_of(op)
    return ".".join(quote(name) for name in (schema, table) if name)
