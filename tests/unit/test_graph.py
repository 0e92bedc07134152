"""The graph of revisions: each edge ends where its parent is."""

import pytest
from alembic_guards.runtime.graph import Node, draw, near


def nodes(text: str) -> list[Node]:
    """Return the nodes of a text such as "c:b b:a a:"."""
    pairs = [word.partition(":") for word in text.split()]
    return [Node(name, tuple(filter(None, rest.split(","))), name) for name, _, rest in pairs]


CASES = {
    "a line": ("c:b b:a a:", ["* c", "* b", "* a"]),
    "one": ("a:", ["* a"]),
    "two heads": ("c:a b:a a:", ["* c", "| * b", "|/", "* a"]),
    "a merge": ("m:b,c c:a b:a a:", ["* m", "|\\", "| * c", "* | b", "|/", "* a"]),
    "a merge of three": (
        "m:b,c,d d:a c:a b:a a:",
        ["* m", "|\\", "| |\\", "| | * d", "| * | c", "* | | b", "|_|/", "|/", "* a"],
    ),
    "a merge beside another branch": (
        "n:m z:q m:b,c c:a b:a a:q q:",
        ["* n", "| * z", "* | m", "|\\ \\", "| * | c", "* | | b", "|/ /", "* | a", "|/", "* q"],
    ),
    "two bases": ("x:a y:b a: b:", ["* x", "| * y", "* | a", " /", "* b"]),
    "three bases": (
        "x:a y:b z:c a: b: c:",
        ["* x", "| * y", "| | * z", "* | | a", " / /", "* | b", " /", "* c"],
    ),
}


@pytest.mark.parametrize(("text", "lines"), CASES.values(), ids=CASES)
def test_a_graph_is_drawn(text: str, lines: list[str]) -> None:
    assert [*draw(nodes(text))] == lines


def test_of_nodes_that_are_left_out_the_number_is_shown() -> None:
    text = "g:f f:e e:d d:c c:b b:a a:"
    assert [*draw(nodes(text), {"g", "c", "b"})] == [
        "* g",
        ":   3 more",
        "* c",
        "* b",
        ":   1 more",
    ]


def test_no_nodes_are_no_lines() -> None:
    assert [*draw([])] == []


def test_the_ends_and_the_neighbours_of_places_are_kept() -> None:
    assert near("abcdefghij", "e", 1) == {"a", "d", "e", "f", "j"}
    assert near("abc", "", 1) == {"a", "c"}
