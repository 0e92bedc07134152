"""Says what an adoption leaves: what the models say otherwise, what no model can say, and unreadable values."""

import re
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa

from alembic_guards.authoring.adopt.same import Schema
from alembic_guards.authoring.adopt.values import Unreadable
from alembic_guards.authoring.find.reference import reference_state
from alembic_guards.authoring.normalize import normalized
from alembic_guards.database.catalog import BY_HAND, differences, of_models
from alembic_guards.database.managed import managed
from alembic_guards.runtime.orphans import find_orphans

OTHERWISE = "The models say otherwise. This is a difference that make revision would write:"
KEPT = "Kept by the baseline, for no model can say it: {counts}."
ORPHANS = "Rows that refer to rows that do not exist; a revision that makes no more of them may be applied:"
UNREADABLE = """Values that the type of their column cannot read. Correct the rows, or read them as text, by \
sa.type_coerce(column, sa.String):"""
NOT_READ = "Tables that were not searched for values that the type of their column cannot read:"

#: The kinds of entries that are no objects of their own.
NOT_COUNTED = {"access method", "tablespace", "unknown", "view comment"}

#: The kinds of objects that only a dump has.
KINDS = re.compile(
    r"CREATE (?:OR REPLACE )?(?:DEFINER=\S+ )?(?:TRUSTED )?(?P<kind>FUNCTION|PROCEDURE|AGGREGATE|EVENT"
    r" TRIGGER|EVENT|POLICY|OPERATOR(?: CLASS| FAMILY)?|CAST|COLLATION|STATISTICS|FOREIGN TABLE|SERVER"
    r"|TEXT SEARCH \w+|PACKAGE(?: BODY)?)\b|CREATE TYPE (?P<type>\S+) AS (?:\(|RANGE)",
    re.IGNORECASE,
)


def otherwise(scratch: sa.Connection, schema: Schema, metadata: sa.MetaData) -> list[str]:
    """Return the differences between the models and a scratch database with a schema, a line each."""
    models = normalized(metadata, scratch)
    url = scratch.engine.url
    scratch.commit()  # what normalizing has read
    target = reference_state(url, models).catalog
    present = managed(schema.catalog, models, scratch.dialect)
    return differences(of_models(present, target), target)


def kept(schema: Schema) -> str:
    """Say what only the baseline holds, counted by kind; "" for nothing."""
    counts = Counter(
        key.kind
        for key in schema.catalog
        if key.kind == "view" or key.kind in BY_HAND - NOT_COUNTED
    )
    for statement in schema.statements:
        if found := KINDS.match(statement):
            kind = "type" if found["type"] else found["kind"].lower()
            counts[kind] += 1
    words = [f"{count} {_plural(kind, count)}" for kind, count in sorted(counts.items()) if count]
    return KEPT.format(counts=", ".join(words)) if words else ""


def _plural(kind: str, count: int) -> str:
    if count == 1 or kind in ("partitioning", "versioning", "statistics"):
        return kind
    return f"{kind[:-1]}ies" if kind.endswith("cy") else f"{kind}s"


def orphans(connection: sa.Connection) -> list[str]:
    """Return the violations of foreign keys in a database; only SQLite lets rows violate them."""
    if connection.dialect.name != "sqlite":
        return []
    return [str(refusal) for refusal in find_orphans(connection)]


def lines(
    found: list[str], kept_by_baseline: str, unreadable: Unreadable, orphaned: list[str]
) -> Iterator[str]:
    """Yield the lines of the report."""
    if found:
        yield "\n  ".join([OTHERWISE, *found])
    if kept_by_baseline:
        yield kept_by_baseline
    if unreadable.values:
        yield "\n  ".join([UNREADABLE, *unreadable.values])
    if unreadable.tables:
        yield "\n  ".join([NOT_READ, *unreadable.tables])
    if orphaned:
        yield "\n  ".join([ORPHANS, *orphaned])
