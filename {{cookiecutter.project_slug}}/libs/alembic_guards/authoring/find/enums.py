"""Changes and renames the values of enums, in types of the server and in rows."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.types import element_type
from alembic_guards.database.catalog import (
    CONSTRAINTS,
    LITERAL,
    Catalog,
    Entry,
    EntryKey,
    read_catalog,
)
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.identifiers import bare, free_name, is_in, quoter, spelled_as
from alembic_guards.runtime.enum_history import KNOWN
from alembic_guards.runtime.enum_values import RenameValueOp
from alembic_guards.runtime.operations import OwnOp, SQLOp
from alembic_guards.runtime.renames import RenameEnumValue, literal

Type = sa.types.TypeEngine[Any]


def change_enum_types(context: AutogenContext, _: object) -> Iterator[SQLOp]:
    """Yield operations that give the enum types of PostgreSQL the values of the models.

    A new value is added, which does not lock tables. If a value is removed or the order changes,
    the type is replaced.
    """
    target = native_enums(context)
    if not target or context.connection is None:
        return
    catalog = read_catalog(context.connection)
    present = {
        entry.name: [value[0] for value in LITERAL.finditer(entry.definition)]
        for entry in catalog.values()
        if entry.kind == "enum"
    }
    for model_name, values in sorted(target.items()):
        name = spelled_as(model_name, present)
        if [value for value in values if value in present[name]] == present[name]:
            if added := list(add_values(name, present[name], values)):
                downgrade = _replace_type(name, _create_enum(name, present[name]), catalog)
                yield SQLOp(added, downgrade, f"add values to enum {name}", autocommit=True)
        else:
            upgrade = _replace_type(
                name, _create_enum(name, values), _with_defaults(catalog, context)
            )
            downgrade = _replace_type(name, _create_enum(name, present[name]), catalog)
            yield SQLOp(upgrade, downgrade, f"replace values of enum {name}")


def _with_defaults(catalog: Catalog, context: AutogenContext) -> Catalog:
    """Return `catalog` with the defaults of the models: a present one may be a removed value."""
    preparer, changed = context.dialect.identifier_preparer, dict(catalog)
    columns = {
        (bare(key.table), bare(key.name)): key._replace(kind="default")
        for key in catalog
        if key.kind == "column"
    }
    for table in context.sorted_tables:
        for column in table.columns:
            key = columns.get(
                (bare(preparer.format_table(table)), bare(preparer.quote(column.name)))
            )
            if key is None:
                continue
            default = column.server_default
            if isinstance(default, sa.DefaultClause) and isinstance(default.arg, str):
                changed[key] = _default(key, literal(default.arg))
            elif default is None and key in catalog:
                changed[key] = _default(key, "")  # it is dropped
    return changed


def _default(key: EntryKey, text: str) -> Entry:
    return Entry(kind="default", table=key.table, name=key.name, definition=text)


def native_enums(context: AutogenContext) -> dict[str, list[str]]:
    """Return the enum types of PostgreSQL that the models define, with their values as literals."""
    if not features(context.dialect).has_schemas:
        return {}
    return {
        enum.compile(dialect=context.dialect): [literal(value) for value in enum.enums]
        for table in context.sorted_tables
        for column in table.columns
        if (enum := _enum(column.type, context.dialect)) and enum.native_enum
    }


def _enum(type_: Any, dialect: sa.Dialect) -> sa.Enum | None:
    plain = element_type(type_, dialect)
    return plain if isinstance(plain, sa.Enum) else None


def add_values(name: str, present: list[str], values: list[str]) -> Iterator[str]:
    """Yield the statements that add values, each before the next value that is present."""
    for place, value in enumerate(values):
        if value not in present:
            later = next((other for other in values[place:] if other in present), None)
            before = f" BEFORE {later}" if later else ""
            yield f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {value}{before}"


def change_domains(changed: set[EntryKey], present: Catalog, target: Catalog) -> Iterator[SQLOp]:
    """Yield operations that replace `changed` domains whose default or CHECK differs.

    A domain whose type differs is left alone: a cast could truncate values silently.
    """
    for key in sorted(key for key in changed if key.kind == "domain"):
        texts = [catalog[key].definition for catalog in (present, target) if key in catalog]
        types = {re.split(" (?:DEFAULT|NOT NULL|CONSTRAINT)", text)[0] for text in texts}
        if len(texts) == 2 and len(types) == 1:
            create = f"CREATE DOMAIN {key.name} AS {texts[1]}"
            yield SQLOp(
                _replace_type(key.name, create, present, ""), [], f"replace domain {key.name}"
            )


def _create_enum(name: str, values: list[str]) -> str:
    return f"CREATE TYPE {name} AS ENUM ({', '.join(values)})"


def _replace_type(
    name: str, create: str, catalog: Catalog, using: str = " USING {0}::text{1}::{2}{1}"
) -> Iterator[str]:
    """Yield the statements that replace a type by that of `create`, with the columns that use it.

    They fail if a row holds a value that the new type lacks.
    """
    taken = {bare(entry.name or entry.table).rpartition(".")[2] for entry in catalog.values()}
    old = re.sub(r'[^."]+(?="?$)', lambda found: free_name("{}_old", found[0], taken), name)
    columns = [entry for entry in catalog.values() if entry.kind == "column" and name in entry.uses]
    names = {(column.table, bare(column.name)) for column in columns}
    generated = [
        entry
        for entry in catalog.values()
        if entry.generated
        and (name in entry.uses or {(entry.table, column) for column in entry.columns} & names)
    ]
    for entry in generated:  # they block the change of a type; their values are computed again
        yield f"ALTER TABLE {entry.table} DROP COLUMN IF EXISTS {entry.name}"
    columns = [
        column
        for column in columns
        if not any((column.table, column.name) == (one.table, one.name) for one in generated)
    ]
    for entry in catalog.values():
        on = {(entry.table, column) for column in entry.columns}
        if entry.refers_to:
            on |= {(entry.refers_to.table, column) for column in entry.refers_to.columns}
        refers = entry.kind == "foreign key" and on & names
        if (name in entry.uses or refers) and entry.kind in CONSTRAINTS | {"index"}:
            is_index = entry.kind == "index"
            drop = "DROP INDEX" if is_index else f"ALTER TABLE {entry.table} DROP CONSTRAINT"
            yield f"{drop} IF EXISTS {entry.name}"  # repairs.py recreates it
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


def rename_enum_values(context: AutogenContext, schema: str | None) -> Iterator[OwnOp]:
    """Yield renames of values, in enum types of the server or in rows.

    Answers are read as rename=TABLE.COLUMN.VALUE:NEW_VALUE.
    """
    answers: Answers = context.opts["answers"]
    renamed_types: set[str] = set()
    for column, type_ in _columns(context, schema):
        target = _enum(column.type, context.dialect)
        prefix = f"{column.table.fullname}.{column.name}."
        if target is None or type_ is None or target.name in renamed_types:
            for old in answers.answered_names("rename", prefix, []):
                answers.take("rename", prefix + old)  # repeated for another column of its type
            continue
        server_enum = _enum(type_, context.dialect)
        present = server_enum.enums if server_enum else _text_values(context, column)
        present = [*present, *answers.answered_names("rename", prefix, target.enums)]
        if not set(target.enums) <= set(present):
            before, after = dict.fromkeys(present), dict.fromkeys(target.enums)
            for values in answers.find_renames("value", prefix, before, after, lambda *_: True):
                yield _rename_value(context, column, server_enum, *values)
        if server_enum and features(context.dialect).has_schemas:
            renamed_types.add(str(server_enum.name))  # its columns share the type


def _columns(
    context: AutogenContext, schema: str | None
) -> Iterator[tuple[sa.Column[Any], Type | None]]:
    """Yield the columns of the models in present tables, each with its present type."""
    for table in context.sorted_tables:
        in_schema = is_in(table, schema, context.dialect)
        if in_schema and context.inspector.has_table(table.name, schema):
            columns = context.inspector.get_columns(table.name, schema)
            types = {column["name"]: column["type"] for column in columns}
            yield from ((column, types.get(column.name)) for column in table.columns)


def _text_values(context: AutogenContext, column: sa.Column[Any]) -> list[str]:
    """Return the present values of an enum stored as text, from its CHECK or the revisions."""
    return _checked_values(context, column) or KNOWN.get((column.table.fullname, column.name), [])


def _entries(context: AutogenContext, column: sa.Column[Any], kind: str) -> list[Entry]:
    """Return the entries of one kind that a column's table has in the catalog."""
    table = bare(context.dialect.identifier_preparer.format_table(column.table))
    catalog = read_catalog(context.connection) if context.connection is not None else {}
    return [
        entry for entry in catalog.values() if entry.kind == kind and bare(entry.table) == table
    ]


