"""A comparison without a server, for tests of the passes: operations in, operations out."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic.operations import MigrateOperation
from alembic.runtime.migration import MigrationContext
from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import regroup
from alembic_guards.authoring.questions import Answers
from alembic_guards.authoring.write.describe import describe
from alembic_guards.database.catalog import Catalog

URLS = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql+psycopg://",
    "mysql": "mysql+pymysql://",
}


def compared(
    database: str = "postgresql",
    present: Catalog | None = None,
    target: Catalog | None = None,
    *,
    metadata: sa.MetaData | None = None,
    answers: str | None = "",
    drift: Iterable[str] = ("items differs",),
    is_upgrade: bool = True,
) -> Comparison:
    """Return a comparison with the catalogs and the models, or with empty ones."""
    dialect = sa.make_url(URLS[database]).get_dialect()()
    migration = MigrationContext.configure(
        dialect=dialect, opts={"target_metadata": metadata or sa.MetaData()}
    )
    return Comparison(
        migration,
        present or {},
        target or {},
        list(drift),
        None if answers is None else Answers([answers]),
        is_upgrade,
    )


def said(operations: Iterable[MigrateOperation]) -> list[str]:
    """Return what operations do, a line each."""
    return [step for op in regroup(operations) for step in describe(op)]
