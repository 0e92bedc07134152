"""Renames as operations, with their SQL on each dialect and their inverse.

In a revision they are `op.alter_column(..., new_column_name=...)`, `op.rename_table(...)`, or SQL where
Alembic has no such operation. Renames that a revision executes as SQL are parsed by rename_parser.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import sqlalchemy as sa
from alembic.operations import Operations

from alembic_guards.database.identifiers import qualified, quoter
from alembic_guards.runtime.operations import OwnOp, as_text

#: The options of alter_column() besides the name, and the value of each that changes nothing.
UNCHANGED = {
    "nullable": None,
    "type_": None,
    "autoincrement": None,
    "server_default": False,
    "comment": False,
}


@dataclass
class Rename(OwnOp):
    """An operation that renames an object from `old` to `new`, and changes nothing else."""

    old: str
    new: str

    @property
    def about(self) -> str:
        """The description of the rename."""
        return f"rename {self.old} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement for a dialect, to be executed as it is."""
        raise NotImplementedError

    def perform(self, operations: Operations) -> None:
        """Execute the operation as the code of a revision does."""
        operations.execute(sa.text(as_text(self.sql(operations.get_context().dialect))))

    def reverse(self) -> Self:
        """Return the inverse."""
        return replace(self, old=self.new, new=self.old)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Return what `alembic check` shows."""
        return ("rename", self.about)


@dataclass(kw_only=True)
class TablePartRename(Rename):
    """A rename of a column, a constraint or an index."""

    table: str
    schema: str | None = None

    @property
    def about(self) -> str:
        """The description of the rename."""
        return f"rename {self.table}.{self.old} to {self.new}"

    def alter(self, dialect: sa.Dialect, part: str) -> str:
        """Return the ALTER TABLE that renames a COLUMN, CONSTRAINT or INDEX, as `part` says."""
        table = qualified(dialect, self.schema, self.table)
        old, new = map(quoter(dialect), (self.old, self.new))
        return f"ALTER TABLE {table} RENAME {part} {old} TO {new}"


class RenameColumn(TablePartRename):
    """Renames a column."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return RENAME COLUMN: CHANGE would lose attributes of the column on MariaDB and MySQL."""
        return self.alter(dialect, "COLUMN")

    def perform(self, operations: Operations) -> None:
        """Execute the operation as the code of a revision does."""
        operations.alter_column(self.table, self.old, new_column_name=self.new, schema=self.schema)


class RenameConstraint(TablePartRename):
    """Renames a constraint on PostgreSQL."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement for a dialect."""
        return self.alter(dialect, "CONSTRAINT")


class RenameIndex(TablePartRename):
    """Renames an index on PostgreSQL, MariaDB or MySQL."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement: on PostgreSQL an index is named in its schema, not in its table."""
        if dialect.name != "postgresql":
            return self.alter(dialect, "INDEX")
        old = qualified(dialect, self.schema, self.old)
        return f"ALTER INDEX {old} RENAME TO {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameSequence(Rename):
    """Renames a sequence; `table` is that of the column that owns it, "" for none."""

    schema: str | None = None
    table: str = ""

    @property
    def about(self) -> str:
        """The description of the rename."""
        return f"rename {f'{self.table}.' if self.table else ''}{self.old} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement: MariaDB renames a sequence as a table."""
        kind = "SEQUENCE" if dialect.name == "postgresql" else "TABLE"
        old = qualified(dialect, self.schema, self.old)
        return f"ALTER {kind} {old} RENAME TO {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameTable(Rename):
    """Renames a table within its schema."""

    schema: str | None = None

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement for a dialect."""
        old = qualified(dialect, self.schema, self.old)
        return f"ALTER TABLE {old} RENAME TO {quoter(dialect)(self.new)}"

    def perform(self, operations: Operations) -> None:
        """Execute the operation as the code of a revision does."""
        operations.rename_table(self.old, self.new, schema=self.schema)


@dataclass(kw_only=True)
class MoveTable(Rename):
    """Moves a table on PostgreSQL from the schema `old` to the schema `new`."""

    table: str

    @property
    def about(self) -> str:
        """The description of the rename."""
        return f"move {self.old}.{self.table} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement for a dialect."""
        table = qualified(dialect, self.old, self.table)
        return f"ALTER TABLE {table} SET SCHEMA {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameEnumValue(Rename):
    """Renames a value of an enum type on PostgreSQL, and thereby in all rows."""

    enum: str  # the name of the type as SQL
    column: str  # of the models, as TABLE.COLUMN, for the description

    @property
    def about(self) -> str:
        """The description of the rename."""
        return f"rename {literal(self.old)} in {self.column} to {literal(self.new)}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return the statement for a dialect."""
        return f"ALTER TYPE {self.enum} RENAME VALUE {literal(self.old)} TO {literal(self.new)}"


def changes_name_only(options: Mapping[str, Any]) -> bool:
    """Whether the options of alter_column(), as Alembic passes them to a dialect, change only the name."""
    others = (options.get(key, unchanged) is unchanged for key, unchanged in UNCHANGED.items())
    return options.get("name") is not None and all(others)


def literal(value: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
