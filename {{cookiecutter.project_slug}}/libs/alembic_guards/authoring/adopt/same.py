"""Compares the schemas of two databases: by their catalogs, and by the statements that a dump has of them."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData

from alembic_guards.authoring.adopt.dump import dump
from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.catalog import Catalog, differences, read_catalog
from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import bare
from alembic_guards.database.managed import managed
from alembic_guards.database.scratch import scratch_database
from alembic_guards.errors import explain
from alembic_guards.runtime.apply import upgrade

NOT_BUILT = """Not adopted: the statements of the database do not build it again. Nothing was written.
{reason}"""

#: The statements about objects that a catalog holds. It compares them by meaning: the order of columns, and
#: on SQLite the layout, make no difference. Partitions come and go without a revision.
IN_CATALOG = {
    "postgresql": re.compile(
        r"CREATE (?:UNLOGGED )?TABLE|CREATE (?:UNIQUE )?INDEX|(?:CREATE|ALTER) SEQUENCE"
        r"|ALTER TABLE .*(?:ADD CONSTRAINT|ALTER COLUMN|ATTACH PARTITION)|ALTER INDEX"
        r"|CREATE (?:MATERIALIZED )?VIEW|CREATE (?:CONSTRAINT )?TRIGGER|CREATE DOMAIN"
        r"|CREATE TYPE \S+ AS ENUM|COMMENT ON (?:TABLE|COLUMN|CONSTRAINT)|CREATE (?:SCHEMA|EXTENSION)",
        re.DOTALL,
    ),
    "sqlite": re.compile("CREATE ", re.IGNORECASE),
    "mysql": re.compile(r"CREATE (?:TABLE|.*\b(?:VIEW|TRIGGER))\b|SET ", re.DOTALL | re.IGNORECASE),
}


class Schema(NamedTuple):
    """The schema of a database."""

    dialect: str
    statements: list[str]
    catalog: Catalog
    compared: Catalog  # without tables that others own


def read_schema(connection: Connection, version_table: str, schemas: Collection[str]) -> Schema:
    """Return the schema of a database; on PostgreSQL only that of `schemas`, if there are any."""
    catalog = read_catalog(connection)
    own = {version_table, *OWN_TABLES}
    catalog = {key: entry for key, entry in catalog.items() if _name(key.table) not in own}
    if schemas:
        default = connection.dialect.default_schema_name
        catalog = {
            key: entry
            for key, entry in catalog.items()
            if (bare(key.table or key.name).rpartition(".")[0] or default) in schemas
        }
    statements = dump(connection, version_table, schemas)
    compared = managed(catalog, MetaData(), connection.dialect)
    return Schema(backend_name(connection.dialect), statements, catalog, compared)


def _name(table: str) -> str:
    return bare(table).rpartition(".")[2]


def differences_of(found: Schema, wanted: Schema, *, exactly: bool = False) -> list[str]:
    """Return the differences between two schemas, a line each.

    `exactly`: also those that have no meaning, such as the order of columns.
    """
    one, other = (found.catalog, wanted.catalog) if exactly else (found.compared, wanted.compared)
    lines = differences(_shortened(one, other), _shortened(other, one))
    covered = IN_CATALOG[found.dialect]
    has, needs = (
        Counter(text for text in schema.statements if exactly or not covered.match(text))
        for schema in (found, wanted)
    )
    lines += [f"missing: {_line(text)}" for text in needs - has]
    lines += [f"unwanted: {_line(text)}" for text in has - needs]
    return lines


def _shortened(catalog: Catalog, other: Catalog) -> Catalog:
    """Return a catalog with one entry for each table that `other` does not have at all."""
    tables = {key.table for key in other}
    return {
        key: entry
        for key, entry in catalog.items()
        if key.table in tables or key.kind == "table" or not key.table
    }


def _line(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) < 200 else f"{text[:200]} ..."


@contextmanager
def built(url: URL, script: ScriptDirectory, revision: Script) -> Iterator[Connection]:
    """Yield a connection to a scratch database on the server of `url`, which `revision` has built.

    Raises CommandError where the revision fails.
    """
    with scratch_database(url) as scratch, open_connection(scratch) as connection:
        try:
            upgrade(connection, script, revision.revision)
        except CommandError as error:
            reason = explain(error.__cause__) if isinstance(error.__cause__, Exception) else error
            raise CommandError(NOT_BUILT.format(reason=reason)) from error
        yield connection
