"""What the passes know besides the operations: the two catalogs, the answers and the database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from alembic_guards.authoring.operations import Operations
from alembic_guards.authoring.questions import Answers
from alembic_guards.database.catalog import Catalog


@dataclass(frozen=True)
class Comparison:
    """The database that the revisions build, compared with the models.

    The operations turn the catalog `present` into the catalog `target`.
    """

    migration: MigrationContext
    present: Catalog
    target: Catalog
    drift: list[str] = field(default_factory=list)  # what the models change, a line each
    answers: Answers | None = None  # None for `alembic check`
    is_upgrade: bool = True

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect of the database."""
        return self.migration.dialect

    @property
    def metadata(self) -> sa.MetaData:
        """The normalized metadata of the models."""
        metadata: sa.MetaData = self.migration.opts["target_metadata"]
        return metadata

    def reversed(self) -> Self:
        """Return the comparison for the operations of downgrade()."""
        return replace(
            self, present=self.target, target=self.present, is_upgrade=not self.is_upgrade
        )


#: Takes the operations of upgrade() or downgrade(), and returns those to replace them.
Pass = Callable[[Operations, Comparison], Operations]


def apply(passes: Iterable[Pass], operations: Operations, comparison: Comparison) -> Operations:
    """Return what the passes make of `operations`, one after the other."""
    for each in passes:
        operations = each(operations, comparison)
    return operations
