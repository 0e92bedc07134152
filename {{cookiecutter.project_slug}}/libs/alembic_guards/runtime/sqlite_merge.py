"""Merges the changes of a batch operation into the CREATE TABLE that a table of SQLite has.

Alembic makes the new table from what SQLAlchemy reflects. That lacks comments, unnamed CHECK constraints,
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
    quoted_if_needed,
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

#: The attributes of a column besides its type and its constraints.
ATTRIBUTES = ("NOT NULL", "DEFAULT", "COLLATE", "GENERATED")


def merge(current: Table, reflected: Table, wanted: Table, lookup: Lookup) -> str:
    """Return `current` with the changes from `reflected` to `wanted`, as a CREATE TABLE.

    `current` is the table in the database, `reflected` the same as Alembic reflects it, and `wanted`
    the table that a batch operation makes of that. What does not differ keeps its text in `current`.
    `lookup` finds the tables that foreign keys refer to.
    """
    current = _named(current, reflected, lookup)
    dropped = current.columns.keys() - wanted.columns.keys()
    kept, new = _constraints(current, reflected, wanted, dropped, lookup)
    columns = [
        _column(column, current.columns.get(name), reflected.columns.get(name), kept, new)
        for name, column in wanted.columns.items()
        if not _is_computed_from(current.columns.get(name), dropped)
    ]
    kept_parts = [part for part in current.constraints if part.clauses[0] in kept]
    new_parts = [part for part in wanted.constraints if part.clauses[0] in new]
    return write_table(current.head, [*columns, *kept_parts, *new_parts], current.tail)


def _named(current: Table, reflected: Table, lookup: Lookup) -> Table:
    """Return `current` with the names that its unnamed constraints have in `reflected`.

    A naming convention of the batch operation gave them, or the table that it was told to copy.
    """
    before = constraints_of(reflected, lookup)
    named = {
        (constraint.definition, constraint.clause): replace(
            constraint.clause,
            name=match.name,
            text=f"CONSTRAINT {quoted_if_needed(match.name)} {constraint.clause.text}",
        )
        for constraint in constraints_of(current, lookup, all_of_them=True)
        if (match := _match(constraint, before)) and match.name and not constraint.name
    }

    def with_names(part: Definition) -> Definition:
        clauses = tuple(named.get((part, clause), clause) for clause in part.clauses)
        if clauses == part.clauses:
            return part
        if isinstance(part, Column):
            return join_column(part, clauses)
        return replace(part, text=clauses[0].text, clauses=clauses)

    return replace(current, definitions=tuple(map(with_names, current.definitions)))


def _constraints(
    current: Table, reflected: Table, wanted: Table, dropped: set[str], lookup: Lookup
) -> tuple[list[Clause], list[Clause]]:
    """Return the constraints of `current` that stay, and those of `wanted` that are new."""
    before, after = constraints_of(reflected, lookup), constraints_of(wanted, lookup)
    own = [
        constraint
        for constraint in constraints_of(current, lookup, all_of_them=True)
        if dropped.isdisjoint(constraint.columns)
    ]
    matches = [(constraint, _match(constraint, before)) for constraint in own]
    unchanged = {each.text for each in after} & {match.text for _, match in matches if match}
    new = [each for each in after if each.text not in unchanged]
    replaced = {each.meaning for each in new}
    kept = [
        constraint.clause
        for constraint, match in matches
        if (match.text in unchanged if match else constraint.meaning not in replaced)
    ]
    return kept, [each.clause for each in new]


def _match(constraint: Constraint, reflected: Sequence[Constraint]) -> Constraint | None:
    """Return the reflected form of a constraint, to which Alembic may have given a name."""
    alike = [each for each in reflected if _identity(each) == _identity(constraint)]
    named = [each for each in alike if each.name == constraint.name]
    unnamed = [each for each in alike if not (each.name and constraint.name)]
    same = [each for each in reflected if constraint.name and each.name == constraint.name]
    return next(iter([*named, *same, *unnamed]), None)


def _identity(constraint: Constraint) -> tuple[object, ...]:
    if constraint.kind == "PRIMARY KEY":
        return (constraint.kind,)
    if constraint.kind == "CHECK":
        return (constraint.kind, constraint.meaning)
    return (constraint.kind, constraint.columns, constraint.refers_to.lower())


def _is_computed_from(column: Column | None, dropped: set[str]) -> bool:
    """Whether a generated column reads a dropped column: it is left out, and may be added anew."""
    clauses = column.clauses if column else ()
    return any(
        mentions(clause.tokens, name)
        for clause in clauses
        if clause.kind == "GENERATED"
        for name in dropped
    )


def _column(
    wanted: Column,
    current: Column | None,
    reflected: Column | None,
    kept: Sequence[Clause],
    new: Sequence[Clause],
) -> Column:
    """Return `current` with the changes from `reflected` to `wanted`; `wanted` for a new column."""
    if current is None or reflected is None:
        return wanted
    changed = {
        kind for kind in ATTRIBUTES if _attribute(reflected, kind) != _attribute(wanted, kind)
    }
    if "NOT NULL" in changed:
        changed.add("NULL")
    clauses = [
        clause
        for clause in current.clauses
        if clause.kind not in changed
        and (clause.kind in (*ATTRIBUTES, "NULL", "") or clause in kept)
    ]
    clauses += [clause for clause in wanted.clauses if clause.kind in changed or clause in new]
    same_type = type_meaning(reflected.type) == type_meaning(wanted.type)
    if same_type and clauses == list(current.clauses):
        return current
    return join_column(replace(current, type=current.type if same_type else wanted.type), clauses)


def _attribute(column: Column, kind: str) -> list[str]:
    return [expression(clause.tokens) for clause in column.clauses if clause.kind == kind]


def keep_comments(old: Table, new: Table) -> Iterator[Definition]:
    """Yield the parts of `new`; a column without comments gets those that it has in `old`."""
    for part in new.definitions:
        previous = old.columns.get(part.name) if isinstance(part, Column) else None
        if previous and not part.before and not part.after:
            yield replace(part, before=previous.before, after=previous.after)
        else:
            yield part