def _checks(context: AutogenContext, column: sa.Column[Any]) -> dict[str, str]:
    """Return the CHECKs that only list the values of a column, by name."""
    name = re.escape(column.name)
    lists = re.compile(
        rf'CHECK[\s("`]*{name}\b[^=<>]*(= ANY| IN) \((?!.* (AND|OR) )', re.IGNORECASE
    )
    return {
        entry.name: entry.definition
        for entry in _entries(context, column, "check")
        if lists.search(LITERAL.sub("''", entry.definition))
    }


def _checked_values(context: AutogenContext, column: sa.Column[Any]) -> list[str]:
    """Return the values that the CHECKs of a column list."""
    texts = _checks(context, column).values()
    return [value.replace("''", "'") for text in texts for value in LITERAL.findall(text)]


def _rename_value(
    context: AutogenContext, column: sa.Column[Any], server_enum: sa.Enum | None, old: str, new: str
) -> OwnOp:
    """Return the rename of a value; `server_enum` is the present type of the column, if an enum."""
    if not features(context.dialect).alters_tables:
        return RenameValueOp(column.table.name, column.name, old, new)
    if server_enum is None:
        return _rename_in_rows(context, column, old, new)
    if backend_name(context.dialect) == "mysql":
        return _rename_in_mysql(context, column, old, new)
    enum = server_enum.compile(dialect=context.dialect)
    return RenameEnumValue(old, new, enum=enum, column=f"{column.table.name}.{column.name}")


