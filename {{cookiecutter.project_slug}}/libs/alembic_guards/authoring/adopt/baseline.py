"""Writes the baseline: a first revision, and beside it the files of SQL that it executes."""

import os
from collections.abc import Iterable
from pathlib import Path

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, rev_id

from alembic_guards.authoring.adopt.files import Files
from alembic_guards.authoring.write.render import LIBRARY
from alembic_guards.runtime.sql_file import CREATES, DROPS
from alembic_guards.runtime.sql_parser import split

MESSAGE = "baseline"

#: The first lines of the files. Those that create can be read as documentation of the schema.
HEADS = {
    CREATES: "-- The schema of the database when it was adopted, as the server writes it.\n",
    DROPS: "-- Drops what the baseline has created. A table with rows needs ALLOW_DATA_LOSS=1.\n",
}

UNREADABLE = """Not adopted: a statement of the database cannot be told from the next one. Nothing was written.
{statement}"""


def write_baseline(
    script: ScriptDirectory, statements: list[str], files: Files, dialect: str
) -> Script:
    """Write a first revision that executes `statements`; its file for downgrades is empty.

    Raises CommandError where the file of SQL would not be read back as the same statements.
    """
    revision = rev_id()
    imports = f"\nfrom pathlib import Path\n\nfrom {LIBRARY} import run_sql_file"
    call = "run_sql_file(Path(__file__).with_suffix({!r}))"
    with files.adding(Path(script.versions)):
        written = script.generate_revision(
            revision,
            MESSAGE,
            imports=imports,
            upgrades=call.format(CREATES),
            downgrades=call.format(DROPS),
        )
    assert written is not None, "the file template writes a revision"
    path = Path(str(written.path))
    _write(path.with_suffix(CREATES), statements, files, dialect)
    _write(path.with_suffix(DROPS), [], files, dialect)
    return written


def write_drops(revision: Script, statements: list[str], files: Files, dialect: str) -> None:
    """Write the statements of downgrade() of a baseline."""
    _write(Path(str(revision.path)).with_suffix(DROPS), statements, files, dialect)


def baseline_of(script: ScriptDirectory) -> Script | None:
    """Return the first revision, if it is a baseline; None for another, or for none."""
    bases = script.get_bases()
    first = script.get_revision(bases[0]) if len(bases) == 1 else None
    return first if first and Path(str(first.path)).with_suffix(CREATES).exists() else None


def _write(path: Path, statements: Iterable[str], files: Files, dialect: str) -> None:
    statements = list(statements)
    head = next(text for end, text in reversed(HEADS.items()) if path.name.endswith(end))
    text = "\n".join([head, *(f"{statement};\n" for statement in statements)])
    found = split(text, dialect)
    for statement, again in zip(statements, [*found, *statements], strict=False):
        if statement != again:
            raise CommandError(UNREADABLE.format(statement=statement))
    files.write(path, text)


def shown(revision: Script) -> str:
    """Return the name of the file of a revision, for messages."""
    return os.path.relpath(str(revision.path))
