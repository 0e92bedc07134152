"""The private names of Alembic and SQLAlchemy that the guards use, each with its reason.

A new release of either can break only this module.
"""

from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _render_cmd_body, _render_constraint
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.write_hooks import _invoke
from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.schema import CallableColumnDefault
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import immutabledict


class Command(Enum):
    """A kind of Alembic command, by its use of the models."""

    REVISION = auto()  # `revision --autogenerate` writes a revision
    CHECK = auto()  # `check` compares them with the database
    OTHER = auto()  # all others do not need the models


def running_command() -> Command:
    """Return the kind of the command that runs env.py, from a command line or by `alembic.command`.

    Only the options of the EnvironmentContext hold it, and the proxy of that is private. `check`
    and `revision` differ only in the function that they pass.
    """
    revision = environment_option("revision_context")
    if revision is None or not revision.command_args["autogenerate"]:
        return Command.OTHER
    is_check = environment_option("fn").__qualname__.startswith("check.")
    return Command.CHECK if is_check else Command.REVISION


def environment_option(name: str) -> Any:
    """Return an option of the EnvironmentContext that runs env.py; None without it.

    Before context.configure() there is no public way to it.
    """
    return context._proxy.context_opts.get(name)  # type: ignore[attr-defined]


def run_write_hook(file: str, hook: Mapping[str, str]) -> None:
    """Run a post-write hook of alembic.ini on a file; only private functions run them."""
    _invoke(hook["type"], file, hook)


def is_meant_for(part: Any, owner: object, connection: sa.Connection) -> bool:
    """Whether ddl_if() lets create_all() make a constraint or an index in this database.

    Only SchemaGenerator evaluates the condition, when it executes DDL.
    """
    create: Any = (
        sa.schema.CreateIndex(part)
        if isinstance(part, sa.Index)
        else sa.schema.AddConstraint(part, isolate_from_table=False)
    )
    return bool(create._should_execute(owner, connection))


def is_needed_by_type(check: sa.CheckConstraint, dialect: sa.Dialect) -> bool:
    """Whether CREATE TABLE includes a CHECK; it leaves out that of a native enum, for example.

    The rule is a method of the constraint that only DDLCompiler calls.
    """
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    return check._should_create_for_compiler(compiler)


def creation_order(part: sa.schema.SchemaItem) -> int:
    """Return the sort key of a part of a table: columns first, constraints as in the models.

    `Table.constraints` is a set. Servers number unnamed constraints in the order of CREATE TABLE.
    """
    return part._creation_order if isinstance(part, sa.Constraint) else 0


def copy_creation_order(original: sa.Constraint, copied: sa.Constraint) -> None:
    """Give a copy the sort key of its original: `Table.to_metadata()` copies in random order."""
    copied._creation_order = original._creation_order


def copy_prefixes(original: sa.Table, copied: sa.Table) -> None:
    """Copy prefixes such as UNLOGGED, which `Table.to_metadata()` leaves out."""
    copied._prefixes = list(original._prefixes)


def creator_of(table: sa.Table) -> Any:
    """Return the DDL that creates a table in its own way, such as CreateView; there is only a setter."""
    return table._creator_ddl


def sequences(metadata: sa.MetaData) -> Collection[sa.Sequence]:
    """Return all sequences of the models: get_schema_objects() returns those of one schema."""
    return metadata._sequences.values()


def variant(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the variant of a type for a dialect, without the variants for others.

    `dialect_impl()` returns it adapted to a driver, which loses parameters of the type.
    """
    result = type_._variant_mapping.get(dialect.name, type_).copy()
    result._variant_mapping = immutabledict()
    return result


def variant_names(type_: TypeEngine[Any]) -> Collection[str]:
    """Return the names of the dialects that a type has variants for."""
    return type_._variant_mapping.keys()


def render_body(operations: ops.UpgradeOps, context: AutogenContext) -> str:
    """Return the body of upgrade() or downgrade(), as Alembic writes it to a file.

    `render_python_code()` creates its own context, without the metadata, and fails while a command
    runs.
    """
    return _render_cmd_body(operations, context)


def render_constraint(
    part: sa.Constraint, op: ops.CreateTableOp, context: AutogenContext
) -> str | None:
    """Return the code of one constraint of a new table.

    Alembic renders all constraints together, sorted by their code. The metadata of the operation
    maps the keys of columns in other tables to their names.
    """
    return _render_constraint(part, context, op._namespace_metadata)


def type_affinity(type_: sa.types.TypeEngine[Any]) -> object:
    """Return the affinity of a type, such as Integer for BIGINT.

    `TypeEngine.as_generic()` is narrower: BigInteger for BIGINT, and an error for many others.
    """
    return type_._type_affinity


def replace_steps(migration: MigrationContext, steps: Any) -> Any:
    """Replace the function that finds the revisions to run by `steps`, and return the replaced one.

    Alembic sets it before env.py runs, and has no hook around a single revision.
    """
    before, migration._migrations_fn = migration._migrations_fn, steps
    return before


def visit_name(type_: TypeEngine[Any]) -> str:
    """Return the name by which SQLAlchemy compiles a type; subclasses inherit it."""
    return str(type_.__visit_name__)


def reflect_through(dialect: Dialect, rewrite: Callable[[Connection, str], str]) -> None:
    """Have the reflection of a dialect of SQLite read each CREATE TABLE as returned by `rewrite`.

    Reflection finds constraints by regular expressions, which match one spelling and take comments
    for constraints. Only this method provides their input. It is replaced on one dialect object.
    """
    patched: Any = dialect
    if "_get_table_sql" in vars(patched):
        return
    read = patched._get_table_sql

    def rewritten(connection: Connection, table: str, schema: str | None = None, **o: Any) -> Any:
        cached, key = o.get("info_cache", {}), ("alembic_guards", table, schema)
        if key not in cached:
            sql = read(connection, table, schema, **o)
            cached[key] = rewrite(connection, sql) if sql else None
        return cached[key]

    patched._get_table_sql = rewritten


def type_of(dialect: Dialect, text: str) -> TypeEngine[Any]:
    """Return the type that the reflection of SQLite returns for the text of a type."""
    patched: Any = dialect
    result: TypeEngine[Any] = patched._resolve_type_affinity(text)
    return result


def python_default(default: object) -> Callable[[], Any] | None:
    """Return the function of a default of the models; None for other defaults, and if it takes a context.

    SQLAlchemy wraps it in a lambda that takes a context, and `__wrapped__` is missing for a partial.
    """
    wrapper: Any = default.arg if isinstance(default, CallableColumnDefault) else None
    code = getattr(wrapper, "__code__", None)
    if code is None or not code.co_qualname.startswith("CallableColumnDefault."):
        return None
    found: Callable[[], Any] = dict(
        zip(code.co_freevars, (cell.cell_contents for cell in wrapper.__closure__), strict=True)
    )["fn"]
    return found


def pending_steps(script: ScriptDirectory, to: str, heads: tuple[str, ...]) -> list[RevisionStep]:
    """Return the steps of an upgrade from `heads` to the revision `to`.

    `command.upgrade(sql=True)` starts from a single revision, and a database may be at several.
    """
    return script._upgrade_revs(to, heads)  # type: ignore[arg-type]


def leave_out_version_table(migration: MigrationContext) -> None:
    """Print no CREATE TABLE for the version table: offline Alembic prints one before each first revision."""
    patched: Any = migration._version
    patched.create = lambda *_, **__: None


def mark_current(revision: Script) -> Script:
    """Mark a revision as "(current)" in its line; `alembic history` alone does it, and writes to the database."""
    revision._db_current_indicator = True
    return revision
