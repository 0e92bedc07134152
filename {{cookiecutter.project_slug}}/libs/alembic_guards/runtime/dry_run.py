"""Makes a dry run of a revision on PostgreSQL, MariaDB and MySQL: rows are counted before the first statement.

MariaDB and MySQL cannot roll back DDL, and PostgreSQL cannot roll back what an autocommit_block() executes.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.database.connection_info import COUNTED, SKIPPED, UNREAD
from alembic_guards.database.features import backend_name
from alembic_guards.runtime.locks import is_lock_timeout
from alembic_guards.runtime.programs import broken_programs
from alembic_guards.runtime.refusals import Refused, collecting, refuse
from alembic_guards.runtime.sql_parser import is_definition, only_statement
from alembic_guards.runtime.statements import (
    CHANGES_ROWS,
    SEVERAL,
    Kind,
    first_word,
    is_backfill,
    kind_of,
)
from alembic_guards.runtime.violations import find_all

#: An INSERT that may also change existing rows.
CHANGES_EXISTING = re.compile(r"\bON\s+(?:CONFLICT|DUPLICATE)\b", re.IGNORECASE)

#: The first words of the DDL of PostgreSQL, which keeps all rows but those of what it drops.
DDL = {"ALTER", "COMMENT", "CREATE", "DROP", "GRANT", "REFRESH", "REINDEX", "REVOKE", "SECURITY"}


class EndOfDryRun(Exception):
    """The rest of the revision depends on a change of rows that a dry run does not make."""


def run_dry(migration: MigrationContext, migrate: Callable[[], object]) -> None:
    """Run a step with all DDL and backfills skipped, so that the guards check the rows before it.

    Raises Refused with all that the guards refuse, and errors of locks and of the connection. The dry
    run ends at the first other change of rows, because the statements after it may depend on it, and at
    the first error of the revision, such as a read of what a skipped statement would create: the
    revision itself raises it again.
    """
    connection = migration.connection
    assert connection is not None
    skipped = connection.info[SKIPPED] = list[str]()
    connection.info[COUNTED] = set()
    is_complete = False
    try:
        with collecting(connection) as refusals, _without_effect(migration, connection):
            try:
                migrate()
                is_complete = True
            except EndOfDryRun:
                pass
            except Exception as error:
                if is_lock_timeout(error) or connection.invalidated:
                    raise
    finally:
        del connection.info[SKIPPED]
    refusals += broken_programs(connection, skipped, is_complete=is_complete)
    if refusals:
        raise Refused(refusals)


@contextmanager
def _without_effect(migration: MigrationContext, connection: Connection) -> Iterator[None]:
    """Keep autocommit_block() from committing; on PostgreSQL read only, in a savepoint."""
    patched: Any = migration
    patched.autocommit_block = nullcontext
    memo = dict(migration.impl.memo)  # such as the types that tables have created
    savepoint = None
    if connection.dialect.name == "postgresql":
        savepoint = connection.begin_nested()
        connection.exec_driver_sql("SET LOCAL transaction_read_only = on")
    try:
        yield
    except BaseException:
        if savepoint is not None:
            with suppress(SQLAlchemyError):  # without a connection, the first error tells more
                savepoint.rollback()
        raise
    else:
        if savepoint is not None:
            savepoint.rollback()
    finally:
        del patched.autocommit_block
        migration.impl.memo = memo


def is_skipped(connection: Connection, statement: str) -> bool:
    """Return whether a dry run skips a statement, and count the rows that violate its constraints.

    Raises EndOfDryRun at a change of rows that the statements after it may depend on.
    """
    kind = kind_of(statement, backend_name(connection.dialect))
    if kind is Kind.SESSION or (kind is Kind.READ and UNREAD not in connection.info):
        return False
    text = statement.replace("%%", "%")  # % is doubled for the driver
    skipped: list[str] = connection.info[SKIPPED]
    if not (
        _is_ddl(connection, kind, text) or (text not in skipped and _is_unread(connection, text))
    ):
        raise EndOfDryRun
    count(connection, text)
    skipped.append(text)
    return True


def count(connection: Connection, statement: str) -> None:
    """Refuse a statement where rows violate its constraints; record it where none does."""
    with read(connection):
        refusals, is_known = find_all(connection, statement)
    for refusal in refusals:
        refuse(connection, refusal)
    if is_known:
        connection.info[COUNTED].add(statement)


def _is_ddl(connection: Connection, kind: Kind, text: str) -> bool:
    """Whether a statement is DDL that changes no rows but those of what it drops."""
    if SEVERAL.search(text) and CHANGES_ROWS.search(text) and not _is_one_definition(text):
        return False
    if connection.dialect.name == "postgresql":
        return first_word(text) in DDL
    return kind is Kind.IMPLICIT and first_word(text) != "TRUNCATE"


def _is_one_definition(text: str) -> bool:
    """Whether SQL only defines a function or the like, whose body does not run."""
    statement = only_statement(text)
    return statement is not None and is_definition(statement)


def _is_unread(connection: Connection, text: str) -> bool:
    """Whether a change of rows may be skipped: the revision does not read its result.

    A statement that is repeated may be in a loop that ends when it changes no more rows; the caller
    asks for that.
    """
    if is_backfill(text):
        return True
    if UNREAD not in connection.info or ";" in text.rstrip("; \n"):
        return False
    word = first_word(text)
    return word == "UPDATE" or (word == "INSERT" and not CHANGES_EXISTING.search(text))


@contextmanager
def unread(connection: Connection | None) -> Iterator[None]:
    """Mark the statements in the block as those whose results the revision does not read."""
    if not isinstance(connection, Connection):  # such as one that only writes SQL
        yield
        return
    connection.info[UNREAD] = True
    try:
        yield
    finally:
        connection.info.pop(UNREAD, None)


@contextmanager
def read(connection: Connection) -> Iterator[None]:
    """Mark the statements in the block as those whose results are read, whatever unread() has marked."""
    is_unread = connection.info.pop(UNREAD, False)
    try:
        yield
    finally:
        if is_unread:
            connection.info[UNREAD] = True
