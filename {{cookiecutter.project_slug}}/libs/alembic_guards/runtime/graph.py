"""Draws revisions as a graph of text, newest first, in the manner of `git log --graph`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

ELIDED = ":   {count} more"


class Node(NamedTuple):
    """A node of the graph."""

    name: str
    parents: tuple[str, ...]
    text: str
    symbol: str = "*"


def draw(nodes: Sequence[Node], keep: Iterable[str] | None = None) -> Iterator[str]:
    """Yield the lines of a graph whose nodes stand before their parents.

    Of the nodes that are not in `keep`, which are in a row, only their number is shown.
    """
    kept = {node.name for node in nodes} if keep is None else {*keep}
    columns: list[str] = []  # the names that the edges lead to, from left to right
    elided = 0
    for node in nodes:
        lines = _rows(node, columns)
        if node.name in kept:
            if elided:
                yield ELIDED.format(count=elided)
            elided = 0
            yield from lines
        else:
            elided += 1
    if elided:
        yield ELIDED.format(count=elided)


def near(names: Sequence[str], places: Iterable[str], distance: int) -> set[str]:
    """Return the first and the last of `names`, and those that are near one of `places`."""
    positions = [position for position, name in enumerate(names) if name in {*places}]
    return {
        name
        for position, name in enumerate(names)
        if position in {0, len(names) - 1}
        or any(abs(position - each) <= distance for each in positions)
    }


def _rows(node: Node, columns: list[str]) -> list[str]:
    """Return the lines of a node, and change `columns` to those below it."""
    lines = []
    if node.name not in columns:
        columns.append(node.name)
    own = columns.index(node.name)
    while columns.count(node.name) > 1:  # edges from several children
        other = len(columns) - 1 - columns[::-1].index(node.name)
        lines.append(_joined(own, other, len(columns)))
        del columns[other]
    bars = ["|"] * len(columns)
    bars[own] = node.symbol
    lines.append(f"{' '.join(bars)} {node.text}")
    columns[own : own + 1] = node.parents
    for position in range(own + 1, own + len(node.parents)):
        lines.append(_forked(position, own + len(node.parents), len(columns)))
    if not node.parents and own < len(columns):
        lines.append(("| " * own)[:-1] + " /" * (len(columns) - own))
    return lines


def _joined(own: int, other: int, width: int) -> str:
    """Return the line in which the edge of the column `other` goes over to `own`."""
    line = [" "] * (2 * width)
    for column in range(width):
        line[2 * column - (column >= other)] = "/" if column >= other else "|"
    for space in range(2 * own + 1, 2 * other - 2, 2):
        line[space] = "_"
    return "".join(line).rstrip()


def _forked(position: int, end: int, width: int) -> str:
    """Return the line in which the column at `position` begins, to the right of the one before it."""
    before = width - (end - position)  # the columns above this line
    return " ".join(["|"] * position) + " ".join(["\\"] * (before - position + 1))
