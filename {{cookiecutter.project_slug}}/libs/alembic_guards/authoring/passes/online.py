"""Moves what takes long on a table that was there before into a revision of its own."""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic.util import rev_id

from alembic_guards.authoring.passes.online_steps import Steps, fills, online
from alembic_guards.database.identifiers import table_key


class Deed(NamedTuple):
    """What an operation does, as its way back names it too."""

    makes: bool  # or else removes
    kind: str
    table: str
    name: str

    def back(self) -> "Deed":
        """Return what undoes it."""
        return self._replace(makes=not self.makes)


def split(script: ops.MigrationScript, dialect: sa.Dialect) -> list[ops.MigrationScript]:
    """Return what `script` is written as: one revision, or two of which the second takes long.

    What is moved there is moved with its way back, so that each can be taken back alone. Where
    nothing else is in a script, it stays one.
    """
    up, down = script.upgrade_ops, script.downgrade_ops
    if dialect.name != "postgresql" or up is None or down is None:
        return [script]
    _leave_out_indexes_of_columns(up)
    there, back, fixed = _deeds(up), _deeds(down), _in_the_way(up)
    pairs = [deed for deed in there if deed.back() in back and deed not in fixed]
    # What is unique remains so until that which takes its place is there.
    for deeds in (
        pairs,
        [deed for deed in pairs if deed.makes or deed.kind in ("index", "unique")],
    ):
        moved = [there[deed] for deed in deeds]
        moved_back = [op for deed, op in back.items() if deed.back() in deeds]
        rest, rest_back = _rest(up, moved, dialect), _rest(down, moved_back, dialect)
        if moved and (deeds is not pairs or not (rest or rest_back)):
            first, second = copy(script), copy(script)
            first.upgrade_ops = ops.UpgradeOps(rest)
            first.downgrade_ops = ops.DowngradeOps(rest_back)
            second.upgrade_ops = ops.UpgradeOps(online(up, moved, dialect))
            second.downgrade_ops = ops.DowngradeOps(online(down, moved_back, dialect))
            if not (rest or rest_back):
                return [second]
            second.rev_id, second.head = rev_id(), str(script.rev_id)
            second.splice, second.branch_label, second.depends_on = False, None, None
            return [first, second]
    return [script]


def _parts(container: ops.OpContainer) -> Iterator[Any]:
    for op in container.ops:
        yield from op.ops if isinstance(op, ops.ModifyTableOps) else [op]


def _leave_out_indexes_of_columns(container: ops.OpContainer) -> None:
    """Remove what drops an index whose column is dropped: PostgreSQL drops both, with one lock."""
    dropped = {
        (table_key(op), op.column_name)
        for op in _parts(container)
        if isinstance(op, ops.DropColumnOp)
    }
    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [op for op in table.ops if not dropped & set(_columns(op))]


def _columns(op: MigrateOperation) -> Iterator[tuple[str, str]]:
    """Yield the words of what an index that is dropped is on: its columns are among them."""
    if isinstance(op, ops.DropIndexOp):
        for expression in op.to_index().expressions:
            for word in re.findall(r"\w+", str(expression)):
                yield table_key(op), word


def _deeds(container: ops.OpContainer) -> dict[Deed, Any]:
    """Return the operations on tables that are there before and after."""
    whole = (op for op in container.ops if isinstance(op, ops.CreateTableOp | ops.DropTableOp))
    tables = {table_key(op) for op in whole}
    deeds = {deed: op for op in _parts(container) if (deed := _deed(op))}
    return {deed: op for deed, op in deeds.items() if deed.table not in tables}


def _in_the_way(container: ops.OpContainer) -> set[Deed]:
    """Return the drops of indexes and the like in tables where a column goes or becomes another."""
    changed = {
        table_key(op)
        for op in _parts(container)
        if isinstance(op, ops.DropColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
    }
    deeds = (deed for op in _parts(container) if (deed := _deed(op)))
    kinds = ("index", "unique")
    return {d for d in deeds if d.table in changed and d.kind in kinds and not d.makes}


def _deed(op: MigrateOperation) -> Deed | None:
    match op:
        case ops.CreateIndexOp(index_name=str(name)) | ops.DropIndexOp(index_name=str(name)):
            return Deed(isinstance(op, ops.CreateIndexOp), "index", table_key(op), name)
        case ops.CreateForeignKeyOp(constraint_name=str(name)):
            return Deed(True, "constraint", op.to_constraint().table.fullname, name)
        case ops.CreateUniqueConstraintOp(constraint_name=str(name)):
            return Deed(True, "unique", table_key(op), name)
        case ops.CreateCheckConstraintOp(constraint_name=str(name)):
            return Deed(True, "constraint", table_key(op), name)
        case ops.DropConstraintOp(constraint_name=str(name)) if op.constraint_type != "primary":
            kind = "unique" if op.constraint_type == "unique" else "constraint"
            return Deed(False, kind, table_key(op), name)
        case ops.AlterColumnOp() if _only_nullable(op):
            return Deed(not op.modify_nullable, "not null", table_key(op), op.column_name)
    return None


def _only_nullable(op: ops.AlterColumnOp) -> bool:
    others = (op.modify_type, op.modify_name, op.modify_server_default, op.modify_comment)
    return op.modify_nullable is not None and others == (None, None, False, False)


def _rest(container: ops.OpContainer, moved: Steps, dialect: sa.Dialect) -> Steps:
    """Return the operations of `container` without those that are moved."""
    moved = [*moved, *(fill for op in moved for fill in fills(container, op, dialect))]
    kept: Steps = []
    for op in container.ops:
        if isinstance(op, ops.ModifyTableOps):
            op = ops.ModifyTableOps(
                op.table_name, [part for part in op.ops if part not in moved], schema=op.schema
            )
            kept += [op] if op.ops else []
        elif op not in moved:
            kept.append(op)
    return kept
