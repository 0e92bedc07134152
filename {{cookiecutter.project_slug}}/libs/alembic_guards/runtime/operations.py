"""An operation in plain SQL that knows its way back."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from alembic.operations import MigrateOperation

from alembic_guards.runtime.enum_history import follow

#: What rename() takes for a column.
COLUMN = "ALTER TABLE {schema}{table} RENAME COLUMN {old} TO {new}"


class SQLOp(MigrateOperation):
    """Statements, those that take them back, and what both are about in a few words."""

    def __init__(
        self,
        statements: Iterable[str],
        back: Iterable[str],
        about: str,
        *,
        leads: bool = False,
        autocommit: bool = False,
    ) -> None:
        self.statements, self.back, self.about = list(statements), list(back), about
        self.leads = leads  # it stands at the beginning, on the way back too
        self.autocommit = autocommit  # no transaction may be around it

    def run(self, connection: sa.Connection) -> None:
        """Execute the statements as they are: no % in them stands for a parameter."""
        for statement in self.statements:
            follow(statement)
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def reverse(self) -> "SQLOp":
        """Return what takes it back."""
        return SQLOp(self.back, self.statements, self.about, leads=self.leads)

    def to_diff_tuple(self) -> tuple[str, ...]:
        """Return what `alembic check` would show."""
        return ("execute", *self.statements)


def as_text(sql: str) -> str:
    """Return what sa.text() takes for `sql`: a colon before a word would be a parameter."""
    ways = (sql, re.sub(r"(?<![\w:]):(?=\w)", r"\:", sql))
    meant = ((way, sa.text(way).compile()) for way in ways)
    right = (way for way, text in meant if not text.params and str(text) == sql)
    return next(right, sql.replace(":", r"\:"))


def rename(template: str, old: str, new: str, **names: str) -> SQLOp:
    """Return the operation that renames `old`, which may be in the table of `names`, to `new`."""
    where = f"{names['table']}." if "table" in names else ""
    statement = template.format(old=old, new=new, **names)
    back = template.format(old=new, new=old, **names)
    return SQLOp([statement], [back], f"rename {where}{old} to {new}")
