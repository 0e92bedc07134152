"""Adds backfills: an existing row gets a value before its column becomes NOT NULL.

Without a backfill SQLite and PostgreSQL refuse the change. MariaDB writes 0 or '' without a
warning.
"""

import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.operations import (
    Barrier,
    FillOp,
    FunctionFillOp,
    OpList,
    groups,
)
from alembic_guards.authoring.passes.restored_values import Restored
from alembic_guards.authoring.questions import REQUIRED, Answers, Quit, ValueQuestion
from alembic_guards.authoring.write.callables import Code
from alembic_guards.authoring.write.literals import as_sql, literal
from alembic_guards.authoring.write.row_defaults import row_default
from alembic_guards.database.catalog import Catalog, Entry
from alembic_guards.database.features import features
from alembic_guards.database.identifiers import (
    bare,
    quoted_table,
    table_key,
    table_of,
)
from alembic_guards.errors import first_line
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.operations import SQLOp, as_text

#: Finds the CHECK that MariaDB adds to each JSON column, whose type is a text there.
JSON_CHECK = sa.text("""
    SELECT 1 FROM information_schema.check_constraints
    WHERE constraint_schema = coalesce(:schema, DATABASE()) AND table_name = :table
    AND constraint_name = :column AND left(check_clause, 11) = 'json_valid('
""")


#: A text in quotes, and a call of a function.
QUOTED = re.compile("'.*'", re.DOTALL)
CALL = re.compile(r"\w+\(.*\)", re.DOTALL)

#: The kind of a primary key in a catalog.
KEY = "primary key"

#: The types of keys whose values the journal records. An enum is a String, too, but is ordered by its values.
RECORDABLE = (sa.Integer, sa.Numeric, sa.String, sa.Date, sa.DateTime, sa.Uuid)


def add_backfills(operations: OpList, comparison: Comparison) -> OpList:
    """Add a backfill for every column that becomes NOT NULL.

    In an upgrade, the value is the answer fill=TABLE.COLUMN:VALUE, else what the default of the model
    gives each row, else the server default, else the reply to a question. An answer may also give a
    value to a nullable column that is added. In a downgrade, the value is the key of any referenced row, a
    distinct value for a unique column, or a neutral value such as 0: the original values were
    dropped. Raises CommandError for an answer that is not a value of the column's type.
    """
    answers = comparison.answers
    if answers is None:
        return operations
    complete = [
        part
        for group in groups(operations)
        for part in _complete_group(group, operations, comparison, answers)
    ]
    ordered = _fill_before_drops(complete)
    # On PostgreSQL online_steps.py makes the batches of an online revision.
    if features(comparison.dialect).transactional_ddl or not comparison.is_upgrade:
        return ordered
    return [op.in_batches() if isinstance(op, FillOp) else op for op in ordered]


def _fill_before_drops(operations: OpList) -> OpList:
    """Return operations with drops of columns after the backfills of their table that read the row."""
    last = {
        op.table: place
        for place, op in enumerate(operations)
        if isinstance(op, FillOp) and op.reads_row
    }
    early = [
        op
        for place, op in enumerate(operations)
        if isinstance(op, ops.DropColumnOp) and place < last.get(table_of(op), 0)
    ]
    ordered: OpList = []
    for place, op in enumerate(operations):
        if op not in early:
            ordered.append(op)
        ordered += [drop for drop in early if last[table_of(drop)] == place]
    return ordered


def _complete_group(
    group: OpList, operations: OpList, comparison: Comparison, answers: Answers
) -> Iterator[MigrateOperation]:
    """Yield adjacent operations on one table with their backfills."""
    before: OpList = []
    changed: OpList = []
    updates: OpList = []
    last: OpList = []
    for op in group:
        if isinstance(op, ops.AddColumnOp):
            add, update, alter = _complete_add_column(op, operations, comparison, answers)
            changed.append(add)
            updates += update
            last += alter
        elif isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
            preparation, alter_column = _complete_not_null(op, comparison, answers)
            before += preparation
            changed.append(alter_column)
        else:
            changed.append(op)
    yield from (*before, *changed, *updates)
    if last:  # a second batch: on SQLite the rebuild of the first one fills the rows
        yield from (Barrier(), *last)


class Value(NamedTuple):
    """What existing rows get, as SQL or as a function of Python."""

    sql: str = ""
    is_expression: bool = False  # it may read other columns of the row, or differ in each row
    function: Code | None = None

    @property
    def is_of_row(self) -> bool:
        """Whether each row may get another value, which no temporary default can give it."""
        return self.is_expression or self.function is not None


