"""Refuses revisions that must not be applied, and a database that differs from its log: says why."""

import os
from collections.abc import Iterable, Iterator

from alembic.script import Script
from alembic.util import CommandError, to_tuple

from alembic_guards.runtime.applied_log import AppliedLog

UNPROVEN = """{file} is unproven: {reason}. Nothing was changed.
Complete it, and prove it: make prove"""

INSERTED = """{file} was never applied here, and {after}, which follows it, was. Nothing was changed.
It was inserted before {after}, such as by a rebase. Have it follow the newest revision: in its file \
down_revision = {head!r}, and in those that follow it ({followers}) down_revision = {before!r}
Or revert what was applied after it, which drops data, and apply all again:
make downgrade to={revision} && alembic stamp --purge {down} && make upgrade
If its changes are in the database already: alembic stamp --purge {heads}"""

DIFFERS = """The database is at {heads}, but it is not what the revisions have made of it:
  {lines}
Create what is missing by hand, or restore it (make check shows SQL for that). What was edited: restore the file, and write a new revision.
If the database is right as it is, record that, which changes no table: alembic stamp --purge {heads}"""
NO_TABLE = "table {table} is missing: dropped by hand, or not in the backup that was restored"
NO_COLUMN = (
    "column {table}.{column} is missing: dropped by hand, or not in the backup that was restored"
)
EDITED = "{file} was edited after it was applied ({when}): what it does now was not done here"

UNRECORDED = (
    "{revisions} came to be applied without a record: by SQL of --sql, by a stamp of plain Alembic, by"
    " replication of the version table, or by another tool. What differs from the models: make check"
)
STAMPED = "Stamped: nothing was applied. What differs from the models: make check"


def refuse_unproven(revisions: Iterable[Script]) -> None:
    """Raise CommandError for a revision that is unproven: authoring marks its file."""
    for revision in revisions:
        if reason := getattr(revision.module, "unproven", ""):
            raise CommandError(UNPROVEN.format(file=_file(revision), reason=reason))


def refuse_inserted(applied_log: AppliedLog, heads: Iterable[str]) -> None:
    """Raise CommandError for a revision that was not applied, before one that was."""
    for message in inserted(applied_log, heads):
        raise CommandError(message)


def inserted(applied_log: AppliedLog, heads: Iterable[str]) -> Iterator[str]:
    """Yield the message for each revision that was not applied, before one that was."""
    heads = sorted(heads)
    for revision, after in applied_log.inserted(heads):
        before = revision.down_revision
        yield INSERTED.format(
            file=_file(revision),
            after=after,
            revision=revision.revision,
            head=heads[0],
            before=before,
            followers=", ".join(sorted(revision.nextrev)),
            down=" ".join(to_tuple(before, default=("base",))),
            heads=" ".join(heads),
        )


def refuse_difference(applied_log: AppliedLog, heads: Iterable[str]) -> None:
    """Raise CommandError where columns of the revisions are missing, or an applied file was edited."""
    for message in difference(applied_log, heads):
        raise CommandError(message)


def difference(applied_log: AppliedLog, heads: Iterable[str]) -> Iterator[str]:
    """Yield the message for columns of the revisions that are missing, and edited files, if any."""
    lines = [
        NO_COLUMN.format(table=table, column=column) if column else NO_TABLE.format(table=table)
        for table, columns in applied_log.columns.missing().items()
        for column in columns or [""]
    ]
    lines += [
        EDITED.format(file=_file(revision), when=record.when)
        for revision, record in applied_log.edited(heads)
    ]
    if lines:
        yield DIFFERS.format(heads=" ".join(sorted(heads)), lines="\n  ".join(lines))


def _file(revision: Script) -> str:
    return os.path.relpath(str(revision.path))
