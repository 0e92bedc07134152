"""Drops the constraints that are in the way of a change; they are made again once they are missed.

PostgreSQL lets no column change its type under a computed column, nor to another family of types
under a CHECK or a foreign key; MariaDB and MySQL none under a foreign key, and they keep an index
that a foreign key needs. Source: "FOREIGN KEY Constraints" in MySQL's manual.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from .catalog import COMPUTED, Catalog, Part, same
from .nameless import name_of
from .names import bare, quoted_table, quoter
from .sql_op import SQLOp

Tables = list[ops.ModifyTableOps]
Obstacle = tuple[Part, str]  # and what takes it away


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
    upwards = isinstance(container, ops.UpgradeOps)
    rekeyed, uniques = set(_rekeyed(there, wanted)), set(_uniques(there, wanted))
    obstacles = [
        *_constraints(tables, there, wanted, dialect),
        *_computed(tables, there, dialect),
        *_primary_keys(there, wanted, {column for _, column in _gone(tables, dialect)}),
    ]
    if dialect.name == "postgresql":
        obstacles += [*_indexes(tables, there, dialect), *_defaults(container, there)]
    names = {bare(name_of(part, there[part])).rpartition(".")[2] for part, _ in obstacles}

    def comes_elsewhere(op: Any) -> bool:
        """Whether an operation is done before all others, or what it needs is not there yet."""
        if isinstance(op, ops.CreateForeignKeyOp):
            names_of = (op.kw.get("referent_schema"), op.referent_table)
            target = _plain(".".join(quoter(dialect)(name) for name in names_of if name))
            return target in rekeyed or (target, frozenset(op.remote_cols)) in uniques
        if isinstance(op, SQLOp):  # what is made again gets its name then
            renamed = re.match(
                r".* (?:CONSTRAINT|SEQUENCE) (\S+) (?:RENAME )?TO ", "".join(op.statements)
            )
            label = renamed[1] if renamed else ""
            counts = "ALTER SEQUENCE " in "".join(op.statements) and not upwards
            return bare(label) in names or (counts and Part("", "sequence", label) not in there)
        name = getattr(op, "constraint_name", None) or getattr(op, "index_name", None)
        return isinstance(op, ops.DropConstraintOp | ops.DropIndexOp) and str(name) in names

    for table in tables:
        # A check is made of the new type.
        table.ops.sort(key=lambda op: isinstance(op, ops.CreateCheckConstraintOp))
        table.ops = [op for op in table.ops if not comes_elsewhere(op)]
        if dialect.name == "mysql":
            table.ops = [part for op in table.ops for part in _with_index(op, there, wanted)]
    ahead = takewhile(lambda op: isinstance(op, SQLOp), container.ops)  # which gives new names
    place = container.ops.index(tables[0]) if tables else len([*ahead]) if upwards else 0
    late = [op for op in container.ops[place:] if not comes_elsewhere(op)]
    container.ops[place:] = [
        *_sequences(there, wanted),
        *(SQLOp([drop], [], f"drop {part.kind} {part.name}") for part, drop in obstacles),
        *late,
    ]


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
    rekeyed, uniques = set(_rekeyed(there, wanted)), set(_uniques(there, wanted))
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
            index = on_mysql and _leaves_index(part.table, part.name, there, wanted)
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
        goes = (_plain(part.table), bare(part.name)) in gone
        if COMPUTED in text and not goes and _is_on(part, text, columns):
            yield part, f"ALTER TABLE {part.table} DROP COLUMN {part.name}"


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


def _uniques(there: Catalog, wanted: Catalog) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the tables and columns of what is unique in another way in `wanted`, or no more."""
    for part, text in there.items():
        pattern = r"UNIQUE (?:INDEX .* USING \w+ |KEY \S+ |[A-Z ]*)\(([^)]*)\)"
        found = re.search(pattern, _plain(text))
        stays = Part(part.table, "table", "") in wanted and part.kind in ("constraint", "index")
        if found and stays and not same(wanted.get(part), text):
            yield _plain(part.table), frozenset(re.split(", ?", bare(found[1])))


def _target_columns(text: str) -> tuple[str, frozenset[str]]:
    """Return the table and the columns that a foreign key refers to."""
    found = re.search(r"REFERENCES (\S+?) ?\(([^)]*)\)", _plain(text))
    return (found[1], frozenset(re.split(", ?", bare(found[2])))) if found else ("", frozenset())


def _with_index(
    op: ops.MigrateOperation, there: Catalog, wanted: Catalog
) -> Iterator[ops.MigrateOperation]:
    yield op
    if isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey":
        name = str(op.constraint_name)
        if _leaves_index(f"`{op.table_name}`", f"`{name}`", there, wanted):
            yield ops.DropIndexOp(name, op.table_name, schema=op.schema)


def _leaves_index(table: str, name: str, there: Catalog, wanted: Catalog) -> bool:
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
                yield part, f"ALTER TABLE {part.table} DROP CONSTRAINT {part.name}"
            columns = set(re.findall(r"`(.+?)`", text))
            if part.kind == "primary key" and columns & gone and columns - gone:
                stay = ", ".join(
                    f"`{column}`" for column in re.findall(r"`(.+?)`", text) if column not in gone
                )
                yield (
                    part,
                    f"ALTER TABLE {part.table} DROP PRIMARY KEY, ADD PRIMARY KEY ({stay})",
                )  # a foreign key may need its index
