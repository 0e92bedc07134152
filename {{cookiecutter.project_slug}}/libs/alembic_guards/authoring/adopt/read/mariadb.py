"""Reads the tables of MariaDB and MySQL: definitions from SHOW CREATE TABLE, types by reflection."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType

from alembic_guards.authoring.adopt.names import shared_name
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
from alembic_guards.database.catalog import Catalog, Entry
from alembic_guards.database.catalog.mariadb import masked
from alembic_guards.runtime.sql_parser import Statement, tokens_of, unquoted

#: The clauses of a column that stand after its type.
AFTER_TYPE = r" (?:NOT NULL|NULL|DEFAULT|AUTO_INCREMENT|GENERATED|COMMENT|INVISIBLE|ON UPDATE|CHECK|CHARACTER SET|COLLATE)\b"
DEFAULT = r" DEFAULT (?P<value>.*?)(?= COMMENT | CHECK |$)"
GENERATED = r" GENERATED ALWAYS AS \((?P<value>.*)\) (?:STORED|VIRTUAL)"
OPTION = re.compile(r"`?(?P<key>\w+(?: \w+)*)`?=(?P<value>'(?:[^']|'')*'|\S+)")
SEQUENCE = re.compile(
    r"start with (-?\d+) minvalue (-?\d+) maxvalue (-?\d+) increment by (-?\d+) cache (\d+) (no)?cycle"
)

#: The digits that the server shows for integer types with and without a sign, if nobody has chosen others.
WIDTHS = {
    "TINYINT": (4, 3),
    "SMALLINT": (6, 5),
    "MEDIUMINT": (9, 8),
    "INTEGER": (11, 10),
    "BIGINT": (20, 20),
}

#: The options of a foreign key.
ACTIONS = {
    "onupdate": r" ON UPDATE (\w+(?: \w+)?)",
    "ondelete": r" ON DELETE (CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION)",
}


def read(connection: sa.Connection, catalog: Catalog, context: AutogenContext) -> Specs:
    """Return all tables, and the sequences."""
    specs, inspector = Specs(), sa.inspect(connection)
    if getattr(connection.dialect, "is_mariadb", False):
        for name in sorted(inspector.get_sequence_names()):
            specs.named[shared_name(None, name, specs.named)] = _sequence(connection, name)
    entries: dict[str, list[Entry]] = {}
    for entry in catalog.values():
        entries.setdefault(unquoted(entry.table), []).append(entry)
    columns = inspector.get_multi_columns()
    for name in sorted(inspector.get_table_names()):
        if name in entries:
            found = _Table(name, entries[name], inspector, context)
            specs.tables.append(found.spec(columns[None, name]))
    return specs


def _sequence(connection: sa.Connection, name: str) -> Code:
    quoted = connection.dialect.identifier_preparer.quote(name)
    shown = str(connection.exec_driver_sql(f"SHOW CREATE SEQUENCE {quoted}").one()[1])
    found = SEQUENCE.search(shown)
    start, least, most, increment, cache = map(
        int, found.groups()[:5] if found else (1, 1, 2**63 - 2, 1, 1000)
    )
    return call(
        "sa.Sequence",
        name,
        start=start if start != 1 else None,
        increment=increment if increment != 1 else None,
        minvalue=least if least != 1 else None,
        maxvalue=most if most != 2**63 - 2 else None,
        cache=cache if cache != 1000 else None,
        cycle=True if found and not found[6] else None,
        metadata=Code("Base.metadata"),
    )


class _Table:
    def __init__(
        self, name: str, entries: list[Entry], inspector: sa.Inspector, context: AutogenContext
    ) -> None:
        self.name, self.context = name, context
        self.comment = inspector.get_table_comment(name)["text"]
        self.by_kind: dict[str, dict[str, Entry]] = {}
        for entry in entries:
            self.by_kind.setdefault(entry.kind, {})[unquoted(entry.name)] = entry
        self.key = next((e.columns for e in self._all("primary key")), ())
        singles = {e.columns[0]: e for e in self._all("foreign key") if len(e.columns) == 1}
        self.inline = singles

    def spec(self, columns: list[Any]) -> TableSpec:
        """Return the table."""
        specs = [self._column(column) for column in columns]
        return TableSpec(self.name, None, specs, [*self._parts()], self._options())

    def _all(self, kind: str) -> list[Entry]:
        return [entry for _, entry in sorted(self.by_kind.get(kind, {}).items())]

    def _column(self, column: Any) -> ColumnSpec:
        name = column["name"]
        definition = self.by_kind["column"][name].definition
        words, is_key = masked(definition), name in self.key
        parts: list[Code] = []
        options: dict[str, Any] = {}
        type_ = self._type(column["type"], definition, name)
        if key := self.inline.get(name):
            parts.append(_reference(key))
        generated = re.search(GENERATED, words, re.DOTALL)
        default = re.search(DEFAULT, words, re.DOTALL)
        if generated:
            expression = definition[slice(*generated.span("value"))]
            parts.append(
                call(
                    "sa.Computed",
                    text(expression),
                    persisted=" STORED" in words[generated.end() - 7 :],
                )
            )
        elif default and words[slice(*default.span("value"))] != "NULL":
            options["server_default"] = text(definition[slice(*default.span("value"))])
        elif on_update := re.search(r" (ON UPDATE \S+)", words):
            options["server_default"] = text(f"NULL {definition[slice(*on_update.span(1))]}")
        counts = " AUTO_INCREMENT" in words
        if is_key and type_.python == "int" and not default and not generated:
            if counts and len(self.key) > 1:
                options["autoincrement"] = True
            elif not counts and len(self.key) == 1 and not key:
                options["autoincrement"] = False
        if column.get("comment"):
            options["comment"] = column["comment"]
        nullable = " NOT NULL" not in words and not is_key
        return ColumnSpec(name, type_, nullable, is_key, tuple(parts), options)

    def _type(self, type_: Any, definition: str, name: str) -> TypeSpec:
        words = masked(definition)
        start = len(f"`{name.replace('`', '``')}` ")
        end = re.search(AFTER_TYPE, words)
        declared = definition[start : end.start() if end else None]
        if "json_valid(" in words and declared == "longtext":
            return TypeSpec(call("sa.JSON"))
        spec = (
            None if isinstance(type_, NullType) else type_spec(_without_width(type_), self.context)
        )
        extra = [word for word in ("INVISIBLE",) if f" {word}" in words]
        is_counted = " AUTO_INCREMENT" in words and name not in self.key
        extra += ["AUTO_INCREMENT"] if is_counted else []
        if extra or spec is None:
            return native(" ".join([declared, *extra]), spec)
        return spec

    def _parts(self) -> Iterator[Code]:
        own = {(unquoted(e.name), e.columns) for e in self._all("foreign key")}
        for entry in self._all("foreign key"):
            if entry not in self.inline.values():
                yield _composite(entry)
        for entry in self._all("check"):
            name = self._name(entry)
            condition = entry.definition.partition(
                " CHECK (" if "CONSTRAINT" in entry.definition else "CHECK ("
            )
            yield call("sa.CheckConstraint", text(condition[2].removesuffix(")")), name=name)
        for entry in self._all("index"):
            if (unquoted(entry.name), entry.columns) not in own:
                yield _index(unquoted(entry.name), entry, self.context.dialect.name)

    def _name(self, entry: Entry) -> str:
        return unquoted(entry.name)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"comment": self.comment} if self.comment else {}
        definition = self.by_kind["table"][""].definition
        for found in OPTION.finditer(definition):
            key = found["key"].lower().replace(" ", "_")
            if key != "comment" and (key, found["value"]) != ("engine", "InnoDB"):
                options[f"{self.context.dialect.name}_{key}"] = found["value"].strip("'")
        return options


def _without_width(type_: Any) -> Any:
    """Return an integer type without the digits that the server shows by default."""
    if isinstance(
        type_, mysql.INTEGER | mysql.BIGINT | mysql.SMALLINT | mysql.MEDIUMINT | mysql.TINYINT
    ):
        widths = WIDTHS[type(type_).__name__]
        if not type_.zerofill and type_.display_width == widths[bool(type_.unsigned)]:
            return type(type_)(unsigned=type_.unsigned)
    if isinstance(type_, mysql.DOUBLE | mysql.FLOAT):
        type_.asdecimal = False
    if isinstance(type_, mysql.YEAR):
        return mysql.YEAR()
    return type_


def _reference(key: Entry) -> Code:
    assert key.refers_to is not None
    target = f"{unquoted(key.refers_to.table)}.{key.refers_to.columns[0]}"
    return call("sa.ForeignKey", target, name=unquoted(key.name), **_actions(key))


def _composite(key: Entry) -> Code:
    assert key.refers_to is not None
    targets = [f"{unquoted(key.refers_to.table)}.{column}" for column in key.refers_to.columns]
    return call(
        "sa.ForeignKeyConstraint", key.columns, targets, name=unquoted(key.name), **_actions(key)
    )


def _actions(key: Entry) -> dict[str, Any]:
    words = masked(key.definition)
    found = {option: re.search(pattern, words) for option, pattern in ACTIONS.items()}
    return {option: match[1] for option, match in found.items() if match}


def _index(name: str, entry: Entry, dialect: str) -> Code:
    """Return the code of an index, or of a constraint where only that keeps it in CREATE TABLE."""
    definition = entry.definition
    statement = Statement(tokens_of(definition))
    prefix = "" if statement.peek() == "KEY" else statement.name()
    statement.accept("KEY")
    statement.name()
    keys, lengths = [], {}
    for part in Statement(statement.group()).split():
        key = Statement(part)
        column = key.name()
        length = "".join(key.group())
        if length:
            lengths[column] = int(length)
        keys.append(text("".join(part).strip()) if key.peek() else column)
    is_unique = prefix == "UNIQUE"
    is_plain = not lengths and not any(isinstance(key, Code) for key in keys)
    rest = "".join(statement.tokens).strip()
    if is_unique and is_plain and not rest:
        return call("sa.UniqueConstraint", *keys, name=name)
    parser = re.search(r"WITH PARSER `(.+?)`", definition)
    using = re.search(r" USING (\w+)", masked(definition))
    options = {
        "prefix": prefix if prefix not in ("", "UNIQUE") else None,
        "length": lengths or None,
        "using": using[1].lower() if using else None,
        "with_parser": parser[1] if parser else None,
    }
    named = {f"{dialect}_{key}": value for key, value in options.items()}
    return call("sa.Index", name, *keys, unique=True if is_unique else None, **named)
