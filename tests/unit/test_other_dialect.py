"""What a dialect of MariaDB ignores is named, unless the models name it for both."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.authoring.find.other_dialect import ignored_names
from sqlalchemy.dialects import mysql


def ignored(url: str, *parts: sa.schema.SchemaItem, **options: Any) -> str:
    """Return the message for a table."""
    metadata = sa.MetaData()
    sa.Table("items", metadata, *parts, **options)
    dialect = sa.make_url(url).get_dialect()()
    dialect.is_mariadb = "mysql+aio" not in url  # type: ignore[attr-defined] # which MySQL is here
    return ignored_names(metadata, dialect)


@pytest.mark.parametrize(
    "options", [{}, {"comment": "a"}, {"mysql_engine": "a", "mariadb_engine": "a"}]
)
@pytest.mark.parametrize("url", ["mysql+pymysql://", "mariadb+pymysql://", "sqlite://"])
def test_nothing_is_said_of_what_counts(url: str, options: dict[str, str]) -> None:
    text = sa.String(9).with_variant(mysql.TEXT(), "mysql", "mariadb")
    assert not ignored(url, sa.Column("a", text), **options)


@pytest.mark.parametrize(("own", "other"), [("mysql", "mariadb"), ("mariadb", "mysql")])
def test_options_and_variants_for_the_other_dialect_are_named(own: str, other: str) -> None:
    text = sa.String(9).with_variant(mysql.TEXT(), other)
    column = sa.Column("a", text)
    length: dict[str, Any] = {f"{other}_length": 5}
    index = sa.Index("i", "a", **length)
    said = ignored(f"{own}+pymysql://", column, index, **{f"{other}_engine": "Aria"})
    assert f"dialect {own} ignores what the models name for {other}" in said
    for name in (
        f"items: {other}_engine",
        f"items: {other}_length",
        f"items.a: with_variant(..., {other!r})",
    ):
        assert name in said
    assert f"begin with {other}://" in said


def test_a_server_of_mysql_has_nothing_of_mariadb() -> None:
    assert not ignored("mysql+aiomysql://", sa.Column("a", sa.Integer), mariadb_engine="Aria")