class CompleteAdd(NamedTuple):
    """An operation that adds a column, and those that complete it."""

    add: MigrateOperation
    updates: Sequence[MigrateOperation] = ()
    alterations: Sequence[MigrateOperation] = ()


def _complete_add_column(
    op: ops.AddColumnOp, operations: OpList, comparison: Comparison, answers: Answers
) -> CompleteAdd:
    """Add a column as nullable with an UPDATE, or with the value as a temporary default."""
    if _is_autoincrement(op.column):
        return CompleteAdd(_add_autoincrement(op, comparison.dialect))
    name, needs_value = op.column.name, _needs_value(op.column)
    if needs_value and _is_by_hand(op, op.column, comparison, answers):
        add = _with_column(op, nullable=True)
        return CompleteAdd(add, [], [_alter_after_backfill(add, modify_nullable=False)])
    value = _value(op, op.column, comparison, answers, needs_value=needs_value)
    if value and value.is_of_row:
        add = _with_column(op, nullable=True)
        fill = _fill(op, name, value, comparison, op.column.type)
        required = [_alter_after_backfill(add, modify_nullable=False)] if needs_value else []
        return CompleteAdd(add, [fill], required)
    if value:
        add = _with_column(op, server_default=sa.DefaultClause(sa.text(as_text(value.sql))))
        default = op.column.server_default
        return CompleteAdd(add, [], [_alter_after_backfill(add, modify_server_default=default)])
    return CompleteAdd(op)


def _complete_not_null(
    op: ops.AlterColumnOp, comparison: Comparison, answers: Answers
) -> tuple[OpList, ops.AlterColumnOp]:
    """Return what runs before `op` sets NOT NULL: a change of type, the UPDATE; and the rest."""
    column = _model_column(op, comparison) if comparison.is_upgrade else None
    if column is None:
        column = sa.Column(op.column_name, op.modify_type or op.existing_type)
    updates: OpList = []
    if not _is_by_hand(op, column, comparison, answers):
        value = _value(op, column, comparison, answers)
        if not value:
            return [], op
        updates = [_fill(op, op.column_name, value, comparison, column.type)]
    if op.modify_type is None:
        return updates, op
    change, set_not_null = _split_type_change(op)
    return [change, *updates], set_not_null


def _fill(op: Any, column: str, value: Value, comparison: Comparison, type_: Any) -> FillOp:
    if value.function:
        text, modules = value.function
        return FunctionFillOp(op, column, text, comparison.dialect, modules=modules, type_=type_)
    return FillOp(
        op,
        column,
        value.sql,
        comparison.dialect,
        has_key=_has_recordable_key(op, comparison),
        reads_row=value.is_expression,
    )


def _has_recordable_key(op: Any, comparison: Comparison) -> bool:
    """Whether a table has the same primary key before and after, and the journal can record its values."""
    model = comparison.metadata.tables.get(table_key(op))
    keys = [
        {entry.columns for entry in _entries(op, catalog, KEY, comparison.dialect)}
        for catalog in (comparison.present, comparison.target)
    ]
    columns = [] if model is None else list(model.primary_key)
    return bool(columns and keys[0] and keys[0] == keys[1]) and all(
        isinstance(column.type, RECORDABLE) and not isinstance(column.type, sa.Enum)
        for column in columns
    )


def _is_by_hand(op: Any, column: sa.Column[Any], comparison: Comparison, answers: Answers) -> bool:
    """Whether a person writes the SQL that fills a column.

    Where rows are moved by hand, a column that nothing else fills is a part of that.
    """
    name = f"{table_key(op)}.{column.name}"
    if answers.is_by_hand(name):
        return True
    is_filled = (
        column.default is not None or column.server_default is not None or answers.has("fill", name)
    )
    if not comparison.is_upgrade or not answers.by_hand or is_filled:
        return False
    answers.by_hand.add(name)
    return True


def _value(
    op: Any,
    column: sa.Column[Any],
    comparison: Comparison,
    answers: Answers,
    *,
    needs_value: bool = True,
) -> Value | None:
    """Return the value of a column; None for no value."""
    name, dialect = f"{table_key(op)}.{column.name}", comparison.dialect
    type_ = plain_type(column.type, dialect)
    if not comparison.is_upgrade:
        type_ = sa.JSON() if _is_json(op, column, comparison.migration) else type_
        return _restored(op, column, type_, comparison, answers) if needs_value else None
    given = answers.take("fill", name)
    if given is None and needs_value:
        if default := _of_default(op, column, comparison):
            return default
        if isinstance(column.server_default, sa.DefaultClause):
            return Value(_server_default(column.server_default, dialect))
        return _ask(name, type_, op, comparison, answers)
    return None if given is None else _read(given, name, type_, op, comparison, answers)


