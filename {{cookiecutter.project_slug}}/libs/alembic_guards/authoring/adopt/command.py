"""The command `adopt`: a project takes over a database that was made without it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from alembic_guards.authoring.adopt.baseline import (
    baseline_of,
    shown,
    write_baseline,
    write_drops,
)
from alembic_guards.authoring.adopt.dump import drops
from alembic_guards.authoring.adopt.files import Files
from alembic_guards.authoring.adopt.ini import write_leave
from alembic_guards.authoring.adopt.models import write_models
from alembic_guards.authoring.adopt.report import kept, lines, orphans, otherwise
from alembic_guards.authoring.adopt.same import built, differences_of, read_schema
from alembic_guards.authoring.adopt.values import unreadable_values
from alembic_guards.database.features import backend_name
from alembic_guards.database.managed import LEAVE
from alembic_guards.errors import commands
from alembic_guards.runtime.status import MODELS

NOTHING = """The database is empty: there is nothing to adopt. Nothing was written.
DATABASE_URL names the database to adopt. For a new one, write models: make revision, make upgrade"""
HAS_VERSION = """The database is at {heads}: it has revisions already. Nothing was written.
What is pending is applied by: make upgrade"""
HAS_REVISIONS = """This project has revisions already, and the first one is not the baseline of a database. \
Nothing was written.
If the database is what they make, record that, which changes no table: make stamp
What differs, make check says then. To adopt the database as it is, take a new project."""
NOT_THE_SAME = """Not adopted: what the baseline builds differs from the database. Nothing was written.
  {lines}"""
DIFFERS = """The database differs from the baseline, {file}. It was not stamped, and nothing was changed.
  {lines}
Make the database the same by hand (what is missing here was created after it, or elsewhere), then: make adopt
If it differs on purpose, record that it has the baseline, which changes no table: make stamp to={revision}"""
OTHER_LEAVE = """leave={asked} is not what this project leaves to others: all commands read `{option} = {present}` \
in alembic.ini. Nothing was changed.
Write there, under [{section}]: {option} = {asked}
Then: make adopt"""
NO_LEAVE = """leave={asked} is asked for, but this project leaves no tables to others. Nothing was changed.
Write into alembic.ini, under [{section}], where all commands read it: {option} = {asked}
Then: make adopt"""
SAME = "The database is the same as the baseline, {file}: stamped."
WRITTEN = "Adopted: {file} is the baseline."
NEXT = """Look at what was written, and commit it. Then change the models, and:
  make revision
  make upgrade"""


#: The statements that begin and end a time in which nothing can be changed.
READ_ONLY = {
    "postgresql": ("SET TRANSACTION READ ONLY", ""),
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


@dataclass
class Request:
    """What was asked for, and what an adoption has found."""

    schemas: Sequence[str] = ()
    leave: Sequence[str] = ()
    files: Files = field(default_factory=Files)
    revision: Script | None = None  # to stamp
    lines: list[str] = field(default_factory=list)  # to print at the end


def adopt(config: Config) -> None:
    """Write a baseline and models for an existing database, and stamp it: -x schemas= -x leave=."""
    script = ScriptDirectory.from_config(config)
    request = Request(**_arguments(config))
    is_first = not script.get_bases()
    if request.leave and is_first:
        config.set_main_option(LEAVE, " ".join(request.leave).replace("%", "%%"))
    elif request.leave:
        _require_same_leave(config, request)
    adopt_into = _adopt_first if is_first else _adopt_again

    def run(heads: tuple[str, ...], migration: MigrationContext) -> list[None]:
        if heads:
            raise CommandError(HAS_VERSION.format(heads=" and ".join(heads)))
        assert migration.connection is not None
        with _read_only(migration.connection):
            adopt_into(config, migration, script, request)
        return []

    try:
        with EnvironmentContext(config, script, fn=run, dont_mutate=True):
            script.run_env()
        if request.revision is not None:
            command.stamp(config, request.revision.revision)
    except BaseException:
        request.files.undo()
        raise
    for line in request.lines:
        config.print_stdout("%s", commands(line))


@contextmanager
def _read_only(connection: sa.Connection) -> Iterator[None]:
    """Have the server refuse changes of the database in the block, where it can."""
    on, off = READ_ONLY.get(connection.dialect.name, ("", ""))
    if on:
        connection.exec_driver_sql(on)
    try:
        yield
    finally:
        if off:
            connection.exec_driver_sql(off)


def _arguments(config: Config) -> dict[str, Any]:
    """Take the arguments of this command out of -x; env.py refuses those that it does not know."""
    found: dict[str, Any] = {}
    given: list[str] = list(getattr(config.cmd_opts, "x", None) or ())
    for argument in list(given):
        key, _, value = argument.partition("=")
        if key in ("leave", "schemas"):
            found[key] = tuple(value.replace(",", " ").split())
            given.remove(argument)
    if found and config.cmd_opts is not None:
        config.cmd_opts.x = given
    return found


def _adopt_first(
    config: Config, migration: MigrationContext, script: ScriptDirectory, request: Request
) -> None:
    """Write the baseline and the models of the database; raises CommandError where they are not right."""
    connection = migration.connection
    assert connection is not None
    present = read_schema(connection, migration.version_table, request.schemas)
    if not present.statements:
        raise CommandError(NOTHING)
    if request.leave:
        write_leave(config, request.leave, request.files)
    dialect = backend_name(migration.dialect)
    revision = write_baseline(script, present.statements, request.files, dialect)
    file = shown(revision)
    with built(connection.engine.url, script, revision) as scratch:
        again = read_schema(scratch, migration.version_table, request.schemas)
        if different := differences_of(present, again, exactly=True):
            raise CommandError(NOT_THE_SAME.format(lines="\n  ".join(different)))
        write_drops(revision, drops(scratch, migration.version_table), request.files, dialect)
        models = write_models(
            config, script, migration, scratch, again.catalog, migration.opts[MODELS], request.files
        )
        found = otherwise(scratch, again, models)
    unreadable = unreadable_values(connection, models)
    report = lines(found, kept(again), unreadable, orphans(connection))
    request.revision = revision
    request.lines += [WRITTEN.format(file=file), *report, NEXT]


def _require_same_leave(config: Config, request: Request) -> None:
    """Raise CommandError where leave= is not that of alembic.ini, which the other commands read."""
    present = (config.get_main_option(LEAVE) or "").split()
    if set(present) != set(request.leave):
        raise CommandError(
            (OTHER_LEAVE if present else NO_LEAVE).format(
                asked=" ".join(request.leave).replace("%", "%%"),
                option=LEAVE,
                present=" ".join(present).replace("%", "%%"),
                section=config.config_ini_section,
            )
        )


def _adopt_again(
    config: Config, migration: MigrationContext, script: ScriptDirectory, request: Request
) -> None:
    """Compare another database with the baseline; raises CommandError where they differ."""
    del config
    connection, revision = migration.connection, baseline_of(script)
    assert connection is not None
    if revision is None:
        raise CommandError(HAS_REVISIONS)
    present = read_schema(connection, migration.version_table, request.schemas)
    if not present.statements:
        raise CommandError(NOTHING)
    with built(connection.engine.url, script, revision) as scratch:
        again = read_schema(scratch, migration.version_table, request.schemas)
    file = shown(revision)
    if different := differences_of(present, again):
        text = "\n  ".join(different)
        raise CommandError(DIFFERS.format(file=file, lines=text, revision=revision.revision))
    request.revision = revision
    request.lines.append(SAME.format(file=file))
