"""Refuses a revision that breaks triggers, routines or events, because they name what it renames or drops.

MariaDB and PostgreSQL do not notice it: each INSERT would fail afterwards, or write other values. The
bodies are compared with the statements of a revision before the first of them is executed. SQLite is asked
before and after.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from alembic_guards.database.column_names import column_names
from alembic_guards.database.connection_info import CHECK, CODE, COMPARED, LATER_CODE
from alembic_guards.database.features import backend_name, features
from alembic_guards.database.programs import Program, read_programs, trigger_errors
from alembic_guards.runtime.change_parser import Add, Change, changes_in
from alembic_guards.runtime.drop_parser import Drop, drops_in
from alembic_guards.runtime.program_parser import Mention, Tables, missing_columns
from alembic_guards.runtime.refusals import Refusal, Refused
from alembic_guards.runtime.renames import MoveTable, RenameColumn, RenameTable
from alembic_guards.runtime.sql_parser import PROGRAMS, Statement, statements
from alembic_guards.runtime.statements import first_word

#: Only a revision with one of these may break a program.
REMOVES = re.compile(r"\b(?:RENAME|DROP|CHANGE)\b|\bSET\s+SCHEMA\b|\bOR\s+REPLACE\b", re.IGNORECASE)

#: The first words of statements that may rename or drop.
DDL = {"ALTER", "CREATE", "DO", "DROP", "RENAME"}

#: A block with one of these may change programs.
OPAQUE = re.compile(r"\bDO\b.*\b(?:ALTER|CREATE|DROP|EXECUTE)\b", re.IGNORECASE | re.DOTALL)

#: Statements that change no programs; of tables they may change all but the name.
KEEPS_PROGRAMS = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|ALTER\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX|CREATE\s+TABLE|DROP\s+INDEX)\b",
    re.IGNORECASE,
)
MOVES = re.compile(r"\bRENAME\s+(?!COLUMN\b)|\bSET\s+SCHEMA\b|\bTRIGGER\b", re.IGNORECASE)

#: Only SQL with these is searched for programs that it replaces.
REPLACES = re.compile(
    rf"\b(?:CREATE|ALTER|DROP)\b.*\b(?:{'|'.join(PROGRAMS)})\b", re.IGNORECASE | re.DOTALL
)

BROKEN = """The {what} names what this revision changes ({reasons}), and would fail or write other values. \
Replace it in this revision, and in downgrade(): {statements}. Where this revision was applied elsewhere, do it in a \
new one"""
NOT_WORKING = """A trigger of {table} no longer works: {error}. Drop it in this revision, or replace it, and in \
downgrade()"""

#: The statements that replace a program.
STATEMENTS = {
    "postgresql": ("CREATE OR REPLACE {kind} {name} ...",),
    "mysql": ("DROP {kind} IF EXISTS {name}", "CREATE {kind} {name} ..."),
}


@dataclass
class FollowedTable:
    """A table while the names are followed: the names before, by those now; None for a new column."""

    origin: str
    columns: dict[str, str | None]
    is_new: bool = False  # its columns are unknown


@dataclass
class Names:
    """The tables of a database, by their names now, while statements are followed."""

    default_schema: str
    tables: dict[str, FollowedTable] = field(default_factory=dict)

    def follow(self, changes: Iterable[Change]) -> None:
        """Do to the names what a statement does: MariaDB renames all columns of a statement at once."""
        renamed = list[tuple[FollowedTable, str, str | None]]()
        others = list[Change]()
        for change in changes:
            if isinstance(change, Drop):
                self._follow(change)
            elif not isinstance(change, RenameColumn):
                others.append(change)
            elif found := self.tables.get(self.key(change.schema, change.table)):
                old = _spelled(change.old, found.columns)
                if old in found.columns:
                    renamed.append((found, change.new, found.columns.pop(old)))
        for found, new, origin in renamed:
            found.columns[new] = origin
        for change in others:
            self._follow(change)

    def _follow(self, change: Change) -> None:
        match change:
            case Add(schema, table, None):
                self.tables.setdefault(self.key(schema, table), FollowedTable("", {}, is_new=True))
            case Add(schema, table, str(column)):
                if found := self.tables.get(self.key(schema, table)):
                    found.columns.setdefault(column, None)
            case Drop(schema, str(table), None):
                self.tables.pop(self.key(schema, table), None)
            case Drop(schema, str(table), str(column)):
                if found := self.tables.get(self.key(schema, table)):
                    found.columns.pop(_spelled(column, found.columns), None)
            case RenameTable(old=old, new=new, schema=schema):
                if moved := self.tables.pop(self.key(schema, old), None):
                    self.tables[self.key(schema, new)] = moved
            case MoveTable(old=old, new=new, table=table):
                if moved := self.tables.pop(self.key(old or None, table), None):
                    self.tables[self.key(new, table)] = moved

    def key(self, schema: str | None, table: str) -> str:
        """Return the name of a table as column_names() has it."""
        schema = schema or self.default_schema
        qualified = _spelled(f"{schema}.{table}", self.tables)
        is_qualified = qualified in self.tables or schema not in {"public", self.default_schema}
        return qualified if is_qualified else _spelled(table, self.tables)

    def after(self, mention: Mention) -> str:
        """Return what happens to that which a body names; "" where the body goes on working."""
        table, column, is_row = mention
        by_origin = {each.origin: (name, each) for name, each in self.tables.items()}
        now, found = by_origin.get(table, ("", None))
        if not is_row and now != table:
            there = self.tables.get(table)
            if there is not None and (there.is_new or column is None or column in there.columns):
                return ""
            return f"{table} is {f'renamed to {now}' if found else 'dropped'}"
        if column is None or found is None:
            return ""  # the trigger of a table is dropped with it
        names = {origin: name for name, origin in found.columns.items()}
        if column in names and names[column] != column:
            return f"{table}.{column} is renamed to {names[column]}"
        return "" if column in found.columns else f"{table}.{column} is dropped"


class ProgramCheck:
    """The programs of a database, and what they name, as both are before a revision."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.dialect = connection, backend_name(connection.dialect)
        self.has_sqlite = not features(connection.dialect).alters_tables
        self.errors = trigger_errors(connection) if self.has_sqlite else {}
        self.programs = [] if self.has_sqlite else list(read_programs(connection))
        self.columns: dict[str, set[str]] = {}
        self.read_columns()

    def read_columns(self) -> None:
        """Read the tables and columns as they are now."""
        self.columns = {}
        for table, column in column_names(self.connection) if self.programs else ():
            self.columns.setdefault(table, set()).add(column)

    def refusals(self, executed: Iterable[str], code: Callable[[], str] = str) -> Iterator[Refusal]:
        """Yield a refusal for each program that the statements of a revision break.

        Those that the statements create, alter or drop are left out, and those that the text of `code`
        names. On SQLite the statements must have been executed; elsewhere they need not.
        """
        texts = list(executed)
        if self.has_sqlite:
            for error, table in trigger_errors(self.connection).items():
                if error not in self.errors:
                    yield Refusal(NOT_WORKING.format(table=table, error=error))
        elif self.programs and any(map(REMOVES.search, texts)):
            names, replaced = self._names_after(texts), _replaced_by(texts)
            tables = {table.origin for table in names.tables.values()}
            schemas, known = set(_dropped_schemas(texts)), Tables(self.columns, self.dialect)
            for program in self.programs:
                is_dropped = program.table and program.table not in tables
                if (
                    is_dropped
                    or program.schema.lower() in schemas
                    or _own_names(program) & replaced
                ):
                    continue
                found = list(self._refusals(program, known.mentions(program), names))
                own = {_bare(program.function or program.name), program.name.lower()}
                if found and not any(_mentions(code(), name) for name in own):
                    yield from found

    def _names_after(self, texts: Iterable[str]) -> Names:
        names = Names(self.connection.dialect.default_schema_name or "")
        for table, columns in self.columns.items():
            names.tables[table] = FollowedTable(table, {column: column for column in columns})
        for text in texts:
            for changes in changes_in(text):
                names.follow(changes)
        return names

    def _refusals(
        self, program: Program, found: Iterable[Mention], names: Names
    ) -> Iterator[Refusal]:
        reasons = list(dict.fromkeys(filter(None, map(names.after, sorted(found, key=str)))))
        if not reasons:
            return
        kind, name = program.kind, program.name
        if program.function and program.table:
            kind, name = "function", program.function
        calls = [
            f'op.execute("{statement.format(kind=kind.upper(), name=name)}")'
            for statement in STATEMENTS[self.dialect]
        ]
        what = f"{program.kind} {program.name}{f' of {program.table}' if program.table else ''}"
        yield Refusal(
            BROKEN.format(what=what, reasons=", ".join(reasons), statements=", then ".join(calls))
        )


