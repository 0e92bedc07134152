"""Writes what is still missing when all that Alembic knows has been done, from the catalog itself."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from alembic_guards.authoring.find.enums import change_domains
from alembic_guards.authoring.find.identity import alter_autoincrement, autoincrement_kind
from alembic_guards.database.catalog import (
    CONSTRAINTS,
    LITERAL,
    Catalog,
    EntryKey,
    read_catalog,
    read_statements,
    same,
)
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.sqlite import RebuildTableOp

Step = SQLOp | RebuildTableOp


class Repair(NamedTuple):
    """The statements that make a part of a database, change it, and remove it; "" for none."""

    add: str = ""
    change: str = ""  # where there is none, it is removed and made again
    drop: str = ""


TABLE = "ALTER TABLE {table} "
COLUMN = TABLE + "ALTER {name} "
DEFAULT = COLUMN + "SET DEFAULT {text}"
COMMENT = "COMMENT ON COLUMN {table}.{name} IS "
NOTE = "COMMENT ON CONSTRAINT {name} ON {table} IS "
AGAIN = (
    TABLE + "DROP COLUMN IF EXISTS {name}, ADD {name} {text}"
)  # its values are computed from others
REPAIRS = {
    "postgresql": {
        "options": Repair(
            TABLE + "SET ({text})",
            TABLE + "RESET ({keys}), SET ({text})",
            TABLE + "RESET ({keys})",
        ),
        "logging": Repair(change=TABLE + "SET {text}"),
        "column": Repair(change=COLUMN + "TYPE {text}"),
        "not null": Repair(COLUMN + "SET NOT NULL", drop=COLUMN + "DROP NOT NULL"),
        "default": Repair(DEFAULT, DEFAULT, COLUMN + "DROP DEFAULT"),
        "generated": Repair(AGAIN, AGAIN, COLUMN + "DROP EXPRESSION"),
        "identity": Repair(change=COLUMN + "SET GENERATED {text}"),
        "comment": Repair(COMMENT + "{text}", COMMENT + "{text}", COMMENT + "NULL"),
        **dict.fromkeys(
            CONSTRAINTS,
            Repair(TABLE + "ADD CONSTRAINT {name} {text}", drop=TABLE + "DROP CONSTRAINT {name}"),
        ),
        "constraint comment": Repair(NOTE + "{text}", NOTE + "{text}", NOTE + "NULL"),
        "index": Repair("{text}", drop="DROP INDEX {name}"),
        "sequence": Repair(change="ALTER SEQUENCE {name} {text}"),
    },
    "mysql": {
        "table": Repair(change=TABLE + "{text}{reset}"),
        "partitioning": Repair(TABLE + "{text}", TABLE + "{text}"),
        "column": Repair(change=TABLE + "MODIFY {text}"),
        "stored": Repair(TABLE + "ADD {text}", TABLE + "DROP {name}, ADD {text}"),
        **dict.fromkeys(
            ("foreign key", "check"),
            Repair(TABLE + "ADD {again}{text}", drop=TABLE + "DROP CONSTRAINT {name}"),
        ),
        "primary key": Repair(
            TABLE + "ADD {text}",
            TABLE + "DROP PRIMARY KEY, ADD {text}",
            TABLE + "DROP PRIMARY KEY",
        ),
        "index": Repair(
            TABLE + "ADD {text}",
            TABLE + "DROP INDEX {name}, ADD {text}",
            TABLE + "DROP INDEX {exists}{name}",
        ),
    },
}

#: What an option of a table of MariaDB or MySQL is set to where it is gone, if not to DEFAULT.
UNSET = {"KEY_BLOCK_SIZE": "0", "COMMENT": "''"}

#: What is done at another time than what is like it.
STAGES = {
    ("mysql", "drop", "index"): "last",  # a foreign key keeps it, until there is another one
    ("postgresql", "add", "generated"): "alter",  # indexes and constraints may be on it
}


class State(NamedTuple):
    """What a database holds, and on SQLite also the statements that would make it again."""

    catalog: Catalog
    statements: dict[str, str]


def read_state(connection: sa.Connection) -> State:
    """Return the state of a database."""
    return State(read_catalog(connection), read_statements(connection))


def repairs(found: State, wanted: State, dialect: sa.Dialect, *, back: bool) -> list[Step]:
    """Return what turns the one state into the other, as far as it is known and loses nothing.

    On the way `back`, a column whose values were computed may be computed again.
    """
    changed = _changed(found.catalog, wanted.catalog, back=back)
    if dialect.name == "sqlite":
        return list(_on_sqlite(changed, found, wanted, dialect))
    stages: dict[str, list[Step]] = {"drop": [], "alter": [], "add": [], "last": []}
    if dialect.name == "postgresql":
        stages["alter"] += change_domains(changed, found.catalog, wanted.catalog)
        stages["add"] += alter_autoincrement(changed, found.catalog, wanted.catalog)
    missing = wanted.catalog.keys() - found.catalog.keys()
    # The index that a foreign key brought goes by itself when another one takes its place.
    exists = "IF EXISTS " if getattr(dialect, "is_mariadb", False) else ""
    for key in sorted(changed, key=_order):
        if key.kind == "default" and autoincrement_kind(key, {**found.catalog, **wanted.catalog}):
            continue
        if key.kind == "column" and key._replace(kind="generated") in changed:
            continue
        if key.kind == "index" and key._replace(kind="foreign key") in missing:
            continue  # it comes with the foreign key of that name
        text, was = _definition(wanted.catalog, key), _definition(found.catalog, key)
        kind = "stored" if _is_computed_anew(key, found.catalog, wanted.catalog) else key.kind
        repair = REPAIRS[dialect.name].get(kind, Repair())
        entry = found.catalog.get(key) or wanted.catalog[key]
        # For the next upgrade it has its name again.
        again = f"CONSTRAINT {entry.name} " if back and entry.is_numbered else ""
        keys = re.findall(r"([\w.]+)`?=", LITERAL.sub("", was))
        gone = (option for option in keys if f"{option}=" not in text)
        names = {
            "table": entry.table,
            "name": entry.name,
            "text": text,
            "exists": exists,
            "again": again,
            "keys": ", ".join(keys),
            "reset": "".join(f" {option}={UNSET.get(option, 'DEFAULT')}" for option in gone),
        }
        verbs = ["drop"] if key not in wanted.catalog else []
        verbs += ["add"] if key not in found.catalog else []
        verbs = verbs or (["alter"] if repair.change else ["drop", "add"])
        for verb in verbs:
            if statement := getattr(repair, verb.replace("alter", "change")).format(**names):
                where = ".".join(filter(None, (key.table, key.name)))
                stage = STAGES.get((dialect.name, verb, key.kind), verb)
                if key.kind == "foreign key" and verb == "add":  # its target is made before
                    stage = "last"
                stages[stage].append(SQLOp([statement], [], f"{verb} {key.kind} {where}"))
    last = stages.pop("last")
    steps = [step for stage in stages.values() for step in stage]
    return [*(_together(steps) if dialect.name == "mysql" else steps), *last]


def _changed(found: Catalog, wanted: Catalog, *, back: bool) -> set[EntryKey]:
    """Return the keys of what differs: only that is written."""
    common = {key.table for key in wanted.keys() & found.keys() if key.kind == "table"}
    return {
        key
        for key in wanted.keys() | found.keys()
        if not same(wanted.get(key), found.get(key))
        and (key.table in common or not key.table)
        and (back or not _starts_to_be_computed(key, found, wanted))
    }


def _order(key: EntryKey) -> EntryKey:
    """Sort what is changed; a key is dropped before its columns may be NULL."""
    return key._replace(kind="constraint") if key.kind in CONSTRAINTS else key


def _definition(catalog: Catalog, key: EntryKey) -> str:
    return catalog[key].definition if key in catalog else ""


def _way(catalog: Catalog, key: EntryKey) -> str:
    """Return how a column is computed: STORED, VIRTUAL, or "" for not at all."""
    return catalog[key].generated if key in catalog else ""


def _is_computed_anew(key: EntryKey, found: Catalog, wanted: Catalog) -> bool:
    """Whether a column is dropped and added: MariaDB lets none begin or end to be stored."""
    before, after = _way(found, key), _way(wanted, key)
    is_computed = key.kind == "column" and after and (key not in found or before)
    return bool(is_computed and before != after)


def _together(steps: list[Step]) -> Iterator[Step]:
    """Join what MariaDB and MySQL take only at once: a column that counts, and its primary key."""
    pattern = re.compile(r"(ALTER TABLE \S+ )(MODIFY|ADD KEY|ADD PRIMARY|DROP PRIMARY)")
    tables: dict[str, list[SQLOp]] = {}
    for step in steps:
        found = pattern.match(step.statements[0]) if isinstance(step, SQLOp) else None
        if found and isinstance(step, SQLOp):
            tables.setdefault(found[1], []).append(step)
        else:
            yield step
    for table, parts in tables.items():
        changes = ", ".join(part.statements[0].removeprefix(table) for part in parts)
        yield SQLOp([table + changes], [], ", ".join(part.about for part in parts))


def _starts_to_be_computed(key: EntryKey, found: Catalog, wanted: Catalog) -> bool:
    starts = _way(wanted, key) and not _way(found, key)
    return bool(starts and key._replace(kind="column") in found)


def _on_sqlite(
    changed: set[EntryKey], found: State, wanted: State, dialect: sa.Dialect
) -> Iterator[Step]:
    quote = dialect.identifier_preparer.quote
    indexes = sorted(key.name for key in changed if key.kind == "index")
    for name in indexes:
        if name in found.statements:
            yield SQLOp([f"DROP INDEX {quote(name)}"], [], f"drop index {name}")
    of_tables = {"table", "column", *CONSTRAINTS}
    for table in sorted({key.table for key in changed if key.kind in of_tables}):
        missing = _columns(table, wanted) - _columns(table, found)
        computed = {
            name for name in missing if _way(wanted.catalog, EntryKey(table, "column", name))
        }
        if missing == computed and not _columns(table, found) - _columns(table, wanted):
            yield RebuildTableOp(table, wanted.statements[table])
    for name in indexes:
        if name in wanted.statements:
            yield SQLOp([wanted.statements[name]], [], f"create index {name}")


def _columns(table: str, state: State) -> set[str]:
    return {key.name for key in state.catalog if key[:2] == (table, "column")}
