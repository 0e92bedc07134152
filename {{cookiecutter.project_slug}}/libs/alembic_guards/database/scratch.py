"""Creates databases: scratch databases, which are dropped after use, a missing one, an empty one in place of one."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from platform import node
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any, NamedTuple
from uuid import uuid4

from alembic.util import CommandError
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.errors import unreachable

PREFIX = "scratch_"
#: The names that `scratch_database` gives, no person: the time, the machine and the process, as `_new_name`.
NAME = re.compile(rf"{PREFIX}([0-9a-f]{{8}})([0-9a-f]{{8}})([0-9a-f]{{8}})[0-9a-f]{{8}}")
#: Seconds after which a scratch database of another machine is no longer in use.
LONGEST_USE = 24 * 3600

#: The search path of PostgreSQL, unless a role, a database or a URL sets another.
DEFAULT_PATH = '"$user", public'

#: Executes a statement, in which {} is the database of a name; returns the first column of the rows.
Run = Callable[[str, str], list[Any]]


class Server(NamedTuple):
    """The statements of a server about databases; `{}` is a quoted name."""

    maintenance: str  # the database to connect to, if it is there
    other: str  # another one, where that is to be dropped
    names: str  # lists the databases
    create: str
    inherit: str  # reads the options of CREATE DATABASE from an existing database; "" for none
    search_path: str  # reads the search path of a session; "" where there is none
    copy: str  # the clause that copies another database; "" where the server cannot
    drop: str
    lock: str  # takes an advisory lock, as long as the scratch database is in use
    rename: str  # renames a database; the new name follows; "" where the server cannot
    options: (
        str  # reads the options of CREATE DATABASE of a database, whose name follows as a literal
    )
    wait: str  # limits how long DROP DATABASE waits for others


SERVERS = {
    "postgresql": Server(
        maintenance="postgres",
        other="template1",
        names="SELECT datname FROM pg_database",
        create="CREATE DATABASE {}",
        inherit="",
        search_path="SELECT current_setting('search_path')",
        copy=" TEMPLATE {}",
        drop="DROP DATABASE IF EXISTS {} WITH (FORCE)",
        lock="SELECT pg_try_advisory_lock(hashtext('{}'))",
        rename="ALTER DATABASE {} RENAME TO ",
        options="""
            SELECT format(' OWNER %%I', pg_get_userbyid(d.datdba)) || CASE
                WHEN (d.encoding, d.datcollate, d.datctype) = (t.encoding, t.datcollate, t.datctype) THEN ''
                ELSE format(' TEMPLATE template0 ENCODING %%L LC_COLLATE %%L LC_CTYPE %%L',
                    pg_encoding_to_char(d.encoding), d.datcollate, d.datctype) END
            FROM pg_database d, pg_database t WHERE t.datname = 'template1' AND d.datname = """,
        wait="SET lock_timeout = '10s'",
    ),
    "mysql": Server(
        maintenance="information_schema",
        other="mysql",
        names="SHOW DATABASES",
        create="CREATE DATABASE {}",
        inherit="""SELECT concat(
            ' CHARACTER SET ', @@character_set_database, ' COLLATE ', @@collation_database)""",
        search_path="",
        copy="",
        drop="DROP DATABASE IF EXISTS {}",
        lock="SELECT GET_LOCK('{}', 0)",
        rename="",
        options="""
            SELECT concat(' CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name)
            FROM information_schema.schemata WHERE schema_name = """,
        wait="SET lock_wait_timeout = 10",
    ),
}


@contextmanager
def scratch_database(url: URL, like: URL | None = None) -> Iterator[URL]:
    """Create a database of the backend of `url`, yield its URL, and drop it afterwards.

    It is a copy of `like`, to which there is no connection; without `like`, and on MariaDB and MySQL,
    it is empty. On those it has the character set and the collation of the database at `url`, on
    PostgreSQL its search path, with the schemas in it. It is
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
        options, path = _inherited_options(url), _search_path(url)
        if elsewhere := os.environ.get("SCRATCH_DATABASE_URL"):
            url = make_url(elsewhere).set(drivername=url.drivername)
        name = _new_name()
        server = SERVERS[backend_name(url)]
        with _maintenance(url, named_first=bool(elsewhere)) as run:
            _drop_abandoned(server, run)
            run(server.lock, name)
            try:
                with _interrupts_deferred():
                    copy = server.copy.format(like.database) if like else ""
                    run(server.create + copy + options, name)
                    if path:
                        _set_search_path(url.set(database=name), path)
                yield url.set(database=name)
            finally:
                with _interrupts_deferred():
                    run(server.drop, name)


def _inherited_options(url: URL) -> str:
    """Return the options of CREATE DATABASE that the database at `url` has."""
    if query := SERVERS[backend_name(url)].inherit:
        with suppress(CommandError), open_connection(url) as connection:
            return str(connection.exec_driver_sql(query).scalar_one())
        return " CHARACTER SET utf8mb4"  # of a database that does not exist yet
    return ""


def _search_path(url: URL) -> str:
    """Return the search path of sessions at `url`; "" for the default, and where there is none."""
    server = SERVERS[backend_name(url)]
    if not server.search_path:
        return ""
    maintenance = url.set(database=server.maintenance)
    with suppress(CommandError), _first_connection([url, maintenance]) as connection:
        path = str(connection.exec_driver_sql(server.search_path).scalar_one())
        return "" if path == DEFAULT_PATH else path or '""'
    return ""


def _set_search_path(url: URL, path: str) -> None:
    """Give a scratch database the search path of the real one, and the schemas in it."""
    with open_connection(url, isolation_level="AUTOCOMMIT") as connection:
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(
            f"ALTER DATABASE {quote(str(url.database))} SET search_path = {assigned(path)}"
        )
        for name in re.findall(r'"(?:[^"]|"")+"|[^",\s]+', path):
            if name not in ('"$user"', "pg_catalog", "public"):
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")


def assigned(path: str) -> str:
    """Return a search path as SET takes it: PostgreSQL shows an empty name as "", and takes it as ''."""
    return re.sub(r'"(?:[^"]|"")*"', lambda name: "''" if name[0] == '""' else name[0], path)


def _drop_abandoned(server: Server, run: Run) -> None:
    """Drop scratch databases that killed processes have left, as far as this login may."""
    for name in run(server.names, ""):
        if _is_abandoned(name) and run(server.lock, name)[0]:
            with suppress(DBAPIError):
                run(server.drop, name)


def _new_name() -> str:
    return f"{PREFIX}{int(time.time()):08x}{_machine()}{os.getpid():08x}{uuid4().hex[:8]}"


def _is_abandoned(name: str) -> bool:
    """Whether a scratch database is of a process of this machine that has ended, or is a day old.

    Its lock does not tell it alone: through a pooler, or on another node of a cluster, it looks free.
    """
    found = NAME.fullmatch(name)
    if found is None:
        return False
    created, machine, process = found.groups()
    is_old = time.time() - int(created, 16) > LONGEST_USE
    return is_old or (machine == _machine() and not _is_running(int(process, 16)))


def _machine() -> str:
    """Return 8 digits that tell apart the machines, and containers, whose processes are not visible here."""
    with suppress(OSError):
        return sha256(f"{node()} {os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:8]
    return sha256(node().encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    """Whether a process of this machine is running; on Windows, where os.kill() ends it, always true."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is of another user
        return True
    return True


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
    server = SERVERS[backend_name(url)]
    with _maintenance(url) as run:
        if url.database in run(server.names, ""):
            return f"The database {url.database} exists already."
        run(server.create + _inherited_options(url), str(url.database))
    return f"The database {url.database} was created."


def recreate_database(url: URL) -> None:
    """Replace the database at `url` by an empty one, with its owner, character set and search path.

    A missing one is created. Raises CommandError where it cannot connect, and DBAPIError where the login
    may not create or drop it, or where others use it: then nothing was dropped.
    """
    if url.get_backend_name() == "sqlite":
        create_database(url)
        _empty_file(url)
        return
    server, name = SERVERS[backend_name(url)], str(url.database)
    path = _search_path(url)
    literal = "'" + name.replace("'", "''").replace("%", "%%") + "'"
    others = [url.set(database=each) for each in (server.maintenance, server.other) if each != name]
    with _first_connection(others) as connection, _interrupts_deferred():
        run = _runner(connection)
        run(server.wait, "")
        options = "".join(connection.exec_driver_sql(server.options + literal).scalars())
        new = _new_name() if server.rename else name
        if server.rename:  # before the drop: it shows whether this login may create databases
            run(server.create + options, new)
            try:
                run(server.drop, name)
            except DBAPIError:
                run(server.drop, new)
                raise
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(server.rename.format(new) + quoted)
        else:
            run(server.drop, name)
            run(server.create + options, name)
    if path:
        _set_search_path(url, path)


def _empty_file(url: URL) -> None:
    """Drop all that a database of SQLite holds, in one transaction: others may have the file open."""
    query = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' AND "
    with open_connection(url) as connection:
        connection.execution_options(begin="BEGIN EXCLUSIVE")
        quote = connection.dialect.identifier_preparer.quote_identifier
        for kind, condition in (
            ("VIEW", "type = 'view'"),
            ("TABLE", "sql LIKE 'CREATE VIRTUAL %'"),  # with the tables that it keeps its rows in
            ("TABLE", "type = 'table'"),
        ):
            for name in connection.exec_driver_sql(query + condition).scalars().all():
                connection.exec_driver_sql(f"DROP {kind} {quote(name)}")
        connection.commit()


@contextmanager
def _maintenance(url: URL, *, named_first: bool = False) -> Iterator[Run]:
    """Yield a function that executes statements on the server of `url`, outside of transactions.

    It connects to the maintenance database of the server. Where a provider has none, or this login may
    not use it, it connects to the database that `url` names; `named_first` reverses this order. Raises
    CommandError where it cannot connect.
    """
    with _first_connection(_maintenance_urls(url, named_first=named_first)) as connection:
        yield _runner(connection)


def _runner(connection: Connection) -> Run:
    def run(statement: str, name: str) -> list[Any]:
        quoted = connection.dialect.identifier_preparer.quote(name)
        result = connection.exec_driver_sql(statement.format(quoted))
        return list(result.scalars()) if result.returns_rows else []

    return run


def _maintenance_urls(url: URL, *, named_first: bool) -> list[URL]:
    """Return the URLs to try: that of SCRATCH_DATABASE_URL, too, if it names the same server."""
    names = [SERVERS[backend_name(url)].maintenance, url.database]
    if named_first:
        names.reverse()
    elsewhere = make_url(os.environ.get("SCRATCH_DATABASE_URL") or url)
    if (elsewhere.host, elsewhere.port) == (url.host, url.port):
        names.append(elsewhere.database)
    return [url.set(database=name) for name in dict.fromkeys(names) if name]


@contextmanager
def _first_connection(urls: list[URL]) -> Iterator[Connection]:
    """Yield a connection to the first of `urls` that it can connect to; raises the first error."""
    with ExitStack() as stack:
        errors: list[CommandError] = []
        for url in urls:
            try:
                connection = stack.enter_context(open_connection(url, isolation_level="AUTOCOMMIT"))
            except CommandError as error:
                errors.append(error)
            else:
                yield connection
                return
        raise errors[0]
