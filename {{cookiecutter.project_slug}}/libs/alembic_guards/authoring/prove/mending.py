"""Writes the SQL that takes a database, which was changed by hand, back to what the revisions build."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.util import CommandError

from alembic_guards.authoring.find.reference import State
from alembic_guards.authoring.prove.repairs import repairs
from alembic_guards.authoring.write.literals import literal, neutral_value
from alembic_guards.database.catalog import (
    CONSTRAINTS,
    Catalog,
    EntryKey,
    of_models,
    same,
)
from alembic_guards.database.catalog.sqlite_canonical import default_of
from alembic_guards.database.catalog.sqlite_parser import Column, parse_table, quoted, write_table
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.identifiers import bare
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.operations import SQLOp

#: The name of a table of SQLite while it is rebuilt.
TEMPORARY = "rebuilt_{}"

#: The kinds of entries of a column.
OF_COLUMN = ("column", "not null", "default", "generated", "identity", "comment")

#: The parts of an ADD COLUMN of PostgreSQL, by the kinds of entries of the column.
PARTS = {"column": "{}", "default": "DEFAULT {}"}


class Mending(NamedTuple):
    """A database, what the revisions build instead, and the models, for the tables that are missing."""

    present: State
    target: State
    metadata: sa.MetaData
    dialect: sa.Dialect

    @property
    def found(self) -> Catalog:
        """The present catalog without what models cannot declare."""
        return of_models(self.present.catalog, self.target.catalog)


def mending_statements(mending: Mending) -> list[str]:
    """Return the statements, in their order; none for a difference that they cannot mend.

    What the revisions do not have is dropped with its rows. A column that was dropped comes back without
    its values: where it is NOT NULL, with a neutral value such as 0.
    """
    if features(mending.dialect).alters_tables:
        return [*_on_server(mending)]
    return [*_on_sqlite(mending)]


def _on_server(mending: Mending) -> Iterator[str]:
    """Yield the statements for a database that can alter its tables."""
    dialect, metadata = mending.dialect, mending.metadata
    present, target = dict(mending.found), dict(mending.target.catalog)
    missing = _tables(target) - _tables(present)
    unwanted = _tables(present) - _tables(target)
    yield from _create_tables(missing, metadata, dialect, present)
    dropped = _columns(present, _tables(target)) - _columns(target, _tables(present))
    for key in sorted(_columns(target, _tables(present)) - _columns(present, _tables(target))):
        yield from _add_column(key, present, target, mending)
    for key in sorted(dropped):  # repairs.py leaves them alone
        target |= {k: entry for k, entry in present.items() if _is_of(k, key)}
    if dialect.name == "postgresql":
        for key in sorted(target.keys() & present.keys()):
            if key.kind == "column" and not same(present[key], target[key]):
                yield from _change_type(key, present, target)
    for step in repairs(State(present, {}), State(target, {}), dialect, downgrade=True):
        if isinstance(step, SQLOp):
            yield from filter(None, step.statements)
    yield from (f"ALTER TABLE {key.table} DROP COLUMN {key.name}" for key in sorted(dropped))
    yield from (f"DROP TABLE {table}" for table in _children_first(unwanted, mending))


def _tables(catalog: Catalog) -> set[str]:
    return {key.table for key in catalog if key.kind == "table"}


def _columns(catalog: Catalog, tables: set[str]) -> set[EntryKey]:
    """Return the keys of the columns of some tables."""
    return {key for key in catalog if key.kind == "column" and key.table in tables}


def _is_of(key: EntryKey, column: EntryKey) -> bool:
    return key.kind in OF_COLUMN and (key.table, key.name) == (column.table, column.name)


def _create_tables(
    tables: set[str], metadata: sa.MetaData, dialect: sa.Dialect, present: Catalog
) -> Iterator[str]:
    """Yield what create_all() executes for the models of some tables."""
    models = [table for table in metadata.sorted_tables if _catalog_name(table, dialect) in tables]
    types = {bare(key.name) for key in present if key.kind in ("enum", "domain")}
    statements: list[str] = []

    def record(element: Any, *_: Any, **__: Any) -> None:
        is_type = type(element).__name__ in ("CreateEnumType", "CreateDomainType")
        if not (is_type and element.element.name in types):
            compiled = str(element.compile(dialect=dialect)).replace("%%", "%")
            statements.append("\n".join(line.rstrip() for line in compiled.strip().splitlines()))

    engine = sa.create_mock_engine(_url(dialect), record)
    metadata.create_all(engine, tables=models, checkfirst=False)
    yield from statements


def _url(dialect: sa.Dialect) -> str:
    return f"{dialect.name}+{dialect.driver}://"


def _catalog_name(table: sa.Table, dialect: sa.Dialect) -> str:
    """Return the name of a table of the models as a catalog has it."""
    quote = dialect.identifier_preparer.quote
    if backend_name(dialect) == "mysql":
        return f"`{table.name.replace('`', '``')}`"
    own = None if table.schema == dialect.default_schema_name else table.schema
    return ".".join(quote(name) for name in (own, table.name) if name).replace("%%", "%")


def _add_column(
    key: EntryKey, present: Catalog, target: Catalog, mending: Mending
) -> Iterator[str]:
    """Yield the statements that add a column, and put what they have made into `present`."""
    add = f"ALTER TABLE {key.table} ADD "
    if backend_name(mending.dialect) == "mysql":
        if not target[key].generated:  # repairs.py adds a generated one
            present[key] = target[key]
            yield add + target[key].definition
        return
    if key._replace(kind="generated") in target:
        return
    made = [key._replace(kind=kind) for kind in PARTS]
    made = [
        part
        for part in made
        if part in target and not target[part].definition.startswith("nextval(")
    ]
    present |= {part: target[part] for part in made}
    parts = (PARTS[part.kind].format(target[part].definition) for part in made)
    yield f"{add}{key.name} {' '.join(parts)}"
    numbered = (key._replace(kind=kind) for kind in ("default", "identity"))
    if key._replace(kind="not null") in target and not any(part in target for part in numbered):
        yield from _fill(key, mending)


def _fill(key: EntryKey, mending: Mending) -> Iterator[str]:
    """Yield the UPDATE that gives a neutral value to a new column that is NOT NULL."""
    value = _neutral(key.table, key.name, mending)
    if value is not None:
        yield f"UPDATE {key.table} SET {key.name} = {value}"


def _neutral(table: str, column: str, mending: Mending) -> str | None:
    """Return a neutral value for a column of the models as SQL; None for no such value."""
    for model in mending.metadata.tables.values():
        if _catalog_name(model, mending.dialect) == table or model.name == table:
            for each in model.columns:
                if each.name == bare(column):
                    type_ = plain_type(each.type, mending.dialect)
                    value = neutral_value(type_, mending.dialect)
                    return None if value is None else _literal(each.name, value, type_, mending)
    return None


def _literal(name: str, value: Any, type_: Any, mending: Mending) -> str | None:
    try:
        return literal(name, value, type_, mending.dialect)
    except CommandError:
        return None


def _change_type(key: EntryKey, present: Catalog, target: Catalog) -> Iterator[str]:
    """Yield the statements that change the type of a column of PostgreSQL, as far as a cast goes."""
    alter, definition = f"ALTER TABLE {key.table} ALTER {key.name}", target[key].definition
    default = key._replace(kind="default")
    if default in present:
        del present[default]
        yield f"{alter} DROP DEFAULT"
    present[key] = target[key]
    yield f"{alter} TYPE {definition} USING {key.name}::{definition.partition(' COLLATE ')[0]}"


def _children_first(tables: set[str], mending: Mending) -> Iterator[str]:
    """Yield the names of tables, each before those that it refers to."""
    rest = set(tables)
    refers = {
        (entry.table, entry.refers_to.table)
        for entry in mending.present.catalog.values()
        if entry.refers_to
    }
    while rest:
        parents = {parent for child, parent in refers if child in rest and child != parent}
        free = sorted(rest - parents) or sorted(rest)
        yield from free
        rest -= set(free)


def _on_sqlite(mending: Mending) -> Iterator[str]:
    """Yield the statements for SQLite: a table with another form is rebuilt."""
    present, target = mending.found, mending.target
    changed = {
        key
        for key in present.keys() | target.catalog.keys()
        if not same(present.get(key), target.catalog.get(key))
    }
    common = _tables(present) & _tables(target.catalog)
    forms = (*OF_COLUMN, *CONSTRAINTS, "table")
    of_forms = [key for key in sorted(changed) if key.table in common and key.kind in forms]
    rebuilt = {key.table for key in of_forms if not _alteration(key, mending)}
    for key in sorted(changed):
        if key.kind == "index" and key.table in common - rebuilt and key in present:
            yield f"DROP INDEX {quoted(key.name)}"
    yield from (_alteration(key, mending) for key in of_forms if key.table not in rebuilt)
    if rebuilt:
        yield from ("PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON")
        for table in sorted(rebuilt):
            yield from ("BEGIN", *_rebuild(table, mending), "COMMIT")
        yield from ("PRAGMA legacy_alter_table = OFF", "PRAGMA foreign_keys = ON")
    for key in sorted(changed):
        if key.kind == "index" and key.table in common - rebuilt and key in target.catalog:
            yield target.statements[key.name]
        elif key.kind == "table" and key.table not in common and key in target.catalog:
            yield from _created(key.table, "table", target)
            yield from _created(key.table, "index", target)
    unwanted = _tables(present) - common
    yield from (f"DROP TABLE {quoted(table)}" for table in _children_first(unwanted, mending))


def _alteration(key: EntryKey, mending: Mending) -> str:
    """Return the ALTER TABLE for a changed column of SQLite; "" where the table has to be rebuilt."""
    alter = f"ALTER TABLE {quoted(key.table)}"
    constraints = (
        entry
        for entry in (*mending.found.values(), *mending.target.catalog.values())
        if entry.table == key.table and entry.kind in CONSTRAINTS and key.name in entry.columns
    )
    if key.kind != "column" or any(constraints):
        return ""
    if key not in mending.target.catalog:
        return "" if mending.found[key].generated else f"{alter} DROP COLUMN {quoted(key.name)}"
    column = parse_table(mending.target.statements[key.table]).columns[key.name]
    is_plain = key not in mending.found and not column.clauses
    return f"{alter} ADD COLUMN {column.text}" if is_plain else ""


def _created(table: str, kind: str, state: State) -> Iterator[str]:
    """Yield the statements that created the objects of a kind of a table of SQLite."""
    for key in sorted(state.catalog):
        if (key.table, key.kind) == (table, kind):
            yield state.statements[table if kind == "table" else key.name]


def _rebuild(table: str, mending: Mending) -> Iterator[str]:
    """Yield the statements that give a table of SQLite the form that the revisions have made.

    A client may go on after an error. Rows that violate a constraint roll all of it back, and the table
    that is dropped then does not exist.
    """
    old = parse_table(mending.present.statements[table])
    new = parse_table(mending.target.statements[table])
    names = {name.lower(): quoted(name) for name in old.columns}
    values = {
        quoted(name): names.get(name.lower()) or _new_value(table, column, mending)
        for name, column in new.columns.items()
        if not any(clause.kind == "GENERATED" for clause in column.clauses)
    }
    values = {name: value for name, value in values.items() if value}
    temporary = quoted(TEMPORARY.format(table))
    yield f"ALTER TABLE {quoted(table)} RENAME TO {temporary}"
    yield write_table(f"CREATE TABLE {quoted(table)} (", new.definitions, new.tail)
    columns, copied = ", ".join(values), ", ".join(map(str, values.values()))
    yield f"INSERT OR ROLLBACK INTO {quoted(table)} ({columns}) SELECT {copied} FROM {temporary}"
    yield f"DROP TABLE {temporary}"
    yield from _created(table, "index", mending.target)
    yield from _triggers(table, mending.present)


def _triggers(table: str, state: State) -> Iterator[str]:
    for key in sorted(state.catalog):
        if (key.kind, key.table) == ("trigger", table):
            yield state.statements[key.name]


def _new_value(table: str, column: Column, mending: Mending) -> str | None:
    """Return the value of a new column that is NOT NULL and has no default; None for another."""
    is_required = any(clause.kind == "NOT NULL" for clause in column.clauses)
    if not is_required or default_of(column):
        return None
    return _neutral(table, column.name, mending)
