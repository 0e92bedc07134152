"""Decides which objects of a database this project manages: env.py may leave others out.

`version_table`, `include_name` and `include_object` of context.configure() hold in this process for all
that compares catalogs: autogenerate, the proof of a revision, `alembic check`, and the tests.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_guards.compat import Command, running_command
from alembic_guards.database.bookkeeping import OWN_TABLES
from alembic_guards.database.catalog import VERSION_TABLE, Catalog, Entry
from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import serial_name, split_name
from alembic_guards.database.unmanaged import copied_foreign_keys, unmanaged_tables
from alembic_guards.database.views import is_made_by_hand, is_temporary, is_view

#: The type of an object in `include_object`, by the kind of an entry of a catalog.
TYPES = {
    **dict.fromkeys(
        ("column", "not null", "default", "generated", "identity", "comment"), "column"
    ),
    "index": "index",
    "unique": "unique_constraint",
    "foreign key": "foreign_key_constraint",
}

SCHEMA_OF_TABLE = """
    SELECT nspname, current_schema() FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE c.oid = to_regclass(%s)"""
OTHER_SCHEMA = """The search path finds {table} in the schema {schema}, but creates tables in {default}. \
Nothing was changed.
Set a search path without {schema}, or in env.py version_table_schema to one of them."""

Filter = Callable[..., bool]

#: The option of alembic.ini, and of context.configure(), with patterns of the tables that others own.
LEAVE = "leave"


@dataclass
class Filters:
    """The options of context.configure() that leave objects out, and the revisions of its command."""

    script: ScriptDirectory | None = None
    version_table: str = VERSION_TABLE
    include_name: Filter | None = None
    include_object: Filter | None = None
    leave: tuple[str, ...] = ()  # patterns of names, as in a shell: `leave` of alembic.ini

    def has_table(self, name: str, schema: str | None, model: sa.Table | None) -> bool:
        """Whether a table is managed; `model` is that of the models, None where they have none."""
        qualified = f"{schema}.{name}" if schema else name
        parents = {"schema_name": schema, "schema_qualified_table_name": qualified}
        if name in {self.version_table, VERSION_TABLE, *OWN_TABLES}:
            return False
        if any(fnmatchcase(each, pattern) for pattern in self.leave for each in (name, qualified)):
            return False
        if self.include_name and not self.include_name(name, "table", parents):
            return False
        if self.include_object is None:
            return True
        table = sa.Table(name, sa.MetaData(), schema=schema) if model is None else model
        return self.include_object(table, name, "table", model is None, None)

    def has_part(self, part: Any, name: str, kind: str, *, is_model: bool) -> bool:
        """Whether a column, an index or a constraint of a managed table is managed."""
        return self.include_object is None or self.include_object(
            part, name, kind, not is_model, None
        )


#: What env.py has given to context.configure() last.
FILTERS = Filters()


def apply_options(migration: MigrationContext) -> None:
    """Put the options of context.configure() in force, and have autogenerate leave out more.

    That is what `_is_compared` leaves out. A new database gets the schema of the version table, and
    a scratch database the table itself: `connect()` has built it before env.py named one.
    """
    options, connection = migration.opts, migration.connection
    FILTERS.script = migration.script
    FILTERS.version_table = migration.version_table
    FILTERS.include_name = options.get("include_name")
    FILTERS.include_object = options.get("include_object")
    FILTERS.leave = tuple(options.get(LEAVE, ()))
    if connection is None or migration.as_sql:  # offline it is a stand-in
        return
    is_scratch = bool(connection.info.get(TEMPLATE))
    if is_scratch or "destination_rev" in options:
        _refuse_version_table_of_another_schema(connection, migration)
        _create_schema(connection, migration.version_table_schema)
    if running_command() is Command.OTHER:
        return
    options["include_name"] = lambda *names: _is_compared(migration, connection, *names)
    if is_scratch and migration.script:
        migration.stamp(migration.script, "heads")
        connection.commit()


def _refuse_version_table_of_another_schema(
    connection: sa.Connection, migration: MigrationContext
) -> None:
    """Raise CommandError where the search path finds the version table behind the default schema.

    The revisions of that schema would be taken for those of this one.
    """
    if migration.version_table_schema or not features(connection.dialect).has_schemas:
        return
    name = connection.dialect.identifier_preparer.quote(migration.version_table)
    schema, default = connection.exec_driver_sql(SCHEMA_OF_TABLE, (name,)).one_or_none() or ("", "")
    connection.rollback()
    if schema != default:
        raise CommandError(
            OTHER_SCHEMA.format(table=migration.version_table, schema=schema, default=default)
        )


def _create_schema(connection: sa.Connection, name: str | None) -> None:
    if name and features(connection.dialect).has_schemas:
        if not sa.inspect(connection).has_schema(name):
            connection.execute(sa.schema.CreateSchema(name))
        connection.commit()


def _is_compared(
    migration: MigrationContext,
    connection: sa.Connection,
    name: str | None,
    kind: str,
    parents: dict[str, Any],
) -> bool:
    """Whether autogenerate compares an object of the database; this is an include_name function.

    It leaves out unmanaged tables (partitions, those of extensions, and what env.py leaves out), and
    for `check` schemas that no model uses.
    """
    tables = migration.opts["target_metadata"].tables
    if kind == "table":
        schema = parents.get("schema_name")
        model = tables.get(f"{schema}.{name}" if schema else name)
        is_managed = FILTERS.has_table(str(name), schema, model)
        return is_managed and (schema, name) not in unmanaged_tables(connection)
    if FILTERS.include_name and not FILTERS.include_name(name, kind, parents):
        return False
    if kind == "foreign_key_constraint":
        key = (parents.get("schema_name"), parents.get("table_name"), name)
        return key not in copied_foreign_keys(connection)
    if kind != "schema" or running_command() is Command.REVISION:
        return True
    return name in {None, *(table.schema for table in tables.values())}


def managed_models(metadata: sa.MetaData) -> list[sa.Table]:
    """Return the tables of managed_tables() in the order of creation.

    Views are not among them: Alembic would take them for tables.
    """
    managed = managed_tables(metadata)
    return [table for table in metadata.sorted_tables if table in managed and not is_view(table)]


def managed_tables(metadata: sa.MetaData) -> list[sa.Table]:
    """Return the tables of the models that env.py does not leave out, by their names.

    What ends with a session is not among them.
    """
    tables = sorted(metadata.tables.values(), key=lambda table: table.fullname)
    return [
        table
        for table in tables
        if FILTERS.has_table(table.name, table.schema, table) and not is_temporary(table)
    ]


def managed(
    catalog: Catalog, metadata: sa.MetaData, dialect: sa.Dialect, *, all_schemas: bool = True
) -> Catalog:
    """Return the entries of a catalog that env.py does not leave out, for the models of `metadata`.

    Without `all_schemas` tables in schemas that no model uses are left out, such as those of tenants.
    """
    models = {_key(table.schema, table.name, dialect): table for table in metadata.tables.values()}
    schemas = {None, *(schema for schema, _ in models)}
    tables: dict[str, sa.Table | None] = {}
    left_out: set[str] = set()
    for name in {key.table for key in catalog if key.table}:
        schema, own = split_name(name, dialect)
        tables[name] = models.get(_key(schema, own, dialect))
        is_of_models = schema in schemas or all_schemas
        if not (is_of_models and FILTERS.has_table(own, schema, tables[name])):
            left_out.add(name)
    kept = {
        key: entry
        for key, entry in catalog.items()
        if key.table not in left_out and _has_part(entry, tables.get(key.table), dialect)
    }
    others = [entry for key, entry in catalog.items() if key.table in left_out]
    unused = _needs(others, dialect) - _needs(kept.values(), dialect)
    return {key: entry for key, entry in kept.items() if key.table or key.name not in unused}


def missing_views(catalog: Catalog, metadata: sa.MetaData, dialect: sa.Dialect) -> list[str]:
    """Return, a line each, the views that the models mark as made by hand and a catalog lacks, or columns of them."""
    views = {
        _key(*split_name(key.table, dialect), dialect): entry
        for key, entry in catalog.items()
        if key.kind == "view"
    }
    missing = []
    for table in managed_tables(metadata):
        if not is_made_by_hand(table) or (table.schema and not features(dialect).has_schemas):
            continue
        view = views.get(_key(table.schema, table.name, dialect))
        if view is None:
            missing.append(
                f"missing: {table.fullname} view: the models map it, and it is made by hand"
            )
        elif view.columns:
            has = {name.lower() for name in view.columns}
            columns = [column.name for column in table.columns if column.name.lower() not in has]
            missing += [f"missing: {table.fullname}.{name} column of the view" for name in columns]
    return missing


def _needs(entries: Collection[Entry], dialect: sa.Dialect) -> set[str]:
    """Return the types and sequences that tables use, by their names in EntryKey."""
    names = {name for entry in entries if entry.table for name in entry.uses}
    for entry in entries:
        if entry.kind == "identity":
            schema, table = split_name(entry.table, dialect)
            sequence = sa.Sequence(
                serial_name(table, split_name(entry.name, dialect)[1]), schema=schema
            )
            names.add(dialect.identifier_preparer.format_sequence(sequence))
    return names


def _has_part(entry: Entry, model: sa.Table | None, dialect: sa.Dialect) -> bool:
    kind = TYPES.get(entry.kind)
    if kind is None or FILTERS.include_object is None:
        return True
    (_, name), (schema, table) = split_name(entry.name, dialect), split_name(entry.table, dialect)
    parts: dict[str, Any] = (
        {} if model is None else {"column": model.columns, "index": model.indexes}
    )
    found = parts.get(kind, () if model is None else model.constraints)
    part = next((part for part in found if part.name == name), None)
    if part is not None:
        return FILTERS.has_part(part, name, kind, is_model=True)
    columns: list[Any] = [sa.Column(column) for column in entry.columns or (name,)]
    stand_in = sa.Table(table, sa.MetaData(), *columns, schema=schema)
    made: dict[str, Any] = {"column": lambda: columns[0], "index": lambda: sa.Index(name, *columns)}
    part = made.get(kind, lambda: sa.UniqueConstraint(*columns, name=name))()
    if isinstance(part, sa.Constraint):
        stand_in.append_constraint(part)
    return FILTERS.has_part(part, name, kind, is_model=False)


def _key(schema: str | None, name: str, dialect: sa.Dialect) -> tuple[str | None, str]:
    own = None if schema == dialect.default_schema_name else schema
    return own, name.lower() if dialect.name == "sqlite" else name
