"""Changes columns of PostgreSQL between serial, identity and no autoincrement."""

import re
from collections.abc import Iterator

from alembic_guards.database.catalog import Catalog, EntryKey
from alembic_guards.database.identifiers import bare, serial_name
from alembic_guards.runtime.operations import SQLOp


def alter_autoincrement(
    changed: set[EntryKey], present: Catalog, target: Catalog
) -> Iterator[SQLOp]:
    """Yield operations that change the kind of autoincrement of columns with `changed` entries.

    The new sequence continues after the highest value of the column.
    """
    kinds = ("default", "identity")
    for key in sorted({key._replace(kind="column") for key in changed if key.kind in kinds}):
        present_kind, target_kind = (
            autoincrement_kind(key, present),
            autoincrement_kind(key, target),
        )
        alter = f"ALTER TABLE {key.table} ALTER {key.name}"
        sequence = _serial_sequence(key)
        identity = target.get(key._replace(kind="identity"))
        drops = {
            "serial": [f"{alter} DROP DEFAULT", f"DROP SEQUENCE {sequence}"],
            "identity": [f"{alter} DROP IDENTITY"],
        }
        adds = {
            "serial": [
                f"CREATE SEQUENCE {sequence} OWNED BY {key.table}.{key.name}",
                f"{alter} SET DEFAULT nextval('{sequence}')",
            ],
            "identity": [
                f"{alter} ADD GENERATED {identity.definition} AS IDENTITY" if identity else ""
            ],
        }
        if present_kind != target_kind:
            next_value = f"coalesce(max({key.name}), 0) + 1, false) FROM {key.table}"
            set_sequence = [f"SELECT setval('{sequence}', {next_value}"] if target_kind else []
            steps = [*drops.get(present_kind, []), *adds.get(target_kind, []), *set_sequence]
            yield SQLOp(steps, [], f"alter autoincrement of {key.table}.{key.name}")


def autoincrement_kind(column: EntryKey, catalog: Catalog) -> str:
    """Return the kind of autoincrement of a column: "identity", "serial", or "" for none."""
    if column._replace(kind="identity") in catalog:
        return "identity"
    default = catalog.get(column._replace(kind="default"))
    return "serial" if default and _serial_sequence(column) in default.uses else ""


def _serial_sequence(column: EntryKey) -> str:
    """Return the name of the sequence of a serial or identity column, as PostgreSQL writes it."""
    schema, dot, table = column.table.rpartition(".")
    name = serial_name(bare(table), bare(column.name))
    plain = re.fullmatch("[a-z_][a-z0-9_]*", name)
    return f"{schema}{dot}{name}" if plain else f'{schema}{dot}"{name}"'
