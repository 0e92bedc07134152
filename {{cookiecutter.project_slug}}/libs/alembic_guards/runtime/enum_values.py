"""Renames a value of an enum on SQLite: in the rows, and in a CHECK that lists the values."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from alembic_guards.database.catalog import read_statements
from alembic_guards.database.catalog.sqlite_parser import text_of, tokenize
from alembic_guards.runtime.operations import SQLOp
from alembic_guards.runtime.sqlite_rebuild import rebuild


@Operations.register_operation("rename_value")
class RenameValueOp(SQLOp):
    """Renames a value in all rows.

    A CHECK that lists the values is extended by the new one. A later operation removes the old one.
    """

    def __init__(self, table_name: str, column_name: str, old: str, new: str) -> None:
        super().__init__(
            [], [], f"rename {old!r} in {table_name}.{column_name} to {new!r}", leads=True
        )
        self.table_name, self.column_name, self.old, self.new = table_name, column_name, old, new

    @classmethod
    def rename_value(
        cls, operations: Operations, table_name: str, column_name: str, old: str, new: str
    ) -> None:
        """Replace `old` by `new` in the rows of a column, and add `new` to a CHECK that lists `old`."""
        operations.invoke(cls(table_name, column_name, old, new))

    def reverse(self) -> "RenameValueOp":
        """Return the inverse."""
        return RenameValueOp(self.table_name, self.column_name, self.new, self.old)

    def run(self, connection: sa.Connection) -> None:
        """Execute the operation on a connection."""
        sql = read_statements(connection)[self.table_name]
        extended = _with_new_value(sql, self.column_name, self.old, self.new)
        if extended != sql:
            rebuild(connection, self.table_name, extended)
        column: sa.ColumnClause[str] = sa.column(self.column_name)
        update = sa.table(self.table_name, column).update()
        connection.execute(update.where(column == self.old).values({column: self.new}))


def rename_value(table_name: str, column_name: str, old: str, new: str) -> None:
    """Do what `op.rename_value()` does, typed for type checkers: rename a value of an enum on SQLite."""
    op.invoke(RenameValueOp(table_name, column_name, old, new))


@Operations.implementation_for(RenameValueOp)
def _rename_value(operations: Operations, operation: RenameValueOp) -> None:
    operation.run(operations.get_bind())


def _with_new_value(sql: str, column: str, old: str, new: str) -> str:
    """Return a CREATE TABLE with `new` added to each `column IN (...)` that lists `old`."""
    tokens = tokenize(sql)
    solid = [number for number, token in enumerate(tokens) if not token.is_trivia]
    for place, number in enumerate(solid[:-2]):
        following = [tokens[after].word for after in solid[place + 1 : place + 3]]
        if tokens[number].name.lower() != column.lower() or following != ["IN", "("]:
            continue
        end = next(after for after in solid[place + 3 :] if tokens[after].word == ")")
        values = {
            tokens[after].name: after
            for after in range(solid[place + 2], end)
            if tokens[after].kind == "string"
        }
        if old in values and new not in values:
            text = "'" + new.replace("'", "''") + "'"
            listed = tokens[values[old]]
            tokens[values[old]] = listed._replace(text=f"{listed.text}, {text}")
    return text_of(tokens)
