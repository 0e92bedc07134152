"""Reads the tables of SQLite from their CREATE TABLE, in whatever spelling it is."""

from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from alembic_guards.authoring.adopt.spec import (
    Code,
    ColumnSpec,
    Specs,
    TableSpec,
    TypeSpec,
    call,
    text,
)
from alembic_guards.authoring.adopt.types import native, type_spec
from alembic_guards.compat import type_of
from alembic_guards.database.catalog import Catalog, Entry
from alembic_guards.database.catalog.sqlite import read_tables
from alembic_guards.database.catalog.sqlite_canonical import (
    Constraint,
    Lookup,
    computed_from,
    constraints_of,
    default_of,
    expression,
    is_unique_index,
    primary_key,
    type_meaning,
    without_parentheses,
)
from alembic_guards.database.catalog.sqlite_parser import (
    Column,
    Table,
    Token,
    generated_expression,
    groups,
    solid,
    tokenize,
)

#: The options of a foreign key, in the words of its canonical spelling.
ACTIONS = {"ondelete": "ON DELETE ", "onupdate": "ON UPDATE "}
WORDS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")

OPTIONS = {"WITHOUT ROWID": {"sqlite_with_rowid": False}, "STRICT": {"sqlite_strict": True}}


def read(connection: sa.Connection, catalog: Catalog, context: AutogenContext) -> Specs:
    """Return all tables but virtual ones."""
    lookup = read_tables(connection)
    names = sorted(key.table for key in catalog if key.kind == "table")
    tables = {name: lookup(name) for name in names}
    indexes: dict[str, list[Entry]] = {name: [] for name in names}
    for entry in catalog.values():
        if entry.kind == "index":
            indexes.setdefault(entry.table, []).append(entry)
    specs = Specs()
    for name, table in tables.items():
        if table is not None:
            specs.tables.append(_table(name, table, indexes[name], lookup, context))
    return specs


def _table(
    name: str, table: Table, indexes: list[Entry], lookup: Lookup, context: AutogenContext
) -> TableSpec:
    constraints = constraints_of(table, lookup)
    inline: dict[str, Constraint] = {}
    for one in reversed(constraints):
        if one.kind == "FOREIGN KEY" and len(one.columns) == 1:
            inline[one.columns[0]] = one
    key = next((one for one in constraints if one.kind == "PRIMARY KEY"), None)
    columns = [_column(column, table, key, inline, context) for column in table.columns.values()]
    parts = [
        _constraint(one)
        for one in constraints
        if one not in inline.values() and (one is not key or one.name or _is_special(one))
    ]
    parts += [_index(entry) for entry in sorted(indexes, key=lambda entry: entry.name)]
    options: dict[str, Any] = {}
    for option in table.options:
        options |= OPTIONS.get(option, {})
    if key is not None and "AUTOINCREMENT" in key.meaning:
        options["sqlite_autoincrement"] = True
    return TableSpec(name, None, columns, parts, options)


def _is_special(key: Constraint) -> bool:
    """Whether a primary key has more than columns in the order of the table."""
    return len(key.columns) > 1 or "ON CONFLICT" in key.meaning or " DESC" in key.meaning


def _column(
    column: Column,
    table: Table,
    key: Constraint | None,
    inline: dict[str, Constraint],
    context: AutogenContext,
) -> ColumnSpec:
    clauses = {clause.kind: clause for clause in column.clauses}
    is_key = column.name in primary_key(table)
    type_ = _type(column, context)
    parts: list[Code] = []
    options: dict[str, Any] = {}
    if reference := inline.get(column.name):
        target = f"{reference.refers_to}.{''.join(reference.referred_columns[:1])}"
        parts.append(call("sa.ForeignKey", target, name=reference.name, **_actions(reference)))
    if "GENERATED" in clauses:
        way = computed_from(column, table)[1]
        parts.append(
            call("sa.Computed", text(generated_expression(column)), persisted=way == "STORED")
        )
    elif default := default_of(column):
        options["server_default"] = text(default)
    is_only_key = is_key and key is not None and len(key.columns) == 1
    if is_only_key and type_.python == "int" and not table.rowid_alias and not parts:
        options["autoincrement"] = False
    if "NOT NULL" in clauses and "CONFLICT" in {token.word for token in clauses["NOT NULL"].tokens}:
        words = [token.word for token in clauses["NOT NULL"].tokens]
        options["sqlite_on_conflict_not_null"] = words[words.index("CONFLICT") + 1]
    nullable = "NOT NULL" not in clauses and not is_key
    return ColumnSpec(column.name, type_, nullable, is_key, tuple(parts), options)


