"""Operations of our own that a revision says in the words of Alembic, or as SQL."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations
from alembic.runtime.migration import MigrationContext


class OwnOp(MigrateOperation):
    """An operation that knows its inverse, and how to say in a line what it does."""

    leads = False  # it stands at the beginning, also in a downgrade

    @property
    def about(self) -> str:
        """A line that says what it does."""
        raise NotImplementedError

    def perform(self, operations: Operations) -> None:
        """Do it as the code of a revision does."""
        raise NotImplementedError

    def run(self, connection: sa.Connection) -> None:
        """Do it on a connection, outside of a revision."""
        self.perform(Operations(MigrationContext.configure(connection)))


class SQLOp(OwnOp):
    """Statements, their inverse, and what both are about in a few words."""

    about = ""

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
        self.leads = leads
        self.autocommit = autocommit  # no transaction may be around it

    def perform(self, operations: Operations) -> None:
        """Execute the statements as they are: no % in them stands for a parameter."""
        for statement in self.statements:
            operations.execute(sa.text(as_text(statement)))

    def reverse(self) -> "SQLOp":
        """Return the inverse."""
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
