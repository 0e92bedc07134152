"""Gives constraints, indexes and sequences new names, where nothing but the name has changed."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from .names import quoter, serial_name
from .sql_op import SQLOp, rename

CONSTRAINT = "ALTER TABLE {schema}{table} RENAME CONSTRAINT {old} TO {new}"
INDEX = "ALTER TABLE {schema}{table} RENAME INDEX {old} TO {new}"
TEMPLATES = {
    "postgresql": {
        "primary": CONSTRAINT,
        "foreign": CONSTRAINT,
        "unique": CONSTRAINT,
        "index": "ALTER INDEX {schema}{old} RENAME TO {new}",
        "sequence": "ALTER SEQUENCE {schema}{old} RENAME TO {new}",
    },
    "mysql": {"unique": INDEX, "index": INDEX},
}

#: By what a part of a table is, the columns that it is on, and the table that it refers to: its names.
Labels = defaultdict[tuple[str, tuple[Any, ...]], set[str]]


def rename_labels(context: AutogenContext, schema: str | None) -> Iterator[SQLOp]:
    """Yield what gives the parts of tables the names that the models have for them.

    Where a database has no such command, autogenerate drops them and makes them anew.
    """
    templates = TEMPLATES.get(context.dialect.name, {})
    quote = quoter(context.dialect)
    for table in _both(context, schema) if templates else ():
        found, wanted = _in_database(context, table), _in_models(context, table)
        names = {"schema": f"{quote(schema)}." if schema else "", "table": quote(table.name)}
        there = set().union(*found.values())
        for part in sorted(wanted):
            old, new = found[part] - wanted[part], wanted[part] - found[part]
            if len(old) == len(new) == 1 and not new & there and part[0] in templates:
                yield rename(templates[part[0]], quote(*old), quote(*new), **names)


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


def _in_database(context: AutogenContext, table: sa.Table) -> Labels:
    inspector, where = context.inspector, (table.name, table.schema)
    listed: list[tuple[str, Any, str]] = [
        ("primary", inspector.get_pk_constraint(*where), "constrained_columns"),
        *[("foreign", key, "constrained_columns") for key in inspector.get_foreign_keys(*where)],
        *[("unique", key, "column_names") for key in inspector.get_unique_constraints(*where)],
        *[("index", key, "column_names") for key in inspector.get_indexes(*where)],
    ]
    labels: Labels = defaultdict(set)
    for kind, key, on in listed:
        if key["name"] and not key.get("duplicates_constraint"):
            labels[kind, (*key[on], key.get("referred_table", ""))].add(str(key["name"]))
    counting = table._autoincrement_column
    columns = {column["name"] for column in inspector.get_columns(*where)}
    if context.dialect.name == "postgresql" and counting is not None and counting.name in columns:
        quoted = ".".join(map(quoter(context.dialect), filter(None, where[::-1])))
        query = sa.select(sa.func.pg_get_serial_sequence(quoted, counting.name))
        sequence = context.connection.scalar(query) if context.connection else None
        if sequence:
            labels["sequence", (counting.name,)] = {sequence.rpartition(".")[2].strip('"')}
    return labels


def _in_models(context: AutogenContext, table: sa.Table) -> Labels:
    kinds = {
        sa.PrimaryKeyConstraint: "primary",
        sa.ForeignKeyConstraint: "foreign",
        sa.UniqueConstraint: "unique",
        sa.Index: "index",
    }
    listed: list[Any] = [*table.constraints, *table.indexes]
    labels: Labels = defaultdict(set)
    for part in listed:
        if type(part) in kinds and part.name:
            on = (*(column.name for column in part.columns), _target(part))
            name = str(_get_constraint_final_name(part, context.dialect))
            labels[kinds[type(part)], on].add(name)
    if table._autoincrement_column is not None:
        name = table._autoincrement_column.name
        labels["sequence", (name,)] = {serial_name(table.name, name)}
    return labels


def _target(part: Any) -> str:
    return str(part.referred_table.name) if isinstance(part, sa.ForeignKeyConstraint) else ""
