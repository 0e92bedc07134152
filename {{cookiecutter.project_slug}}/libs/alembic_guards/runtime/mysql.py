"""Lets MariaDB and MySQL rename a column, and keep all else that is said of it."""

from typing import Any

import sqlalchemy as sa
from alembic.ddl.mysql import MySQLImpl

from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.renames import RenameColumn, changes_name_only


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
        if changes_name_only(options):
            names = (column_name, options["name"])
            rename = RenameColumn(*names, table=table_name, schema=options.get("schema"))
            self.execute(sa.text(as_text(rename.sql(self.dialect))))
        else:
            super().alter_column(table_name, column_name, **options)
