"""Writes what is still missing when all that Alembic knows has been done, from the catalog itself."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from alembic_guards.authoring.find.enums import change_domains
from alembic_guards.authoring.find.identity import alter_counting, way_of_counting
from alembic_guards.database.catalog import (
    COMPUTED,
    LITERAL,
    Catalog,
    Part,
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
        "constraint": Repair(
            TABLE + "ADD CONSTRAINT {name} {text}", drop=TABLE + "DROP CONSTRAINT {name}"
        ),
        "constraint comment": Repair(NOTE + "{text}", NOTE + "{text}", NOTE + "NULL"),
        "index": Repair("{text}", drop="DROP INDEX {name}"),
        "sequence": Repair(change="ALTER SEQUENCE {name} {text}"),
    },
    "mysql": {
        "table": Repair(change=TABLE + "{text}{reset}"),
        "column": Repair(change=TABLE + "MODIFY {text}"),
        "stored": Repair(TABLE + "ADD {text}", TABLE + "DROP {name}, ADD {text}"),
        "constraint": Repair(TABLE + "ADD {text}", drop=TABLE + "DROP CONSTRAINT {name}"),
        "unnamed": Repair(TABLE + "ADD {again}{name}", drop=TABLE + "DROP {has}"),
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


def look(connection: sa.Connection) -> State:
    """Return the state of a database."""
    return State(read_catalog(connection), read_statements(connection))


def repairs(found: State, wanted: State, dialect: sa.Dialect, *, back: bool) -> list[Step]:
    """Return what turns the one state into the other, as far as it is known and loses nothing.

    On the way `back`, a column whose values were computed may be computed again.
    """
    both = {part for part in wanted.catalog.keys() & found.catalog.keys() if part.kind == "table"}
    tables = {part.table for part in both}
    changed = {
        part
        for part in wanted.catalog.keys() | found.catalog.keys()
        if not same(wanted.catalog.get(part), found.catalog.get(part))
        and (part.table in tables or not part.table)
        and (back or not _starts_to_be_computed(part, found.catalog, wanted.catalog))
    }
    if dialect.name == "sqlite":
        return list(_on_sqlite(changed, found, wanted, dialect))
    stages: dict[str, list[Step]] = {"drop": [], "alter": [], "add": [], "last": []}
    if dialect.name == "postgresql":
        stages["alter"] += change_domains(changed, found.catalog, wanted.catalog)
        stages["add"] += alter_counting(changed, found.catalog, wanted.catalog)
    missing = wanted.catalog.keys() - found.catalog.keys()
    for part in sorted(changed):
        if part.kind == "default" and way_of_counting(part, {**found.catalog, **wanted.catalog}):
            continue
        if part.kind == "column" and part._replace(kind="generated") in changed:
            continue
        if part.kind == "index" and part._replace(kind="constraint") in missing:
            continue  # it comes with the foreign key of that name
        text = wanted.catalog.get(part, "")
        was = found.catalog.get(part, "")
        # On MariaDB and MySQL no column begins or ends to be stored; one may have been in the way.
        computed = part.kind == "column" and COMPUTED in text and (not was or COMPUTED in was)
        anew = computed and (not was or (") STORED" in text) != (") STORED" in was))
        kind = "stored" if anew else part.kind
        repair = REPAIRS[dialect.name].get(kind, Repair())
        # The index that a foreign key brought goes by itself when another one takes its place.
        exists = "IF EXISTS " if getattr(dialect, "is_mariadb", False) else ""
        again = f"{text} " if back else ""  # for the next upgrade it has its name again
        keys = re.findall(r"([\w.]+)`?=", LITERAL.sub("", was))
        gone = (key for key in keys if f"{key}=" not in text)
        names = {
            **part._asdict(),
            "text": text,
            "has": was,
            "exists": exists,
            "again": again,
            "keys": ", ".join(keys),
            "reset": "".join(f" {key}={UNSET.get(key, 'DEFAULT')}" for key in gone),
        }
        verbs = ["drop"] if part not in wanted.catalog else []
        verbs += ["add"] if part not in found.catalog else []
        verbs = verbs or (["alter"] if repair.change else ["drop", "add"])
        for verb in verbs:
            if statement := getattr(repair, verb.replace("alter", "change")).format(**names):
                where = ".".join(filter(None, (part.table, part.name)))
                stage = STAGES.get((dialect.name, verb, part.kind), verb)
                if "FOREIGN KEY (" in text:  # the key that it refers to is made before
                    stage = "last"
                stages[stage].append(SQLOp([statement], [], f"{verb} {part.kind} {where}"))
    last = stages.pop("last")
    steps = [step for stage in stages.values() for step in stage]
    return [*(_together(steps) if dialect.name == "mysql" else steps), *last]


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


def _starts_to_be_computed(part: Part, found: Catalog, wanted: Catalog) -> bool:
    def computed(catalog: Catalog) -> bool:
        return COMPUTED in catalog.get(part, "")

    return computed(wanted) and not computed(found) and part._replace(kind="column") in found


def _on_sqlite(
    changed: set[Part], found: State, wanted: State, dialect: sa.Dialect
) -> Iterator[Step]:
    quote = dialect.identifier_preparer.quote
    indexes = sorted(part.name for part in changed if part.kind == "index")
    for name in indexes:
        if name in found.statements:
            yield SQLOp([f"DROP INDEX {quote(name)}"], [], f"drop index {name}")
    for table in sorted({p.table for p in changed if p.kind in ("table", "column", "constraint")}):
        missing = _columns(table, wanted) - _columns(table, found)
        computed = {
            name for name in missing if " AS (" in wanted.catalog[Part(table, "column", name)]
        }
        if missing == computed and not _columns(table, found) - _columns(table, wanted):
            yield RebuildTableOp(table, wanted.statements[table])
    for name in indexes:
        if name in wanted.statements:
            yield SQLOp([wanted.statements[name]], [], f"create index {name}")


def _columns(table: str, state: State) -> set[str]:
    return {part.name for part in state.catalog if part[:2] == (table, "column")}
