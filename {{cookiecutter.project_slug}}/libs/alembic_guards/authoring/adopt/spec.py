"""What the code of models is written from: tables with columns and parts, as code of SQLAlchemy."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from alembic_guards.runtime.operations import as_text


class Code(str):
    """A text that is code already: call() does not quote it."""

    __slots__ = ()


@dataclass(frozen=True)
class TypeSpec:
    """The type of a column."""

    code: Code
    python: str = "Any"  # the type of its values, for Mapped[...]


@dataclass(frozen=True)
class ColumnSpec:
    """A column."""

    name: str
    type: TypeSpec
    nullable: bool
    is_key: bool = False
    parts: tuple[Code, ...] = ()  # such as a foreign key
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableSpec:
    """A table; `schema` is None for the default schema."""

    name: str
    schema: str | None
    columns: list[ColumnSpec]
    parts: list[Code] = field(default_factory=list)  # constraints and indexes
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def has_key(self) -> bool:
        """Whether it has a primary key, which a mapped class needs."""
        return any(column.is_key for column in self.columns)


@dataclass
class Specs:
    """The tables of a database, and the objects that they share."""

    tables: list[TableSpec] = field(default_factory=list)
    named: dict[str, Code] = field(
        default_factory=dict
    )  # types and sequences, by the names of variables
    #: What no model can say, as kinds with counts.
    unsaid: dict[str, int] = field(default_factory=dict)


def call(name: str, /, *arguments: object, **options: object) -> Code:
    """Return the code of a call; options that are None are left out."""
    parts = [_code(argument) for argument in arguments]
    parts += [f"{key}={_code(value)}" for key, value in options.items() if value is not None]
    return Code(f"{name}({', '.join(parts)})")


def text(sql: str) -> Code:
    """Return the code of an expression in SQL."""
    return call("sa.text", as_text(sql))


def _code(value: object) -> str:
    if isinstance(value, Code):
        return value
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_code(item)}' for key, item in value.items())}}}"
    return repr(value)


def primary_key(columns: Iterable[str], **options: object) -> Code:
    """Return the code of a primary key."""
    return call("sa.PrimaryKeyConstraint", *columns, **options)


def foreign_key(columns: list[str], targets: list[str], **options: object) -> Code:
    """Return the code of a foreign key of a table; `targets` are names with their tables."""
    return call("sa.ForeignKeyConstraint", columns, targets, **options)
