"""The private names of Alembic and SQLAlchemy that the guards use, each with its reason.

A new release of either breaks this module alone.
"""

from enum import Enum, auto

from alembic import context


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
