"""Two catalogs differ where a server would do something else, and nowhere else."""

import pytest
from alembic_guards.database.catalog import Entry, catalog_of, differences, of_models, same


def check(definition: str) -> Entry:
    return Entry(kind="check", table="items", name="ck", definition=definition)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("CHECK (name <> 'a  b')", "CHECK (name <> 'a b')"),
        ("CHECK (name <> 'a\nb')", "CHECK (name <> 'a b')"),
        ("CHECK (name <> '{\"a\"}')", "CHECK (name <> '{a}')"),
        ("CHECK (name <> 'a::text')", "CHECK (name <> 'a')"),
        ("CHECK (name <> '(a)')", "CHECK (name <> 'a')"),
        ("CHECK (name <> 'x NOT VALID')", "CHECK (name <> 'x')"),
        ("CHECK (name <> 'it''s')", "CHECK (name <> 'its')"),
        ("CHECK (\"it's\" <> 'a::text')", "CHECK (\"it's\" <> 'a')"),
        ("CHECK (`it's` <> '(a)')", "CHECK (`it's` <> 'a')"),
    ],
)
def test_a_literal_is_compared_as_it_is(text: str, other: str) -> None:
    assert not same(check(text), check(other))
    assert same(check(text), check(text))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("CHECK ((name)::text <> 'a'::text)", "CHECK (name <> 'a')"),
        ("CHECK (name <> 'a') NOT VALID", "CHECK (name <> 'a')"),
        (
            "CHECK ((name)::text = ANY ((ARRAY['a'::character varying])::text[]))",
            "CHECK (name = ANY (ARRAY['a'::text]))",
        ),
    ],
)
def test_another_spelling_is_the_same(text: str, other: str) -> None:
    assert same(check(text), check(other))


def test_a_number_that_the_server_gave_is_no_difference() -> None:
    first, second = (
        Entry(
            kind="foreign key",
            table="`items`",
            name=f"`items_ibfk_{number}`",
            definition="FOREIGN KEY (`shelf_id`) REFERENCES `shelves` (`id`)",
            is_numbered=True,
        )
        for number in (1, 2)
    )
    assert differences(catalog_of([first]), catalog_of([second])) == []


def test_what_is_missing_is_another_thing_than_what_is_empty() -> None:
    assert same(None, None)
    assert not same(None, Entry(kind="table", table="items", definition=""))


@pytest.mark.parametrize(
    "kind", ["trigger", "partitioning", "versioning", "period", "unknown", "enum", "domain"]
)
def test_what_is_made_by_hand_is_not_compared_with_the_models(kind: str) -> None:
    table = Entry(kind="table", table="items", definition="")
    by_hand = Entry(
        kind=kind, table="items" if kind not in ("enum", "domain") else "", definition="x"
    )
    assert of_models(catalog_of([table, by_hand]), catalog_of([table])) == catalog_of([table])
    wanted = catalog_of([table, by_hand])
    assert of_models(wanted, wanted) == wanted


def test_a_difference_stands_in_one_line() -> None:
    view = Entry(kind="view", table="v", definition=" SELECT 'a  b'\n   FROM items;")
    assert differences(catalog_of([view]), {}) == ["unwanted: v view:  SELECT 'a  b' FROM items;"]
