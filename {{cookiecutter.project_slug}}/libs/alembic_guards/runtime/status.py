"""Shows that an upgrade is at work: a line that is renewed at a terminal, a line each 10 s elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from alembic import context

#: Seconds between two signs of life.
AT_TERMINAL, ELSEWHERE = 1, 10


class Status:
    """What is at work, and how far it is: `detail` may be renewed at any time."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.detail = ""

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Show that `name` is at work, until the block ends."""
        self.detail = ""
        over = Event()
        thread = Thread(target=self._show, args=(name, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _show(self, name: str, over: Event) -> None:
        terminal = _has_terminal()
        began = time.monotonic()
        while not over.wait(AT_TERMINAL if terminal else ELSEWHERE):
            detail = f", {self.detail}" if self.detail else ""
            line = f"{name}: {time.monotonic() - began:.0f} s{detail}"
            if terminal:
                print(f"\r\x1b[K{line}", end="", flush=True)
            else:
                self.say(line)
        if terminal:
            print("\r\x1b[K", end="", flush=True)


def _has_terminal() -> bool:
    config = context.config
    quiet = not config.cmd_opts or config.messaging_opts.get("quiet")
    return not quiet and sys.stdout.isatty()
