"""Chooses names in Python: of classes, attributes and modules."""

import builtins
import keyword
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable

from alembic_guards.authoring.adopt.spec import TableSpec

#: Names that a module of models imports, and names that annotations use.
IMPORTED = frozenset(
    {"Any", "Base", "Decimal", "Mapped", "NativeType", "UUID", "dt", "mapped_column", "sa"}
)
DIALECTS = frozenset({"mysql", "postgresql", "sqlite"})
USED = frozenset({"bool", "bytes", "float", "int", "list", "set", "str"})
RESERVED = IMPORTED | DIALECTS | USED

#: A prefix that so many tables share makes a module of its own.
LEAST_SHARED = 3


def attribute_name(column: str, taken: Container[str]) -> str:
    """Return the name of the attribute for a column: that of the column, if Python lets it be one."""
    name = _letters(column) or "column"
    if not name.isidentifier() and not keyword.iskeyword(name):
        name = f"column_{name}"
    if name.startswith("__"):
        name = f"column{name}"
    reserved = keyword.iskeyword(name) or name in RESERVED
    while reserved or name in taken:
        name, reserved = f"{name}_", False
    return name


def class_name(table: TableSpec, taken: Container[str]) -> str:
    """Return the name of the class for a table, such as OrderLine for order_line."""
    words = [word for word in _letters(table.name).split("_") if word]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Table"
    if not name.isidentifier():
        name = f"Table{name}"
    if name in taken and table.schema:
        name = "".join(part.capitalize() for part in _letters(table.schema).split("_")) + name
        name = name if name.isidentifier() else f"Table{name}"
    is_reserved = keyword.iskeyword(name) or name in IMPORTED or hasattr(builtins, name)
    while is_reserved or name in taken:
        name, is_reserved = f"{name}Row" if is_reserved else f"{name}_", False
    return name


def variable_name(table: TableSpec, taken: Container[str]) -> str:
    """Return the name of the variable for a table without a primary key, which no class can be of."""
    name = _letters(f"{table.schema}_{table.name}" if table.schema else table.name).lower()
    name = name if name.isidentifier() else f"table_{name}"
    while keyword.iskeyword(name) or name in taken or name in RESERVED:
        name = f"{name}_"
    return name


def shared_name(schema: str | None, name: str, taken: Container[str]) -> str:
    """Return the name of the variable for a type or a sequence, which several tables may use."""
    word = _letters(f"{schema}_{name}" if schema else name).lower()
    word = word if word.isidentifier() else f"type_{word}"
    if keyword.iskeyword(word) or word in RESERVED:
        word = f"{word}_"
    while word in taken:
        word = f"{word.rstrip('_')}_type"
    return word


def attribute_names(columns: Iterable[str]) -> set[str]:
    """Return all names that attributes for such columns may have, apart from more underscores.

    In the body of a class an attribute hides a variable of the module.
    """
    names = {attribute_name(column, ()) for column in columns}
    return {other for name in names for other in (name, name.rstrip("_"), f"{name}_")}


def _letters(name: str) -> str:
    """Return a name as Python compares it, with an underscore for what no identifier has.

    Python normalizes identifiers by NFKC: names that differ before that would be one attribute.
    """
    normal = unicodedata.normalize("NFKC", name)
    return "".join(one if f"a{one}".isidentifier() else "_" for one in normal)


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
    word = _letters(name.lower())
    is_reserved = keyword.iskeyword(word) or not word.isidentifier()
    return f"tables_{word}" if is_reserved or word in ("base", "types", "user") else word