def _type(column: Column, context: AutogenContext) -> TypeSpec:
    """Return the type of a column: of SQLAlchemy, if that writes the same words, else by its name."""
    name = type_meaning(column.type)
    clause = next((clause for clause in column.clauses if clause.kind == "COLLATE"), None)
    collation = clause.tokens[1].name.upper() if clause else "BINARY"
    found = _known_type(name, context.dialect)
    if collation != "BINARY":
        if isinstance(found, sa.String) and not isinstance(found, sa.Enum):
            found.collation = collation
        else:
            return native(f"{name} COLLATE {collation}".strip())
    spec = found is not None and type_spec(found, context)
    if not spec:
        return native(name)
    compiled = type_meaning(found.compile(dialect=context.dialect).partition(" COLLATE ")[0])
    return spec if compiled == name else native(name, spec)


def _known_type(name: str, dialect: sa.Dialect) -> Any:
    """Return the type that SQLAlchemy reflects for a name; None for one that it only takes for a number."""
    word, known = name.partition("(")[0], getattr(dialect, "ischema_names", {})
    found: Any = type_of(dialect, name) if name else None
    if isinstance(found, sa.DateTime | sa.Time):
        return type(found)()  # it takes the digits of DATETIME(6) for a time zone
    is_guess = isinstance(found, sa.Numeric) and word.strip() not in known
    return None if is_guess and not isinstance(found, sa.Float) else found


def _actions(key: Constraint) -> dict[str, Any]:
    found: dict[str, Any] = {
        option: word
        for option, begin in ACTIONS.items()
        for word in WORDS
        if f"{begin}{word}" in key.meaning
    }
    if " MATCH " in key.meaning:
        found["match"] = key.meaning.partition(" MATCH ")[2].split()[0]
    if " DEFERRABLE" in key.meaning and "NOT DEFERRABLE" not in key.meaning:
        found["deferrable"] = True
        found["initially"] = key.meaning.partition(" INITIALLY ")[2].split(" ")[0] or None
    return found


def _constraint(one: Constraint) -> Code:
    conflict = one.meaning.partition(" ON CONFLICT ")[2] or None
    if one.kind == "PRIMARY KEY":
        options = {"sqlite_on_conflict": conflict}
        return call("sa.PrimaryKeyConstraint", *one.columns, name=one.name, **options)
    if one.kind == "UNIQUE":
        options = {"sqlite_on_conflict": conflict}
        return call("sa.UniqueConstraint", *one.columns, name=one.name, **options)
    if one.kind == "CHECK":
        condition = without_parentheses(groups(one.clause.tokens)[0])
        return call("sa.CheckConstraint", text(expression(condition)), name=one.name)
    targets = [f"{one.refers_to}.{column}" for column in one.referred_columns]
    return call(
        "sa.ForeignKeyConstraint", list(one.columns), targets, name=one.name, **_actions(one)
    )


def _index(entry: Entry) -> Code:
    """Return the code of an index; a key that is more than a column is SQL."""
    tokens = tokenize(entry.definition)
    keys = [_key(solid(group), entry.columns) for group in groups(tokens)]
    words = [token.word for token in tokens]
    condition = tokens[words.index("WHERE") + 1 :] if "WHERE" in words else []
    return call(
        "sa.Index",
        entry.name,
        *keys,
        unique=True if is_unique_index(tokens) else None,
        sqlite_where=text("".join(token.text for token in condition).strip())
        if condition
        else None,
    )


def _key(tokens: list[Token], columns: tuple[str, ...]) -> str:
    if len(tokens) == 1 and tokens[0].name in columns:
        return tokens[0].name
    return text(expression(tokens))
