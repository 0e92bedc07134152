"""The extensions that tables need are found by types, operator classes and functions."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.authoring.find.by_hand import without_unused
from alembic_guards.authoring.find.prerequisites import needed_extensions
from alembic_guards.database.catalog import Entry, catalog_of
from sqlalchemy.dialects import postgresql

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class Vector(sa.types.UserDefinedType[Any]):
    """A type of an extension in a schema."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return '"Ext".vector(3)'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([sa.Column("a", postgresql.CITEXT)], {"citext": None}),
        ([sa.Column("a", postgresql.ARRAY(postgresql.CITEXT))], {"citext": None}),
        ([sa.Column("a", postgresql.DOMAIN("d", postgresql.HSTORE))], {"hstore": None}),
        ([sa.Column("a", Vector)], {"vector": "Ext"}),
        (
            [sa.Column("a", sa.Text, server_default=sa.text("ext.gen_salt('bf')"))],
            {"pgcrypto": "ext"},
        ),
        ([sa.Column("a", sa.Text, server_default=sa.text("gen_random_uuid()"))], {}),
        (
            [sa.Column("a", sa.Text), sa.Index("i", sa.text("a ext.gin_trgm_ops"))],
            {"pg_trgm": "ext"},
        ),
        (
            [
                sa.Column("a", sa.Text),
                sa.Index("i", "a", postgresql_ops={"a": "public.gist_trgm_ops"}),
            ],
            {"pg_trgm": "public"},
        ),
        ([sa.Column("a", sa.Text), sa.CheckConstraint("a::ltree <> ''")], {"ltree": None}),
        ([sa.Column("cube", sa.Integer), sa.CheckConstraint("cube > 0 OR 'x::seg' = ''")], {}),
        (
            [
                sa.Column("room", sa.Integer),
                sa.Column("during", postgresql.INT4RANGE),
                postgresql.ExcludeConstraint(("room", "="), ("during", "&&")),
            ],
            {"btree_gist": None},
        ),
        (
            [
                sa.Column("during", postgresql.INT4RANGE),
                postgresql.ExcludeConstraint(("during", "&&")),
            ],
            {},
        ),
    ],
)
def test_extensions_are_found_with_their_schema(
    parts: list[sa.schema.SchemaItem], expected: dict[str, str | None]
) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, *parts)
    assert needed_extensions(metadata, DIALECT) == expected


def test_a_function_that_exists_is_not_taken_for_that_of_an_extension() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.Text, server_default=sa.text("digest('x')")))
    assert needed_extensions(metadata, DIALECT) == {"pgcrypto": None}
    assert needed_extensions(metadata, DIALECT, {"digest"}) == {}


def test_what_no_table_uses_is_no_part_of_the_models() -> None:
    kept = catalog_of(
        Entry(kind=kind, name=name, definition="", uses=uses)
        for kind, name, uses in (
            ("enum", "inner", frozenset()),
            ("domain", "used", frozenset({"inner"})),
            ("enum", "unused", frozenset()),
        )
    )
    column = Entry(kind="column", table="t", name="a", definition="used", uses=frozenset({"used"}))
    catalog = {**kept, column.key: column}
    assert {key.name for key in without_unused(catalog, {*kept})} == {"inner", "used", "a"}
