"""Finds what models name for the other one of SQLAlchemy's dialects for MariaDB, which ignores it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from alembic_guards import compat

OTHER = {"mariadb": "mysql", "mysql": "mariadb"}

IGNORED = """SQLAlchemy's dialect {own} ignores what the models name for {other}: {names}.
Name it for {own}, too, or let the URL of the database begin with {other}:// (settings.py)."""


def ignored_names(metadata: sa.MetaData, dialect: sa.Dialect) -> str:
    """Return a message about options and variants of types that a dialect ignores; "" for none.

    Those that the models also name for the dialect itself are left out, and those for MariaDB on MySQL.
    """
    if dialect.name not in OTHER or not getattr(dialect, "is_mariadb", False):
        return ""
    other = OTHER[dialect.name]
    names = ", ".join(_names(metadata, dialect.name, other))
    return IGNORED.format(own=dialect.name, other=other, names=names) if names else ""


def _names(metadata: sa.MetaData, own: str, other: str) -> Iterator[str]:
    for table in metadata.sorted_tables:
        parts: list[Any] = [table, *table.indexes, *table.constraints]
        for part in parts:
            options = dict(part.dialect_kwargs)  # looking into the original changes it
            for option in options:
                dialect, _, name = option.partition("_")
                if dialect == other and f"{own}_{name}" not in options:
                    yield f"{table.fullname}: {option}"
        for column in table.columns:
            variants = compat.variant_names(column.type)
            if other in variants and own not in variants:
                yield f"{table.fullname}.{column.name}: with_variant(..., {other!r})"
