"""The operations that create and drop the views of the models."""

import logging
import re
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import MigrateOperation, Operations

from alembic_guards.database.connection_info import is_dry_run
from alembic_guards.database.features import backend_name
from alembic_guards.database.identifiers import qualified
from alembic_guards.runtime.operations import as_text

#: The views that create_view() has made, as pairs of schema and name: complete when the existing revisions
#: have run on a scratch database. Others are made by hand, and stay.
CREATED: set[tuple[str | None, str]] = set()

#: The key in Connection.info of the triggers of dropped views of SQLite, by the name of the view.
TRIGGERS = "alembic_triggers_of_views"

#: What MariaDB and MySQL know of a view beside its SELECT.
IS_VIEW = """SELECT count(*) FROM information_schema.views
    WHERE table_schema = coalesce(:schema, DATABASE()) AND table_name = :name"""
ATTRIBUTES = re.compile(r"CREATE (.*?)VIEW `", re.DOTALL)
DEFINER = re.compile(r"DEFINER=`((?:[^`]|``)*)`@`((?:[^`]|``)*)` ")
#: The privileges to make another user the definer. Sources: "GRANT" in the manuals of MariaDB and MySQL.
SETS_DEFINER = re.compile(
    r"GRANT .*\b(?:ALL PRIVILEGES|SET USER|SET_ANY_DEFINER|SET_USER_ID|SUPER)\b.* ON \*\.\* "
)
NEW_DEFINER = """The view %s gets the definer %s in place of %s: to keep that takes the privilege SET USER, or SUPER"""

logger = logging.getLogger(__name__)


class ViewOp(MigrateOperation):
    """An operation on a view."""

    def __init__(
        self, view_name: str, schema: str | None = None, *, materialized: bool = False
    ) -> None:
        self.view_name, self.schema, self.materialized = view_name, schema, materialized

    @property
    def kind(self) -> str:
        """The kind of the view as SQL."""
        return "MATERIALIZED VIEW" if self.materialized else "VIEW"


@Operations.register_operation("create_view")
class CreateViewOp(ViewOp):
    """Creates a view."""

    def __init__(
        self,
        view_name: str,
        select: str,
        schema: str | None = None,
        *,
        materialized: bool = False,
        options: str = "",
    ) -> None:
        super().__init__(view_name, schema, materialized=materialized)
        self.select, self.options = select, options

    @property
    def about(self) -> str:
        """The description."""
        return f"create view {self.view_name}"

    @classmethod
    def create_view(cls, operations: Operations, *arguments: Any, **options: Any) -> None:
        """Create a view; create_view() has the arguments."""
        operations.invoke(cls(*arguments, **options))


@Operations.register_operation("drop_view")
class DropViewOp(ViewOp):
    """Drops a view."""

    @property
    def about(self) -> str:
        """The description."""
        return f"drop view {self.view_name}"

    @classmethod
    def drop_view(cls, operations: Operations, *arguments: Any, **options: Any) -> None:
        """Drop a view; drop_view() has the arguments."""
        operations.invoke(cls(*arguments, **options))


def create_view(
    view_name: str,
    select: str,
    schema: str | None = None,
    *,
    materialized: bool = False,
    options: str = "",
) -> None:
    """Do what `op.create_view()` does, typed for type checkers: create a view of the models.

    `options` are those of WITH on PostgreSQL. A view that the same revision has dropped before keeps its
    owner, grants, comments, triggers and indexes. MariaDB replaces a view that is there, and keeps its
    SQL SECURITY, and its definer where the login may set that.
    """
    op.invoke(CreateViewOp(view_name, select, schema, materialized=materialized, options=options))


def drop_view(view_name: str, schema: str | None = None, *, materialized: bool = False) -> None:
    """Do what `op.drop_view()` does, typed for type checkers: drop a view of the models."""
    op.invoke(DropViewOp(view_name, schema, materialized=materialized))


@Operations.implementation_for(CreateViewOp)
def _create(operations: Operations, operation: CreateViewOp) -> None:
    dialect = operations.migration_context.dialect
    CREATED.add((operation.schema, operation.view_name))
    name = qualified(dialect, operation.schema, operation.view_name)
    options = f" WITH ({operation.options})" if operation.options else ""
    attributes = _attributes(operations, operation) if backend_name(dialect) == "mysql" else ""
    create = f"CREATE {attributes}{operation.kind} {name}{options} AS {operation.select}"
    operations.execute(sa.text(as_text(create)))
    for trigger in _triggers(operations).pop(operation.view_name, []):
        operations.execute(sa.text(as_text(trigger)))


@Operations.implementation_for(DropViewOp)
def _drop(operations: Operations, operation: DropViewOp) -> None:
    context = operations.migration_context
    CREATED.discard((operation.schema, operation.view_name))
    if context.dialect.name == "sqlite" and isinstance(context.connection, sa.Connection):
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
        found = context.connection.exec_driver_sql(query, (operation.view_name,)).scalars()
        _triggers(operations)[operation.view_name] = list(found)
    name = qualified(context.dialect, operation.schema, operation.view_name)
    operations.execute(sa.text(as_text(f"DROP {operation.kind} {name}")))


def _triggers(operations: Operations) -> dict[str, list[str]]:
    connection = operations.migration_context.connection
    if not isinstance(connection, sa.Connection):
        return {}
    found: dict[str, list[str]] = connection.info.setdefault(TRIGGERS, {})
    return found


def _attributes(operations: Operations, operation: CreateViewOp) -> str:
    """Return the words before VIEW that replace a view of MariaDB or MySQL, and keep its attributes."""
    context = operations.migration_context
    replace = "OR REPLACE "
    if context.as_sql or not isinstance(context.connection, sa.Connection):
        return replace
    parameters = {"schema": operation.schema, "name": operation.view_name}
    if not context.connection.scalar(sa.text(IS_VIEW), parameters):
        return replace
    name = qualified(context.dialect, operation.schema, operation.view_name)
    shown = context.connection.execute(sa.text(as_text(f"SHOW CREATE VIEW {name}"))).one()[1]
    found = ATTRIBUTES.match(shown)
    attributes = found[1] if found else ""
    return replace + _settable(context.connection, attributes, operation.view_name)


def _settable(connection: sa.Connection, attributes: str, view: str) -> str:
    """Return the attributes of a view without a definer that the login may not set; log that."""
    found = DEFINER.search(attributes)
    if found is None:
        return attributes
    definer = "@".join(name.replace("``", "`") for name in found.groups())
    user = connection.scalar(sa.text("SELECT CURRENT_USER()"))
    if definer == user or any(
        SETS_DEFINER.match(grant) for grant in connection.scalars(sa.text("SHOW GRANTS"))
    ):
        return attributes
    if not is_dry_run(connection):
        logger.warning(NEW_DEFINER, view, user, definer)
    return DEFINER.sub("", attributes)
