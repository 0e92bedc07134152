"""Renames columns on MariaDB and MySQL without losing their other attributes."""

from typing import Any

import sqlalchemy as sa
from alembic.ddl.mysql import MySQLImpl

from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.renames import RenameColumn, changes_name_only


def install() -> None:
    """Register the class below: Alembic uses the class that was defined last for a dialect."""
    for name in ("mysql", "mariadb"):
        type("GuardedMySQLImpl", (RenamingMySQLImpl,), {"__dialect__": name})


class RenamingMySQLImpl(MySQLImpl):
    """Writes RENAME COLUMN where only the name of a column changes.

    Alembic writes CHANGE, which drops the attributes that the call does not repeat: NOT NULL, the
    default, AUTO_INCREMENT, the comment, ON UPDATE, and the expression of a generated column.
    """

    def alter_column(self, table_name: str, column_name: str, **options: Any) -> None:
        """Alter a column; one whose name alone changes keeps all its attributes."""
        if changes_name_only(options):
            names = (column_name, options["name"])
            rename = RenameColumn(*names, table=table_name, schema=options.get("schema"))
            self.execute(sa.text(as_text(rename.sql(self.dialect))))
        else:
            super().alter_column(table_name, column_name, **options)
