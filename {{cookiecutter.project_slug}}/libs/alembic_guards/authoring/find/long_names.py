"""Refuses names that PostgreSQL would cut: the database would differ from the models for ever."""

from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError

from alembic_guards.authoring.write.types import element_type
from alembic_guards.compat import sequences
from alembic_guards.database.identifiers import LONGEST_NAME

TOO_LONG = """Nothing was changed: PostgreSQL cuts a name after {longest} bytes. Shorten it in the models.
  {names}"""


def refuse_long_names(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Raise CommandError for names of PostgreSQL that it would cut to 63 bytes without an error.

    Those of indexes and constraints are left out: SQLAlchemy refuses them, and conventions shorten them.
    """
    if dialect.name != "postgresql":
        return
    columns = [column for table in metadata.tables.values() for column in table.columns]
    types = [element_type(column.type, dialect) for column in columns]
    owners: list[Any] = [*metadata.tables.values(), *sequences(metadata), *types]
    names = [
        *((owner.__visit_name__, getattr(owner, "name", None)) for owner in owners),
        *(("column", column.name) for column in columns),
        *(("schema", getattr(owner, "schema", None)) for owner in owners),
    ]
    too_long = {
        f"{kind.lower()} {name}: {len(name.encode())} bytes"
        for kind, name in names
        if isinstance(name, str) and len(name.encode()) > LONGEST_NAME
    }
    if too_long:
        raise CommandError(
            TOO_LONG.format(longest=LONGEST_NAME, names="\n  ".join(sorted(too_long)))
        )
