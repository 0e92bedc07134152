"""PostgreSQL cuts names after 63 bytes: they are refused, or cut before."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util import CommandError
from alembic_guards.authoring.find.long_names import refuse_long_names
from alembic_guards.authoring.normalize import normalized
from sqlalchemy.dialects import mysql, postgresql

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
FITS, LONG = "ä" * 31, "ä" * 32


def models(
    table: str = "t", column: str = "c", enum: str = "e", schema: str | None = None
) -> sa.MetaData:
    """Return metadata with one table."""
    metadata = sa.MetaData()
    sa.Table(table, metadata, sa.Column(column, sa.ARRAY(sa.Enum("a", name=enum))), schema=schema)
    return metadata


@pytest.mark.parametrize("part", ["table", "column", "enum", "schema"])
def test_a_name_of_more_than_63_bytes_is_refused(part: str) -> None:
    refuse_long_names(models(**{part: FITS}), DIALECT)
    with pytest.raises(CommandError, match=f"{part} {LONG}: 64 bytes"):
        refuse_long_names(models(**{part: LONG}), DIALECT)
    refuse_long_names(models(**{part: LONG}), mysql.dialect())


def test_a_sequence_with_a_long_name_is_refused() -> None:
    metadata = models()
    sa.Sequence("s" * 64, metadata=metadata)
    with pytest.raises(CommandError, match="sequence s+: 64 bytes"):
        refuse_long_names(metadata, DIALECT)


def test_a_name_of_an_index_or_constraint_is_cut_by_bytes() -> None:
    metadata = models()
    table = metadata.tables["t"]
    sa.Index(LONG, table.c.c)
    table.append_constraint(sa.UniqueConstraint("c", name=f"u{LONG}"))
    engine: Any = sa.create_mock_engine("postgresql+psycopg://", lambda *_: None)
    copied = normalized(metadata, engine).tables["t"]
    assert [index.name for index in copied.indexes] == [FITS]
    assert f"u{FITS}" in {constraint.name for constraint in copied.constraints}
