"""The command `reset`: replaces a database of development by an empty one."""

import os
import shlex
import sys
from ipaddress import ip_address

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from alembic_guards.database.scratch import recreate_database
from alembic_guards.errors import command_errors, explain
from alembic_guards.runtime.place import read_url
from alembic_guards.runtime.shell import shown
from alembic_guards.runtime.verify import refuse_unproven

#: The variables that name another database than that of development.
VARIABLES = ("MIGRATION_DATABASE_URL", "DATABASE_URL")

NAMED = """{variable} names the database {url}. Nothing was dropped.
If all its rows may be lost: make reset drop={name}"""
ELSEWHERE = """The database {url} is not on this machine. Nothing was dropped.
If all its rows may be lost: make reset drop={name}"""
OTHER = "The database is {name}, and not {given}: {url}. Nothing was dropped."
QUESTION = "Drop all that {url} holds? [y/N] "
STOPPED = "Nothing was dropped."
FAILED = """{url} was not dropped: {reason}
End the sessions that use it, or let this user drop and create it; then run the same command again."""
DROPPED = "Dropped all that {url} held."


def reset(config: Config, drop: str | None = None) -> None:
    """Replace the database of development by an empty one.

    One that a variable names, or that is on another machine, takes its name as `drop`. A terminal is
    asked otherwise. Raises CommandError where it is refused, and where an upgrade would be.
    """
    url = read_url(config)
    with command_errors():
        script = ScriptDirectory.from_config(config)
        script.get_current_head()  # raises for several heads
        refuse_unproven(script.walk_revisions())
        _refuse(url, drop)
        if drop is None and _has_terminal() and not _agrees(url):
            raise CommandError(STOPPED)
        try:
            recreate_database(url)
        except DBAPIError as error:
            raise CommandError(FAILED.format(url=shown(url), reason=explain(error))) from error
    config.print_stdout("%s", DROPPED.format(url=shown(url)))


def _refuse(url: URL, given: str | None) -> None:
    name = str(url.database)
    if given is not None:
        if given != name:
            raise CommandError(OTHER.format(name=name, given=given, url=shown(url)))
        return
    quoted = shlex.quote(name)
    for variable in VARIABLES:
        if os.environ.get(variable):
            raise CommandError(NAMED.format(variable=variable, url=shown(url), name=quoted))
    if not is_local(url):
        raise CommandError(ELSEWHERE.format(url=shown(url), name=quoted))


def is_local(url: URL) -> bool:
    """Whether a database is on this machine: a file, or behind a socket or a loopback address."""
    hosts = [url.host, url.query.get("host")]
    names = [name for host in hosts if host for name in ([host] if isinstance(host, str) else host)]
    return all(name == "localhost" or name.startswith("/") or _is_loopback(name) for name in names)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _agrees(url: URL) -> bool:
    try:
        print(QUESTION.format(url=shown(url)), end="", file=sys.stderr, flush=True)
        return input().strip().lower() in {"y", "yes"}  # stdout may be no terminal
    except EOFError:
        return False


def _has_terminal() -> bool:
    return bool(sys.stdin and sys.stdin.isatty())
