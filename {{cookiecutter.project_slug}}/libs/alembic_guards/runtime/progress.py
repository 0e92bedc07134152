"""Shows the progress of an upgrade: on a terminal one line that is renewed, elsewhere a line each 10 s."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from alembic import context

#: Seconds between two lines, on a terminal and elsewhere.
ON_TERMINAL, ELSEWHERE = 1, 10


class Progress:
    """The line that shows what is running; `detail` may be set at any time."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self.report = report
        self.detail = ""

    @contextmanager
    def showing(self, name: str) -> Iterator[None]:
        """Show `name`, the seconds since the block began, and `detail`, until the block ends."""
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
        terminal = has_terminal()
        began = time.monotonic()
        while not over.wait(ON_TERMINAL if terminal else ELSEWHERE):
            detail = f", {self.detail}" if self.detail else ""
            line = f"{name}: {time.monotonic() - began:.0f} s{detail}"
            if terminal:
                print(f"\r\x1b[K{line}", end="", flush=True)
            else:
                self.report(line)
        if terminal:
            print("\r\x1b[K", end="", flush=True)


def has_terminal() -> bool:
    """Whether a person sees what a command prints."""
    config = context.config
    quiet = not config.cmd_opts or config.messaging_opts.get("quiet")
    return not quiet and sys.stdout.isatty()
