"""Tells which tables of the models are views, or are made of the rows of a SELECT."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTableAs, CreateView
from sqlalchemy.sql import visitors

from alembic_guards.compat import creator_of

#: The `info` of a table that is a view made by hand, in a revision: `{"is_view": True}`.
BY_HAND = "is_view"


def is_view(table: sa.Table) -> bool:
    """Whether a table of the models is a view: declared by CreateView, or marked as made by hand."""
    return table.is_view or is_made_by_hand(table)


def is_made_by_hand(table: sa.Table) -> bool:
    """Whether the models only map a view that a revision makes by hand."""
    return bool(table.info.get(BY_HAND))


def is_temporary(table: sa.Table) -> bool:
    """Whether a view or a table of the models ends with the session: no revision creates it."""
    return bool(getattr(creator_of(table), "temporary", False))


def select_of(table: sa.Table) -> CreateView | CreateTableAs | None:
    """Return what makes a declared view, or a table of the rows of a SELECT; None for other tables."""
    creator = creator_of(table)
    return creator if isinstance(creator, CreateView | CreateTableAs) else None


def tables_in(selectable: Any) -> Iterator[sa.Table]:
    """Yield the tables that a SELECT names."""
    yield from (part for part in visitors.iterate(selectable) if isinstance(part, sa.Table))
