"""The private names of Alembic and SQLAlchemy that the guards use, each with its reason.

A new release of either breaks this module alone.
"""

from enum import Enum, auto
from typing import Any

from alembic import context
from sqlalchemy import Dialect
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import immutabledict


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


def variant(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return what `with_variant()` gave a type for a dialect, without the variants for others.

    `dialect_impl()` gives that too, but adapted for a driver, which says less than the type itself.
    """
    found = type_._variant_mapping.get(dialect.name, type_).copy()
    found._variant_mapping = immutabledict()
    return found


def general_type(type_: TypeEngine[Any]) -> object:
    """Return the general type that a type is a kind of; SQLAlchemy compares types by it."""
    return type_._type_affinity


def visit_name(type_: TypeEngine[Any]) -> str:
    """Return the name by which SQLAlchemy compiles a type; that of a subclass is its parent's."""
    return str(type_.__visit_name__)
