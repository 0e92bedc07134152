"""The form of a table of conversions: rules for pairs of families, of which the first that fits counts."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from alembic_guards.runtime.lossy.families import Family, family

Condition = Any  # of sa.select().where(), or None


class Change(NamedTuple):
    """A column with the plain type that it has, and the plain type that it is to have."""

    column: sa.ColumnClause[Any]
    new: Any
    dialect: sa.Dialect
    zone: str | None = None  # in which times without a time zone are; None is that of the session

    @property
    def old(self) -> Any:
        """The type that the column has."""
        return self.column.type

    @property
    def families(self) -> tuple[Family, Family]:
        """The families of both types."""
        return family(self.old), family(self.new)

    def write(self, template: str) -> str:
        """Write SQL with the name of the column as {0}, the new type as {type}, the zone as {zone}."""
        name = str(self.column.compile(dialect=self.dialect))
        zone = (self.zone or "").replace("'", "''")
        return template.format(
            name.replace("%%", "%") if doubles_percents(self.dialect) else name,
            type=self.new.compile(dialect=self.dialect),
            zone=f"'{zone}'",
        )


class Conversion(NamedTuple):
    """What becomes of the values of a column."""

    value: str  # the SQL of a new value; "" where the server converts it by itself
    loses: Condition  # that a row would lose something, and nothing else would stop that
    in_session: bool = False  # the values depend on the time zone of the session


class Rule(NamedTuple):
    """How values of some families become values of others."""

    old: Family
    new: Family
    value: str | Callable[[Change], str] = ""
    loses: Callable[[Change], Condition] = lambda _: None

    def convert(self, change: Change) -> Conversion:
        """Return the conversion of a column by this rule."""
        template = self.value if isinstance(self.value, str) else self.value(change)
        return Conversion(change.write(template), self.loses(change))


def first(rules: Iterable[Rule], change: Change) -> Rule:
    """Return the first rule for the types of a column."""
    old, new = change.families
    return next(rule for rule in rules if old in rule.old and new in rule.new)


def always(_: Change) -> Condition:
    """Whatever a row holds, it would lose it."""
    return sa.true()


def any_of(*conditions: Condition) -> Condition:
    """Return that one of some conditions holds; None is none."""
    known = [condition for condition in conditions if condition is not None]
    return sa.or_(*known) if known else None


def limit(number: int) -> sa.ColumnClause[int]:
    """Return a number as SQL; no parameter of the type of a column holds what is beyond that."""
    return sa.literal_column(str(number), sa.Integer)


def doubles_percents(dialect: sa.Dialect) -> bool:
    """Whether a dialect writes each % twice, as its driver wants it."""
    return dialect.paramstyle in ("format", "pyformat")
