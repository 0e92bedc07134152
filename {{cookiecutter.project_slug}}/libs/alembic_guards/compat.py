"""The private names of Alembic and SQLAlchemy that the guards use, each with its reason.

A new release of either breaks this module alone.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from alembic import context
from sqlalchemy import Connection, Dialect
from sqlalchemy.types import TypeEngine


class Command(Enum):
    """What a command does with the models."""

    REVISION = auto()  # `revision --autogenerate` writes a revision
    CHECK = auto()  # `check` compares them with the database
    OTHER = auto()  # all others need none


def running_command() -> Command:
    """Return which kind of command runs env.py, from a command line or by `alembic.command`.

    Alembic tells env.py only by the options of its EnvironmentContext. The proxy that leads to them
    is private, and `check` differs from `revision` by the function that it hands over alone.
    """
    options = context._proxy.context_opts  # type: ignore[attr-defined]
    revision = options.get("revision_context")
    if revision is None or not revision.command_args["autogenerate"]:
        return Command.OTHER
    is_check = options["fn"].__qualname__.startswith("check.")
    return Command.CHECK if is_check else Command.REVISION


def reflect_through(dialect: Dialect, rewrite: Callable[[Connection, str], str]) -> None:
    """Have the reflection of a dialect of SQLite read each CREATE TABLE as `rewrite` gives it.

    It finds constraints by regular expressions that know one spelling, take comments for constraints
    and stop at others; only this method says what they read. It is replaced on one dialect object.
    """
    own: Any = dialect
    if "_get_table_sql" in vars(own):
        return
    read = own._get_table_sql

    def rewritten(connection: Connection, *args: Any, **options: Any) -> str | None:
        sql = read(connection, *args, **options)
        return rewrite(connection, sql) if sql else None

    own._get_table_sql = rewritten


def type_of(dialect: Dialect, text: str) -> TypeEngine[Any]:
    """Return what the reflection of SQLite makes of the text of a type."""
    own: Any = dialect
    found: TypeEngine[Any] = own._resolve_type_affinity(text)
    return found
