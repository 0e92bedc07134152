"""Compares two catalogs."""

import re

from alembic_guards.database.catalog.model import Catalog


def of_models(found: Catalog, wanted: Catalog) -> Catalog:
    """Return what is `found` without what somebody made by hand, such as views and triggers.

    Of a table that is not `wanted`, that it is there is all there is to say.
    """
    tables = {part.table for part in wanted if part.table}
    return {
        part: text
        for part, text in found.items()
        if part in wanted
        or (part.kind == "table" and part.table not in tables)
        or (part.table in tables and part.kind != "trigger")
    }


def differences(found: Catalog, wanted: Catalog) -> list[str]:
    """Say what is missing in a catalog, and what is there though nobody wants it."""
    return [
        f"{word}: {' '.join(filter(None, part))}: {text}"
        for word, here, there in (("missing", wanted, found), ("unwanted", found, wanted))
        for part, text in sorted(here.items())
        if not same(there.get(part), text)
    ]


def same(text: str | None, other: str | None) -> bool:
    """Whether two texts of a catalog mean the same.

    PostgreSQL writes the casts between its types of texts in more than one way, and CREATE TABLE
    checks a constraint at once that is NOT VALID when it is added later. MariaDB and MySQL
    count what has no name, in the order in which it came.
    """
    return text == other or (None not in (text, other) and _bare(text) == _bare(other))


def _bare(text: str | None) -> str:
    spelling = r"::(character varying|text)(\[\])?| NOT VALID$|^CONSTRAINT `[^`]+_\d+`$"
    bare = re.sub(spelling, "", text or "")
    return re.sub(r"\(((?:\w+|'(?:[^']|'')*'|ARRAY\[[^\]()]*\]))\)", r"\1", bare)
