"""Creates databases: scratch databases, which are dropped after use, and a missing target database."""

import os
import re
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
#: The names that `scratch_database` gives: no person names a database so.
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")

#: Executes a statement, in which {} is the database of a name; returns the first column of the rows.
Run = Callable[[str, str], list[Any]]


class Server(NamedTuple):
    """The statements of a server about databases; `{}` is a quoted name."""

    maintenance: str  # the database to connect to
    names: str  # lists the databases
    create: str
    inherit: str  # reads the options of CREATE DATABASE from an existing database; "" for none
    copy: str  # the clause that copies another database; "" where the server cannot
    drop: str
    lock: str  # takes an advisory lock; a scratch database without one was left by a killed process


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
    """Create a database of the backend of `url`, yield its URL, and drop it afterwards.

    It is a copy of `like`, to which there is no connection; without `like`, and on MariaDB and MySQL,
    it is empty. On those it has the character set and the collation of the database at `url`. It is
    a temporary file on SQLite, else a database on the server of SCRATCH_DATABASE_URL or of `url`.
    Scratch databases that killed processes have left are dropped first. Raises CommandError where
    it cannot connect.
    """
    if url.get_backend_name() == "sqlite":
        with TemporaryDirectory() as folder:
            file = Path(folder) / "scratch.db"
            if like and Path(str(like.database)).exists():
                copyfile(str(like.database), file)
            yield url.set(database=str(file))
    else:
        options = _inherited_options(url)
        if elsewhere := os.environ.get("SCRATCH_DATABASE_URL"):
            url = make_url(elsewhere).set(drivername=url.drivername)
        name = f"{PREFIX}{uuid4().hex}"
        server = SERVERS[url.get_backend_name()]
        with _maintenance(url) as run:
            _drop_abandoned(server, run)
            run(server.lock, name)
            try:
                with _interrupts_deferred():
                    copy = server.copy.format(like.database) if like else ""
                    run(server.create + copy + options, name)
                yield url.set(database=name)
            finally:
                with _interrupts_deferred():
                    run(server.drop, name)


def _inherited_options(url: URL) -> str:
    """Return the options of CREATE DATABASE that the database at `url` has."""
    if query := SERVERS[url.get_backend_name()].inherit:
        with suppress(CommandError), open_connection(url) as connection:
            return str(connection.exec_driver_sql(query).scalar_one())
        return " CHARACTER SET utf8mb4"  # of a database that does not exist yet
    return ""


def _drop_abandoned(server: Server, run: Run) -> None:
    """Drop scratch databases that no process has locked, as far as this login may."""
    for name in run(server.names, ""):
        if NAME.fullmatch(name) and run(server.lock, name)[0]:
            with suppress(DBAPIError):
                run(server.drop, name)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Defer Ctrl-C to the end of the block: during CREATE or DROP it would leave the database."""
    if current_thread() is not main_thread():  # only that receives signals
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
    """Create the database at `url` where it is missing, and return a message.

    Raises CommandError where it cannot connect, or where the folder cannot be created.
    """
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
        run(server.create + _inherited_options(url), str(url.database))
    return f"The database {url.database} was created."


@contextmanager
def _maintenance(url: URL) -> Iterator[Run]:
    """Yield a function that executes statements on the server of `url`, outside of transactions.

    Raises CommandError where it cannot connect.
    """
    maintenance = url.set(database=SERVERS[url.get_backend_name()].maintenance)
    with open_connection(maintenance, isolation_level="AUTOCOMMIT") as connection:

        def run(statement: str, name: str) -> list[Any]:
            quoted = connection.dialect.identifier_preparer.quote(name)
            result = connection.exec_driver_sql(statement.format(quoted))
            return list(result.scalars()) if result.returns_rows else []

        yield run
