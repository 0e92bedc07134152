"""Gives constraints, indexes and sequences new names, where nothing but the name has changed."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from alembic_guards.authoring.prove.proof import state_of_models
from alembic_guards.database.catalog import Catalog, Part, read_catalog
from alembic_guards.database.identifiers import bare, final_name, is_in, quoter, serial_name
from alembic_guards.runtime.operations import SQLOp, rename

CONSTRAINT = "ALTER TABLE {schema}{table} RENAME CONSTRAINT {old} TO {new}"
INDEX = "ALTER TABLE {schema}{table} RENAME INDEX {old} TO {new}"
TEMPLATES = {
    "postgresql": {
        "constraint": CONSTRAINT,
        "index": "ALTER INDEX {schema}{old} RENAME TO {new}",
        "sequence": "ALTER SEQUENCE {schema}{old} RENAME TO {new}",
    },
    "mysql": {"index": INDEX},
}


def rename_labels(context: AutogenContext, schema: str | None) -> Iterator[SQLOp]:
    """Yield what gives the parts of tables the names that they have where the models make them.

    Where a database has no such command, autogenerate drops them and makes them anew.
    """
    templates, tables = TEMPLATES.get(context.dialect.name), list(both(context, schema))
    if templates is None or context.connection is None or not tables:
        return
    found = read_catalog(context.connection)
    metadata = context.migration_context.opts["target_metadata"]
    wanted = state_of_models(context.connection.info["original"].url, metadata).catalog
    quote = quoter(context.dialect)
    prefix = f"{quote(schema)}." if schema else ""
    old, new = _nameless(found), _nameless(wanted)
    taken = {bare(part.name) for part in found}
    later: list[SQLOp] = []

    def renamed(kind: str, was: str, will: str, **names: str) -> SQLOp:
        """Return what renames a label, by way of another name if a table may still have the new one."""
        if prefix + will in taken and context.dialect.name == "postgresql":
            later.append(rename(templates[kind], quote(f"{will}_"), quote(will), **names))
            return rename(templates[kind], quote(was), quote(f"{will}_"), **names)
        return rename(templates[kind], quote(was), quote(will), **names)

    for table in tables:
        names, key = {"schema": prefix, "table": quote(table.name)}, bare(prefix) + bare(table.name)
        for (kind, what), parts in sorted(old[key].items()):
            gone, come = parts - wanted.keys(), new[key][kind, what] - found.keys()
            if len(gone) == len(come) == 1 and kind in templates:
                ends = [bare(p.name).removeprefix(bare(prefix)) for p in (*gone, *come)]
                yield renamed(kind, *ends, **names)
        for column in table.columns if "sequence" in templates else ():
            part = Part(f"{prefix}{names['table']}", "default", quote(column.name))
            if part not in found and part._replace(kind="identity") not in found:
                continue
            counter = _counter(context, table, column.name)
            wished = serial_name(table.name, column.name)
            if counter not in (None, wished):
                yield renamed("sequence", counter, wished, **names)
    yield from later


def _nameless(catalog: Catalog) -> defaultdict[str, defaultdict[tuple[str, str], set[Part]]]:
    """Return the parts of each table by what is said of them, but for their names.

    An index that comes with a foreign key has its name from that.
    """
    tables: defaultdict[str, Any] = defaultdict(lambda: defaultdict(set))
    for part, text in catalog.items():
        if part.kind != "index" or part._replace(kind="constraint") not in catalog:
            tables[bare(part.table)][part.kind, text.replace(part.name, "", 1)].add(part)
    return tables


def rename_keys(
    context: AutogenContext, schema: str | None, made: set[str]
) -> Iterator[ops.ModifyTableOps]:
    """Yield what makes foreign keys anew where MariaDB and MySQL cannot rename them.

    Those that are `made` in any case, for another reason, are left out.
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
