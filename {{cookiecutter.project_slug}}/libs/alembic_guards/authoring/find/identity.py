"""Lets the columns of PostgreSQL count in another way, and go on from where they are."""

import re
from collections.abc import Iterator

from alembic_guards.database.catalog import Catalog, Part
from alembic_guards.database.identifiers import bare, serial_name
from alembic_guards.runtime.operations import SQLOp


def alter_counting(changed: set[Part], found: Catalog, wanted: Catalog) -> Iterator[SQLOp]:
    """Yield what changes the way in which columns count, for those whose parts have `changed`."""
    kinds = ("default", "identity")
    for part in sorted({part._replace(kind="column") for part in changed if part.kind in kinds}):
        has, wants = way_of_counting(part, found), way_of_counting(part, wanted)
        alter = f"ALTER TABLE {part.table} ALTER {part.name}"
        sequence = _serial(part)
        leave = {
            "serial": [f"{alter} DROP DEFAULT", f"DROP SEQUENCE {sequence}"],
            "identity": [f"{alter} DROP IDENTITY"],
        }
        enter = {
            "serial": [
                f"CREATE SEQUENCE {sequence} OWNED BY {part.table}.{part.name}",
                f"{alter} SET DEFAULT nextval('{sequence}')",
            ],
            "identity": [
                f"{alter} ADD GENERATED {wanted.get(part._replace(kind='identity'))} AS IDENTITY"
            ],
        }
        if has != wants:
            last = f"coalesce(max({part.name}), 0) + 1, false) FROM {part.table}"
            go_on = [f"SELECT setval('{sequence}', {last}"] if wants else []
            steps = [*leave.get(has, []), *enter.get(wants, []), *go_on]
            yield SQLOp(steps, [], f"alter how {part.table}.{part.name} counts")


def way_of_counting(column: Part, catalog: Catalog) -> str:
    """Return how a column counts: by an "identity", as a "serial" does, or "" for not at all."""
    if column._replace(kind="identity") in catalog:
        return "identity"
    own = f"nextval('{_serial(column)}'"
    return "serial" if catalog.get(column._replace(kind="default"), "").startswith(own) else ""


def _serial(column: Part) -> str:
    """Return the sequence that PostgreSQL lets a column count by, as it writes its name."""
    schema, dot, table = column.table.rpartition(".")
    name = serial_name(bare(table), bare(column.name))
    plain = re.fullmatch("[a-z_][a-z0-9_]*", name)
    return f"{schema}{dot}{name}" if plain else f'{schema}{dot}"{name}"'
