"""Creates, replaces and drops the views of the models, around the changes of what they read."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.schema import CreateTableAs

from alembic_guards.authoring.comparison import Comparison, first_on_tables
from alembic_guards.authoring.find.reference import State
from alembic_guards.authoring.operations import PARTS, OpList
from alembic_guards.authoring.passes.topological import sort_names
from alembic_guards.authoring.write.literals import as_sql
from alembic_guards.database.catalog import Catalog, Entry, EntryKey, same
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import (
    bare,
    doubles_percents,
    qualified,
    split_name,
    table_key,
)
from alembic_guards.database.views import select_of
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.views import CREATED, CreateViewOp, DropViewOp

#: The definition of a view in a catalog: with its kind and options, and its SELECT.
DEFINITION = re.compile(
    r"(?P<kind>MATERIALIZED )?VIEW(?: WITH \((?P<options>.*?)\))? AS\s(?P<select>.*)", re.DOTALL
)
CREATE = re.compile(r"CREATE .*?VIEW .*?\sAS\s+(?P<select>.*)", re.DOTALL | re.IGNORECASE)

#: An operation that creates a view or a table, and the key of that.
Step = tuple[EntryKey, MigrateOperation]


def upgrade_views(operations: OpList, comparison: Comparison, target: State) -> OpList:
    """Return the operations of upgrade() with those on views: drops before the tables change, the rest last.

    `target` is the state of the reference database. Views that were made by hand stay.
    """
    wanted, present = _views(target.catalog), _views(comparison.present)
    selects = {
        key: select
        for key in wanted
        if (select := _selects(comparison).get(_name(key, comparison)))
    }
    gone = [key for key in present if key not in wanted and _name(key, comparison) in CREATED]
    changed = [key for key in selects if not same(present.get(key), wanted[key])]
    steps: list[Step] = [(key, _create(wanted[key], selects[key], comparison)) for key in changed]
    steps += _tables_of_rows(operations, comparison)
    indexes = _indexes(selects, comparison.present, target.catalog, drops=False)
    dropped = [*gone, *_replaced(changed, present, comparison)]
    return _around(operations, comparison, dropped, steps, [*indexes])


def downgrade_views(operations: OpList, comparison: Comparison, initial: State) -> OpList:
    """Return the operations of downgrade() with those on views; `initial` is the state to return to.

    The target of the comparison is that state after the renames of the upgrade.
    """
    present, wanted = _views(comparison.present), _views(initial.catalog)
    after_renames = _views(comparison.target)
    gone = [key for key in present if key not in after_renames]
    changed = [key for key in wanted if not same(present.get(key), after_renames.get(key))]
    steps: list[Step] = [
        (key, _create(wanted[key], _former_select(key, initial), comparison)) for key in changed
    ]
    indexes = _indexes(wanted, comparison.present, initial.catalog, drops=True)
    dropped = [*gone, *_replaced(changed, present, comparison)]
    return _around(operations, comparison, dropped, steps, [*indexes])


def _replaced(
    changed: list[EntryKey], present: dict[EntryKey, Entry], comparison: Comparison
) -> list[EntryKey]:
    """Return the changed views that are dropped first: MariaDB replaces them, and reads no column before."""
    return [
        key for key in changed if key in present and backend_name(comparison.dialect) != "mysql"
    ]


def _views(catalog: Catalog) -> dict[EntryKey, Entry]:
    return {key: entry for key, entry in catalog.items() if key.kind == "view"}


def _name(key: EntryKey, comparison: Comparison) -> tuple[str | None, str]:
    return split_name(key.table, comparison.dialect)


def _selects(comparison: Comparison) -> dict[tuple[str | None, str], str]:
    """Return the SELECT of each view of the models, as SQL."""
    default = comparison.dialect.default_schema_name
    return {
        (None if table.schema == default else table.schema, table.name): _sql(
            creator.selectable, comparison.dialect
        )
        for table in comparison.metadata.tables.values()
        if (creator := select_of(table)) is not None
    }


def _sql(selectable: sa.SelectBase, dialect: sa.Dialect) -> str:
    sql = as_sql(selectable, dialect)
    sql = sql.replace("%%", "%") if doubles_percents(dialect) else sql
    return "\n".join(line.rstrip() for line in sql.splitlines())


def _former_select(key: EntryKey, initial: State) -> str:
    """Return the SELECT of a view as the database has it."""
    definition = initial.catalog[key].definition
    sql = initial.statements.get(key.table, definition)
    found = DEFINITION.fullmatch(sql) or CREATE.fullmatch(sql)
    return textwrap.dedent(found["select"]).rstrip("; \n") if found else sql


def _create(entry: Entry, select: str, comparison: Comparison) -> CreateViewOp:
    """Return the operation that creates a view; `entry` has its kind and its options."""
    schema, name = split_name(entry.table, comparison.dialect)
    found = DEFINITION.fullmatch(entry.definition)
    return CreateViewOp(
        name,
        select,
        schema,
        materialized=bool(found and found["kind"]),
        options=(found and found["options"]) or "",
    )


def _drop(entry: Entry, comparison: Comparison) -> DropViewOp:
    schema, name = split_name(entry.table, comparison.dialect)
    return DropViewOp(name, schema, materialized=entry.definition.startswith("MATERIALIZED"))


def _tables_of_rows(operations: OpList, comparison: Comparison) -> list[Step]:
    """Return the operations that create the tables of CreateTableAs, with their rows."""
    tables = {table_key(op) for op in operations if isinstance(op, ops.CreateTableOp)}
    dialect, steps = comparison.dialect, list[Step]()
    for table in comparison.metadata.tables.values():
        creator = select_of(table)
        if isinstance(creator, CreateTableAs) and table.fullname in tables:
            name = qualified(dialect, table.schema, table.name)
            create = f"CREATE TABLE {name} AS {_sql(creator.selectable, dialect)}"
            key = EntryKey(table.fullname, "table", "")
            steps.append((key, SQLOp([create], [], f"create {table.name}")))
    return steps


def _around(
    operations: OpList,
    comparison: Comparison,
    dropped: list[EntryKey],
    created: list[Step],
    indexes: list[SQLOp],
) -> OpList:
    """Return the operations with drops of views before the changes of tables, and what creates after them."""
    tables = {key.table for key, _ in created if key.kind == "table"}
    moved = [
        op
        for op in operations
        if isinstance(op, (ops.CreateTableOp, *PARTS)) and table_key(op) in tables
    ]
    rest = [op for op in operations if all(op is not other for other in moved)]
    place = first_on_tables(rest, comparison)
    present = comparison.present
    drops = [(key, _drop(present[key], comparison), present[key].definition) for key in dropped]
    creates = [(key, op, _text(op)) for key, op in created]
    return [
        *rest[:place],
        *reversed(_sorted(drops)),
        *rest[place:],
        *_sorted(creates),
        *(op for op in moved if not isinstance(op, ops.CreateTableOp)),
        *indexes,
    ]


def _text(op: MigrateOperation) -> str:
    return op.select if isinstance(op, CreateViewOp) else " ".join(getattr(op, "statements", []))


def _sorted(steps: Sequence[tuple[EntryKey, MigrateOperation, str]]) -> OpList:
    """Return operations on views, each after those on the views that its text mentions."""
    names = {
        bare(key.table).rpartition(".")[2]: (op, text)
        for key, op, text in sorted(steps, key=lambda step: step[0])
    }
    needs = {
        name: [other for other in names if re.search(rf"\b{re.escape(other)}\b", text)]
        for name, (_, text) in names.items()
    }
    return [names[name][0] for name in sort_names(needs)[0]]


def _indexes(
    views: Iterable[EntryKey], present: Catalog, target: Catalog, *, drops: bool
) -> Iterator[SQLOp]:
    """Yield the operations on the indexes of materialized views; `drops` also drops those in excess."""
    tables = {key.table for key in views}
    keys = {key for key in (*present, *target) if key.kind == "index" and key.table in tables}
    for key in sorted(keys):
        if same(present.get(key), target.get(key)):
            continue
        if key in present and (drops or key in target):
            yield SQLOp([f"DROP INDEX IF EXISTS {key.name}"], [], f"drop index {key.name}")
        if key in target:
            yield SQLOp([target[key].definition], [], f"create index {key.name}")
