"""Compares two catalogs."""

import re

from alembic_guards.database.catalog.model import Catalog, Entry, EntryKey

#: A text literal (group 1 is its content), or a quoted identifier (group 2).
LITERAL_OR_IDENTIFIER = re.compile(r"""'((?:[^']|'')*)'|("(?:[^"]|"")*"|`(?:[^`]|``)*`)""")

#: The kinds of objects that their owner creates in SQL: models cannot declare them, or need not.
BY_HAND = frozenset(
    {
        *("trigger", "rule", "view comment", "virtual table"),
        *("partitioning", "versioning", "period", "unknown"),
        *("tablespace", "access method"),
        *("check of column", "check without inheritance"),
    }
)


def of_models(found: Catalog, wanted: Catalog) -> Catalog:
    """Return the entries of `found` that models could declare: no views, and no triggers.

    Of a table that is not in `wanted`, only the entry of the table itself is returned.
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
    """Return, a line each, the entries of `wanted` that `found` lacks, and those that it has in excess."""
    return [
        f"{word}: {' '.join(filter(None, _words(key, entry)))}: {_in_a_line(entry.definition)}"
        for word, catalog, other in (("missing", wanted, found), ("unwanted", found, wanted))
        for key, entry in sorted(catalog.items())
        if not same(other.get(key), entry)
    ]


def _words(key: EntryKey, entry: Entry) -> EntryKey:
    return key._replace(name=entry.name) if entry.may_be_unnamed else key


def _in_a_line(definition: str) -> str:
    return re.sub(r"\s*\n\s*", " ", definition)


def same(entry: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are equivalent; None stands for a missing entry."""
    if entry is None or other is None:
        return entry is other
    if entry.may_be_unnamed and entry.name and other.name and entry.name != other.name:
        return False
    texts = (entry.definition, other.definition)
    return texts[0] == texts[1] or _normalized(texts[0]) == _normalized(texts[1])


def _normalized(definition: str) -> tuple[str, list[str]]:
    """Return a definition without equivalent spellings, and, separately, its literals.

    PostgreSQL writes the casts between its text types in more than one way, and NOT VALID only for
    constraints that were added by ALTER TABLE.
    """
    rest = LITERAL_OR_IDENTIFIER.sub(lambda found: found[2] or "''", definition)
    text = re.sub(r"::(character varying|text)\b(\[\])?| NOT VALID$", "", rest)
    count = 1
    while count:
        text, count = re.subn(r"\(((?:\w+|''|ARRAY\[[^\]()]*\]))\)", r"\1", text)
    return text, [found[1] for found in LITERAL_OR_IDENTIFIER.finditer(definition)]
