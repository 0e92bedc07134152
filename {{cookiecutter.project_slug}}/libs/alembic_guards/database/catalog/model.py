"""The typed model of a catalog: an entry for each object of a database, with its dependencies."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

#: The kinds of entries that are constraints.
CONSTRAINTS = frozenset({"primary key", "unique", "foreign key", "check", "exclusion"})

#: A text literal in SQL; group 1 is its content.
LITERAL = re.compile(r"'((?:[^']|'')*)'")


class EntryKey(NamedTuple):
    """The identity of an object of a database, such as the column "email" of the table "users"."""

    table: str  # as SQL, with its schema unless that is the default one; "" for none
    kind: str
    name: str  # as SQL; "" for an object that a table has once


class Reference(NamedTuple):
    """The table and columns that a foreign key refers to."""

    table: str  # as in EntryKey
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An object of a database, with its definition as the server writes it.

    Catalogs are compared by definition. The other fields are for decisions, which read no definition.
    Names of columns are without quotes, and in order where the order matters.
    """

    kind: str
    table: str = ""
    name: str = ""
    definition: str
    #: The columns of its table that it covers or reads.
    columns: tuple[str, ...] = ()
    #: The columns that are unique together.
    unique: tuple[str, ...] = ()
    refers_to: Reference | None = None
    #: The sequences and types that it depends on, by their names in EntryKey.
    uses: frozenset[str] = frozenset()
    #: STORED or VIRTUAL for a generated column.
    generated: str = ""
    #: Whether an index has expressions or a condition.
    has_expression: bool = False
    #: Whether the server chose the name, with a number that depends on the order of creation.
    is_numbered: bool = False
    #: Whether it may be unnamed, as constraints of SQLite; then the definition identifies it.
    may_be_unnamed: bool = False

    @property
    def key(self) -> EntryKey:
        """The key in a catalog: with the definition instead of a name that is numbered or may be missing."""
        name = self.definition if self.is_numbered or self.may_be_unnamed else self.name
        return EntryKey(self.table, self.kind, name)


#: All objects of a database.
Catalog = dict[EntryKey, Entry]


def catalog_of(entries: Iterable[Entry]) -> Catalog:
    """Return the catalog of these entries."""
    return {entry.key: entry for entry in entries}
