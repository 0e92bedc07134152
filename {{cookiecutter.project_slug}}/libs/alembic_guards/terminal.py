"""Colours for a terminal. Elsewhere, and with NO_COLOR (https://no-color.org), a text stays as it is."""

import os
from typing import TextIO

RED, GREEN, YELLOW = "31", "32", "33"


def paint(text: str, color: str, stream: TextIO) -> str:
    """Return a text in a colour, if `stream` is a terminal that shows colours."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if is_plain or not stream.isatty() else f"\x1b[{color}m{text}\x1b[0m"
