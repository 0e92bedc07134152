"""The typed model of a catalog: each object of a database, and what it depends on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

#: The kinds of constraints, as entries name them.
CONSTRAINTS = frozenset({"primary key", "unique", "foreign key", "check", "exclusion"})

#: A text literal in SQL, and what stands between its quotes.
LITERAL = re.compile(r"'((?:[^']|'')*)'")


class EntryKey(NamedTuple):
    """What identifies an object of a database, such as the column "email" of the table "users"."""

    table: str  # as SQL, with its schema where that is not the default; "" for what is in no table
    kind: str
    name: str  # as SQL; "" for what a table has once


class Reference(NamedTuple):
    """What a foreign key refers to."""

    table: str  # as EntryKey has it
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An object of a database, with its definition in the server's own words.

    Two catalogs are compared by definition. What else is known serves decisions: nobody has to read
    a definition for them. Names of columns are without quotes, in order where there is one.
    """

    kind: str
    table: str = ""
    name: str = ""
    definition: str
    #: The columns of its table that it is made of or computed from.
    columns: tuple[str, ...] = ()
    #: The columns whose values it keeps unique together.
    unique: tuple[str, ...] = ()
    refers_to: Reference | None = None
    #: The sequences and types that it uses, as EntryKey names them.
    uses: frozenset[str] = frozenset()
    #: STORED or VIRTUAL for a generated column.
    generated: str = ""
    #: Whether an index has an expression or a condition.
    has_expression: bool = False
    #: Whether the server chose the name, by a number that depends on the order of creation.
    is_numbered: bool = False
    #: Whether it may have no name, as constraints of SQLite: its definition identifies it.
    may_be_unnamed: bool = False

    @property
    def key(self) -> EntryKey:
        """What identifies the entry in a catalog; a number says nothing, and a name may be missing."""
        name = self.definition if self.is_numbered or self.may_be_unnamed else self.name
        return EntryKey(self.table, self.kind, name)


#: All objects of a database.
Catalog = dict[EntryKey, Entry]


def catalog_of(entries: Iterable[Entry]) -> Catalog:
    """Return the catalog that these entries make."""
    return {entry.key: entry for entry in entries}
