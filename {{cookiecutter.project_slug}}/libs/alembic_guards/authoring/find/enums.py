"""Follows the values of enums, in the types of the server and in the rows that hold them."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.types import innermost
from alembic_guards.database.catalog import (
    CONSTRAINTS,
    LITERAL,
    Catalog,
    Entry,
    EntryKey,
    read_catalog,
)
from alembic_guards.database.identifiers import bare, is_in, quoter
from alembic_guards.runtime.enum_history import KNOWN
from alembic_guards.runtime.enum_values import RenameValueOp
from alembic_guards.runtime.operations import OwnOp, SQLOp
from alembic_guards.runtime.renames import RenameEnumValue, literal

Type = sa.types.TypeEngine[Any]


def change_types(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield what gives the enums of PostgreSQL the values of the models.

    A value that comes is added, which no row has to wait for; where one goes, or the order changes,
    a new type takes the place of the old one.
    """
    wanted = native_enums(context)
    if not wanted or context.connection is None:
        return
    catalog = read_catalog(context.connection)
    present = {
        entry.name: [value[0] for value in LITERAL.finditer(entry.definition)]
        for entry in catalog.values()
        if entry.kind == "enum"
    }
    for name, values in sorted(wanted.items()):
        if [value for value in values if value in present[name]] == present[name]:
            if added := list(_add(name, present[name], values)):
                back = _replace(name, _enum_of(name, present[name]), catalog)
                yield SQLOp(added, back, f"add values to enum {name}", autocommit=True)
        else:
            there = _replace(name, _enum_of(name, values), _with_defaults(catalog, context))
            back = _replace(name, _enum_of(name, present[name]), catalog)
            yield SQLOp(there, back, f"replace values of enum {name}")


def _with_defaults(catalog: Catalog, context: AutogenContext) -> Catalog:
    """Return `catalog` with the defaults of the models: an old one may be a value that goes."""
    preparer, changed = context.dialect.identifier_preparer, dict(catalog)
    for table in context.sorted_tables:
        for column in table.columns:
            key = EntryKey(preparer.format_table(table), "default", preparer.quote(column.name))
            default = column.server_default
            if isinstance(default, sa.DefaultClause) and isinstance(default.arg, str):
                changed[key] = _default(key, literal(default.arg))
            elif default is None and key in catalog:
                changed[key] = _default(key, "")  # it goes
    return changed


def _default(key: EntryKey, text: str) -> Entry:
    return Entry(kind="default", table=key.table, name=key.name, definition=text)


def native_enums(context: AutogenContext) -> dict[str, list[str]]:
    """Return the enums that the models want PostgreSQL to have as types, with their values as SQL."""
    if context.dialect.name != "postgresql":
        return {}
    return {
        enum.compile(dialect=context.dialect): [literal(value) for value in enum.enums]
        for table in context.sorted_tables
        for column in table.columns
        if (enum := _enum(column.type, context.dialect)) and enum.native_enum
    }


def _enum(type_: Any, dialect: sa.Dialect) -> sa.Enum | None:
    plain = innermost(type_, dialect)
    return plain if isinstance(plain, sa.Enum) else None


def _add(name: str, present: list[str], values: list[str]) -> Iterator[str]:
    """Yield the statements that add values, each before the next one that is there."""
    for place, value in enumerate(values):
        if value not in present:
            later = next((other for other in values[place:] if other in present), None)
            before = f" BEFORE {later}" if later else ""
            yield f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {value}{before}"


