"""Chooses names in Python: of classes, attributes and modules."""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Container

from alembic_guards.authoring.adopt.spec import TableSpec

#: Names that a module of models imports, and names that annotations use.
IMPORTED = frozenset({"Any", "Base", "Decimal", "Mapped", "UUID", "dt", "mapped_column", "sa"})
DIALECTS = frozenset({"mysql", "postgresql", "sqlite"})
USED = frozenset({"bool", "bytes", "float", "int", "list", "set", "str"})

#: A prefix that so many tables share makes a module of its own.
LEAST_SHARED = 3


def attribute_name(column: str, taken: Container[str]) -> str:
    """Return the name of the attribute for a column: that of the column, if Python lets it be one."""
    name = re.sub(r"\W", "_", column) or "column"
    if name[0].isdigit():
        name = f"column_{name}"
    if name.startswith("__"):
        name = f"column{name}"
    reserved = keyword.iskeyword(name) or name in IMPORTED | DIALECTS | USED
    while reserved or name in taken:
        name, reserved = f"{name}_", False
    return name


def class_name(table: TableSpec, taken: Container[str]) -> str:
    """Return the name of the class for a table, such as OrderLine for order_line."""
    words = [word for word in re.split(r"[\W_]+", table.name) if word]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Table"
    if name[0].isdigit():
        name = f"Table{name}"
    if name in taken and table.schema:
        name = "".join(part.capitalize() for part in re.split(r"[\W_]+", table.schema)) + name
    is_reserved = keyword.iskeyword(name) or name in IMPORTED or hasattr(builtins, name)
    while is_reserved or name in taken:
        name, is_reserved = f"{name}Row" if is_reserved else f"{name}_", False
    return name


def variable_name(table: TableSpec, taken: Container[str]) -> str:
    """Return the name of the variable for a table without a primary key, which no class can be of."""
    name = re.sub(
        r"\W", "_", f"{table.schema}_{table.name}" if table.schema else table.name
    ).lower()
    name = f"table_{name}" if not name or name[0].isdigit() else name
    while keyword.iskeyword(name) or name in taken or name in IMPORTED | DIALECTS | USED:
        name = f"{name}_"
    return name


def modules(tables: list[TableSpec], default: str) -> dict[str, list[TableSpec]]:
    """Return the tables by the modules that they go into.

    A schema is a module. In the default schema the tables with a prefix in common are one, and all
    others are in the module `default`.
    """
    prefixes = Counter(_prefix(table.name) for table in tables if table.schema is None)
    found: dict[str, list[TableSpec]] = {}
    for table in tables:
        prefix = _prefix(table.name)
        is_shared = prefix and prefixes[prefix] >= LEAST_SHARED
        name = table.schema or (prefix if is_shared else default)
        found.setdefault(_module(name), []).append(table)
    return found


def _prefix(table: str) -> str:
    return table.partition("_")[0].lower() if "_" in table.strip("_") else ""


def _module(name: str) -> str:
    word = re.sub(r"\W", "_", name.lower())
    is_reserved = keyword.iskeyword(word) or not word or word[0].isdigit()
    return f"tables_{word}" if is_reserved or word in ("base", "types", "user") else word
