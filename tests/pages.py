"""Does what a page of the documentation shows, in a generated project, and compares what is printed.

A page is Markdown. Its fenced blocks are worked off in their order:

- `console`: a line that begins with `$ ` is a command; the lines below it are what it prints, `...`
  stands for any lines. A command without such lines must succeed. What follows `Your choice: ` or
  `Ctrl-C to quit): ` is typed at a terminal.
- `python` whose first line is a comment with a path: the file is written; without: it is executed.
- `diff` whose first line is `--- a path`: the lines of the file are replaced. `*` stands for any text.
- `sql`: it is executed on the database of the project, unless it is for an administrator.
- `toml`, `ini`, `make`, `sh` and `yaml` whose first line is a comment with a path: the file is written.

All other blocks are read only.
"""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conftest import Project

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<kind>\w*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
#: What a terminal shows before it waits for a reply.
PROMPT = re.compile(r"(Your choice: |Ctrl-C to quit\): )$")
WRITTEN = {"python", "toml", "ini", "make", "sh", "yaml"}
PATH = re.compile(r"# (\S+\.\w+|Makefile)\n")


DATABASE = re.compile(r"^Database of the examples: (\w+)(, asynchronous sessions)?\.", re.MULTILINE)
#: An `sql` block that begins with this line is for another login than the project's.
ADMINISTRATOR = "-- as an administrator"


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in their order."""
    return [
        Block(found["kind"], found["text"], page[: found.start()].count("\n") + 1)
        for found in FENCE.finditer(page)
    ]


class Command(NamedTuple):
    """A command of a page, and what the page says that it prints."""

    text: str
    shown: str


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a `console` block; a backslash continues a line."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        text, shown = "".join(lines[:end]), "".join(lines[end:])
        yield Command(re.sub(r"  +# .*", "", text.strip()), shown.strip("\n"))


class Part(NamedTuple):
    """What a page does in one project: from the line that names its database to the next one."""

    database: str
    engine: str
    text: str


def parts(page: str) -> list[Part]:
    """Return the parts of a page."""
    found = re.split(DATABASE, page)[1:]
    named = zip(found[::3], found[1::3], found[2::3], strict=True)
    return [Part(name.lower(), "async" if rest else "sync", text) for name, rest, text in named]


def do(page: str, project: Project) -> None:
    """Work off a page; raises AssertionError at the first thing that is not as the page says."""
    for block in blocks(page):
        try:
            _do(block, project)
        except AssertionError as error:
            raise AssertionError(f"line {block.line} of the page: {error}") from error


def _do(block: Block, project: Project) -> None:
    named = PATH.match(block.text)
    if block.kind == "console":
        for command in commands(block):
            _run(command, project)
    elif block.kind == "sql" and not block.text.startswith(ADMINISTRATOR):
        with project.connect() as connection:
            for statement in filter(str.strip, block.text.split(";\n")):
                connection.exec_driver_sql(statement)
    elif block.kind == "diff":
        _patch(block.text, project)
    elif block.kind in WRITTEN and named:
        _write(project, named[1], block.text.removeprefix(named[0]))
    elif block.kind == "python":
        said = project.run(".venv/bin/python", "-c", block.text, PYTHONPATH="src:libs")
        assert "Traceback" not in said


def _run(command: Command, project: Project) -> None:
    """Run a command, and compare what it prints and whether it fails with what the page shows."""
    environment = project.environment | {"NO_COLOR": "1"}
    folders = (project.path / ".venv" / "bin", environment["PATH"], Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join(map(str, folders))
    text = command.text
    if "?" in environment.get("DATABASE_URL", ""):  # that of a test names a socket by an option
        text = text.replace("$DATABASE_URL?", "$DATABASE_URL&")
    shell = ["sh", "-c", text]
    replies = re.findall(r"(?:Your choice: |Ctrl-C to quit\): )(.*)", command.shown)
    status, said = (
        at_terminal(shell, replies, project.path, environment)
        if replies
        else _captured(shell, project.path, environment)
    )
    fails = bool(re.search(r"^make: \*\*\*|^FAILED: ", command.shown, re.MULTILINE))
    assert bool(status) == fails, f"{command.text} ended with {status}:\n{said}"
    if command.shown:
        wanted = normal(command.shown, project)
        pattern = "".join(
            "(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + "\n"
            for line in wanted.splitlines()
        )
        got = normal(said, project)
        assert re.fullmatch(pattern, got), f"{command.text} prints\n{got}\nnot\n{wanted}"


def _captured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout


def at_terminal(
    command: list[str], replies: list[str], folder: Path, environment: dict[str, str]
) -> tuple[int, str]:
    """Run a command at a terminal, type a reply at each prompt; return its status and what is shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    said, waiting, end = "", list(replies), time.monotonic() + 120
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 1)
        if not ready:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the end of a terminal, on Linux
            break
        if not part:
            break
        said = (said + part.decode()).replace("\r\n", "\n")
        if waiting and PROMPT.search(said):
            os.write(terminal, f"{waiting.pop(0)}\n".encode())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def normal(text: str, project: Project) -> str:
    """Replace what differs from run to run: times, identifiers, folders, and lines of the Makefile."""
    text = text.replace(f"{project.path.resolve()}/", "").replace(f"{project.path}/", "")
    if project.url is not None:
        text = text.replace(str(project.url.database), "shop")
    text = re.sub(r"\d{4}(_\d\d){2}_\d{6}|\d+\.\d s\b|\d{4}-\d\d-\d\d \d\d:\d\d UTC", "T", text)
    text = re.sub(
        r"Makefile:\d+: ",
        "Makefile: ",
        re.sub(r"\b[0-9a-f]{12}\b|(?<=_)[0-9a-f]{12}(?=_)", "R", text),
    )
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def _write(project: Project, path: str, text: str) -> None:
    file = _file(project, path) if "*" in path else project.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    _replace(project, file, text.lstrip("\n"))


def _patch(text: str, project: Project) -> None:
    """Replace the lines of each hunk, which stand in the file exactly once."""
    head, _, rest = text.partition("\n")
    file = _file(project, head.removeprefix("--- "))
    content = file.read_text()
    for hunk in re.split(r"^@@.*\n", rest, flags=re.MULTILINE):
        lines = [line or " " for line in hunk.splitlines()]
        before = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        after = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        assert content.count(before) == 1, (
            f"{file.name} holds {content.count(before)} times\n{before}"
        )
        content = content.replace(before, after)
    _replace(project, file, content)


def _file(project: Project, pattern: str) -> Path:
    found = sorted(project.path.glob(pattern))
    assert len(found) == 1, f"{pattern} are {found}"
    return found[0]


def _replace(project: Project, file: Path, text: str) -> None:
    file.write_text(text)
    project.written += 1
    later = time.time() + project.written  # Python takes a module of the same second for the same
    os.utime(file, (later, later))
