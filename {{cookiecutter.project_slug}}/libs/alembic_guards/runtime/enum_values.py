"""Renames a value of an enum in the rows of SQLite, where a check of the table may list its values."""

import re

import sqlalchemy as sa
from alembic.operations import Operations

from alembic_guards.database.catalog import read_statements
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.sqlite import rebuild


@Operations.register_operation("rename_value")
class RenameValueOp(SQLOp):
    """Gives a value another name: first the check takes both, and another operation ends that."""

    def __init__(self, table_name: str, column_name: str, old: str, new: str) -> None:
        super().__init__(
            [], [], f"rename {old!r} in {table_name}.{column_name} to {new!r}", leads=True
        )
        self.table_name, self.column_name, self.old, self.new = table_name, column_name, old, new

    @classmethod
    def rename_value(
        cls, operations: Operations, table_name: str, column_name: str, old: str, new: str
    ) -> None:
        """Let rows have `new` where they have `old`, also under a check that lists the values."""
        operations.invoke(cls(table_name, column_name, old, new))

    def reverse(self) -> "RenameValueOp":
        """Return what takes it back."""
        return RenameValueOp(self.table_name, self.column_name, self.new, self.old)

    def run(self, connection: sa.Connection) -> None:
        """Do it."""
        form = read_statements(connection)[self.table_name]
        old, new = ("'" + value.replace("'", "''") + "'" for value in (self.old, self.new))
        lists = re.compile(
            rf"""(?<!\w){re.escape(self.column_name)}["`\]]?\s+IN\s*\((?:[^')]|'(?:[^']|'')*')*\)""",
            re.IGNORECASE,
        )

        def widened(found: re.Match[str]) -> str:
            return found[0] if new in found[0] else found[0].replace(old, f"{old}, {new}")

        wider = lists.sub(widened, form)
        if wider != form:
            rebuild(connection, self.table_name, wider)
        column: sa.ColumnClause[str] = sa.column(self.column_name)
        update = sa.table(self.table_name, column).update()
        connection.execute(update.where(column == self.old).values({column: self.new}))


@Operations.implementation_for(RenameValueOp)
def _rename_value(operations: Operations, op: RenameValueOp) -> None:
    op.run(operations.get_bind())