def _dropped_schemas(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for drop in drops_in(text):
            if drop.table is None and drop.schema:
                yield drop.schema.lower()


def _is_opaque(text: str) -> bool:
    """Whether SQL has a block that runs at once, and may drop or replace programs."""
    is_block = OPAQUE.search(text) is not None
    return is_block and any(first_word("".join(each)) == "DO" for each in statements(text))


def _replaced_by(texts: Iterable[str]) -> set[str]:
    """Return the names of the programs that statements replace, and "drop NAME" for those that are gone."""
    found = [each for text in texts for each in replaced_programs(text)]
    created = {name for verb, name in found if verb == "CREATE"}
    dropped = {f"drop {name}" for verb, name in found if verb == "DROP" and name not in created}
    return {name for _, name in found} | dropped


def _own_names(program: Program) -> set[str]:
    """Return the names of which one in _replaced_by() tells that a program is replaced or gone.

    A new trigger of PostgreSQL may execute the same function.
    """
    if program.function and program.table:
        return {_bare(program.function), f"drop {program.name.lower()}"}
    return {_bare(program.name)}


def _bare(name: str) -> str:
    return name.rpartition(".")[2].lower()


def broken_programs(
    connection: Connection, statements: Collection[str], *, is_complete: bool
) -> list[Refusal]:
    """Return the refusals for the statements of a revision that a dry run has skipped.

    `is_complete` tells whether these are all of the revision. If not, programs that its code names
    are left out, because a later statement may replace them. So are those that a later revision names:
    where this one is old, that has replaced them.
    """
    if not any(map(REMOVES.search, statements)) or any(map(_is_opaque, statements)):
        return []  # the statements are compared one by one then, when they are executed
    connection.info[COMPARED] = set(statements)
    keys = [LATER_CODE] if is_complete else [CODE, LATER_CODE]
    return list(ProgramCheck(connection).refusals(statements, partial(_code, connection, keys)))


def refuse_broken_programs(connection: Connection, statement: str) -> None:
    """Raise Refused where a statement, which no dry run has seen, would break a program."""
    text = statement.replace("%%", "%")
    is_compared = text in connection.info.get(COMPARED, ())
    if first_word(text) in DDL and REMOVES.search(text) and not is_compared:
        check: ProgramCheck | None = connection.info.get(CHECK)
        if check is None:
            check = connection.info[CHECK] = ProgramCheck(connection)
        else:
            check.read_columns()
        code = partial(_code, connection, [CODE, LATER_CODE])
        if found := list(check.refusals([text], code)):
            raise Refused(found)
    if not keeps_programs(text):
        connection.info.pop(CHECK, None)


def keeps_programs(statement: str) -> bool:
    """Whether a statement certainly changes no program, and not the table of one."""
    if KEEPS_PROGRAMS.match(statement) is None:
        return False
    is_change = first_word(statement) not in {"INSERT", "UPDATE", "DELETE"}
    return not (is_change and (";" in statement.rstrip("; \n") or MOVES.search(statement)))


def _code(connection: Connection, keys: list[str]) -> str:
    return "\n".join(connection.info[key]() for key in keys if key in connection.info)


def broken_triggers(connection: Connection) -> Iterator[str]:
    """Yield a line for each trigger of a database that does not work: it names what its table lacks."""
    check = ProgramCheck(connection)
    for error, table in check.errors.items():
        yield f"trigger of {table}: {error}"
    functions = Counter(program.function for program in check.programs)
    for program in check.programs:
        if functions[program.function] == 1 or not program.function:
            for name in missing_columns(program, check.columns, check.dialect):
                yield f"trigger {program.name}: {program.table} has no column {name}"


def replaced_programs(sql: str) -> Iterator[tuple[str, str]]:
    """Yield CREATE, ALTER or DROP, and the name of the program, without its schema and in small letters."""
    if not REPLACES.search(sql):
        return
    for tokens in statements(sql):
        parser = Statement(tokens)
        verb = parser.peek()
        is_change = parser.accept("DROP") or parser.accept("ALTER")
        if not (parser.peek() in PROGRAMS if is_change else parser.defines_program()):
            continue
        parser.name()  # of its kind
        parser.accept("IF", "NOT", "EXISTS")
        parser.accept("IF", "EXISTS")
        for part in parser.split() if verb == "DROP" else [parser.tokens]:
            yield verb, Statement(part).qualified_name()[1].lower()


def _mentions(code: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code, re.IGNORECASE) is not None


def _spelled(name: str, names: Iterable[str]) -> str:
    """Return a name as one of `names` spells it; as it is where none does."""
    known = {each.lower(): each for each in names}
    return name if name in known.values() else known.get(name.lower(), name)
