"""Renames as operations: what gets another name, the SQL of each database, and the inverse.

A revision says them as `op.alter_column(..., new_column_name=...)` and `op.rename_table(...)`, and as
SQL where Alembic has no such operation. What an owner writes as SQL is read by rename_parser.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import sqlalchemy as sa
from alembic.operations import Operations

from alembic_guards.database.identifiers import quoter
from alembic_guards.runtime.operations import OwnOp, as_text

#: What an ALTER of a column may change besides its name, and what Alembic passes where it does not.
UNCHANGED = {
    "nullable": None,
    "type_": None,
    "autoincrement": None,
    "server_default": False,
    "comment": False,
}


@dataclass
class Rename(OwnOp):
    """An operation that gives something another name, and loses nothing of it."""

    old: str
    new: str

    @property
    def about(self) -> str:
        """A line that says what it does."""
        return f"rename {self.old} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement, to be executed as it is."""
        raise NotImplementedError

    def perform(self, operations: Operations) -> None:
        """Do it as the code of a revision does."""
        operations.execute(sa.text(as_text(self.sql(operations.get_context().dialect))))

    def reverse(self) -> Self:
        """Return the inverse."""
        return replace(self, old=self.new, new=self.old)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Return what `alembic check` would show."""
        return ("rename", self.about)


@dataclass(kw_only=True)
class InTable(Rename):
    """A rename of a part of a table."""

    table: str
    schema: str | None = None

    @property
    def about(self) -> str:
        """A line that says what it does."""
        return f"rename {self.table}.{self.old} to {self.new}"

    def alter(self, dialect: sa.Dialect, part: str) -> str:
        """Return the ALTER TABLE for a part of this kind."""
        table = _qualified(dialect, self.schema, self.table)
        old, new = map(quoter(dialect), (self.old, self.new))
        return f"ALTER TABLE {table} RENAME {part} {old} TO {new}"


class RenameColumn(InTable):
    """Renames a column."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement, which keeps all that is said of the column, as CHANGE would not."""
        return self.alter(dialect, "COLUMN")

    def perform(self, operations: Operations) -> None:
        """Do it as the code of a revision does."""
        operations.alter_column(self.table, self.old, new_column_name=self.new, schema=self.schema)


class RenameConstraint(InTable):
    """Renames a constraint of PostgreSQL."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement."""
        return self.alter(dialect, "CONSTRAINT")


class RenameIndex(InTable):
    """Renames an index of PostgreSQL, MariaDB or MySQL."""

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement: on PostgreSQL an index is a part of the schema."""
        if dialect.name != "postgresql":
            return self.alter(dialect, "INDEX")
        old = _qualified(dialect, self.schema, self.old)
        return f"ALTER INDEX {old} RENAME TO {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameSequence(Rename):
    """Renames a sequence; `table` is that of the column that counts by it, if there is one."""

    schema: str | None = None
    table: str = ""

    @property
    def about(self) -> str:
        """A line that says what it does."""
        return f"rename {f'{self.table}.' if self.table else ''}{self.old} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement: to MariaDB a sequence is a table."""
        kind = "SEQUENCE" if dialect.name == "postgresql" else "TABLE"
        old = _qualified(dialect, self.schema, self.old)
        return f"ALTER {kind} {old} RENAME TO {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameTable(Rename):
    """Renames a table; it stays in its schema."""

    schema: str | None = None

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement."""
        old = _qualified(dialect, self.schema, self.old)
        return f"ALTER TABLE {old} RENAME TO {quoter(dialect)(self.new)}"

    def perform(self, operations: Operations) -> None:
        """Do it as the code of a revision does."""
        operations.rename_table(self.old, self.new, schema=self.schema)


@dataclass(kw_only=True)
class MoveTable(Rename):
    """Moves a table of PostgreSQL from the schema `old` to the schema `new`."""

    table: str

    @property
    def about(self) -> str:
        """A line that says what it does."""
        return f"move {self.old}.{self.table} to {self.new}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement."""
        table = _qualified(dialect, self.old, self.table)
        return f"ALTER TABLE {table} SET SCHEMA {quoter(dialect)(self.new)}"


@dataclass(kw_only=True)
class RenameEnumValue(Rename):
    """Renames a value of an enum of PostgreSQL, and so in all rows that hold it."""

    enum: str  # as SQL
    column: str  # the one of the models for which it was answered

    @property
    def about(self) -> str:
        """A line that says what it does."""
        return f"rename {literal(self.old)} in {self.column} to {literal(self.new)}"

    def sql(self, dialect: sa.Dialect) -> str:
        """Return its statement."""
        return f"ALTER TYPE {self.enum} RENAME VALUE {literal(self.old)} TO {literal(self.new)}"


def changes_name_only(options: Mapping[str, Any]) -> bool:
    """Whether alter_column() of an implementation of Alembic is to change nothing but a name."""
    others = (options.get(key, unchanged) is unchanged for key, unchanged in UNCHANGED.items())
    return options.get("name") is not None and all(others)


def literal(value: str) -> str:
    """Return a text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def _qualified(dialect: sa.Dialect, *names: str | None) -> str:
    return ".".join(quoter(dialect)(name) for name in names if name)
