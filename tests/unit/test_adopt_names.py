"""Names of a database become names in Python, and tables are put into modules."""

import keyword
import unicodedata
from pathlib import Path

import pytest
from alembic_guards.authoring.adopt.models import free_module
from alembic_guards.authoring.adopt.names import (
    attribute_name,
    attribute_names,
    class_name,
    modules,
    shared_name,
    variable_name,
)
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


@pytest.mark.parametrize(
    ("column", "attribute"),
    [
        ("m²", "m2"),
        ("ﬁle", "file"),
        ("a½", "a1_2"),
        ("·x", "column_·x"),
        ("a€", "a_"),
        ("①", "column_1"),
    ],
)
def test_an_attribute_is_an_identifier_in_the_form_that_python_compares(
    column: str, attribute: str
) -> None:
    assert attribute_name(column, set()) == attribute
    assert attribute.isidentifier() and unicodedata.normalize("NFKC", attribute) == attribute


def test_names_that_python_takes_for_one_are_kept_apart() -> None:
    assert attribute_name("ﬁle", {attribute_name("file", set())}) == "file_"
    assert class_name(TableSpec("ﬁle", None, []), {"File"}) == "File_"
    assert variable_name(TableSpec("ﬁle", None, []), {"file"}) == "file_"
    assert shared_name(None, "ﬁle", {"file"}) == "file_type"


@pytest.mark.parametrize("name", ["m²", "²", "2 a", "·", "%", "class", "1.5€", "٣"])
def test_each_name_is_an_identifier(name: str) -> None:
    table = TableSpec(name, None, [])
    names = [
        attribute_name(name, ()),
        class_name(table, ()),
        class_name(TableSpec(name, name, []), {class_name(table, ())}),
        variable_name(table, ()),
        shared_name(None, name, ()),
        *modules([table, TableSpec("a", name, [])], "tables"),
    ]
    assert all(each.isidentifier() and not keyword.iskeyword(each) for each in names), names


@pytest.mark.parametrize(
    ("name", "columns", "variable"),
    [
        ("status", ["status", "previous_status"], "status_type"),
        ("status", ["status", "status_type"], "status_type_type"),
        ("Any", [], "any"),
        ("sa", [], "sa_"),
        ("str", ["str"], "str_type"),
        ("mood", ["status"], "mood"),
    ],
)
def test_no_attribute_hides_a_type(name: str, columns: list[str], variable: str) -> None:
    assert shared_name(None, name, attribute_names(columns)) == variable


def test_a_module_that_the_project_has_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "types.py").touch()
    (tmp_path / "audit").mkdir()
    assert free_module(tmp_path, "types") == "types_"
    assert free_module(tmp_path, "audit") == "audit_"
    assert free_module(tmp_path, "tables") == "tables"