def _restored(
    op: Any, column: sa.Column[Any], type_: Any, comparison: Comparison, answers: Answers
) -> Value | None:
    """Return what rows get where a downgrade makes a column NOT NULL: an answer, or a value that fits.

    None if the question has no answer yet. Raises CommandError for an answer that does not fit.
    """
    restored = Restored(op, column, type_, comparison)
    name = restored.name
    given = answers.take("fill", name)
    if given is None:
        is_added = isinstance(op, ops.AddColumnOp)
        if is_added and restored.has_implicit_value:
            return None
        if sql := restored.value(has_values=not is_added):
            return Value(sql, is_expression=is_added and restored.needs_update)
        return _ask(name, type_, op, comparison, answers, restored)
    return _checked(_read(given, name, type_, op, comparison, answers), given, restored)


def _checked(value: Value, given: str, restored: Restored) -> Value:
    """Return a value that a person has given; raises CommandError if the column does not take it."""
    if not restored.fits(value.sql):
        raise CommandError(
            f"fill={restored.name}:{given} does not fit: {restored.why}. Nothing was written."
        )
    return value


def _of_default(op: Any, column: sa.Column[Any], comparison: Comparison) -> Value | None:
    """Return what the default of the model gives each row; None if that is unknown.

    A function of Python needs a key, by which rows are updated one by one.
    """
    name, dialect = f"{table_key(op)}.{column.name}", comparison.dialect
    is_unique = _is_unique_alone(op, column.name, comparison)
    found = row_default(column, name, dialect, is_unique=is_unique)
    if found is None:
        return None
    if found.code is None:
        return Value(found.sql, is_expression=found.differs)
    keys = _entries(op, comparison.present, KEY, dialect)
    has_key = dialect.name == "sqlite" or any(key.columns for key in keys)
    return Value(function=found.code) if has_key else None


def _is_unique_alone(op: Any, column: str, comparison: Comparison) -> bool:
    """Whether no two rows may have the same value of a column in the target catalog."""
    table = bare(quoted_table(op, comparison.dialect))
    return any(
        entry.unique == (column,) and bare(entry.table) == table
        for entry in comparison.target.values()
    )


def _ask(
    name: str,
    type_: Any,
    op: Any,
    comparison: Comparison,
    answers: Answers,
    restored: Restored | None = None,
) -> Value | None:
    """Return the value that a person types: asked again until it is one. None without a terminal.

    `restored` is the column if the question is about a downgrade.
    """
    about = _question(op, name, comparison, restored)
    while (given := answers.ask_value(name, table_key(op), about)) is not None:
        try:
            value = _read(given, name, type_, op, comparison, answers)
            return _checked(value, given, restored) if restored else value
        except Quit:
            raise
        except CommandError as error:
            print(str(error).replace(" Nothing was written.", ""))
    return None


def _question(
    op: Any, name: str, comparison: Comparison, restored: Restored | None
) -> ValueQuestion:
    """Return what a question about the value of a column says besides its name."""
    if restored is not None:
        what = f"is NOT NULL again after a downgrade, and no neutral value is known: {restored.why}"
        return ValueQuestion(what, "rows get then", is_one_value=not restored.is_unique)
    column = name.rpartition(".")[2]
    if _is_unique_alone(op, column, comparison):
        return ValueQuestion("is NOT NULL and unique", is_one_value=False)
    return REQUIRED


def _read(
    given: str, name: str, type_: Any, op: Any, comparison: Comparison, answers: Answers
) -> Value:
    """Return the value that an answer gives: =SQL is an expression, and 'text' a text."""
    if given.startswith("="):
        return _expression(given[1:].strip(), name, op, comparison)
    if QUOTED.fullmatch(given):
        return Value(literal(name, given[1:-1], type_, comparison.dialect))
    what = _like_sql(given, op, comparison) if isinstance(type_, sa.String) else ""
    if what and answers.ask_meaning(name, given, what):
        return _expression(given, name, op, comparison)
    return Value(literal(name, given, type_, comparison.dialect))


