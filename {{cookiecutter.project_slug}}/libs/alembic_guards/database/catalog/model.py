"""What a catalog is made of: parts by table, kind and name, with their definitions."""

import re
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a database, such as the column "email" of the table "users"."""

    table: str  # with its schema, where that is not the default; "" for what is in no table
    kind: str
    name: str


#: How a column is defined whose values are computed, on PostgreSQL, MariaDB and MySQL.
COMPUTED = "GENERATED ALWAYS AS ("


#: A text in SQL, and what stands between its quotes.
LITERAL = re.compile(r"'((?:[^']|'')*)'")


#: What each part is, as its database writes it.
Catalog = dict[Part, str]


def recognise(text: str, patterns: dict[str, str]) -> tuple[str, str]:
    """Return the kind and the name of a part of a CREATE TABLE."""
    matches = ((kind, re.match(pattern, text)) for pattern, kind in patterns.items())
    return next((kind, "".join(match.groups())) for kind, match in matches if match)
