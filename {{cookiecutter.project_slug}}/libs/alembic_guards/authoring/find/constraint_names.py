"""Finds constraints, indexes and sequences whose names alone have changed, and renames them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from alembic_guards.authoring.find.reference import reference_of
from alembic_guards.database.catalog import CONSTRAINTS, Catalog, EntryKey, read_catalog
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import (
    bare,
    final_name,
    free_name,
    is_in,
    qualified,
    serial_name,
    target_of,
)
from alembic_guards.runtime.renames import Rename, RenameConstraint, RenameIndex, RenameSequence

RenameInTable = type[RenameConstraint | RenameIndex | RenameSequence]

#: The kinds of objects in a table that a database can rename, with the operation that does it.
KINDS: dict[str, dict[str, RenameInTable]] = {
    "postgresql": {
        "constraint": RenameConstraint,
        "index": RenameIndex,
        "sequence": RenameSequence,
    },
    "mysql": {"index": RenameIndex},
}


def rename_table_objects(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield renames of constraints, indexes and sequences to the names in the reference database.

    If a database has no command for it, autogenerate drops and recreates them.
    """
    kinds, tables = KINDS.get(backend_name(context.dialect)), list(tables_in_both(context, schema))
    if kinds is None or context.connection is None or not tables:
        return
    present = read_catalog(context.connection)
    metadata = context.migration_context.opts["target_metadata"]
    target = reference_of(context.connection, metadata).catalog
    prefix = f"{schema}." if schema else ""
    present_keys, target_keys = _by_definition(present), _by_definition(target)
    taken_names = {bare(key.name) for key in present}
    second_renames: list[Rename] = []

    def renamed(kind: str, table: str, old: str, new: str) -> Rename:
        """Return a rename; to a temporary name while another object may still have the new one."""
        rename = kinds[kind](old, new, table=table, schema=schema)
        if prefix + new in taken_names and context.dialect.name == "postgresql":
            temporary = free_name("{}_", new, {name.removeprefix(prefix) for name in taken_names})
            second_renames.append(replace(rename, old=temporary))
            return replace(rename, new=temporary)
        return rename

    for table in tables:
        key = prefix + table.name
        for (kind, definition), keys in sorted(present_keys[key].items()):
            dropped = keys - target.keys()
            created = target_keys[key][kind, definition] - present.keys()
            kind = "constraint" if kind in CONSTRAINTS else kind
            if len(dropped) == len(created) == 1 and kind in kinds:
                old, new = (bare(one.name).removeprefix(prefix) for one in (*dropped, *created))
                yield renamed(kind, table.name, old, new)
        if "sequence" in kinds:
            for names in _serial_renames(context, table, schema, present, target):
                yield renamed("sequence", table.name, *names)
    yield from second_renames


def _serial_renames(
    context: AutogenContext,
    table: sa.Table,
    schema: str | None,
    present: Catalog,
    target: Catalog,
) -> Iterator[tuple[str, str]]:
    """Yield the old and the new name of sequences of serial and identity columns.

    The new name is the one that PostgreSQL would give in a new table. A sequence that has another name in
    the catalog `target`, too, keeps it: the table was renamed before the project began.
    """
    prefix = f"{schema}." if schema else ""
    in_catalog = bare(f"{schema}.{table.name}" if schema else table.name)
    wanted = {bare(key.name) for key in target if key.kind == "sequence"}
    kept = {
        (bare(key.name), bare(name))
        for key, entry in target.items()
        if key.kind == "default" and bare(key.table) == in_catalog
        for name in entry.uses
    }
    numbered = {
        bare(key.name)
        for key in present
        if key.kind in ("default", "identity") and bare(key.table) == in_catalog
    }
    for column in table.columns:
        if bare(column.name) in numbered:
            old = _owned_sequence(context, table, column.name)
            new = serial_name(table.name, column.name)
            is_kept = (bare(column.name), f"{prefix}{old}") in kept
            if old and old != new and prefix + new in wanted and not is_kept:
                yield old, new


def _by_definition(
    catalog: Catalog,
) -> defaultdict[str, defaultdict[tuple[str, str], set[EntryKey]]]:
    """Return the keys of each table's entries by kind and definition, without their names.

    An index that belongs to a foreign key is left out: it is renamed with the foreign key.
    """
    tables: defaultdict[str, Any] = defaultdict(lambda: defaultdict(set))
    for key, entry in catalog.items():
        if key.kind != "index" or key._replace(kind="foreign key") not in catalog:
            definition = entry.definition.replace(entry.name, "", 1)
            tables[bare(key.table)][key.kind, definition].add(key)
    return tables


def recreate_foreign_keys(
    context: AutogenContext, schema: str | None, recreated: set[str]
) -> Iterator[ops.ModifyTableOps]:
    """Yield drops and adds of foreign keys, as MariaDB and MySQL have no command to rename them.

    Those named in `recreated` are left out: other operations add them already.
    """
    for table in (
        tables_in_both(context, schema) if backend_name(context.dialect) == "mysql" else ()
    ):
        present = sa.Table(
            table.name, sa.MetaData(), schema=schema, autoload_with=context.connection
        )
        present_keys = {_reference(key): key for key in present.foreign_key_constraints}
        for new in table.foreign_key_constraints:
            old, name = present_keys.get(_reference(new)), final_name(new, context.dialect)
            if old is not None and name is not None and name not in {old.name, *recreated}:
                operations = [
                    ops.DropConstraintOp.from_constraint(old),
                    ops.CreateForeignKeyOp.from_constraint(new),
                ]
                yield ops.ModifyTableOps(table.name, operations, schema=schema)


def _reference(key: sa.ForeignKeyConstraint) -> tuple[str, ...]:
    return (*key.column_keys, *(target_of(element) for element in key.elements))


def tables_in_both(context: AutogenContext, schema: str | None) -> Iterator[sa.Table]:
    """Yield the tables of the models that exist in the database."""
    present = set(context.inspector.get_table_names(schema))
    for table in context.sorted_tables:
        if is_in(table, schema, context.dialect) and table.name in present:
            yield table


def _owned_sequence(context: AutogenContext, table: sa.Table, column: str) -> str | None:
    """Return the sequence of a serial or identity column of PostgreSQL; None if it has none."""
    columns = context.inspector.get_columns(table.name, table.schema)
    if context.connection is None or column not in {each["name"] for each in columns}:
        return None
    name = qualified(context.dialect, table.schema, table.name)
    query = sa.select(sa.func.pg_get_serial_sequence(name, column))
    sequence = context.connection.scalar(query)
    return sequence.rpartition(".")[2].strip('"') if sequence else None
