"""Names of a database become names in Python, and tables are put into modules."""

import pytest
from alembic_guards.authoring.adopt.names import attribute_name, class_name, modules
from alembic_guards.authoring.adopt.spec import Code, TableSpec, call, text


@pytest.mark.parametrize(
    ("column", "attribute"),
    [
        ("email", "email"),
        ("AlbumId", "AlbumId"),
        ("Unit Price", "Unit_Price"),
        ("class", "class_"),
        ("metadata", "metadata_"),
        ("sa", "sa_"),
        ("dt", "dt_"),
        ("str", "str_"),
        ("2fa", "column_2fa"),
        ("__secret", "column__secret"),
        ("%", "_"),
        ("größe", "größe"),
    ],
)
def test_an_attribute_has_the_name_of_its_column_if_python_lets_it(
    column: str, attribute: str
) -> None:
    assert attribute_name(column, {"metadata", "registry"}) == attribute


def test_columns_whose_attributes_would_be_the_same_get_two() -> None:
    assert attribute_name("a-b", {"a_b"}) == "a_b_"


@pytest.mark.parametrize(
    ("table", "schema", "taken", "name"),
    [
        ("order_line", None, set(), "OrderLine"),
        ("Order Lines", None, set(), "OrderLines"),
        ("events", "audit", {"Events"}, "AuditEvents"),
        ("base", None, set(), "BaseRow"),
        ("any", None, set(), "AnyRow"),
        ("exception", None, set(), "ExceptionRow"),
        ("2026", None, set(), "Table2026"),
        ("none", None, set(), "NoneRow"),
    ],
)
def test_a_class_has_the_name_of_its_table(
    table: str, schema: str | None, taken: set[str], name: str
) -> None:
    assert class_name(TableSpec(table, schema, []), taken) == name


def test_tables_with_a_prefix_or_a_schema_share_a_module() -> None:
    names = [
        "auth_user",
        "auth_group",
        "auth_permission",
        "django_log",
        "things",
        "base_a",
        "base_b",
        "base_c",
    ]
    tables = [TableSpec(name, None, []) for name in names] + [TableSpec("a", "audit", [])]
    found = {
        name: [table.name for table in group] for name, group in modules(tables, "tables").items()
    }
    assert found == {
        "auth": ["auth_user", "auth_group", "auth_permission"],
        "tables": ["django_log", "things"],
        "tables_base": ["base_a", "base_b", "base_c"],
        "audit": ["a"],
    }


def test_code_quotes_texts_and_leaves_out_what_is_none() -> None:
    assert call("sa.Index", "i", text("a::text"), unique=None, where=Code("x")) == (
        "sa.Index('i', sa.text('a::text'), where=x)"
    )
    assert text("':a'") == call("sa.text", "'\\:a'")
