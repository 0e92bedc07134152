"""Finds what is in the way of a change.

PostgreSQL lets no column change its type under a computed column, nor to another family of types
under a CHECK, a foreign key, or an index with a condition. MariaDB and MySQL let none do so under a
foreign key, and they keep an index that a foreign key needs. No server lets go of a key that a
foreign key refers to. Source: "FOREIGN KEY Constraints" in MySQL's manual.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from alembic_guards.database.catalog import COMPUTED, Catalog, Part, same
from alembic_guards.database.identifiers import bare, quoted_table
from alembic_guards.runtime.operations import SQLOp

Tables = list[ops.ModifyTableOps]
Obstacle = tuple[Part, str]  # and what takes it away


def obstacles_of(
    container: ops.OpContainer, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[Obstacle]:
    """Yield what a server has to drop before it can do what `container` says and `wanted` needs."""
    tables = [op for op in container.ops if isinstance(op, ops.ModifyTableOps)]
    yield from _constraints(tables, there, wanted, dialect)
    yield from _computed(tables, there, dialect)
    yield from _primary_keys(tables, there, wanted, dialect)
    if dialect.name == "postgresql":
        yield from _indexes(tables, there, dialect)
        yield from _defaults(container, there)


def _constraints(
    tables: Tables, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[Obstacle]:
    """Yield the foreign keys, and on PostgreSQL the checks, that a change would run into.

    That is one of a type, or of the key that a foreign key refers to.
    """
    on_mysql = dialect.name == "mysql"
    kinds = ("FOREIGN KEY (",) if on_mysql else ("FOREIGN KEY (", "CHECK (")
    columns = {
        (table, column)
        for table, column, op in _changes(tables, there, dialect)
        if on_mysql or "postgresql_using" in getattr(op, "kw", {})
    }
    rekeyed, uniques = set(rekeyed_tables(there, wanted)), set(unique_columns(there, wanted))
    constraints = {
        part: (f"CONSTRAINT {part.name}", text) if part.kind == "constraint" else (text, part.name)
        for part, text in there.items()
        if part.kind in ("constraint", "unnamed")
    }
    for part, (what, text) in sorted(constraints.items()):
        is_key = "FOREIGN KEY (" in text
        if (is_key and (_targets(text) & rekeyed or _target_columns(text) in uniques)) or (
            any(kind in text for kind in kinds) and _is_on(part, text, columns)
        ):
            index = on_mysql and leaves_index(part.table, part.name, there, wanted)
            also = f", DROP INDEX {part.name}" if index else ""
            yield part, f"ALTER TABLE {part.table} DROP {what}{also}"


def _indexes(tables: Tables, there: Catalog, dialect: sa.Dialect) -> Iterator[Obstacle]:
    """Yield the indexes with an expression or a condition that another type would not fit."""
    changes = _changes(tables, there, dialect)
    columns = {(t, c) for t, c, op in changes if "postgresql_using" in getattr(op, "kw", {})}
    for part, text in sorted(there.items()):
        has_more = re.search(r" WHERE |\(.*\(", text)
        if part.kind == "index" and has_more and _is_on(part, text, columns):
            yield part, f"DROP INDEX {part.name}"


def _defaults(container: ops.OpContainer, there: Catalog) -> Iterator[Obstacle]:
    """Yield the defaults that count by a sequence which goes."""
    steps = (op for op in container.ops if isinstance(op, SQLOp))
    drops = [sql for op in steps for sql in op.statements if sql.startswith("DROP SEQUENCE ")]
    for part, text in sorted(there.items()):
        if part.kind == "default" and any(f"nextval('{drop[14:]}'" in text for drop in drops):
            yield part, f"ALTER TABLE {part.table} ALTER {part.name} DROP DEFAULT"


def _computed(tables: Tables, there: Catalog, dialect: sa.Dialect) -> Iterator[Obstacle]:
    """Yield the columns that are computed from what goes, or on PostgreSQL gets another type."""
    gone = columns = _gone(tables, dialect)
    if dialect.name == "postgresql":
        changes = _changes(tables, there, dialect)
        columns = gone | {(table, column) for table, column, _ in changes}
    for part, text in sorted(there.items()):
        goes = (unquoted(part.table), bare(part.name)) in gone
        if COMPUTED in text and not goes and _is_on(part, text, columns):
            yield part, f"ALTER TABLE {part.table} DROP COLUMN {part.name}"


def rekeyed_tables(there: Catalog, wanted: Catalog) -> Iterator[str]:
    """Yield the tables whose primary key is not the same in `wanted`."""
    for part, text in there.items():
        is_key = "PRIMARY KEY" in (part.kind.upper(), text[:11])
        if is_key and wanted.get(part) != text and Part(part.table, "table", "") in wanted:
            yield unquoted(part.table)


def unique_columns(there: Catalog, wanted: Catalog) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the tables and columns of what is unique in another way in `wanted`, or no more."""
    for part, text in there.items():
        pattern = r"UNIQUE (?:INDEX .* USING \w+ |KEY \S+ |[A-Z ]*)\(([^)]*)\)"
        found = re.search(pattern, unquoted(text))
        stays = Part(part.table, "table", "") in wanted and part.kind in ("constraint", "index")
        if found and stays and not same(wanted.get(part), text):
            yield unquoted(part.table), frozenset(re.split(", ?", bare(found[1])))


