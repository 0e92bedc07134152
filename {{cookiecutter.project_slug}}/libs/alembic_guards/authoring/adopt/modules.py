"""Writes tables as modules of models."""

import re
from collections.abc import Iterable, Iterator

from alembic_guards.authoring.adopt.names import attribute_name, class_name, variable_name
from alembic_guards.authoring.adopt.spec import Code, ColumnSpec, Specs, TableSpec, call
from alembic_guards.authoring.adopt.types import NATIVE

#: The imports of a module, by a pattern of the code that needs them.
IMPORTS = {
    r"\bdt\.": "import datetime as dt",
    r"\bDecimal\b": "from decimal import Decimal",
    r"\bAny\b": "from typing import Any",
    r"\bUUID\b": "from uuid import UUID",
    r"\bsa\.": "import sqlalchemy as sa",
    r"\bmysql\.": "from sqlalchemy.dialects import mysql",
    r"\bpostgresql\.": "from sqlalchemy.dialects import postgresql",
    r"\bsqlite\.": "from sqlalchemy.dialects import sqlite",
    r"\bMapped\[": "from sqlalchemy.orm import Mapped, mapped_column",
}
NATIVE_TYPE = f'''
class {NATIVE}(sa.types.TypeDecorator[Any]):
    """A type by its name in the database; its values are those of `base`, or as the driver has them."""

    __visit_name__ = "user_defined"
    impl = sa.types.NullType
    cache_ok = True

    def __init__(self, name: str, base: sa.types.TypeEngine[Any] | None = None) -> None:
        super().__init__()
        self.name, self.base = name, base or sa.types.NullType()

    def __repr__(self) -> str:
        """Return the code of the type in a revision, which converts no values."""
        return f"{NATIVE}({{self.name!r}})"

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type that converts values."""
        return dialect.type_descriptor(self.base)

    def get_col_spec(self, **_: Any) -> str:
        """Return the type as DDL."""
        return self.name
'''


def module_code(
    tables: Iterable[TableSpec],
    specs: Specs,
    base: str,
    types: str,
    attributes: set[str],
    taken: set[str],
) -> str:
    """Return the code of a module with `tables`.

    `base` and `types` are the modules of Base and of the types of the project, `attributes` those that
    Base has, and `taken` the names of classes of other modules, which grows.
    """
    classes: list[str] = []
    for table in tables:
        if table.has_key:
            name = class_name(table, taken)
            classes.append("\n".join(_class(table, name, attributes)))
        else:
            name = variable_name(table, taken)
            classes.append(_table(table, name))
        taken.add(name)
    body = "\n\n\n".join(classes)
    used = sorted(name for name in {NATIVE, *specs.named} if re.search(rf"\b{name}\b", body))
    own = [f"from {base} import Base"]
    own += [f"from {types} import {', '.join(used)}"] if used else []
    head = '"""Tables of the database, as they were adopted."""'
    return "\n".join([head, "", *_imports(body), "", *own, "", "", body, ""])


def types_code(specs: Specs, base: str) -> str:
    """Return the code of the module of types and sequences; "" where the tables need none."""
    codes = [column.type.code for table in specs.tables for column in table.columns]
    needs_native = any(NATIVE in code for code in [*codes, *specs.named.values()])
    if not specs.named and not needs_native:
        return ""
    named = _in_order(specs.named)
    body = (NATIVE_TYPE if needs_native else "") + "".join(
        f"\n{name} = {code}" for name, code in named
    )
    own = [f"from {base} import Base", ""] if "Base." in body else []
    head = '"""Types and sequences of the database that several tables may use."""'
    return "\n".join([head, "", *_imports(body), "", *own, body, ""])


def _in_order(named: dict[str, Code]) -> Iterator[tuple[str, Code]]:
    """Yield each type after those that it is made of."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[tuple[str, Code]]:
        if name not in done:
            done.add(name)
            for other in named:
                if other != name and re.search(rf"data_type=.*\b{other}\b", named[name]):
                    yield from visit(other)
            yield name, named[name]

    for name in sorted(named):
        yield from visit(name)


def _imports(body: str) -> list[str]:
    needed = [line for pattern, line in IMPORTS.items() if re.search(pattern, body)]
    standard = [line for line in needed if "sqlalchemy" not in line]
    return [*standard, "", *(line for line in needed if "sqlalchemy" in line)]


def _class(table: TableSpec, name: str, attributes: set[str]) -> Iterator[str]:
    yield f"class {name}(Base):"
    yield f'    """A row of the table {_words(table)}."""'
    yield ""
    yield f"    __tablename__ = {table.name!r}"
    options = _options(table)
    if table.parts or options:
        arguments = [*table.parts, *([_dictionary(options)] if options else [])]
        yield f"    __table_args__ = ({', '.join(arguments)},)"
    yield ""
    taken = set(attributes)
    for column in table.columns:
        attribute = attribute_name(column.name, taken)
        taken.add(attribute)
        yield f"    {attribute}: {_annotation(column)} = {_mapped(column, attribute)}"


def _words(table: TableSpec) -> str:
    name = f"{table.schema}.{table.name}" if table.schema else table.name
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _options(table: TableSpec) -> dict[str, object]:
    return {**({"schema": table.schema} if table.schema else {}), **table.options}


def _dictionary(options: dict[str, object]) -> str:
    return call("", options).removeprefix("(").removesuffix(")")


def _annotation(column: ColumnSpec) -> str:
    optional = " | None" if column.nullable and column.type.python != "Any" else ""
    return f"Mapped[{column.type.python}{optional}]"


def _mapped(column: ColumnSpec, attribute: str) -> Code:
    names = () if attribute == column.name else (column.name,)
    explicit = {"nullable": column.nullable} if column.type.python == "Any" else {}
    key = {"primary_key": True} if column.is_key else {}
    # A column of a primary key that SQLite lets be NULL.
    explicit |= {"nullable": True} if column.is_key and column.nullable else {}
    options = {**key, **explicit, **column.options}
    return call("mapped_column", *names, column.type.code, *column.parts, **options)


def _table(table: TableSpec, name: str) -> str:
    columns = [
        call(
            "sa.Column",
            column.name,
            column.type.code,
            *column.parts,
            nullable=column.nullable,
            **column.options,
        )
        for column in table.columns
    ]
    arguments = [Code("Base.metadata"), *columns, *table.parts]
    return f"{name} = {call('sa.Table', table.name, *arguments, **_options(table))}"
