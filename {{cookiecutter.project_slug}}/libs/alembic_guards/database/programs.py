"""Reads the triggers, routines and events of a database, whose bodies no server compares with its columns.

MariaDB and PostgreSQL resolve the names in a body when it is executed, so that a rename or a drop of a
column breaks it without an error. SQLite compiles triggers for EXPLAIN.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, ProgrammingError

from alembic_guards.database.identifiers import quoter


class Program(NamedTuple):
    """A trigger, routine or event, with its body as the server keeps it."""

    kind: str  # such as trigger
    name: str
    body: str
    table: str = ""  # of a trigger, as column_names() names it
    function: str = ""  # that a trigger of PostgreSQL executes, and whose body it has
    rows: tuple[str, ...] = ("new", "old")  # the names of the rows of its table
    variables: tuple[str, ...] = ()  # the parameters
    sql_mode: str = ""  # of MariaDB and MySQL, when it was created
    schema: str = ""  # of the function, on PostgreSQL
    search_path: tuple[str, ...] | None = (
        None  # the schemas of its tables; None where there are none
    )


#: The error of a server without mysql.proc or mysql.event: it can hold no routines or events.
NO_SUCH_TABLE = 1146

#: MariaDB takes no UNION of these: their texts have several collations.
MYSQL = (
    """SELECT 'trigger', trigger_name, action_statement, event_object_table, sql_mode
        FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 2""",
    """SELECT lower(routine_type), routine_name, coalesce(routine_definition, ''), '', sql_mode
        FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 2""",
    """SELECT 'event', event_name, event_definition, '', sql_mode
        FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 2""",
)

#: A subquery of these for each routine would read the parameters of all as often.
PARAMETERS = """
    SELECT specific_name, lower(routine_type), parameter_name FROM information_schema.parameters
    WHERE specific_schema = DATABASE() AND parameter_name IS NOT NULL"""

#: The body of a trigger is that of its function, which may be one of several tables.
POSTGRESQL = """
    WITH own AS (
        SELECT p.*, nspname AS schema, (
                SELECT substr(setting, 13) FROM unnest(proconfig) AS setting
                WHERE setting LIKE 'search_path=%'
            ) AS search_path, CASE nspname WHEN 'public' THEN proname ELSE nspname || '.' || proname END AS name
        FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace JOIN pg_language l ON l.oid = prolang
        WHERE lanname IN ('plpgsql', 'sql') AND nspname NOT LIKE 'pg\\_%'
            AND nspname <> 'information_schema'
            AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    )
    SELECT 'trigger' AS kind, tgname::text AS name, prosrc AS body, CASE nspname
            WHEN 'public' THEN relname ELSE nspname || '.' || relname END AS "table",
        own.name AS function, array_remove(ARRAY['new', 'old', tgnewtable, tgoldtable], NULL) AS rows,
        proargnames AS variables, own.schema, own.search_path
    FROM pg_trigger JOIN own ON own.oid = tgfoid JOIN pg_class c ON c.oid = tgrelid
        JOIN pg_namespace n ON n.oid = relnamespace
    WHERE NOT tgisinternal AND NOT relispartition
    UNION ALL
    SELECT CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, own.name, prosrc, '', own.name,
        ARRAY[]::text[], proargnames, own.schema, own.search_path
    FROM own WHERE prorettype <> 'trigger'::regtype
    ORDER BY 1, 2"""


def read_programs(connection: Connection) -> Iterator[Program]:
    """Yield the programs of a database of PostgreSQL, MariaDB or MySQL, without those of extensions."""
    plain = {"no_parameters": True}
    if connection.dialect.name == "postgresql":
        default = connection.dialect.default_schema_name or "public"
        for row in connection.exec_driver_sql(POSTGRESQL, execution_options=plain):
            yield Program(
                row.kind,
                row.name,
                row.body,
                row.table,
                row.function,
                tuple(row.rows),
                tuple(row.variables or ()),
                schema=row.schema,
                search_path=search_path(row.schema, row.search_path, default),
            )
        return
    variables: dict[tuple[str, str], list[str]] = {}
    for name, kind, parameter in _rows(connection, PARAMETERS):
        variables.setdefault((kind, name), []).append(parameter)
    for query in MYSQL:
        for kind, name, body, table, mode in _rows(connection, query):
            rows = ("new", "old") if table else ()
            own = tuple(variables.get((kind, name), ()))
            yield Program(kind, name, body, table, rows=rows, variables=own, sql_mode=mode or "")


def _rows(connection: Connection, query: str) -> list[Any]:
    """Return the rows of a query; none on a server without the table of what it reads."""
    plain = {"no_parameters": True}
    try:
        return list(connection.exec_driver_sql(query, execution_options=plain))
    except ProgrammingError as error:
        if error.orig is None or error.orig.args[:1] != (NO_SUCH_TABLE,):
            raise
        return []


def search_path(schema: str, setting: str | None, default: str) -> tuple[str, ...]:
    """Return the schemas in which a function finds tables: by its setting, or else its own.

    A function of the default schema finds those of public, too.
    """
    if setting is None:
        return tuple(dict.fromkeys([schema, "public"])) if schema == default else (schema,)
    quoted = re.findall(r'"((?:[^"]|"")*)"|([^",\s]+)', setting)
    return tuple(name.replace('""', '"') or word for name, word in quoted if name or word)


def trigger_errors(connection: Connection) -> dict[str, str]:
    """Return the errors of SQLite that executing triggers would raise, each with the table or view."""
    query = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    columns = "SELECT name FROM pragma_table_info(?)"
    found: dict[str, str] = {}
    quote = quoter(connection.dialect)
    for table in connection.exec_driver_sql(query).scalars().all():
        names = map(quote, connection.exec_driver_sql(columns, (table,)).scalars())
        updates = ", ".join(f"{name} = {name}" for name in names)
        for statement in (
            f"INSERT INTO {quote(table)} DEFAULT VALUES",
            f"UPDATE {quote(table)} SET {updates}",
            f"DELETE FROM {quote(table)}",
        ):
            # The driver keeps compiled statements, and EXPLAIN does not see that the schema has changed.
            error = _error(connection, f"EXPLAIN {statement} -- {uuid4()}")
            if error and not error.startswith("cannot modify"):  # a view without such a trigger
                found.setdefault(error, table)
    return found


def _error(connection: Connection, statement: str) -> str:
    """Return the error of a statement that changes nothing; "" for none."""
    try:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).close()
    except DBAPIError as error:
        return str(error.orig)
    return ""
