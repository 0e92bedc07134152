"""Writes the patterns of tables that others own into alembic.ini, where all commands read them."""

import re
from collections.abc import Iterable
from configparser import Error, RawConfigParser
from pathlib import Path

from alembic.config import Config
from alembic.util import CommandError

from alembic_guards.authoring.adopt.files import Files
from alembic_guards.database.managed import LEAVE

NOT_WRITTEN = """Not adopted: {file} has no section [{section}] into which leave= can be written. \
Nothing was written.
Write it there by hand, where all commands read it: {line}
Then, without leave=: make adopt"""


def write_leave(config: Config, patterns: Iterable[str], files: Files) -> None:
    """Write the patterns into the file of `config`; raises CommandError where it has no place for them."""
    path, section = Path(str(config.config_file_name)), config.config_ini_section
    line = f"{LEAVE} = {' '.join(patterns).replace('%', '%%')}"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    changed = with_leave(text, section, line)
    if changed is None:
        raise CommandError(NOT_WRITTEN.format(file=path.name, section=section, line=line))
    files.write(path, changed)


def with_leave(text: str, section: str, line: str) -> str | None:
    """Return the text of a file with the line of the patterns in a section, in place of one that is there.

    None where the line would not be read back: without such a section, or in an unusual spelling.
    """
    head, found, rest = _partition(text, rf"^\[{re.escape(section)}\][^\]\n]*\n?")
    own, following, others = _partition(rest, r"^\[[^\n]*\][^\n]*\n?")
    # A value goes on in the lines below it that are indented.
    present = rf"(?im)^{LEAVE}[ \t]*[=:].*\n?(?:[ \t]+\S.*\n?)*"
    if re.search(present, own):
        own = re.sub(present, lambda _: f"{line}\n", own, count=1)
    else:
        own = f"# Tables that others own: no command compares them.\n{line}\n{own}"
    start = found if found.endswith("\n") else f"{found}\n"
    changed = f"{head}{start}{own}{following}{others}"
    parser = RawConfigParser()
    try:
        parser.read_string(changed)
        read = parser.get(section, LEAVE)
    except Error:
        return None
    return changed if read == line.partition("=")[2].strip() else None


def _partition(text: str, pattern: str) -> tuple[str, str, str]:
    found = re.search(pattern, text, re.MULTILINE)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")
