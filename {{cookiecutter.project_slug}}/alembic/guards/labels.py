"""Gives constraints, indexes and sequences new names, where nothing but the name has changed."""

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from .catalog import Catalog, Part, read_catalog
from .names import bare, quoter, serial_name
from .proof import state_of_models
from .sql_op import SQLOp, rename

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
    templates = TEMPLATES.get(context.dialect.name)
    if templates is None or context.connection is None:
        return
    found = read_catalog(context.connection)
    metadata = context.migration_context.opts["target_metadata"]
    wanted = state_of_models(context.connection.info["original"].url, metadata).catalog
    quote = quoter(context.dialect)
    prefix = f"{quote(schema)}." if schema else ""
    for table in _both(context, schema):
        names = {"schema": prefix, "table": quote(table.name)}
        old, new = (_nameless(some, prefix + names["table"]) for some in (found, wanted))
        for (kind, what), parts in sorted(old.items()):
            gone, come = parts - wanted.keys(), new.get((kind, what), set()) - found.keys()
            if len(gone) == len(come) == 1 and kind in templates:
                ends = [quote(bare(p.name).removeprefix(bare(prefix))) for p in (*gone, *come)]
                yield rename(templates[kind], *ends, **names)
        if (counting := table._autoincrement_column) is not None:
            counter, wished = _counter(context, table), serial_name(table.name, counting.name)
            if counter not in (None, wished):
                yield rename(templates["sequence"], quote(counter), quote(wished), **names)


def _nameless(catalog: Catalog, table: str) -> dict[tuple[str, str], set[Part]]:
    """Return the parts of a table by what is said of them, but for their names.

    An index that comes with a foreign key has its name from that.
    """
    parts = defaultdict(set)
    for part, text in catalog.items():
        with_key = part.kind == "index" and part._replace(kind="constraint") in catalog
        if bare(part.table) == bare(table) and not with_key:
            parts[part.kind, text.replace(part.name, "", 1)].add(part)
    return parts


def rename_keys(
    context: AutogenContext, schema: str | None, made: set[str]
) -> Iterator[ops.ModifyTableOps]:
    """Yield what makes foreign keys anew where MariaDB and MySQL cannot rename them.

    Those that are `made` in any case, for another reason, are left out.
    """
    for table in _both(context, schema) if context.dialect.name == "mysql" else ():
        present = sa.Table(
            table.name, sa.MetaData(), schema=schema, autoload_with=context.connection
        )
        old = {_ends(key): key for key in present.foreign_key_constraints}
        for new in table.foreign_key_constraints:
            key, name = old.get(_ends(new)), _get_constraint_final_name(new, context.dialect)
            if key is not None and name is not None and name not in {key.name, *made}:
                again = [
                    ops.DropConstraintOp.from_constraint(key),
                    ops.CreateForeignKeyOp.from_constraint(new),
                ]
                yield ops.ModifyTableOps(table.name, again, schema=schema)


def _ends(key: sa.ForeignKeyConstraint) -> tuple[str, ...]:
    return (*key.column_keys, *(element.target_fullname for element in key.elements))


def _both(context: AutogenContext, schema: str | None) -> Iterator[sa.Table]:
    """Yield the tables of the models that the database has, too."""
    present = set(context.inspector.get_table_names(schema))
    for table in context.sorted_tables:
        if table.schema == schema and table.name in present:
            yield table


def _counter(context: AutogenContext, table: sa.Table) -> str | None:
    """Return the name of the sequence that a column of PostgreSQL counts by."""
    counting = table._autoincrement_column
    columns = context.inspector.get_columns(table.name, table.schema)
    if context.dialect.name != "postgresql" or counting is None or context.connection is None:
        return None
    if counting.name not in {column["name"] for column in columns}:
        return None
    quoted = ".".join(map(quoter(context.dialect), filter(None, (table.schema, table.name))))
    query = sa.select(sa.func.pg_get_serial_sequence(quoted, counting.name))
    sequence = context.connection.scalar(query)
    return sequence.rpartition(".")[2].strip('"') if sequence else None