def _expression(sql: str, name: str, op: Any, comparison: Comparison) -> Value:
    """Return an SQL expression as a value; raises CommandError if the scratch database refuses it."""
    connection = comparison.migration.connection
    query = f"SELECT {sql} FROM {quoted_table(op, comparison.dialect)} WHERE 1 = 0"
    if connection is not None:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(query, execution_options={"no_parameters": True})
        except DBAPIError as error:
            raise CommandError(
                f"fill={name}:={sql} is no valid SQL expression. Nothing was written.\n{first_line(error.orig)}"
            ) from error
    return Value(sql, is_expression=True)


def _like_sql(text: str, op: Any, comparison: Comparison) -> str:
    """Say why a text may be meant as an SQL expression; "" if it is none."""
    if CALL.fullmatch(text):
        return "it looks like a call of a function"
    entries = _entries(op, comparison.present, "column", comparison.dialect)
    is_column = text in {bare(entry.name) for entry in entries}
    return "it is the name of a column" if is_column else ""


def _entries(op: Any, catalog: Catalog, kind: str, dialect: sa.Dialect) -> Iterator[Entry]:
    """Yield the entries of a kind of the table of an operation."""
    table = bare(quoted_table(op, dialect))
    for entry in catalog.values():
        if entry.kind == kind and bare(entry.table) == table:
            yield entry


def _server_default(clause: sa.DefaultClause, dialect: sa.Dialect) -> str:
    """Return a server default as SQL, without the ON UPDATE of MariaDB and MySQL."""
    default: Any = clause.arg
    default = sa.literal(default) if isinstance(default, str) else default
    return re.sub(" ON UPDATE .*", "", as_sql(default, dialect), flags=re.IGNORECASE)


def _is_json(op: Any, column: sa.Column[Any], migration: MigrationContext) -> bool:
    """Whether a column of MariaDB holds JSON: a text with a CHECK. MySQL has a JSON type."""
    if not getattr(migration.dialect, "is_mariadb", False) or migration.connection is None:
        return False
    names = {"schema": op.schema, "table": op.table_name, "column": column.name}
    return migration.connection.scalar(JSON_CHECK, names) is not None


def _is_autoincrement(column: sa.Column[Any]) -> bool:
    return column.table is not None and column.table.autoincrement_column is column


def _add_autoincrement(op: ops.AddColumnOp, dialect: sa.Dialect) -> ops.MigrateOperation:
    """Return the operation that adds an autoincrement column, and numbers existing rows."""
    if dialect.name == "postgresql":
        column = " ".join(str(CreateColumn(op.column).compile(dialect=dialect)).split())
        add = f"ALTER TABLE {quoted_table(op, dialect)} ADD COLUMN {column}"
        return SQLOp([add], [], f"add {op.table_name}.{op.column.name}")
    if dialect.name == "sqlite":  # it autoincrements once it is the primary key
        return _with_column(op, nullable=True)
    return op


def _with_column(op: ops.AddColumnOp, **attributes: Any) -> ops.AddColumnOp:
    """Return a copy of `op` that adds the column with other attributes."""
    changed, changed.column = copy(op), copy(op.column)
    for name, value in attributes.items():
        setattr(changed.column, name, value)
    return changed


def _needs_value(column: sa.Column[Any]) -> bool:
    has_own_value = column.server_default or column.computed or column.identity
    return not (column.nullable or has_own_value)


def _model_column(op: ops.AlterColumnOp, comparison: Comparison) -> sa.Column[Any] | None:
    table = comparison.metadata.tables.get(table_key(op))
    return None if table is None else table.columns.get(op.column_name)


def _split_type_change(op: ops.AlterColumnOp) -> tuple[ops.AlterColumnOp, ops.AlterColumnOp]:
    """Return the change of type of `op`, which runs before the backfill, and the rest."""
    first, last = copy(op), copy(op)
    first.modify_nullable, first.kw = None, dict(op.kw)
    last.existing_type, last.modify_type = op.modify_type, None
    if op.modify_server_default is not False:
        last.existing_server_default, last.modify_server_default = op.modify_server_default, False
    return first, last


def _alter_after_backfill(op: ops.AddColumnOp, **changes: Any) -> ops.AlterColumnOp:
    """Return the operation that alters the column that `op` adds, after the backfill."""
    return ops.AlterColumnOp(
        op.table_name,
        op.column.name,
        schema=op.schema,
        existing_type=op.column.type,
        existing_nullable=op.column.nullable,
        existing_server_default=op.column.server_default,
        existing_comment=op.column.comment,
        **changes,
    )
