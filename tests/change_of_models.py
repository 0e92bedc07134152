"""A change of models that others wrote: columns that go, come, and get other names and types."""

from typing import Any

import sqlalchemy as sa

#: How many tables are changed at once.
TABLES = 5


def change(metadata: sa.MetaData) -> str:
    """Change some tables of `metadata`; return the answers that `revision` will ask for."""
    answers = []
    for table in _chosen(metadata):
        dropped, renamed, *_ = _free(table)
        answers += [
            f"drop={table.fullname}.{dropped.name}",
            f"rename={table.fullname}.{renamed.name}:renamed_column",
        ]
        table._columns.remove(dropped)
        renamed.name = "renamed_column"
        if type(renamed.type) is sa.String:
            renamed.type = sa.String(400)
        table.append_column(sa.Column("added_column", sa.Integer, default=7, nullable=False))
        sa.Index(f"ix_{table.name}_changed"[:60], table.c.added_column, renamed)
    return " ".join(answers)


def _chosen(metadata: sa.MetaData) -> list[sa.Table]:
    """Return the tables that most others are bound to, of those with enough columns to change."""
    fit = [table for table in metadata.sorted_tables if len(_free(table)) > 1]
    return sorted(fit, key=lambda table: (-_bonds(table), table.fullname))[:TABLES]


def _bonds(table: sa.Table) -> int:
    """Return how many constraints and indexes a table is bound by, from other tables too."""
    others = (key for other in table.metadata.tables.values() for key in other.foreign_keys)
    incoming = [key for key in others if key.target_fullname.startswith(f"{table.fullname}.")]
    return len(incoming) + len(table.constraints) + len(table.indexes)


def _free(table: sa.Table) -> list[sa.Column[Any]]:
    """Return the columns that nothing else is on, and that an index can be on."""
    parts: list[Any] = [*table.constraints, *table.indexes]
    bound = {column.name for part in parts for column in part.columns}
    texts = [str(part.sqltext) for part in parts if isinstance(part, sa.CheckConstraint)]
    texts += [str(value) for index in table.indexes for value in index.dialect_kwargs.values()]
    texts += [str(part) for index in table.indexes for part in index.expressions]
    texts += [str(column.computed.sqltext) for column in table.columns if column.computed]
    return [
        column
        for column in table.columns
        if type(column.type) in (sa.String, sa.Integer, sa.DateTime, sa.Float)
        and not (column.primary_key or column.foreign_keys or column.computed)
        and column.name not in bound
        and not any(column.name in text for text in texts)
    ]
