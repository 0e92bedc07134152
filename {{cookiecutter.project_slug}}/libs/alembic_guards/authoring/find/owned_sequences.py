"""Gives the reference database the sequences of columns as PostgreSQL has them: models do not name them."""

import re

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from alembic_guards.compat import sequences
from alembic_guards.database.catalog import Catalog, EntryKey, read_catalog
from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import bare

#: The sequences that belong to a column: its table, its name, and that of the sequence, with and without schema.
OWNED_SEQUENCES = """
    SELECT d.refobjid::regclass::text, attname, d.objid::regclass::text, s.relname
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_attribute ON attrelid = d.refobjid AND attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i')
"""

NEXTVAL = re.compile(r"nextval\('(.+?)'::regclass\)")


def create_owned_sequences(url: sa.URL, connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Create the sequences that defaults of the models name, as those of columns at `url` are.

    A column that is not the primary key cannot be SERIAL in models.
    """
    if not (features(connection.dialect).has_schemas and (names := _named(metadata))):
        return
    with open_connection(url) as source:
        catalog: Catalog = read_catalog(source)
    for name in sorted(names):
        entry = catalog.get(EntryKey("", "sequence", name))
        if entry is not None:
            statement = f"CREATE SEQUENCE IF NOT EXISTS {name} {entry.definition}"
            connection.exec_driver_sql(statement)


def keep_sequence_names(url: sa.URL, connection: sa.Connection) -> None:
    """Give the sequences of columns the names that they have in the database at `url`.

    The server names them when it creates a table, and keeps the name when the table is renamed.
    `connection` commits each statement.
    """
    if not features(connection.dialect).has_schemas:
        return
    with open_connection(url) as source:
        wanted = {(row[0], row[1]): row[3] for row in source.exec_driver_sql(OWNED_SEQUENCES)}
    for table, column, sequence, name in connection.exec_driver_sql(OWNED_SEQUENCES).all():
        other = wanted.get((table, column), name)
        if other != name:
            quoted = connection.dialect.identifier_preparer.quote(other)
            try:
                connection.exec_driver_sql(f"ALTER SEQUENCE {sequence} RENAME TO {quoted}")
            except DBAPIError:  # another sequence has the name
                connection.rollback()


def _named(metadata: sa.MetaData) -> set[str]:
    """Return the names of sequences in defaults that the models do not define."""
    columns = (column for table in metadata.tables.values() for column in table.columns)
    defaults = (str(getattr(column.server_default, "arg", "")) for column in columns)
    defined = {".".join(filter(None, (one.schema, one.name))) for one in sequences(metadata)}
    found = {name for default in defaults for name in NEXTVAL.findall(default)}
    return {name for name in found if bare(name) not in defined}
