"""Renames constraints, indexes and sequences of which nothing but the name has changed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from alembic_guards.authoring.prove.proof import state_of_models
from alembic_guards.database.catalog import CONSTRAINTS, Catalog, EntryKey, read_catalog
from alembic_guards.database.identifiers import bare, final_name, is_in, quoter, serial_name
from alembic_guards.runtime.renames import Rename, RenameConstraint, RenameIndex, RenameSequence

InTable = type[RenameConstraint | RenameIndex | RenameSequence]

#: The parts of tables that a database can rename, as a catalog calls them.
KINDS: dict[str, dict[str, InTable]] = {
    "postgresql": {
        "constraint": RenameConstraint,
        "index": RenameIndex,
        "sequence": RenameSequence,
    },
    "mysql": {"index": RenameIndex},
}


def rename_parts(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield renames of constraints, indexes and sequences to the names that create_all() gives them.

    Where a database has no such command, autogenerate drops them and creates them again.
    """
    kinds, tables = KINDS.get(context.dialect.name), list(both(context, schema))
    if kinds is None or context.connection is None or not tables:
        return
    found = read_catalog(context.connection)
    metadata = context.migration_context.opts["target_metadata"]
    wanted = state_of_models(context.connection.info["original"].url, metadata).catalog
    prefix = f"{schema}." if schema else ""
    old, new = _by_definition(found), _by_definition(wanted)
    taken = {bare(key.name) for key in found}
    later: list[Rename] = []

    def renamed(kind: str, table: str, was: str, will: str) -> Rename:
        """Return a rename, to a temporary name where another table may still have the new one."""
        rename = kinds[kind](was, will, table=table, schema=schema)
        if prefix + will in taken and context.dialect.name == "postgresql":
            later.append(replace(rename, old=f"{will}_"))
            return replace(rename, new=f"{will}_")
        return rename

    for table in tables:
        key = prefix + table.name
        for (kind, what), parts in sorted(old[key].items()):
            gone, come = parts - wanted.keys(), new[key][kind, what] - found.keys()
            kind = "constraint" if kind in CONSTRAINTS else kind
            if len(gone) == len(come) == 1 and kind in kinds:
                was, will = (bare(one.name).removeprefix(prefix) for one in (*gone, *come))
                yield renamed(kind, table.name, was, will)
        for ends in _counters(context, table, schema, found) if "sequence" in kinds else ():
            yield renamed("sequence", table.name, *ends)
    yield from later


def _counters(
    context: AutogenContext, table: sa.Table, schema: str | None, found: Catalog
) -> Iterator[tuple[str, str]]:
    """Yield the sequences by which columns count whose names are not those that PostgreSQL gives."""
    quote = quoter(context.dialect)
    in_catalog = ".".join(quote(name) for name in (schema, table.name) if name)
    for column in table.columns:
        default = EntryKey(in_catalog, "default", quote(column.name))
        if default in found or default._replace(kind="identity") in found:
            now, wanted = (
                _counter(context, table, column.name),
                serial_name(table.name, column.name),
            )
            if now and now != wanted:
                yield now, wanted


def _by_definition(
    catalog: Catalog,
) -> defaultdict[str, defaultdict[tuple[str, str], set[EntryKey]]]:
    """Return the entries of each table by their definitions without their names.

    An index that comes with a foreign key is left out: it has its name from that.
    """
    tables: defaultdict[str, Any] = defaultdict(lambda: defaultdict(set))
    for key, entry in catalog.items():
        if key.kind != "index" or key._replace(kind="foreign key") not in catalog:
            definition = entry.definition.replace(entry.name, "", 1)
            tables[bare(key.table)][key.kind, definition].add(key)
    return tables


def recreate_keys(
    context: AutogenContext, schema: str | None, made: set[str]
) -> Iterator[ops.ModifyTableOps]:
    """Yield what drops and creates foreign keys on MariaDB and MySQL, which cannot rename them.

    Those that are `made` in any case are left out.
    """
    for table in both(context, schema) if context.dialect.name == "mysql" else ():
        present = sa.Table(
            table.name, sa.MetaData(), schema=schema, autoload_with=context.connection
        )
        old = {_ends(key): key for key in present.foreign_key_constraints}
        for new in table.foreign_key_constraints:
            key, name = old.get(_ends(new)), final_name(new, context.dialect)
            if key is not None and name is not None and name not in {key.name, *made}:
                again = [
                    ops.DropConstraintOp.from_constraint(key),
                    ops.CreateForeignKeyOp.from_constraint(new),
                ]
                yield ops.ModifyTableOps(table.name, again, schema=schema)


def _ends(key: sa.ForeignKeyConstraint) -> tuple[str, ...]:
    return (*key.column_keys, *(element.target_fullname for element in key.elements))


def both(context: AutogenContext, schema: str | None) -> Iterator[sa.Table]:
    """Yield the tables of the models that the database has, too."""
    present = set(context.inspector.get_table_names(schema))
    for table in context.sorted_tables:
        if is_in(table, schema, context.dialect) and table.name in present:
            yield table


def _counter(context: AutogenContext, table: sa.Table, column: str) -> str | None:
    """Return the name of the sequence that a column of PostgreSQL counts by."""
    columns = context.inspector.get_columns(table.name, table.schema)
    if context.connection is None or column not in {found["name"] for found in columns}:
        return None
    quoted = ".".join(map(quoter(context.dialect), filter(None, (table.schema, table.name))))
    query = sa.select(sa.func.pg_get_serial_sequence(quoted, column))
    sequence = context.connection.scalar(query)
    return sequence.rpartition(".")[2].strip('"') if sequence else None
