"""Makes databases: a scratch one that is gone afterwards, and the real one where it is missing."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any, NamedTuple
from uuid import uuid4

from alembic.util import CommandError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connections import open_connection
from alembic_guards.errors import unreachable

PREFIX = "scratch_"

#: Sends a statement about a database of this name to a server; returns the first column.
Run = Callable[[str, str], list[Any]]


class Server(NamedTuple):
    """How a server is told to make a database; `{}` is its quoted name."""

    maintenance: str  # the database to connect to meanwhile
    names: str
    create: str
    inherit: str  # asks a database what another one takes from it
    copy: str  # the database that it begins as; "" where a server cannot copy one
    drop: str
    lock: str  # held as long as a scratch database is in use, and gone with the process


SERVERS = {
    "postgresql": Server(
        maintenance="postgres",
        names="SELECT datname FROM pg_database",
        create="CREATE DATABASE {}",
        inherit="",
        copy=" TEMPLATE {}",
        drop="DROP DATABASE IF EXISTS {} WITH (FORCE)",
        lock="SELECT pg_try_advisory_lock(hashtext('{}'))",
    ),
    "mysql": Server(
        maintenance="information_schema",
        names="SHOW DATABASES",
        create="CREATE DATABASE {}",
        inherit="""SELECT concat(
            ' CHARACTER SET ', @@character_set_database, ' COLLATE ', @@collation_database)""",
        copy="",
        drop="DROP DATABASE IF EXISTS {}",
        lock="SELECT GET_LOCK('{}', 0)",
    ),
}


@contextmanager
def scratch_database(url: URL, like: URL | None = None) -> Iterator[URL]:
    """Make a database of the kind of `url`, yield its URL, and remove it in the end.

    It is a copy of `like`, which nobody may be connected to; or empty, as it is on MariaDB always,
    where it has the character set and the collation of the database of `url`.
    It lives in a temporary file, or on the server of `url`, or on that of SCRATCH_DATABASE_URL where
    the login of `url` may not create one. Only scratch databases that a process left behind when it
    was killed are removed, too. Raises CommandError where there is no connection.
    """
    if url.get_backend_name() == "sqlite":
        with TemporaryDirectory() as folder:
            file = Path(folder) / "scratch.db"
            if like and Path(str(like.database)).exists():
                copyfile(str(like.database), file)
            yield url.set(database=str(file))
    else:
        options = _inherited(url)
        if elsewhere := os.environ.get("SCRATCH_DATABASE_URL"):
            url = make_url(elsewhere).set(drivername=url.drivername)
        name = f"{PREFIX}{uuid4().hex}"
        server = SERVERS[url.get_backend_name()]
        with _maintenance(url) as run:
            _remove_what_is_left(server, run)
            run(server.lock, name)
            try:
                with _uninterrupted():
                    copy = server.copy.format(like.database) if like else ""
                    run(server.create + copy + options, name)
                yield url.set(database=name)
            finally:
                with _uninterrupted():
                    run(server.drop, name)


def _inherited(url: URL) -> str:
    """Return the options of CREATE DATABASE that make one like that of `url`."""
    if query := SERVERS[url.get_backend_name()].inherit:
        with suppress(CommandError), open_connection(url) as connection:
            return str(connection.exec_driver_sql(query).scalar_one())
        return " CHARACTER SET utf8mb4"  # there is none yet
    return ""


def _remove_what_is_left(server: Server, run: Run) -> None:
    """Remove scratch databases that nobody has locked, as far as this login may."""
    for name in run(server.names, ""):
        if name.startswith(PREFIX) and run(server.lock, name)[0]:
            with suppress(DBAPIError):
                run(server.drop, name)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait: one that cut short CREATE or DROP would leave the database behind."""
    if current_thread() is not main_thread():  # it gets no signals
        yield
        return
    interrupts: list[object] = []
    handler = signal.signal(signal.SIGINT, lambda *interrupt: interrupts.append(interrupt))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if interrupts:
        raise KeyboardInterrupt


def create_database(url: URL) -> str:
    """Make the database that `url` names where it is missing, and say so; raises CommandError."""
    if url.get_backend_name() == "sqlite":
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unreachable(url, error) from error
        return f"SQLite creates the database {url.database} when it is first opened."
    server = SERVERS[url.get_backend_name()]
    with _maintenance(url) as run:
        if url.database in run(server.names, ""):
            return f"The database {url.database} exists already."
        run(server.create + _inherited(url), str(url.database))
    return f"The database {url.database} was created."


@contextmanager
def _maintenance(url: URL) -> Iterator[Run]:
    """Yield what sends statements to the server of `url`; raises CommandError where there is none."""
    maintenance = url.set(database=SERVERS[url.get_backend_name()].maintenance)
    with open_connection(maintenance, isolation_level="AUTOCOMMIT") as connection:

        def run(statement: str, name: str) -> list[Any]:
            quoted = connection.dialect.identifier_preparer.quote(name)
            result = connection.exec_driver_sql(statement.format(quoted))
            return list(result.scalars()) if result.returns_rows else []

        yield run
