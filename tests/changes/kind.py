"""What a kind of change is: models before, with rows in them, and models after."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

HEADER = """
import datetime
import decimal
import uuid
import sqlalchemy as sa
from sqlalchemy import *
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import *
import enum
class Color(enum.Enum):
    RED = 1
    GREEN = 2
BIG = BigInteger().with_variant(Integer, "sqlite")
"""
ITEM = """
class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
SHELF = """
class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
"""


class Change(NamedTuple):
    """A change of the models, and what must be seen in the database once it is upgraded.

    `only` names the databases that have such a thing. Where one of them cannot do it, its entry in
    `refused` is what `revision` must say; `stopped` is what `upgrade` says of these rows, and leaves
    them. What `rows` made `by_hand` stays, and `check` names it.
    """

    name: str
    before: str
    after: str
    rows: tuple[str, ...] = ("INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')",)
    answers: str = ""
    then: str = ""
    look: str = "SELECT id, name FROM items ORDER BY id"
    sees: object = ((1, "a"), (2, "b"))
    only: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")
    by_hand: str = ""
    refused: Mapping[str, str] = MappingProxyType({})
    stopped: str = ""


def item(*lines: str) -> str:
    """The model Item with more lines in its body."""
    return HEADER + ITEM + "".join(f"    {line}\n" for line in lines)
