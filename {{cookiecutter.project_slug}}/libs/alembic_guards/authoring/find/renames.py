"""Finds renames, which autogenerate takes for a drop and an add: the data would be lost.

The renames run in the scratch database before autogenerate compares it with the models. So
autogenerate finds all other changes under the new names. The same operations come first in the
revision.
"""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.util import PriorityDispatchResult

from alembic_guards.authoring.find.constraint_names import (
    recreate_foreign_keys,
    rename_table_objects,
)
from alembic_guards.authoring.find.enums import change_enum_types, rename_enum_values
from alembic_guards.authoring.find.generated_columns import (
    make_plain_columns,
    rename_replaced_columns,
)
from alembic_guards.authoring.find.prerequisites import (
    create_extensions_and_schemas,
    create_standalone_objects,
    drop_standalone_objects,
    rename_sequences,
)
from alembic_guards.authoring.find.reference import reference_of
from alembic_guards.authoring.operations import flatten, name_of
from alembic_guards.compat import type_affinity
from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import is_in
from alembic_guards.runtime.kept_views import keeping_views
from alembic_guards.runtime.operations import OwnOp
from alembic_guards.runtime.renames import MoveTable, Rename, RenameColumn, RenameTable
from alembic_guards.runtime.sqlite import RebuildTableOp

Columns = dict[str, Any]  # the columns of a table, with the affinity of their types


def rename_in_scratch_database(
    context: AutogenContext, _: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Run the operations of FINDERS in the scratch database that autogenerate will compare.

    They are kept in `context.opts["renames"]`. This is a comparator of autogenerate.
    """
    renames: list[OwnOp | RebuildTableOp] = []
    if context.opts.get("answers") and context.connection is not None and context.inspector:
        context.opts["answers"].counts.url = context.connection.info[TEMPLATE].origin
        schemas.update(_model_schemas(context))  # Alembic compares no other schemas
        for find in FINDERS:
            for schema in sorted(schemas, key=str):
                for step in find(context, schema):  # the next finder compares the result
                    with keeping_views(context.migration_context):
                        step.run(context.connection)
                    renames.append(step)
                context.inspector.clear_cache()
        if features(context.dialect).has_schemas:
            context.connection.commit()  # a new value of an enum may be used only after it
    context.opts["renames"] = renames
    return PriorityDispatchResult.CONTINUE


def prepend_renames(
    context: AutogenContext, operations: ops.UpgradeOps, schemas: Iterable[str | None]
) -> PriorityDispatchResult:
    """Put the operations of `rename_in_scratch_database` first: all others use the new names.

    Also append operations that autogenerate does not find. This is a comparator of autogenerate.
    """
    operations.ops[:0] = context.opts["renames"]
    steps = flatten(operations.ops)
    created = {str(name_of(op)) for op in steps if isinstance(op, ops.CreateForeignKeyOp)}
    operations.ops += [
        op for schema in schemas for op in recreate_foreign_keys(context, schema, created)
    ]
    if context.connection is not None:
        operations.ops += drop_standalone_objects(context, _used_by_models(context))
    return PriorityDispatchResult.CONTINUE


def _rename_sequences(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield renames of sequences of no column, which keep their current value."""
    yield from rename_sequences(context, schema, _used_by_models(context))


def _used_by_models(context: AutogenContext) -> set[str]:
    """Return the sequences and types that tables of the models use, as SQL."""
    if context.connection is None:
        return set()
    metadata = context.migration_context.opts["target_metadata"]
    catalog = reference_of(context.connection, metadata).catalog
    return {name for entry in catalog.values() if entry.table for name in entry.uses}


def _rename_tables(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield renames of the tables of a schema, and moves of them to other schemas."""

    def is_similar(old: Columns, new: Columns) -> bool:
        return 2 * len(old.keys() & new.keys()) >= len(old)

    present, target, prefix = _columns_by_table(context, schema)
    in_other_schemas = _missing_in_other_schemas(context, schema)
    for old, new in context.opts["answers"].find_renames(
        "table",
        prefix,
        present,
        {**in_other_schemas, **target},
        is_similar,
        folds=features(context.dialect).folds_tables,
    ):
        if new in in_other_schemas:
            yield from _move_table(schema or str(context.dialect.default_schema_name), old, new)
        elif features(context.dialect).folds_tables and old.lower() == new.lower():
            yield RenameTable(old, f"{old}_")  # to SQLite the names are the same
            yield RenameTable(f"{old}_", new)
        else:
            yield RenameTable(old, new, schema=schema)


def _model_schemas(context: AutogenContext) -> set[str | None]:
    """Return the schemas of the models on PostgreSQL, without the default schema."""
    named = {table.schema for table in context.sorted_tables}
    others = named - {context.dialect.default_schema_name}
    return others if features(context.dialect).has_schemas else set()


def _missing_in_other_schemas(context: AutogenContext, schema: str | None) -> dict[str, Columns]:
    """Return the tables of the models that are missing in other schemas than `schema`."""
    missing: dict[str, Columns] = {}
    for other in {None, *_model_schemas(context)} - {schema}:
        present, target, _ = _columns_by_table(context, other)
        other_schema = other or context.dialect.default_schema_name
        missing |= {
            f"{other_schema}.{name}": target[name] for name in target.keys() - present.keys()
        }
    return missing


def _move_table(schema: str, old: str, qualified: str) -> Iterator[Rename]:
    """Yield operations that rename a table and move it to `qualified`, a "schema.table"."""
    new_schema, _, new = qualified.partition(".")
    if old != new:
        yield RenameTable(old, new, schema=schema)
    yield MoveTable(schema, new_schema, table=new)


def _rename_columns(context: AutogenContext, schema: str | None) -> Iterator[Rename]:
    """Yield renames of the columns of a schema."""
    present, target, prefix = _columns_by_table(context, schema)
    for table in sorted(present.keys() & target.keys()):
        find_renames = context.opts["answers"].find_renames
        for old, new in find_renames(
            "column",
            f"{prefix}{table}.",
            present[table],
            target[table],
            operator.is_,
            folds=features(context.dialect).folds_columns,
        ):
            yield RenameColumn(old, new, table=table, schema=schema)


def _columns_by_table(
    context: AutogenContext, schema: str | None
) -> tuple[dict[str, Columns], dict[str, Columns], str]:
    """Return the present and the target tables of a schema, and the prefix of names in answers."""
    reflected = context.inspector.get_multi_columns(schema=schema)
    present = {
        name: {column["name"]: type_affinity(column["type"]) for column in columns}
        for (_, name), columns in reflected.items()
        if context.run_name_filters(name, "table", {"schema_name": schema})
    }
    target = {
        table.name: {column.name: type_affinity(column.type) for column in table.columns}
        for table in context.sorted_tables
        if is_in(table, schema, context.dialect)
    }
    return present, target, f"{schema}." if schema else ""


#: Yield the operations to run in the scratch database before autogenerate, in this order.
FINDERS = (
    create_extensions_and_schemas,
    _rename_sequences,
    create_standalone_objects,
    _rename_tables,
    _rename_columns,
    rename_replaced_columns,
    make_plain_columns,
    rename_table_objects,
    rename_enum_values,
    change_enum_types,
)
