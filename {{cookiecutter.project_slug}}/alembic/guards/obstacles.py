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

from .catalog import COMPUTED, Catalog, Part, same
from .names import bare, quoted_table, quoter
from .sql_op import SQLOp

Tables = list[ops.ModifyTableOps]
Obstacle = tuple[Part, str]  # and how DROP names it


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
    rekeyed = set(_rekeyed(there, wanted))
    obstacles = [
        *_constraints(tables, there, rekeyed, dialect),
        *_computed(tables, there, dialect),
        *_primary_keys(there, wanted, {column for _, column in _gone(tables, dialect)}),
    ]
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
        *_sequences(there, wanted),
        *(
            SQLOp([f"ALTER TABLE {part.table} DROP {what}"], [], f"drop {part.kind} {part.name}")
            for part, what in obstacles
        ),
    ]


def _constraints(
    tables: Tables, there: Catalog, rekeyed: set[str], dialect: sa.Dialect
) -> Iterator[Obstacle]:
    """Yield the foreign keys, and on PostgreSQL the checks, that a change of type would run into."""
    on_mysql = dialect.name == "mysql"
    kinds = ("FOREIGN KEY (",) if on_mysql else ("FOREIGN KEY (", "CHECK (")
    columns = {
        (table, column)
        for table, column, op in _changes(tables, there, dialect)
        if on_mysql or "postgresql_using" in getattr(op, "kw", {})
    }
    constraints = {
        part: (f"CONSTRAINT {part.name}", text) if part.kind == "constraint" else (text, part.name)
        for part, text in there.items()
        if part.kind in ("constraint", "unnamed")
    }
    for part, (what, text) in sorted(constraints.items()):
        if ("FOREIGN KEY (" in text and _targets(text) & rekeyed) or (
            any(kind in text for kind in kinds) and _is_on(part, text, columns)
        ):
            yield part, what


def _computed(tables: Tables, there: Catalog, dialect: sa.Dialect) -> Iterator[Obstacle]:
    """Yield the columns that are computed from what goes, or on PostgreSQL gets another type."""
    gone = columns = _gone(tables, dialect)
    if dialect.name == "postgresql":
        changes = _changes(tables, there, dialect)
        columns = gone | {(table, column) for table, column, _ in changes}
    for part, text in sorted(there.items()):
        goes = (_plain(part.table), bare(part.name)) in gone
        if COMPUTED in text and not goes and _is_on(part, text, columns):
            yield part, f"COLUMN {part.name}"


def _sequences(there: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what lets sequences end earlier, as a column that counts by one may be too small for it."""
    for part, text in sorted(wanted.items()):
        if part.kind == "sequence" and _end(text) < _end(there.get(part, "")):
            yield SQLOp([f"ALTER SEQUENCE {part.name} {text}"], [], f"alter sequence {part.name}")


def _end(sequence: str) -> int:
    return int(sequence.partition(" MAXVALUE ")[2].partition(" ")[0] or 0)


def _rekeyed(there: Catalog, wanted: Catalog) -> Iterator[str]:
    """Yield the tables whose primary key is not the same in `wanted`."""
    for part, text in there.items():
        is_key = "PRIMARY KEY" in (part.kind.upper(), text[:11])
        if is_key and wanted.get(part) != text and Part(part.table, "table", "") in wanted:
            yield _plain(part.table)


def _changes(
    tables: Tables, there: Catalog, dialect: sa.Dialect
) -> Iterator[tuple[str, str, ops.MigrateOperation]]:
    """Yield the columns that get another type or lose an index, with their tables, and by what."""
    for table in tables:
        for op in table.ops:
            for column in _columns(op, there):
                yield _plain(quoted_table(table, dialect)), column, op


def _gone(tables: Tables, dialect: sa.Dialect) -> set[tuple[str, str]]:
    return {
        (_plain(quoted_table(table, dialect)), op.column_name)
        for table in tables
        for op in table.ops
        if isinstance(op, ops.DropColumnOp)
    }


def _unseen_indexes(
    tables: Tables, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[SQLOp]:
    """Yield what drops the indexes of SQLite whose expressions change, which Alembic does not see."""
    names = {table.table_name for table in tables}
    seen = {
        op.index_name for table in tables for op in table.ops if isinstance(op, ops.DropIndexOp)
    }
    for part, text in sorted(there.items()):
        is_index = part.kind == "index" and part.table in names
        if is_index and part.name not in seen and not same(wanted.get(part), text):
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


def _primary_keys(there: Catalog, wanted: Catalog, gone: set[str]) -> Iterator[Obstacle]:
    """Yield the primary keys that change; on MariaDB only those of which columns go, and not all."""
    for part, text in sorted(there.items()):
        if wanted.get(part) != text and Part(part.table, "table", "") in wanted:
            if part.kind == "constraint" and text.startswith("PRIMARY KEY"):
                yield part, f"CONSTRAINT {part.name}"
            columns = set(re.findall(r"`(.+?)`", text))
            if part.kind == "primary key" and columns & gone and columns - gone:
                stay = ", ".join(
                    f"`{column}`" for column in re.findall(r"`(.+?)`", text) if column not in gone
                )
                yield (
                    part,
                    f"PRIMARY KEY, ADD PRIMARY KEY ({stay})",
                )  # a foreign key may need its index
