"""Only differences are written, whatever autogenerate finds."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic_guards.authoring.passes.noops import keep_uncataloged, remove_noops
from alembic_guards.database.catalog import Catalog, Entry, catalog_of
from compared import compared


def catalog(table: str = "items", **default: str) -> Catalog:
    return catalog_of(
        [
            Entry(kind="table", table=table, definition=""),
            Entry(kind="column", table=table, name='"Size"', definition="size"),
            Entry(kind="default", table=table, name='"Size"', definition=default.get("is", "1")),
            Entry(kind="column", table=table, name="other", definition="text"),
        ]
    )


def remaining(present: Catalog, target: Catalog, schema: str | None = None, **options: Any) -> int:
    alter = ops.AlterColumnOp("items", "Size", schema=schema, **options)
    return len(remove_noops([alter], compared(present=present, target=target)))


@pytest.mark.parametrize(("table", "schema"), [("items", None), ("shop.items", "shop")])
def test_a_column_that_is_the_same_in_both_catalogs_is_not_altered(
    table: str, schema: str | None
) -> None:
    same = catalog(table)
    assert remaining(same, same, schema, modify_type=sa.Text()) == 0
    assert remaining(same, same, schema, modify_nullable=False) == 0


def test_a_column_is_altered_where_anything_of_it_differs() -> None:
    assert remaining(catalog(), catalog(**{"is": "2"}), modify_server_default="2") == 1
    without = {key: entry for key, entry in catalog().items() if key.kind != "default"}
    assert remaining(catalog(), without, modify_server_default=None) == 1
    assert remaining({}, {}, modify_type=sa.Text()) == 1


def test_an_enum_that_is_a_text_changes_though_no_catalog_tells() -> None:
    enum = sa.Enum("a", "b", native_enum=False)
    assert remaining(catalog(), catalog(), existing_type=sa.String(1), modify_type=enum) == 1


def test_a_rename_is_not_left_out() -> None:
    assert remaining(catalog(), catalog(), modify_name="name") == 1


def test_an_operation_of_another_library_is_kept_though_the_catalogs_are_the_same() -> None:
    class CreateFunctionOp(MigrateOperation):
        pass

    alter = ops.AlterColumnOp("items", "Size", modify_type=sa.Text())
    kept = keep_uncataloged([own := CreateFunctionOp(), alter], compared(drift=()))
    assert kept == [own]
