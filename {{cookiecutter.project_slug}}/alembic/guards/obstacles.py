"""Drops the constraints that are in the way of a change; they are made again once they are missed.

PostgreSQL lets no column change its type under a computed column, nor to another family of types
under a CHECK or a foreign key; MariaDB and MySQL none under a foreign key, and they keep an index
that a foreign key needs. Source: "FOREIGN KEY Constraints" in MySQL's manual.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from .catalog import COMPUTED, Catalog, Part
from .names import bare, quoted_table, quoter
from .sql_op import SQLOp


def clear_the_way(
    container: ops.OpContainer, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> None:
    """Let `container` first drop what is in the way of it, and `there`.

    That is what stands on columns that get another type or lose an index, and primary keys that are
    not the same in `wanted`.
    """
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    if dialect.name == "sqlite":
        container.ops[:0] = _unseen_indexes(tables, there, wanted, dialect)
        return
    if not tables:
        return
    changes = [
        (_plain(quoted_table(table, dialect)), column, op)
        for table in tables
        for op in table.ops
        for column in _columns(op, there)
    ]
    changed = {(table, column) for table, column, _ in changes}
    linked = (
        changed
        if dialect.name == "mysql"
        else {
            (table, column)
            for table, column, op in changes
            if "postgresql_using" in getattr(op, "kw", {})
        }
    )
    gone = {
        (_plain(quoted_table(table, dialect)), op.column_name)
        for table in tables
        for op in table.ops
        if isinstance(op, ops.DropColumnOp)
    }
    keys = list(_primary_keys(there, wanted, {column for _, column in gone}))
    rekeyed = {
        _plain(part.table)
        for part, text in there.items()
        if "PRIMARY KEY" in (part.kind.upper(), text[:11])
        and wanted.get(part) != text
        and Part(part.table, "table", "") in wanted
    }
    constraints = {
        part: (f"CONSTRAINT {part.name}", text) if part.kind == "constraint" else (text, part.name)
        for part, text in there.items()
        if part.kind in ("constraint", "unnamed")
    }
    kinds = ("FOREIGN KEY (",) if dialect.name == "mysql" else ("FOREIGN KEY (", "CHECK (")
    obstacles = [
        (part, what)
        for part, (what, text) in sorted(constraints.items())
        if ("FOREIGN KEY (" in text and _targets(text) & rekeyed)
        or (any(kind in text for kind in kinds) and _is_on(part, text, linked))
    ]
    obstacles += [
        (part, f"COLUMN {part.name}")
        for part, text in sorted(there.items())
        if COMPUTED in text
        and _is_on(part, text, gone if dialect.name == "mysql" else changed | gone)
        if (_plain(part.table), bare(part.name)) not in gone
    ]
    obstacles += keys
    names = {what.removeprefix("CONSTRAINT ").strip('`"') for _, what in obstacles}

    def comes_elsewhere(op: ops.MigrateOperation) -> bool:
        """Whether an operation is done before all others, or its primary key is not there yet."""
        if isinstance(op, ops.CreateForeignKeyOp):
            target = (op.kw.get("referent_schema"), op.referent_table)
            return ".".join(quoter(dialect)(name) for name in target if name) in rekeyed
        return isinstance(op, ops.DropConstraintOp) and str(op.constraint_name) in names

    for table in tables:
        # A check is made of the new type.
        table.ops.sort(key=lambda op: isinstance(op, ops.CreateCheckConstraintOp))
        table.ops = [op for op in table.ops if not comes_elsewhere(op)]
    place = container.ops.index(tables[0])
    container.ops[place:place] = [
        SQLOp([f"ALTER TABLE {part.table} DROP {what}"], [], f"drop {part.kind} {part.name}")
        for part, what in obstacles
    ]


def _unseen_indexes(
    tables: list[ops.ModifyTableOps], there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[SQLOp]:
    """Yield what drops the indexes of SQLite that are on expressions, which Alembic does not see."""
    names = {table.table_name for table in tables}
    seen = {
        op.index_name for table in tables for op in table.ops if isinstance(op, ops.DropIndexOp)
    }
    for part in sorted(there.keys() - wanted.keys()):
        if part.kind == "index" and part.table in names and part.name not in seen:
            drop = f"DROP INDEX {quoter(dialect)(part.name)}"
            yield SQLOp([drop], [], f"drop index {part.name}")


def _columns(op: Any, there: Catalog) -> Iterator[str]:
    """Yield the columns that `op` gives another type, or takes an index from."""
    if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
        yield op.column_name
    if isinstance(op, ops.DropIndexOp) or getattr(op, "constraint_type", "") == "unique":
        name = op.index_name if isinstance(op, ops.DropIndexOp) else op.constraint_name
        for part, text in there.items():
            if part.name == f"`{name}`" and part.kind == "index":
                yield from re.findall("`(.+?)`", text.partition("(")[2])


def _is_on(part: Part, text: str, columns: set[tuple[str, str]]) -> bool:
    tables = {_plain(part.table)} | _targets(text)
    return any(
        table in tables and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", _plain(text))
        for table, column in columns
    )


def _targets(text: str) -> set[str]:
    return set(re.findall(r"REFERENCES ([^\s(]+)", _plain(text)))


def _plain(text: str) -> str:
    """Return a name or a text without the quotes that MariaDB puts around every name."""
    return text.replace("`", "")


def _primary_keys(there: Catalog, wanted: Catalog, gone: set[str]) -> Iterator[tuple[Part, str]]:
    """Yield the primary keys that change; on MariaDB only those of which columns go, and not all."""
    for part, text in sorted(there.items()):
        if wanted.get(part) != text and Part(part.table, "table", "") in wanted:
            if part.kind == "constraint" and text.startswith("PRIMARY KEY"):
                yield part, f"CONSTRAINT {part.name}"
            columns = set(re.findall(r"`(.+?)`", text))
            if part.kind == "primary key" and columns & gone and columns - gone:
                yield part, "PRIMARY KEY"
