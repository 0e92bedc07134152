"""The commands `shell` and `url`: for people and tools that look into the database."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL

from alembic_guards.errors import commands
from alembic_guards.runtime.clients import client_name, find_client, is_embedded, is_secret
from alembic_guards.runtime.place import read_url
from alembic_guards.runtime.sql_prompt import prompt

STOPS = """The embedded server runs as long as a command of this project does. Keep one open that uses it: make shell"""

#: For the report alone: the client has said why.
FAILED = "{name} ended with the exit status {status}."


def shell(config: Config) -> None:
    """Open a prompt for SQL on the database."""
    url = read_url(config)
    command, environment = find_client(url, reads_file=not (sys.stdin and sys.stdin.isatty()))
    status = _run(command, environment) if command else prompt(url, client_name(url))
    if status:
        name = Path(command[0]).name if command else "The small prompt"
        raise SystemExit(status) from CommandError(FAILED.format(name=name, status=status))


def url(config: Config, password: bool = False) -> None:
    """Print the URL of the database, for other tools: without its password, unless it is asked for."""
    config.print_stdout("%s", shown(read_url(config), with_password=bool(password)))
    if is_embedded():
        config.stdout.flush()
        print(commands(STOPS), file=sys.stderr)


def shown(url: URL, *, with_password: bool = False) -> str:
    """Return a URL as text for other tools: without its driver, and its secrets, also those of its options."""
    url = url.set(drivername=url.get_backend_name())
    if not with_password:
        hidden = {name: "***" for name in url.query if is_secret(name)}
        url = url.update_query_dict(hidden)
    return url.render_as_string(hide_password=not with_password)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a client, and return its exit status.

    At a terminal Ctrl-C is for the client alone: make would end at the second one. So the client is the
    foreground process group, as a command of a shell is. Its status tells of its last statement there,
    which a person has seen: 1 counts as success.
    """
    terminal = _terminal()
    if terminal is None:
        return subprocess.run(command, env=environment, check=False).returncode
    before = os.tcgetpgrp(terminal)
    ignored = [(each, signal.signal(each, signal.SIG_IGN)) for each in _stops()]
    try:
        run = subprocess.run(
            command, env=environment, check=False, preexec_fn=_foreground(terminal)
        )
        status = run.returncode
    finally:
        os.tcsetpgrp(terminal, before)
        for each, handler in ignored:
            signal.signal(each, handler)
    return 0 if status == 1 else status


def _foreground(terminal: int) -> Callable[[], None]:
    def begin() -> None:
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())

    return begin


def _terminal() -> int | None:
    """Return the terminal that this process reads; None without one, and in the background."""
    if os.name == "nt" or not (sys.stdin and sys.stdin.isatty()):
        return None
    terminal = sys.stdin.fileno()
    return terminal if os.tcgetpgrp(terminal) == os.getpgrp() else None


def _stops() -> tuple[signal.Signals, ...]:
    """Return the signals that would stop this process, or the client with nobody to continue it."""
    return signal.SIGTTOU, signal.SIGTSTP
