"""Writes repairs: the operations between two catalogs that Alembic does not know."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from alembic_guards.authoring.find.enums import change_domains
from alembic_guards.authoring.find.identity import alter_autoincrement, autoincrement_kind
from alembic_guards.authoring.find.reference import State
from alembic_guards.database.catalog import (
    CONSTRAINTS,
    LITERAL,
    Catalog,
    EntryKey,
    same,
)
from alembic_guards.database.features import backend_name, features
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.sqlite import RebuildTableOp

Step = SQLOp | RebuildTableOp


class Repair(NamedTuple):
    """The statements that add, change and drop one kind of catalog entry; "" for none."""

    add: str = ""
    alter: str = ""  # "" if the entry is dropped and added
    drop: str = ""


ALTER_TABLE = "ALTER TABLE {table} "
ALTER_COLUMN = ALTER_TABLE + "ALTER {name} "
SET_DEFAULT = ALTER_COLUMN + "SET DEFAULT {text}"
COLUMN_COMMENT = "COMMENT ON COLUMN {table}.{name} IS "
CONSTRAINT_COMMENT = "COMMENT ON CONSTRAINT {name} ON {table} IS "
RECREATE_COLUMN = (
    ALTER_TABLE + "DROP COLUMN IF EXISTS {name}, ADD {name} {text}"
)  # the server computes its values
REPAIRS = {
    "postgresql": {
        "options": Repair(
            ALTER_TABLE + "SET ({text})",
            ALTER_TABLE + "RESET ({keys}), SET ({text})",
            ALTER_TABLE + "RESET ({keys})",
        ),
        "logging": Repair(alter=ALTER_TABLE + "SET {text}"),
        "tablespace": Repair(
            ALTER_TABLE + "SET TABLESPACE {text}",
            ALTER_TABLE + "SET TABLESPACE {text}",
            ALTER_TABLE + "SET TABLESPACE pg_default",
        ),
        "access method": Repair(
            ALTER_TABLE + "SET ACCESS METHOD {text}",
            ALTER_TABLE + "SET ACCESS METHOD {text}",
            ALTER_TABLE + "SET ACCESS METHOD heap",
        ),
        "inheritance": Repair(
            ALTER_TABLE + "INHERIT {name}", drop=ALTER_TABLE + "NO INHERIT {name}"
        ),
        "column": Repair(alter=ALTER_COLUMN + "TYPE {text}"),
        "not null": Repair(ALTER_COLUMN + "SET NOT NULL", drop=ALTER_COLUMN + "DROP NOT NULL"),
        "default": Repair(SET_DEFAULT, SET_DEFAULT, ALTER_COLUMN + "DROP DEFAULT"),
        "generated": Repair(RECREATE_COLUMN, RECREATE_COLUMN, ALTER_COLUMN + "DROP EXPRESSION"),
        "identity": Repair(alter=ALTER_COLUMN + "SET GENERATED {text}"),
        "comment": Repair(
            COLUMN_COMMENT + "{text}", COLUMN_COMMENT + "{text}", COLUMN_COMMENT + "NULL"
        ),
        **dict.fromkeys(
            CONSTRAINTS,
            Repair(
                ALTER_TABLE + "ADD CONSTRAINT {name} {text}",
                drop=ALTER_TABLE + "DROP CONSTRAINT {name}",
            ),
        ),
        "constraint comment": Repair(
            CONSTRAINT_COMMENT + "{text}",
            CONSTRAINT_COMMENT + "{text}",
            CONSTRAINT_COMMENT + "NULL",
        ),
        "index": Repair("{text}", drop="DROP INDEX {name}"),
        "sequence": Repair(alter="ALTER SEQUENCE {name} {text}"),
    },
    "mysql": {
        "table": Repair(alter=ALTER_TABLE + "{text}{reset}"),
        "partitioning": Repair(ALTER_TABLE + "{text}", ALTER_TABLE + "{text}"),
        "column": Repair(alter=ALTER_TABLE + "MODIFY {text}"),
        "stored": Repair(ALTER_TABLE + "ADD {text}", ALTER_TABLE + "DROP {name}, ADD {text}"),
        **dict.fromkeys(
            ("foreign key", "check"),
            Repair(
                ALTER_TABLE + "ADD {constraint}{text}", drop=ALTER_TABLE + "DROP CONSTRAINT {name}"
            ),
        ),
        "primary key": Repair(
            ALTER_TABLE + "ADD {text}",
            ALTER_TABLE + "DROP PRIMARY KEY, ADD {text}",
            ALTER_TABLE + "DROP PRIMARY KEY",
        ),
        "index": Repair(
            ALTER_TABLE + "ADD {text}",
            ALTER_TABLE + "DROP INDEX {name}, ADD {text}",
            ALTER_TABLE + "DROP INDEX {if_exists}{name}",
        ),
    },
}

#: The values of table options of MariaDB and MySQL that remove them, if not DEFAULT.
RESET_VALUES = {"KEY_BLOCK_SIZE": "0", "COMMENT": "''"}

#: The exceptions to the rule that the stage of a statement is its verb.
STAGES = {
    ("mysql", "drop", "index"): "last",  # a foreign key may need it until another index exists
    ("mysql", "add", "foreign key"): "last",  # the key that it refers to is added first
    ("postgresql", "add", "foreign key"): "last",
    ("postgresql", "add", "inheritance"): "last",  # the table has the columns and CHECKs first
    ("postgresql", "add", "generated"): "alter",  # indexes and constraints may use it
}


def repairs(present: State, target: State, dialect: sa.Dialect, *, downgrade: bool) -> list[Step]:
    """Return the operations that turn `present` into `target`, as far as they lose no data.

    In a `downgrade`, a plain column may become generated again: the server has computed its values.
    """
    old, new = present.catalog, target.catalog
    changed = _changed(old, new, downgrade=downgrade)
    if not features(dialect).alters_tables:
        return list(_sqlite_repairs(changed, present, target, dialect))
    stages: dict[str, list[Step]] = {"drop": [], "alter": [], "add": [], "last": []}
    if features(dialect).has_schemas:
        stages["alter"] += change_domains(changed, old, new)
        stages["add"] += alter_autoincrement(changed, old, new)
    for key in sorted(changed, key=_order):
        if _is_repaired_with_another(key, changed, old, new):
            continue
        kind = "stored" if _is_recreated(key, old, new) else key.kind
        repair = REPAIRS[backend_name(dialect)].get(kind, Repair())
        fields = _fields(key, old, new, dialect, downgrade=downgrade)
        for verb in _verbs(key, repair, old, new):
            if statement := getattr(repair, verb).format(**fields):
                name = ".".join(filter(None, (key.table, key.name)))
                step = SQLOp([statement], [], f"{verb} {key.kind} {name}")
                stages[STAGES.get((backend_name(dialect), verb, key.kind), verb)].append(step)
    last = stages.pop("last")
    steps = [step for stage in stages.values() for step in stage]
    return [*(_combined(steps) if backend_name(dialect) == "mysql" else steps), *last]


def _is_repaired_with_another(
    key: EntryKey, changed: set[EntryKey], present: Catalog, target: Catalog
) -> bool:
    """Whether the operation for another entry changes this one too."""
    foreign_key = key._replace(kind="foreign key")  # it creates an index of its name
    return (
        (key.kind == "default" and autoincrement_kind(key, {**present, **target}) != "")
        or (key.kind == "column" and key._replace(kind="generated") in changed)
        or (key.kind == "index" and foreign_key in target and foreign_key not in present)
    )


def _verbs(key: EntryKey, repair: Repair, present: Catalog, target: Catalog) -> list[str]:
    """Return the fields of `repair` that turn the present entry into the target entry."""
    if key not in target:
        return ["drop"]
    if key not in present:
        return ["add"]
    return ["alter"] if repair.alter else ["drop", "add"]


def _fields(
    key: EntryKey, present: Catalog, target: Catalog, dialect: sa.Dialect, *, downgrade: bool
) -> dict[str, str]:
    """Return the replacement fields of the statements for an entry."""
    entry = present.get(key) or target[key]
    text = _definition(target, key)
    options = re.findall(r"([\w.]+)`?=", LITERAL.sub("", _definition(present, key)))
    removed = (option for option in options if f"{option}=" not in text)
    is_mariadb = getattr(dialect, "is_mariadb", False)
    return {
        "table": entry.table,
        "name": entry.name,
        "text": text,
        # MariaDB drops the index of a foreign key itself when another index replaces it.
        "if_exists": "IF EXISTS " if is_mariadb else "",
        # The next upgrade drops the constraint by this name.
        "constraint": f"CONSTRAINT {entry.name} " if downgrade and entry.is_numbered else "",
        "keys": ", ".join(options),
        "reset": "".join(f" {option}={RESET_VALUES.get(option, 'DEFAULT')}" for option in removed),
    }


def _changed(present: Catalog, target: Catalog, *, downgrade: bool) -> set[EntryKey]:
    """Return the keys of the entries that differ, in tables of both catalogs."""
    common = {key.table for key in target.keys() & present.keys() if key.kind == "table"}
    return {
        key
        for key in target.keys() | present.keys()
        if not same(target.get(key), present.get(key))
        and (key.table in common or not key.table)
        and (downgrade or not _becomes_generated(key, present, target))
        and (downgrade or key in target or key.kind not in ("tablespace", "access method"))
    }


def _order(key: EntryKey) -> EntryKey:
    """Return a sort key: constraints come before NOT NULL, a primary key before DROP NOT NULL."""
    return key._replace(kind="constraint") if key.kind in CONSTRAINTS else key


def _definition(catalog: Catalog, key: EntryKey) -> str:
    return catalog[key].definition if key in catalog else ""


def _generated_kind(catalog: Catalog, key: EntryKey) -> str:
    """Return STORED or VIRTUAL for a generated column, "" for a plain one."""
    return catalog[key].generated if key in catalog else ""


def _is_recreated(key: EntryKey, present: Catalog, target: Catalog) -> bool:
    """Whether a generated column is dropped and added: MariaDB cannot alter STORED and VIRTUAL."""
    before, after = _generated_kind(present, key), _generated_kind(target, key)
    is_generated = key.kind == "column" and after and (key not in present or before)
    return bool(is_generated and before != after)


def _combined(steps: list[Step]) -> Iterator[Step]:
    """Combine the statements on a table that MariaDB and MySQL accept only as one.

    An AUTO_INCREMENT column needs its key in the same statement.
    """
    pattern = re.compile(r"(ALTER TABLE \S+ )(MODIFY|ADD KEY|ADD PRIMARY|DROP PRIMARY)")
    tables: dict[str, list[SQLOp]] = {}
    for step in steps:
        match = pattern.match(step.statements[0]) if isinstance(step, SQLOp) else None
        if match and isinstance(step, SQLOp):
            tables.setdefault(match[1], []).append(step)
        else:
            yield step
    for table, parts in tables.items():
        changes = ", ".join(part.statements[0].removeprefix(table) for part in parts)
        yield SQLOp([table + changes], [], ", ".join(part.about for part in parts))


def _becomes_generated(key: EntryKey, present: Catalog, target: Catalog) -> bool:
    becomes = _generated_kind(target, key) and not _generated_kind(present, key)
    return bool(becomes and key._replace(kind="column") in present)


def _sqlite_repairs(
    changed: set[EntryKey], present: State, target: State, dialect: sa.Dialect
) -> Iterator[Step]:
    quote = dialect.identifier_preparer.quote
    indexes = sorted(key.name for key in changed if key.kind == "index")
    for name in indexes:
        if name in present.statements:
            yield SQLOp([f"DROP INDEX {quote(name)}"], [], f"drop index {name}")
    of_tables = {"table", "column", *CONSTRAINTS}
    for table in sorted({key.table for key in changed if key.kind in of_tables}):
        missing = _columns(table, target) - _columns(table, present)
        generated = {
            name
            for name in missing
            if _generated_kind(target.catalog, EntryKey(table, "column", name))
        }
        if missing == generated and not _columns(table, present) - _columns(table, target):
            yield RebuildTableOp(table, target.statements[table])
    for name in indexes:
        if name in target.statements:
            yield SQLOp([target.statements[name]], [], f"create index {name}")


def _columns(table: str, state: State) -> set[str]:
    return {key.name for key in state.catalog if key[:2] == (table, "column")}
