"""The elements of a table of conversions: rules for pairs of families; the first match counts."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from alembic_guards.database.identifiers import doubles_percents
from alembic_guards.runtime.lossy.families import Family, family

#: An argument of sa.select().where(), or None for no row.
Condition = Any


class Change(NamedTuple):
    """A column with its plain type, and the plain type that it changes to."""

    column: sa.ColumnClause[Any]
    new: Any
    dialect: sa.Dialect
    zone: str | None = None  # of times without a time zone; None is that of the session

    @property
    def old(self) -> Any:
        """The type before the change."""
        return self.column.type

    @property
    def families(self) -> tuple[Family, Family]:
        """The families of the old and the new type."""
        return family(self.old), family(self.new)

    def write(self, template: str) -> str:
        """Return a template as SQL: {0} is the column, {type} the new type, {zone} the time zone."""
        name = str(self.column.compile(dialect=self.dialect))
        zone = (self.zone or "").replace("'", "''")
        return template.format(
            name.replace("%%", "%") if doubles_percents(self.dialect) else name,
            type=self.new.compile(dialect=self.dialect),
            zone=f"'{zone}'",
        )


class Conversion(NamedTuple):
    """How the values of a column are converted, and which rows lose data."""

    value: str  # SQL of the new value; "" for the implicit conversion of the server
    loses: Condition  # of the rows that would lose data without an error of the server
    in_session: bool = False  # whether values depend on the time zone of the session


class Rule(NamedTuple):
    """The conversion from some families to others: its SQL template, and the rows that lose data."""

    old: Family
    new: Family
    value: str | Callable[[Change], str] = ""
    loses: Callable[[Change], Condition] = lambda _: None

    def convert(self, change: Change) -> Conversion:
        """Apply the rule to a change."""
        template = self.value if isinstance(self.value, str) else self.value(change)
        return Conversion(change.write(template), self.loses(change))


def first(rules: Iterable[Rule], change: Change) -> Rule:
    """Return the first rule that matches the families of a change."""
    old, new = change.families
    return next(rule for rule in rules if old in rule.old and new in rule.new)


def always(_: Change) -> Condition:
    """Return the condition that is true for each row."""
    return sa.true()


def any_of(*conditions: Condition) -> Condition:
    """Join conditions by OR; None where all are None."""
    known = [condition for condition in conditions if condition is not None]
    return sa.or_(*known) if known else None


def limit(number: int) -> sa.ColumnClause[int]:
    """Return a number as SQL: it may be beyond the range of a parameter of the column's type."""
    return sa.literal_column(str(number), sa.Integer)