def change_domains(changed: set[EntryKey], found: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what gives domains, of those that have `changed`, another default or another check.

    One of another type is left as it is: values would be cut short without a word.
    """
    for key in sorted(key for key in changed if key.kind == "domain"):
        texts = [catalog[key].definition for catalog in (found, wanted) if key in catalog]
        types = {re.split(" (?:DEFAULT|NOT NULL|CONSTRAINT)", text)[0] for text in texts}
        if len(texts) == 2 and len(types) == 1:
            create = f"CREATE DOMAIN {key.name} AS {texts[1]}"
            yield SQLOp(_replace(key.name, create, found, ""), [], f"replace domain {key.name}")


def _enum_of(name: str, values: list[str]) -> str:
    return f"CREATE TYPE {name} AS ENUM ({', '.join(values)})"


def _replace(
    name: str, create: str, catalog: Catalog, using: str = " USING {0}::text{1}::{2}{1}"
) -> Iterator[str]:
    """Yield the statements that make a type anew; a row with a value that it has not refuses them."""
    old = re.sub(r'([^."]{1,58})[^."]*("?)$', r"\1_old\2", name)  # within 63 bytes
    columns = [entry for entry in catalog.values() if entry.kind == "column" and name in entry.uses]
    names = {(column.table, bare(column.name)) for column in columns}
    for entry in catalog.values():
        on = {(entry.table, column) for column in entry.columns}
        if entry.refers_to:
            on |= {(entry.refers_to.table, column) for column in entry.refers_to.columns}
        refers = entry.kind == "foreign key" and on & names
        if (name in entry.uses or refers) and entry.kind in CONSTRAINTS | {"index"}:
            is_index = entry.kind == "index"
            drop = "DROP INDEX" if is_index else f"ALTER TABLE {entry.table} DROP CONSTRAINT"
            yield f"{drop} IF EXISTS {entry.name}"  # it is made again once it is missed
    yield f"ALTER TYPE {name} RENAME TO {old.rpartition('.')[2]}"
    yield create
    for column in columns:
        suffix = "[]" if "[" in column.definition else ""
        alter = f"ALTER TABLE {column.table} ALTER {column.name}"
        default = catalog.get(column.key._replace(kind="default"))
        yield from [f"{alter} DROP DEFAULT"] if default else []
        yield f"{alter} TYPE {name}{suffix}{using.format(column.name, suffix, name)}"
        if default and default.definition:
            yield f"{alter} SET DEFAULT {default.definition}"
    yield f"DROP TYPE {old}"


def rename_values(context: AutogenContext, schema: str | None) -> Iterator[OwnOp]:
    """Yield the renames of values, in the enums of the server or in the rows that hold them."""
    answers: Answers = context.opts["answers"]
    done: set[str] = set()
    for column, type_ in _columns(context, schema):
        wanted = _enum(column.type, context.dialect)
        label = f"{column.table.fullname}.{column.name}."
        if wanted is None or type_ is None or wanted.name in done:
            for old in answers.named("rename", label, []):
                answers.take("rename", label + old)  # said of another column of the same type
            continue
        has = _enum(type_, context.dialect)
        present = has.enums if has else _values(context, column)
        present = [*present, *answers.named("rename", label, wanted.enums)]
        if not set(wanted.enums) <= set(present):
            before, after = dict.fromkeys(present), dict.fromkeys(wanted.enums)
            for values in answers.pair(label, before, after, lambda *_: True):
                yield _rename_value(context, column, has, *values)
        if has and context.dialect.name == "postgresql":
            done.add(str(has.name))  # the type is one for all its columns


def _columns(
    context: AutogenContext, schema: str | None
) -> Iterator[tuple[sa.Column[Any], Type | None]]:
    """Yield the columns of the models in tables that are there, with the type that each has there."""
    for table in context.sorted_tables:
        here = is_in(table, schema, context.dialect)
        if here and context.inspector.has_table(table.name, schema):
            columns = context.inspector.get_columns(table.name, schema)
            types = {column["name"]: column["type"] for column in columns}
            yield from ((column, types.get(column.name)) for column in table.columns)


def _values(context: AutogenContext, column: sa.Column[Any]) -> list[str]:
    """Return the values of an enum that is a text to the database, as far as they are known."""
    return _checked(context, column) or KNOWN.get((column.table.fullname, column.name), [])


def _entries(context: AutogenContext, column: sa.Column[Any], kind: str) -> list[Entry]:
    """Return the entries of one kind that a column's table has in the catalog."""
    table = context.dialect.identifier_preparer.format_table(column.table).strip("`")
    catalog = read_catalog(context.connection) if context.connection is not None else {}
    return [
        entry
        for entry in catalog.values()
        if entry.kind == kind and entry.table.strip("`") == table
    ]


def _checks(context: AutogenContext, column: sa.Column[Any]) -> dict[str, str]:
    """Return the checks that list the values of a column, and do nothing else."""
    name = re.escape(column.name)
    lists = re.compile(
        rf'CHECK[\s("`]*{name}\b[^=<>]*(= ANY| IN) \((?!.* (AND|OR) )', re.IGNORECASE
    )
    return {
        entry.name: entry.definition
        for entry in _entries(context, column, "check")
        if lists.search(LITERAL.sub("''", entry.definition))
    }


def _checked(context: AutogenContext, column: sa.Column[Any]) -> list[str]:
    """Return the values that these checks allow."""
    texts = _checks(context, column).values()
    return [value.replace("''", "'") for text in texts for value in LITERAL.findall(text)]


def _rename_value(
    context: AutogenContext, column: sa.Column[Any], has: sa.Enum | None, old: str, new: str
) -> OwnOp:
    """Return what renames a value of a column, whose type is the enum `has` if the server has one."""
    if context.dialect.name == "sqlite":
        return RenameValueOp(column.table.name, column.name, old, new)
    if has is None:
        return _rename_in_rows(context, column, old, new)
    if context.dialect.name == "mysql":
        return _rename_in_mysql(context, column, old, new)
    enum = has.compile(dialect=context.dialect)
    return RenameEnumValue(old, new, enum=enum, column=f"{column.table.name}.{column.name}")


def _rename_in_rows(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> SQLOp:
    """Return what renames a value of a text; checks that list the values are made again later."""
    table = context.dialect.identifier_preparer.format_table(column.table)
    drops = (f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in _checks(context, column))
    there, back = _update(context, column, old, new), _update(context, column, new, old)
    return SQLOp([*drops, there], [back], _about(column, old, new))


def _rename_in_mysql(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> SQLOp:
    """Return what renames a value of an ENUM of MariaDB or MySQL: first the type takes both."""
    preparer = context.dialect.identifier_preparer
    modify = f"ALTER TABLE {preparer.format_table(column.table)} MODIFY "
    name = preparer.quote_identifier(column.name)
    entries = _entries(context, column, "column")
    [definition] = [entry.definition for entry in entries if entry.name == name]
    about, (was, will) = _about(column, old, new), map(literal, (old, new))
    if old.lower() == new.lower():  # one value, but for collations of bytes
        return SQLOp([modify + definition.replace(was, will, 1)], [modify + definition], about)
    wider = definition if will in definition else definition.replace(was, f"{was},{will}", 1)
    there, back = _update(context, column, old, new), _update(context, column, new, old)
    return SQLOp([modify + wider, there], [back, modify + definition], about)


def _about(column: sa.Column[Any], old: str, new: str) -> str:
    return f"rename {literal(old)} in {column.table.name}.{column.name} to {literal(new)}"


def _update(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> str:
    """Return what gives all rows that hold a value another one."""
    table = context.dialect.identifier_preparer.format_table(column.table)
    name = quoter(context.dialect)(column.name)
    return f"UPDATE {table} SET {name} = {literal(new)} WHERE {name} = {literal(old)}"
