"""Colours and symbols for a terminal; none elsewhere, and none with NO_COLOR (https://no-color.org)."""

import os
from typing import TextIO

RED, GREEN = "31", "32"


def has_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not is_plain


def paint(text: str, color: str, stream: TextIO) -> str:
    """Return a text with its first line in a colour, where a stream shows colours."""
    line, end, rest = text.partition("\n")
    return f"\x1b[{color}m{line}\x1b[0m{end}{rest}" if has_color(stream) else text
