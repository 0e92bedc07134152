"""Leaves out what Alembic finds again and again, though the database holds it as it is wanted."""

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops

from alembic_guards.database.catalog import CONSTRAINTS, Catalog, EntryKey, same
from alembic_guards.database.identifiers import bare, table_key

KINDS = CONSTRAINTS | {"index"}
OF_COLUMNS = frozenset({"column", "not null", "default", "generated", "identity", "comment"})


def leave_out_what_is_there(container: ops.OpContainer, found: Catalog, wanted: Catalog) -> None:
    """Remove each index, constraint and column of `container` that is the same in both catalogs.

    And each CHECK that goes, or comes, where the server has named another one alike: Alembic sees only
    the one that has a name, and would have both at once.
    """
    keys = {key for key in found.keys() | wanted.keys() if key.kind in KINDS}
    changed = {key for key in keys if not same(found.get(key), wanted.get(key))}
    settled, unsettled = (
        {
            (bare(key.table), _name_in(catalog, key))
            for key in some
            for catalog in (found, wanted)  # one of them may give it no name
        }
        for some in (keys - changed, changed)
    )
    tables = {table for table, _ in settled} - {table for table, _ in unsettled}
    old, new = (
        {(bare(key.table), _name_in(catalog, key)) for key in catalog if key.kind in KINDS}
        for catalog in (found, wanted)
    )
    same_columns = _same_columns(found, wanted)

    def is_half(table: ops.ModifyTableOps, op: MigrateOperation) -> bool:
        is_check = (
            isinstance(op, ops.CreateCheckConstraintOp)
            or getattr(op, "constraint_type", "") == "check"
        )
        alone = [_name(other) for other in table.ops].count(_name(op)) == 1
        return is_check and alone and (table_key(table), _name(op)) in old & new

    def is_there(table: str, op: MigrateOperation) -> bool:
        if isinstance(op, ops.CreateUniqueConstraintOp) and op.kw.get("postgresql_include"):
            return True  # Alembic fails at it: it is made once it is missed
        kinds = ops.CreateIndexOp | ops.DropIndexOp | ops.AddConstraintOp | ops.DropConstraintOp
        return isinstance(op, kinds) and (
            table in tables or (table, _name(op)) in settled - unsettled
        )

    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [op for op in table.ops if not is_half(table, op)]
            table.ops = [op for op in table.ops if not is_there(table_key(table), op)]
            table.ops = [op for op in table.ops if not _is_same_column(table, op, same_columns)]
    container.ops = [op for op in container.ops if not isinstance(op, ops.ModifyTableOps) or op.ops]


def _same_columns(found: Catalog, wanted: Catalog) -> set[tuple[str, str]]:
    """Return the columns, with their tables, of which all is the same in both catalogs."""
    both, changed = (
        {(bare(key.table), bare(key.name)) for key in keys if key.kind in OF_COLUMNS}
        for keys in (
            found.keys() & wanted.keys(),
            (k for k in found.keys() | wanted.keys() if not same(found.get(k), wanted.get(k))),
        )
    )
    return both - changed


def _is_same_column(
    table: ops.ModifyTableOps, op: MigrateOperation, same_columns: set[tuple[str, str]]
) -> bool:
    """Whether a column is only written in another way; no catalog tells of an enum that is a text."""
    if not isinstance(op, ops.AlterColumnOp) or op.modify_name is not None:
        return False
    types = (getattr(type_, "impl", type_) for type_ in (op.existing_type, op.modify_type))
    is_enum = any(isinstance(type_, sa.Enum) for type_ in types)
    return not is_enum and (table_key(table), op.column_name) in same_columns


def _name_in(catalog: Catalog, key: EntryKey) -> str:
    """Return the name of an entry, also of one that the server has named."""
    return bare(catalog[key].name if key in catalog else key.name)


def _name(op: MigrateOperation) -> str:
    """Return the name of an index or a constraint as it stands in a catalog."""
    if isinstance(op, ops.CreateIndexOp | ops.DropIndexOp):
        return str(op.index_name)
    if isinstance(op, ops.AddConstraintOp):
        return str(op.to_constraint().name)
    return str(op.constraint_name) if isinstance(op, ops.DropConstraintOp) else ""