def _rename_in_rows(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> SQLOp:
    """Return the rename of a value stored as text; repairs.py recreates the CHECKs on it."""
    table = context.dialect.identifier_preparer.format_table(column.table)
    drops = (f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in _checks(context, column))
    upgrade, downgrade = _update(context, column, old, new), _update(context, column, new, old)
    return SQLOp([*drops, upgrade], [downgrade], _about(column, old, new))


def _rename_in_mysql(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> SQLOp:
    """Return the rename of a value in an ENUM of MariaDB or MySQL: it gets both values first."""
    preparer = context.dialect.identifier_preparer
    modify = f"ALTER TABLE {preparer.format_table(column.table)} MODIFY "
    name = preparer.quote_identifier(column.name)
    entries = _entries(context, column, "column")
    [definition] = [entry.definition for entry in entries if entry.name == name]
    about, (old_literal, new_literal) = _about(column, old, new), map(literal, (old, new))
    if old.lower() == new.lower():  # the same value in most collations
        return SQLOp(
            [modify + definition.replace(old_literal, new_literal, 1)], [modify + definition], about
        )
    extended = definition.replace(old_literal, f"{old_literal},{new_literal}", 1)
    wider = definition if new_literal in definition else extended
    upgrade, downgrade = _update(context, column, old, new), _update(context, column, new, old)
    return SQLOp([modify + wider, upgrade], [downgrade, modify + definition], about)


def _about(column: sa.Column[Any], old: str, new: str) -> str:
    return f"rename {literal(old)} in {column.table.name}.{column.name} to {literal(new)}"


def _update(context: AutogenContext, column: sa.Column[Any], old: str, new: str) -> str:
    """Return the UPDATE that replaces a value in all rows."""
    table = context.dialect.identifier_preparer.format_table(column.table)
    name = quoter(context.dialect)(column.name)
    return f"UPDATE {table} SET {name} = {literal(new)} WHERE {name} = {literal(old)}"
