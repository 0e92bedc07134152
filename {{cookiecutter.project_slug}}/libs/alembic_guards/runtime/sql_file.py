"""The operation `run_sql_file`: executes the statements of a file, as they are.

    from pathlib import Path

    from alembic_guards import run_sql_file

    def upgrade() -> None:
        run_sql_file(Path(__file__).with_suffix(".sql"))

A semicolon ends a statement, but not within a literal, a comment, or the body of a function or a trigger: no
DELIMITER is needed. `%` and `:` begin no parameter.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from alembic.operations import MigrateOperation, Operations
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.features import backend_name
from alembic_guards.runtime.operations import as_text
from alembic_guards.runtime.sql_parser import is_definition, split, tokens_of

MISSING = """{file} cannot be read: {reason}. Nothing was changed.
It belongs to the revision beside it: restore it, as by git checkout -- {file}"""

#: The ends of the names of the files of a baseline, in place of .py: what creates, and what drops.
CREATES, DROPS = ".sql", ".drop.sql"

#: What a file may set on MariaDB and MySQL, as for the definition of a routine.
SETTINGS = ("sql_mode", "foreign_key_checks", "character_set_client", "collation_connection")

#: The statements around those of a file. On PostgreSQL a function may name a table that is created after it.
#: On MariaDB and MySQL SETTINGS are reset.
AROUND: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "postgresql": (
        ("SET LOCAL check_function_bodies = off",),
        ("SET LOCAL check_function_bodies TO DEFAULT",),
    ),
    "mysql": (
        tuple(f"SET @guards_{name} = @@{name}" for name in SETTINGS),
        tuple(f"SET {name} = @guards_{name}" for name in SETTINGS),
    ),
}


@Operations.register_operation("run_sql_file")
class RunSQLFileOp(MigrateOperation):
    """The statements of a file of SQL."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def run_sql_file(cls, operations: Operations, path: str | os.PathLike[str]) -> None:
        """Execute the statements of the file at `path`."""
        operations.invoke(cls(path))


def run_sql_file(path: str | os.PathLike[str]) -> None:
    """Do what `op.run_sql_file()` does, typed for type checkers: execute the statements of a file.

    The file is in UTF-8. Raises CommandError where it cannot be read, and for a statement that drops a
    table with rows (ALLOW_DATA_LOSS=1 is the only consent).
    """
    op.invoke(RunSQLFileOp(path))


@Operations.implementation_for(RunSQLFileOp)
def run(operations: Operations, operation: RunSQLFileOp) -> None:
    """Execute the statements; offline, print them."""
    context = operations.migration_context
    backend = backend_name(context.dialect)
    statements = read_statements(operation.path, backend)
    if context.as_sql:
        before, after = AROUND.get(backend, ((), ()))
        for statement in (*before, *statements, *after):
            context.impl.static_output(_printed(statement, backend))
        return
    with _settings(operations):
        for statement in statements:
            operations.execute(sa.text(as_text(statement)))


@contextmanager
def _settings(operations: Operations) -> Iterator[None]:
    """Execute the statements around those of a file; after an error only those of MariaDB and MySQL.

    On PostgreSQL the transaction has failed then, and SET LOCAL ends with it.
    """
    dialect = backend_name(operations.migration_context.dialect)
    before, after = AROUND.get(dialect, ((), ()))
    for statement in before:
        operations.execute(statement)
    try:
        yield
    except Exception:
        if dialect != "postgresql":
            with suppress(SQLAlchemyError):
                for statement in after:
                    operations.execute(statement)
        raise
    for statement in after:
        operations.execute(statement)


def files_of(revision: Path) -> list[Path]:
    """Return the file of a revision, and those of SQL beside it that have its name."""
    return [revision, revision.with_suffix(CREATES), revision.with_suffix(DROPS)]


def read_statements(path: Path, dialect: str) -> list[str]:
    """Return the statements of a file; raises CommandError where it cannot be read."""
    try:
        return split(path.read_text(encoding="utf-8"), dialect)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CommandError(MISSING.format(file=os.path.relpath(path), reason=reason)) from error


def _printed(statement: str, dialect: str) -> str:
    """Return a statement for a script: the client of MariaDB needs DELIMITER around a body."""
    if dialect == "mysql" and ";" in statement and is_definition(tokens_of(statement)):
        return f"DELIMITER ;;\n{statement} ;;\nDELIMITER ;"
    return f"{statement};\n"