def _target_columns(text: str) -> tuple[str, frozenset[str]]:
    """Return the table and the columns that a foreign key refers to."""
    found = re.search(r"REFERENCES (\S+?) ?\(([^)]*)\)", unquoted(text))
    return (found[1], frozenset(re.split(", ?", bare(found[2])))) if found else ("", frozenset())


def leaves_index(table: str, name: str, there: Catalog, wanted: Catalog) -> bool:
    """Whether a foreign key of MariaDB or MySQL leaves an index whose name another one is to get."""
    index = Part(table, "index", name)
    comes = index in wanted or index._replace(kind="constraint") in wanted
    return comes and index in there and not same(wanted.get(index), there[index])


def _changes(
    tables: Tables, there: Catalog, dialect: sa.Dialect
) -> Iterator[tuple[str, str, ops.MigrateOperation]]:
    """Yield the columns that get another type or lose an index, with their tables, and by what."""
    for table in tables:
        for op in table.ops:
            for column in _columns(op, there):
                yield unquoted(quoted_table(table, dialect)), column, op


def _gone(tables: Tables, dialect: sa.Dialect) -> set[tuple[str, str]]:
    return {
        (unquoted(quoted_table(table, dialect)), op.column_name)
        for table in tables
        for op in table.ops
        if isinstance(op, ops.DropColumnOp)
    }


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
    tables = {unquoted(part.table)} | _targets(text)
    return any(
        table in tables and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", unquoted(text))
        for table, column in columns
    )


def _targets(text: str) -> set[str]:
    return set(re.findall(r"REFERENCES ([^\s(]+)", unquoted(text)))


def unquoted(text: str) -> str:
    """Return a name or a text without the quotes that MariaDB puts around every name."""
    return text.replace("`", "")


def _primary_keys(
    tables: Tables, there: Catalog, wanted: Catalog, dialect: sa.Dialect
) -> Iterator[Obstacle]:
    """Yield the primary keys that change; on MariaDB only those of which columns leave, and not all."""
    gone = _gone(tables, dialect)
    empty = {
        (unquoted(quoted_table(table, dialect)), name)
        for table in tables
        for op in table.ops
        for name in _becoming_nullable(op)
    }
    for part, text in sorted(there.items()):
        if wanted.get(part) != text and Part(part.table, "table", "") in wanted:
            alter = f"ALTER TABLE {part.table} DROP"
            if part.kind == "constraint" and text.startswith("PRIMARY KEY"):
                yield part, f"{alter} CONSTRAINT {part.name}"
            names = re.findall(r"`(.+?)`", text) if part.kind == "primary key" else []
            columns = [(unquoted(part.table), name) for name in names]
            stay = ", ".join(f"`{column[1]}`" for column in columns if column not in gone)
            if stay and not (gone | empty).isdisjoint(columns):
                # A foreign key may need an index meanwhile, which goes once nothing wants it.
                yield part, f"{alter} PRIMARY KEY, ADD KEY old_primary_key ({stay})"


def _becoming_nullable(op: ops.MigrateOperation) -> Iterator[str]:
    if isinstance(op, ops.AlterColumnOp) and op.modify_nullable:
        yield op.column_name
