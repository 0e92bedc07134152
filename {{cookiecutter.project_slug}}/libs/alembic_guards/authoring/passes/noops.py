"""Removes no-ops: operations on objects that are the same in the present and the target catalog.

Alembic compares spellings. The catalog holds the definitions that the server itself writes.
"""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.database.catalog import CONSTRAINTS, Catalog, EntryKey, same
from alembic_guards.database.identifiers import bare, table_key

KINDS = CONSTRAINTS | {"index"}
COLUMN_KINDS = frozenset({"column", "not null", "default", "generated", "identity", "comment"})


def remove_noops(container: ops.OpContainer, present: Catalog, target: Catalog) -> None:
    """Remove the operations of `container` on objects that are the same in both catalogs.

    Also remove an operation that drops or creates a CHECK, but not both, if both catalogs have a
    CHECK of that name: one of the models gave the name, the other one got it from the server.
    """
    keys = {key for key in present.keys() | target.keys() if key.kind in KINDS}
    changed = {key for key in keys if not same(present.get(key), target.get(key))}
    unchanged, differing = (
        {
            (bare(key.table), _catalog_name(catalog, key))
            for key in group
            for catalog in (present, target)  # the constraint may be unnamed in one of them
        }
        for group in (keys - changed, changed)
    )
    tables = {table for table, _ in unchanged} - {table for table, _ in differing}
    present_names, target_names = (
        {(bare(key.table), _catalog_name(catalog, key)) for key in catalog if key.kind in KINDS}
        for catalog in (present, target)
    )
    unchanged_columns = _unchanged_columns(present, target)

    def is_unpaired_check(table: ops.ModifyTableOps, op: MigrateOperation) -> bool:
        is_check = (
            isinstance(op, ops.CreateCheckConstraintOp)
            or getattr(op, "constraint_type", "") == "check"
        )
        alone = [_name(other) for other in table.ops].count(_name(op)) == 1
        return is_check and alone and (table_key(table), _name(op)) in present_names & target_names

    def is_noop(table: str, op: MigrateOperation) -> bool:
        if isinstance(op, ops.CreateUniqueConstraintOp) and op.kw.get("postgresql_include"):
            return True  # Alembic cannot render it: repairs.py creates it
        kinds = ops.CreateIndexOp | ops.DropIndexOp | ops.AddConstraintOp | ops.DropConstraintOp
        return isinstance(op, kinds) and (
            table in tables or (table, _name(op)) in unchanged - differing
        )

    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [op for op in table.ops if not is_unpaired_check(table, op)]
            table.ops = [op for op in table.ops if not is_noop(table_key(table), op)]
            table.ops = [
                op for op in table.ops if not _alters_unchanged_column(table, op, unchanged_columns)
            ]
    container.ops = [op for op in container.ops if not isinstance(op, ops.ModifyTableOps) or op.ops]


def _unchanged_columns(present: Catalog, target: Catalog) -> set[tuple[str, str]]:
    """Return the (table, column) pairs whose entries are all the same in both catalogs."""
    common, changed = (
        {(bare(key.table), bare(key.name)) for key in keys if key.kind in COLUMN_KINDS}
        for keys in (
            present.keys() & target.keys(),
            (k for k in present.keys() | target.keys() if not same(present.get(k), target.get(k))),
        )
    )
    return common - changed


def _alters_unchanged_column(
    table: ops.ModifyTableOps, op: MigrateOperation, unchanged_columns: set[tuple[str, str]]
) -> bool:
    """Whether `op` alters a column that is the same in both catalogs.

    Enums are left alone: the catalog does not hold the values of an enum that is stored as text.
    """
    if not isinstance(op, ops.AlterColumnOp) or op.modify_name is not None:
        return False
    types = (getattr(type_, "impl", type_) for type_ in (op.existing_type, op.modify_type))
    is_enum = any(isinstance(type_, sa.Enum) for type_ in types)
    return not is_enum and (table_key(table), op.column_name) in unchanged_columns


def _catalog_name(catalog: Catalog, key: EntryKey) -> str:
    """Return the name of an entry; for an unnamed constraint the name that the server chose."""
    return bare(catalog[key].name if key in catalog else key.name)


def _name(op: MigrateOperation) -> str:
    """Return the name of the index or constraint of `op`, as the catalog writes it."""
    if isinstance(op, ops.CreateIndexOp | ops.DropIndexOp):
        return str(op.index_name)
    if isinstance(op, ops.AddConstraintOp):
        return str(op.to_constraint().name)
    return str(op.constraint_name) if isinstance(op, ops.DropConstraintOp) else ""
