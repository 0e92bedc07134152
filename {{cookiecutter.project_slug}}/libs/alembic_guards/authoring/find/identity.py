"""Lets the columns of PostgreSQL count in another way, and go on from where they are."""

import re
from collections.abc import Iterator

from alembic_guards.database.catalog import Catalog, EntryKey
from alembic_guards.database.identifiers import bare, serial_name
from alembic_guards.runtime.operations import SQLOp


def alter_counting(changed: set[EntryKey], found: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what changes the way in which columns count, for those whose entries have `changed`."""
    kinds = ("default", "identity")
    for key in sorted({key._replace(kind="column") for key in changed if key.kind in kinds}):
        has, wants = way_of_counting(key, found), way_of_counting(key, wanted)
        alter = f"ALTER TABLE {key.table} ALTER {key.name}"
        sequence = _serial(key)
        identity = wanted.get(key._replace(kind="identity"))
        leave = {
            "serial": [f"{alter} DROP DEFAULT", f"DROP SEQUENCE {sequence}"],
            "identity": [f"{alter} DROP IDENTITY"],
        }
        enter = {
            "serial": [
                f"CREATE SEQUENCE {sequence} OWNED BY {key.table}.{key.name}",
                f"{alter} SET DEFAULT nextval('{sequence}')",
            ],
            "identity": [
                f"{alter} ADD GENERATED {identity.definition} AS IDENTITY" if identity else ""
            ],
        }
        if has != wants:
            last = f"coalesce(max({key.name}), 0) + 1, false) FROM {key.table}"
            go_on = [f"SELECT setval('{sequence}', {last}"] if wants else []
            steps = [*leave.get(has, []), *enter.get(wants, []), *go_on]
            yield SQLOp(steps, [], f"alter how {key.table}.{key.name} counts")


def way_of_counting(column: EntryKey, catalog: Catalog) -> str:
    """Return how a column counts: by an "identity", as a "serial" does, or "" for not at all."""
    if column._replace(kind="identity") in catalog:
        return "identity"
    default = catalog.get(column._replace(kind="default"))
    return "serial" if default and _serial(column) in default.uses else ""


def _serial(column: EntryKey) -> str:
    """Return the sequence that PostgreSQL lets a column count by, as it writes its name."""
    schema, dot, table = column.table.rpartition(".")
    name = serial_name(bare(table), bare(column.name))
    plain = re.fullmatch("[a-z_][a-z0-9_]*", name)
    return f"{schema}{dot}{name}" if plain else f'{schema}{dot}"{name}"'
