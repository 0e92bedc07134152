"""Finds the code of types: those of SQLAlchemy, and a class of the project for all others."""

import datetime
import decimal
import uuid
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.authoring.adopt.spec import Code, TypeSpec, call
from alembic_guards.authoring.write.types import render_type

#: The class in the models package for a type that SQLAlchemy does not know, or knows by another name.
NATIVE = "NativeType"

#: Types whose values have another type in Python than SQLAlchemy says, or one that it does not say.
PYTHON: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((sa.JSON, postgresql.HSTORE, postgresql.BIT, mysql.BIT), "Any"),
    ((postgresql.CITEXT, postgresql.MONEY, postgresql.TSVECTOR), "str"),
    (mysql.SET, "set[str]"),
    (mysql.YEAR, "int"),
)
NAMES: dict[type, str] = {
    bool: "bool",
    bytes: "bytes",
    datetime.date: "dt.date",
    datetime.datetime: "dt.datetime",
    datetime.time: "dt.time",
    datetime.timedelta: "dt.timedelta",
    decimal.Decimal: "Decimal",
    float: "float",
    int: "int",
    str: "str",
    uuid.UUID: "UUID",
}


def type_spec(type_: Any, context: AutogenContext) -> TypeSpec | None:
    """Return the code of a type of SQLAlchemy; None where it has none that the database would take."""
    if isinstance(type_, sa.ARRAY):
        inner = type_spec(type_.item_type, context)
        code = inner and call("postgresql.ARRAY", inner.code)
        return code and inner and TypeSpec(code, f"list[{inner.python}]") or None
    try:
        type_.compile(dialect=context.dialect)
        rendered = render_type("type", _generic(type_, context.dialect), context)
    except (SQLAlchemyError, NotImplementedError, AttributeError):
        return None
    return TypeSpec(Code(rendered), python_of(type_)) if rendered else None


def native(name: str, base: TypeSpec | None = None) -> TypeSpec:
    """Return a type by its name in the database; its values are those of `base`."""
    if base is None:
        return TypeSpec(call(NATIVE, name))
    return TypeSpec(call(NATIVE, name, base.code), base.python)


def python_of(type_: Any) -> str:
    """Return the type of the values of a type in Python, as code."""
    for classes, name in PYTHON:
        if isinstance(type_, classes):
            return name
    try:
        return NAMES.get(type_.python_type, "Any")
    except NotImplementedError:
        return "Any"


def _generic(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the type that all dialects have, if it is the same in this one; else `type_`."""
    try:
        found: Any = type_.as_generic()
        is_same = found.compile(dialect=dialect) == type_.compile(dialect=dialect)
    except (NotImplementedError, SQLAlchemyError):
        return type_
    return found if is_same else type_
