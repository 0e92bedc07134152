"""Merges the new form that Alembic wants of a table of SQLite into the one that it has.

Alembic makes it of what SQLAlchemy reflects, and that leaves out comments, unnamed checks,
collations, AUTOINCREMENT, STRICT, conflict clauses, and more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alembic_guards.database.catalog.sqlite_canonical import (
    Constraint,
    Lookup,
    constraints_of,
    expression,
    mentions,
    type_meaning,
)
from alembic_guards.database.catalog.sqlite_parser import (
    Clause,
    Column,
    Definition,
    Table,
    join_column,
    write_table,
)

#: What a column has beside its type and its constraints.
ATTRIBUTES = ("NOT NULL", "DEFAULT", "COLLATE", "GENERATED")


def merge(now: Table, seen: Table, wanted: Table, lookup: Lookup) -> str:
    """Write a table as `wanted`, in the words of `now` for all that is the same in `seen`.

    The latter two are what Alembic wants to make of the table, and what it takes it for.
    """
    gone = now.columns.keys() - wanted.columns.keys()
    kept, new = _constraints(now, seen, wanted, gone, lookup)
    columns = [
        _column(column, now.columns.get(name), seen.columns.get(name), kept, new)
        for name, column in wanted.columns.items()
        if not _is_computed_from(now.columns.get(name), gone)
    ]
    stay = [part for part in now.constraints if part.clauses[0] in kept]
    come = [part for part in wanted.constraints if part.clauses[0] in new]
    return write_table(now.head, [*columns, *stay, *come], now.tail)


def _constraints(
    now: Table, seen: Table, wanted: Table, gone: set[str], lookup: Lookup
) -> tuple[list[Clause], list[Clause]]:
    """Return which constraints of `now` stay as they are, and which of `wanted` are new."""
    reflected, come = constraints_of(seen, lookup), constraints_of(wanted, lookup)
    own = [
        constraint
        for constraint in constraints_of(now, lookup, all_of_them=True)
        if gone.isdisjoint(constraint.columns)
    ]
    matches = [(constraint, _match(constraint, reflected)) for constraint in own]
    settled = {one.text for one in come} & {match.text for _, match in matches if match}
    new = [one for one in come if one.text not in settled]
    replaced = {one.meaning for one in new}
    kept = [
        constraint.clause
        for constraint, match in matches
        if (match.text in settled if match else constraint.meaning not in replaced)
    ]
    return kept, [one.clause for one in new]


def _match(constraint: Constraint, reflected: Sequence[Constraint]) -> Constraint | None:
    """Return what Alembic takes a constraint for: it may have given it a name."""
    alike = [one for one in reflected if _identity(one) == _identity(constraint)]
    named = [one for one in alike if one.name == constraint.name]
    unnamed = [one for one in alike if not (one.name and constraint.name)]
    same = [one for one in reflected if constraint.name and one.name == constraint.name]
    return next(iter([*named, *same, *unnamed]), None)


def _identity(constraint: Constraint) -> tuple[object, ...]:
    if constraint.kind == "PRIMARY KEY":
        return (constraint.kind,)
    if constraint.kind == "CHECK":
        return (constraint.kind, constraint.meaning)
    return (constraint.kind, constraint.columns, constraint.refers_to.lower())


def _is_computed_from(column: Column | None, gone: set[str]) -> bool:
    """Whether a column is computed from one that goes; the models may compute it in another way."""
    clauses = column.clauses if column else ()
    return any(
        mentions(clause.tokens, name)
        for clause in clauses
        if clause.kind == "GENERATED"
        for name in gone
    )


def _column(
    wanted: Column,
    now: Column | None,
    seen: Column | None,
    kept: Sequence[Clause],
    new: Sequence[Clause],
) -> Column:
    """Return a column as it is but for what differs between `seen` and `wanted`."""
    if now is None or seen is None:
        return wanted
    changed = {kind for kind in ATTRIBUTES if _attribute(seen, kind) != _attribute(wanted, kind)}
    if "NOT NULL" in changed:
        changed.add("NULL")
    clauses = [
        clause
        for clause in now.clauses
        if clause.kind not in changed
        and (clause.kind in (*ATTRIBUTES, "NULL", "") or clause in kept)
    ]
    clauses += [clause for clause in wanted.clauses if clause.kind in changed or clause in new]
    same_type = type_meaning(seen.type) == type_meaning(wanted.type)
    if same_type and clauses == list(now.clauses):
        return now
    return join_column(replace(now, type=now.type if same_type else wanted.type), clauses)


def _attribute(column: Column, kind: str) -> list[str]:
    return [expression(clause.tokens) for clause in column.clauses if clause.kind == kind]


def keep_comments(old: Table, new: Table) -> Iterator[Definition]:
    """Yield the parts of `new`, with the comments that the columns had and have no more."""
    for part in new.definitions:
        was = old.columns.get(part.name) if isinstance(part, Column) else None
        bare = not part.before and not part.after
        yield replace(part, before=was.before, after=was.after) if was and bare else part
