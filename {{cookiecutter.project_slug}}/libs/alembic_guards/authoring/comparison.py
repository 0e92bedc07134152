"""What the passes know besides the operations: the two catalogs, the answers and the database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Self

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from alembic_guards.authoring.operations import PARTS, Barrier, OpList
from alembic_guards.authoring.questions import Answers
from alembic_guards.database.catalog import Catalog
from alembic_guards.runtime.operations import OwnOp


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


def first_on_tables(operations: OpList, comparison: Comparison) -> int:
    """Return the index of the first operation on a table; in an upgrade renames stand before it.

    A barrier is where the sorted operations on tables begin.
    """
    for place, op in enumerate(operations):
        if isinstance(op, (Barrier, *PARTS)):
            return place
    leading = takewhile(lambda op: isinstance(op, OwnOp), operations)
    return len([*leading]) if comparison.is_upgrade else 0


#: Takes the operations of upgrade() or downgrade(), and returns those to replace them.
Pass = Callable[[OpList, Comparison], OpList]


def apply(passes: Iterable[Pass], operations: OpList, comparison: Comparison) -> OpList:
    """Return what the passes make of `operations`, one after the other."""
    for each in passes:
        operations = each(operations, comparison)
    return operations
