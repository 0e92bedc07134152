"""What the databases can do: one row for each, which all layers ask.

Code that only one database needs is in the module of its name. Code for all asks for a feature here.
"""

from dataclasses import dataclass

from sqlalchemy import URL, Dialect


@dataclass(frozen=True)
class Features:
    """The features of a database."""

    #: A revision is one transaction, whatever it executes: nothing of it can be half done.
    atomic_revisions: bool = False
    #: DDL is rolled back with its transaction. Else each statement of DDL commits.
    transactional_ddl: bool = True
    #: ALTER TABLE changes columns and constraints. Else Alembic rebuilds the table in a batch.
    alters_tables: bool = True
    #: A database holds schemas, and types and sequences that are objects of their own.
    has_schemas: bool = False
    #: Indexes are built CONCURRENTLY, and constraints are added NOT VALID and validated later.
    online_ddl: bool = False
    #: Names of tables, or of columns, that differ in the case of their letters alone are one name.
    folds_tables: bool = False
    folds_columns: bool = False


#: The features of each database, by backend_name().
FEATURES = {
    "sqlite": Features(
        atomic_revisions=True, alters_tables=False, folds_tables=True, folds_columns=True
    ),
    "postgresql": Features(has_schemas=True, online_ddl=True),
    "mysql": Features(transactional_ddl=False, folds_columns=True),
}


def features(dialect: Dialect) -> Features:
    """Return the features of a database; for one that the guards do not know, those of most."""
    return FEATURES.get(backend_name(dialect), Features())


def backend_name(backend: Dialect | URL) -> str:
    """Return the name of a backend in our tables: "mysql" for both MariaDB and MySQL.

    SQLAlchemy has two dialects for them. That of a URL `mysql://` works with both servers.
    """
    name = backend.get_backend_name() if isinstance(backend, URL) else backend.name
    return "mysql" if name == "mariadb" else name
