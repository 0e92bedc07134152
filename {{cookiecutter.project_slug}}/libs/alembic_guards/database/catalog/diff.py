"""Compares two catalogs."""

import re

from alembic_guards.database.catalog.model import Catalog, Entry, EntryKey

#: A text literal, and what stands between its quotes; or a name in quotes, which is none.
LITERAL = re.compile(r"""'((?:[^']|'')*)'|("(?:[^"]|"")*"|`(?:[^`]|``)*`)""")

#: What somebody makes by hand on a table, and no model says: it is the owner's.
BY_HAND = frozenset({"trigger", "partitioning", "versioning", "period", "unknown", "virtual table"})


def of_models(found: Catalog, wanted: Catalog) -> Catalog:
    """Return what is `found` without what somebody made by hand, such as views and triggers.

    Of a table that is not `wanted`, that it is there is all there is to say.
    """
    tables = {key.table for key in wanted if key.table}
    return {
        key: entry
        for key, entry in found.items()
        if key in wanted
        or (key.kind == "table" and key.table not in tables)
        or (key.table in tables and key.kind not in BY_HAND)
    }


def differences(found: Catalog, wanted: Catalog) -> list[str]:
    """Say what is missing in a catalog, and what is there though nobody wants it."""
    return [
        f"{word}: {' '.join(filter(None, _words(key, entry)))}: {_in_a_line(entry.definition)}"
        for word, here, there in (("missing", wanted, found), ("unwanted", found, wanted))
        for key, entry in sorted(here.items())
        if not same(there.get(key), entry)
    ]


def _words(key: EntryKey, entry: Entry) -> EntryKey:
    return key._replace(name=entry.name) if entry.may_be_unnamed else key


def _in_a_line(definition: str) -> str:
    return re.sub(r"\s*\n\s*", " ", definition)


def same(entry: Entry | None, other: Entry | None) -> bool:
    """Whether two entries, either of which may be missing, mean the same."""
    if entry is None or other is None:
        return entry is other
    if entry.may_be_unnamed and entry.name and other.name and entry.name != other.name:
        return False
    texts = (entry.definition, other.definition)
    return texts[0] == texts[1] or _bare(texts[0]) == _bare(texts[1])


def _bare(definition: str) -> tuple[str, list[str]]:
    """Return a definition without what is another spelling of the same, and its literals, untouched.

    PostgreSQL writes the casts between its types of texts in more than one way, and CREATE TABLE
    checks a constraint at once that is NOT VALID when it is added later.
    """
    rest = LITERAL.sub(lambda found: found[2] or "''", definition)
    bare = re.sub(r"::(character varying|text)\b(\[\])?| NOT VALID$", "", rest)
    count = 1
    while count:
        bare, count = re.subn(r"\(((?:\w+|''|ARRAY\[[^\]()]*\]))\)", r"\1", bare)
    return bare, [found[1] for found in LITERAL.finditer(definition)]
