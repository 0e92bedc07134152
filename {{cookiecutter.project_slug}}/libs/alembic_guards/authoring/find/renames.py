"""Finds what was renamed, which autogenerate takes for a drop and an add: the data would be lost.

The renames are done in the scratch database before autogenerate compares it with the models. So it finds
all other changes under the new names. The same operations then come first in the revision.
"""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.util import PriorityDispatchResult

from alembic_guards.authoring.find.constraint_names import recreate_keys, rename_parts
from alembic_guards.authoring.find.enums import change_types, rename_values
from alembic_guards.authoring.find.generated_columns import begin_computing, end_computing
from alembic_guards.authoring.find.prerequisites import (
    drop_free,
    make_free,
    make_shared,
    rename_sequences,
)
from alembic_guards.compat import type_affinity
from alembic_guards.database.identifiers import is_in
from alembic_guards.runtime.operations import OwnOp
from alembic_guards.runtime.renames import MoveTable, Rename, RenameColumn, RenameTable
from alembic_guards.runtime.sqlite import RebuildTableOp

Shape = dict[str, Any]  # the columns of a table, and the family of their types


def rename_scratch(
    context: AutogenContext, _: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Find what was renamed, and rename it in the database that autogenerate will compare."""
    renames: list[OwnOp | RebuildTableOp] = []
    if context.opts.get("answers") and context.connection is not None and context.inspector:
        schemas.update(_targets(context))  # or else Alembic does not look there
        for find in FIRST:
            for schema in sorted(schemas, key=str):
                for step in find(context, schema):  # the next one finds it done
                    step.run(context.connection)
                    renames.append(step)
                context.inspector.clear_cache()
        if context.dialect.name == "postgresql":
            context.connection.commit()  # a new value of an enum may be used only after it
    context.opts["renames"] = renames
    return PriorityDispatchResult.CONTINUE


def write_renames(
    context: AutogenContext, found: ops.UpgradeOps, schemas: Iterable[str | None]
) -> PriorityDispatchResult:
    """Put the renames first: all other operations use the new names."""
    found.ops[:0] = context.opts["renames"]
    tables = [op for op in found.ops if isinstance(op, ops.ModifyTableOps)]
    parts = [op for table in tables for op in table.ops]
    made = {str(op.constraint_name) for op in parts if isinstance(op, ops.CreateForeignKeyOp)}
    found.ops += [op for schema in schemas for op in recreate_keys(context, schema, made)]
    found.ops += drop_free(context)
    return PriorityDispatchResult.CONTINUE


def _tables(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield the renames of the tables of a schema, and their moves to other schemas."""

    def alike(was: Shape, will: Shape) -> bool:
        return 2 * len(was.keys() & will.keys()) >= len(was)

    present, wanted, label = _shapes(context, schema)
    elsewhere = _elsewhere(context, schema)
    for old, new in context.opts["answers"].pair(label, present, {**elsewhere, **wanted}, alike):
        if new in elsewhere:
            yield from _move(schema or str(context.dialect.default_schema_name), old, new)
        elif context.dialect.name == "sqlite" and old.lower() == new.lower():
            yield RenameTable(old, f"{old}_")  # to SQLite the names are the same
            yield RenameTable(f"{old}_", new)
        else:
            yield RenameTable(old, new, schema=schema)


def _targets(context: AutogenContext) -> set[str | None]:
    """Return the schemas of PostgreSQL that the models name, but for the default one."""
    named = {table.schema for table in context.sorted_tables}
    others = named - {context.dialect.default_schema_name}
    return others if context.dialect.name == "postgresql" else set()


def _elsewhere(context: AutogenContext, schema: str | None) -> dict[str, Shape]:
    """Return the tables of the models that are missing in schemas other than this one."""
    found: dict[str, Shape] = {}
    for other in {None, *_targets(context)} - {schema}:
        present, wanted, _ = _shapes(context, other)
        where = other or context.dialect.default_schema_name
        found |= {f"{where}.{name}": wanted[name] for name in wanted.keys() - present.keys()}
    return found


def _move(schema: str, old: str, target: str) -> Iterator[Rename]:
    """Yield what brings a table to `target`, a schema and the name that the table gets there."""
    new_schema, _, new = target.partition(".")
    if old != new:
        yield RenameTable(old, new, schema=schema)
    yield MoveTable(schema, new_schema, table=new)


def _columns(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield the renames of the columns of a schema."""
    present, wanted, label = _shapes(context, schema)
    for table in sorted(present.keys() & wanted.keys()):
        pair = context.opts["answers"].pair
        for old, new in pair(f"{label}{table}.", present[table], wanted[table], operator.is_):
            yield RenameColumn(old, new, table=table, schema=schema)


def _shapes(
    context: AutogenContext, schema: str | None
) -> tuple[dict[str, Shape], dict[str, Shape], str]:
    """Return the tables of a schema in the database and in the models, and the prefix of answers."""
    reflected = context.inspector.get_multi_columns(schema=schema)
    present = {
        name: {column["name"]: type_affinity(column["type"]) for column in columns}
        for (_, name), columns in reflected.items()
        if context.run_name_filters(name, "table", {"schema_name": schema})
    }
    wanted = {
        table.name: {column.name: type_affinity(column.type) for column in table.columns}
        for table in context.sorted_tables
        if is_in(table, schema, context.dialect)
    }
    return present, wanted, f"{schema}." if schema else ""


#: What is done in the scratch database before autogenerate compares it, in this order.
FIRST = (
    make_shared,
    rename_sequences,
    make_free,
    _tables,
    _columns,
    begin_computing,
    end_computing,
    rename_parts,
    rename_values,
    change_types,
)
