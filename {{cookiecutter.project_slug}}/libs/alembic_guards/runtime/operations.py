"""The base classes of our own operations, which revisions contain as SQL or as operations of Alembic."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations
from alembic.runtime.migration import MigrationContext


class OwnOp(MigrateOperation):
    """An operation with an inverse, reverse(), and a description of one line, `about`."""

    leads = False  # it is the first of a revision, in upgrade() and in downgrade()

    @property
    def about(self) -> str:
        """The description, such as "rename users.name to full_name"."""
        raise NotImplementedError

    def perform(self, operations: Operations) -> None:
        """Execute the operation as the code of a revision does."""
        raise NotImplementedError

    def run(self, connection: sa.Connection) -> None:
        """Execute the operation on a connection, outside of a revision."""
        self.perform(Operations(MigrationContext.configure(connection)))


class SQLOp(OwnOp):
    """SQL statements, the statements of their inverse, and a description of both."""

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
        self.autocommit = autocommit  # it cannot run in a transaction

    def perform(self, operations: Operations) -> None:
        """Execute the statements as they are: % and : begin no parameter."""
        for statement in self.statements:
            operations.execute(sa.text(as_text(statement)))

    def reverse(self) -> "SQLOp":
        """Return the inverse."""
        return SQLOp(self.back, self.statements, self.about, leads=self.leads)

    def to_diff_tuple(self) -> tuple[str, ...]:
        """Return what `alembic check` shows."""
        return ("execute", *self.statements)


def as_text(sql: str) -> str:
    """Return the argument of sa.text() for `sql`, with colons escaped where they begin a parameter."""
    spellings = (sql, re.sub(r"(?<![\w:]):(?=\w)", r"\:", sql))
    compiled = ((spelling, sa.text(spelling).compile()) for spelling in spellings)
    same = (spelling for spelling, text in compiled if not text.params and str(text) == sql)
    return next(same, sql.replace(":", r"\:"))
