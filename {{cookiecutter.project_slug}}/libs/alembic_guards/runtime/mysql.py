"""Lets MariaDB and MySQL rename a column, and keep all else that is said of it."""

from typing import Any

import sqlalchemy as sa
from alembic.ddl.mysql import MySQLImpl

from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.renames import RenameColumn

#: What alter_column() may change besides the name, and what it gets where it does not.
UNCHANGED = {
    "nullable": None,
    "type_": None,
    "autoincrement": None,
    "server_default": False,
    "comment": False,
}


def install() -> None:
    """Have Alembic use the class below for MariaDB and MySQL: it takes the newest one of a dialect."""
    type("GuardedMySQLImpl", (RenamingMySQLImpl,), {"__dialect__": "mysql"})


class RenamingMySQLImpl(MySQLImpl):
    """What Alembic does on MariaDB and MySQL, but for columns that only get another name.

    Alembic writes CHANGE for them. It takes away what the call does not repeat: NOT NULL, the default,
    AUTO_INCREMENT, the comment, ON UPDATE, and what the column is computed from.
    """

    def alter_column(self, table_name: str, column_name: str, **options: Any) -> None:
        """Alter a column."""
        new, schema = options.get("name"), options.get("schema")
        others = (options.get(key, value) is value for key, value in UNCHANGED.items())
        if new is None or not all(others):
            super().alter_column(table_name, column_name, **options)
        else:
            rename = RenameColumn(column_name, new, table=table_name, schema=schema)
            self._exec(sa.text(as_text(rename.sql(self.dialect))))
