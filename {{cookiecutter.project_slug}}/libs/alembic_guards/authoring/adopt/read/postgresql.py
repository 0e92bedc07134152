"""Reads the tables of PostgreSQL: definitions from the catalog, types by reflection."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType

from alembic_guards.authoring.adopt.names import attribute_names, shared_name
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
from alembic_guards.authoring.find.owned_sequences import OWNED_SEQUENCES
from alembic_guards.authoring.find.prerequisites import STANDALONE_SEQUENCES
from alembic_guards.database.catalog import Catalog, Entry, Reference
from alembic_guards.runtime.sql_parser import Statement, tokens_of

#: A schema, None for the default one, and a name.
Name = tuple[str | None, str]

#: The options of a foreign key, after its columns.
OPTIONS_OF_KEY = {
    "match": r" MATCH (\w+)",
    "onupdate": r" ON UPDATE (CASCADE|RESTRICT|SET NULL|SET DEFAULT)",
    "ondelete": r" ON DELETE (CASCADE|RESTRICT|SET (?:NULL|DEFAULT)(?: \(.+?\))?)",
}
SEQUENCE = re.compile(
    r"AS (\w+) START (-?\d+) INCREMENT (-?\d+) MINVALUE (-?\d+) MAXVALUE (-?\d+) CACHE (\d+) ((?:NO )?)CYCLE"
)
SIZED = r"(character varying|character|numeric)\((\d+)(?:,(\d+))?\)"
#: The bits and the class of the type of a sequence.
INTEGERS = {
    "smallint": (15, "SmallInteger"),
    "integer": (31, "Integer"),
    "bigint": (63, "BigInteger"),
}


def read(connection: sa.Connection, catalog: Catalog, context: AutogenContext) -> Specs:
    """Return the tables of all schemas, without partitions, and the types and sequences of the models."""
    return _Reader(connection, catalog, context).read()


class _Reader:
    def __init__(
        self, connection: sa.Connection, catalog: Catalog, context: AutogenContext
    ) -> None:
        self.connection, self.context = connection, context
        self.specs = Specs()
        self.entries: dict[Name, list[Entry]] = defaultdict(list)
        self.shared: dict[tuple[str, Name], Entry] = {}
        self.attributes: set[str] = set()
        self.variables: dict[tuple[str, Name], str] = {}
        for entry in catalog.values():
            if entry.table:
                self.entries[self.split(entry.table)].append(entry)
            else:
                self.shared[entry.kind, self.split(entry.name)] = entry
        owned = connection.exec_driver_sql(OWNED_SEQUENCES)
        self.owned = {
            (self.split(table), column): self.split(name) for table, column, name, _ in owned
        }

    def read(self) -> Specs:
        inspector = sa.inspect(self.connection)
        columns: dict[Name, Any] = {}
        for schema in {schema for schema, _ in self.entries}:
            columns |= inspector.get_multi_columns(schema=schema)
        self.attributes = attribute_names(
            column["name"] for found in columns.values() for column in found
        )
        for name in self.connection.exec_driver_sql(STANDALONE_SEQUENCES).scalars():
            if entry := self.shared.get(("sequence", self.split(name))):
                self._add_sequence(*self.split(name), entry)
        for table in sorted(columns, key=lambda name: (name[0] or "", name[1])):
            if any(entry.kind == "table" for entry in self.entries.get(table, ())):
                self.specs.tables.append(self._table(table, columns[table]))
        return self.specs

    def split(self, name: str) -> Name:
        """Return the schema and the name of an object of the catalog."""
        *schema, own = self.context.dialect.identifier_preparer.unformat_identifiers(name) or [""]
        return (schema[0] if schema else None), own

    def _table(self, name: Name, columns: list[Any]) -> TableSpec:
        entries: dict[tuple[str, str], Entry] = {
            (entry.kind, self.split(entry.name)[1]): entry for entry in self.entries[name]
        }
        keys = next((e.columns for e in entries.values() if e.kind == "primary key"), ())
        singles = [e for e in entries.values() if e.kind == "foreign key" and len(e.columns) == 1]
        inline = {entry.columns[0]: entry for entry in reversed(singles)}
        specs = [
            self._column(name, column, entries, keys, inline.get(column["name"]))
            for column in columns
        ]
        parts = [
            part
            for (kind, own), entry in sorted(entries.items())
            if entry not in inline.values()
            for part in self._part(kind, own, entry)
        ]
        return TableSpec(name[1], name[0], specs, parts, self._options(entries))

    def _options(self, entries: dict[tuple[str, str], Entry]) -> dict[str, Any]:
        found = {kind: entry.definition for (kind, _), entry in entries.items()}
        options: dict[str, Any] = {}
        if "table comment" in found:
            options["comment"] = _literal(found["table comment"])
        if found.get("logging") == "UNLOGGED":
            options["prefixes"] = ["UNLOGGED"]
        if found.get("table"):
            options["postgresql_partition_by"] = found["table"]
        if "options" in found:
            pairs = (pair.partition("=") for pair in found["options"].split(", "))
            options["postgresql_with"] = {key: value for key, _, value in pairs}
        return options

    def _column(
        self,
        table: Name,
        column: Any,
        entries: dict[tuple[str, str], Entry],
        keys: tuple[str, ...],
        key: Entry | None,
    ) -> ColumnSpec:
        name = column["name"]
        found = {kind: entry.definition for (kind, own), entry in entries.items() if own == name}
        type_, is_key = self._type(column["type"], found["column"]), name in keys
        parts: list[Code] = []
        options: dict[str, Any] = {}
        default = found.get("default")
        if key is not None and key.refers_to is not None:
            target = _target(self.split(key.refers_to.table), key.refers_to.columns[0])
            parts.append(
                call("sa.ForeignKey", target, name=self.split(key.name)[1], **_key_options(key))
            )
        if "generated" in found:
            parts.append(_computed(found["generated"], entries["generated", name].generated))
        elif "identity" in found:
            parts.append(
                self._identity(table, name, found["identity"] == "ALWAYS", found["column"])
            )
        elif default is not None and not (
            keys == (name,) and self._is_serial(table, name, default, found["column"])
        ):
            options["server_default"] = text(default)
        has_value = default is not None or "identity" in found or "generated" in found
        if keys == (name,) and type_.python == "int" and not has_value and key is None:
            options["autoincrement"] = False  # else it would become SERIAL
        if "comment" in found:
            options["comment"] = _literal(found["comment"])
        return ColumnSpec(name, type_, "not null" not in found, is_key, tuple(parts), options)

    def _is_serial(self, table: Name, column: str, default: str, type_: str) -> bool:
        """Whether a default is what SERIAL creates, apart from the name of its sequence."""
        owned = self.owned.get((table, column))
        entry = owned and self.shared.get(("sequence", owned))
        if not entry or not re.fullmatch(r"nextval\('.*'::regclass\)", default):
            return False
        bits = INTEGERS.get(type_, (0, ""))[0]
        return entry.definition == (
            f"AS {type_} START 1 INCREMENT 1 MINVALUE 1 MAXVALUE {2**bits - 1} CACHE 1 NO CYCLE"
        )

    def _identity(self, table: Name, column: str, always: bool, type_: str) -> Code:
        owned = self.owned.get((table, column))
        entry = owned and self.shared.get(("sequence", owned))
        options = _sequence_options(entry.definition, type_) if entry else {}
        options.pop("data_type", None)
        return call("sa.Identity", always=always or None, **options)

    def _add_sequence(self, schema: str | None, name: str, entry: Entry) -> None:
        options = {"schema": schema, **_sequence_options(entry.definition, "bigint")}
        code = call("sa.Sequence", name, **options, metadata=Code("Base.metadata"))
        self._named("sequence", schema, name, code)

    def _type(self, type_: Any, definition: str) -> TypeSpec:
        """Return the type of a column; a type of the server that has a name is a variable of the models."""
        if isinstance(type_, sa.ARRAY):
            inner = self._type(type_.item_type, "")
            if inner.code:
                return TypeSpec(call("postgresql.ARRAY", inner.code), f"list[{inner.python}]")
        elif isinstance(type_, postgresql.DOMAIN):
            if spec := self._domain(type_):
                return spec
        elif isinstance(type_, sa.Enum):
            code = call("postgresql.ENUM", *type_.enums, name=type_.name, schema=type_.schema)
            return TypeSpec(self._named("type", type_.schema, str(type_.name), code), "str")
        elif not isinstance(type_, NullType) and (spec := type_spec(type_, self.context)):
            return spec
        return native(definition) if definition else TypeSpec(Code(""))

    def _domain(self, type_: postgresql.DOMAIN) -> TypeSpec | None:
        """Return a domain; None for one with several constraints, which SQLAlchemy cannot create."""
        entry = self.shared.get(("domain", (type_.schema, str(type_.name))))
        if entry is None or entry.definition.count(" CONSTRAINT ") > 1:
            return None
        base = re.split(r" DEFAULT | NOT NULL| CONSTRAINT ", entry.definition, maxsplit=1)[0]
        inner = self._domain_base(type_.data_type, base)
        checked = re.search(
            r" CONSTRAINT (?P<name>.+?) CHECK \((?P<check>.*)\)$", entry.definition, re.DOTALL
        )
        found = re.search(
            r" DEFAULT (.*?)(?= NOT NULL| CONSTRAINT |$)", entry.definition, re.DOTALL
        )
        options = {
            "name": str(type_.name),
            "data_type": inner.code,
            "collation": type_.collation if type_.collation != "default" else None,
            "default": text(found[1]) if found else None,
            "not_null": True if type_.not_null else None,
            "constraint_name": self.split(checked["name"])[1] if checked else None,
            "check": text(checked["check"]) if checked else None,
            "schema": type_.schema,
        }
        if not inner.code:
            return None
        domain = call("postgresql.DOMAIN", **options)
        code = self._named("type", type_.schema, str(type_.name), domain)
        return TypeSpec(code, inner.python)

    def _domain_base(self, type_: Any, definition: str) -> TypeSpec:
        """Return the type that a domain is made of: reflection loses its length, precision and dimensions."""
        if "[" in definition:
            return native(definition)
        if sized := re.fullmatch(SIZED, definition):
            names: Any = getattr(self.context.dialect, "ischema_names", {})
            type_ = names[sized[1]](*map(int, filter(None, sized.groups()[1:])))
        elif isinstance(type_, sa.String) and type_.collation:
            type_ = type(type_)()  # DOMAIN has the collation
        found = self._type(type_, "")
        return native(definition, found) if "(" in definition and not sized else found

    def _named(self, kind: str, schema: str | None, name: str, code: Code) -> Code:
        key = kind, (schema, name)
        if key not in self.variables:
            taken = {*self.attributes, *self.specs.named}
            self.variables[key] = shared_name(schema, name, taken)
        self.specs.named[self.variables[key]] = code
        return Code(self.variables[key])

    def _part(self, kind: str, name: str, entry: Entry) -> Iterator[Code]:
        """Yield the code of a constraint or an index of a table."""
        definition = entry.definition
        deferrable = _deferrable(definition)
        if kind == "primary key":
            yield call(
                "sa.PrimaryKeyConstraint",
                *entry.columns,
                name=name,
                **deferrable,
                **_include(definition),
            )
        elif kind == "unique":
            distinct = {
                "postgresql_nulls_not_distinct": True
                if "NULLS NOT DISTINCT" in definition
                else None
            }
            yield call(
                "sa.UniqueConstraint",
                *entry.columns,
                name=name,
                **deferrable,
                **distinct,
                **_include(definition),
            )
        elif kind == "foreign key" and entry.refers_to is not None:
            yield _composite_key(entry, self.split, name)
        elif kind == "check":
            condition = (
                definition.removesuffix(" NOT VALID").removeprefix("CHECK (").removesuffix(")")
            )
            yield call("sa.CheckConstraint", text(condition), name=name)
        elif kind == "exclusion":
            yield _exclusion(name, definition, deferrable)
        elif kind == "index":
            yield _index(name, entry)


def _composite_key(entry: Entry, split: Any, name: str) -> Code:
    reference: Reference = entry.refers_to or Reference("", ())
    targets = [_target(split(reference.table), column) for column in reference.columns]
    return call("sa.ForeignKeyConstraint", entry.columns, targets, name=name, **_key_options(entry))


def _target(table: Name, column: str) -> str:
    return ".".join(filter(None, (*table, column)))


def _key_options(entry: Entry) -> dict[str, Any]:
    """Return the options of a foreign key."""
    rest = entry.definition.rpartition(" REFERENCES ")[2]
    found = {key: re.search(pattern, rest) for key, pattern in OPTIONS_OF_KEY.items()}
    return {**{key: match[1] for key, match in found.items() if match}, **_deferrable(rest)}


def _deferrable(definition: str) -> dict[str, Any]:
    if not re.search(r"(?<!NOT) DEFERRABLE", definition):
        return {}
    return {
        "deferrable": True,
        "initially": "DEFERRED" if "INITIALLY DEFERRED" in definition else None,
    }


def _include(definition: str) -> dict[str, Any]:
    statement = Statement(tokens_of(definition))
    return {"postgresql_include": list(statement.names()) if statement.skip_to("INCLUDE") else None}


def _computed(definition: str, way: str) -> Code:
    expression = definition.partition(" GENERATED ALWAYS AS (")[2].removesuffix(f") {way}")
    return call("sa.Computed", text(expression), persisted=way == "STORED")


def _exclusion(name: str, definition: str, deferrable: dict[str, Any]) -> Code:
    statement = Statement(tokens_of(definition))
    statement.accept("EXCLUDE", "USING")
    using, elements = statement.name(), Statement(statement.group()).split()
    pairs = ["".join(part).strip().rpartition(" WITH ") for part in elements]
    condition = "".join(statement.group()) if statement.skip_to("WHERE") else ""
    return call(
        "postgresql.ExcludeConstraint",
        *(Code(f"({text(expression)}, {operator!r})") for expression, _, operator in pairs),
        name=name,
        using=using,
        where=text(condition) if condition else None,
        **deferrable,
    )


def _index(name: str, entry: Entry) -> Code:
    """Return the code of an index; a key that is more than a column is SQL, as the server writes it."""
    statement = Statement(tokens_of(entry.definition.removesuffix(" INVALID")))
    unique = statement.accept("CREATE", "UNIQUE")
    statement.skip_to("USING")
    using, keys = statement.name(), Statement(statement.group()).split()
    options: dict[str, Any] = {"unique": True if unique else None}
    options["postgresql_using"] = using if using != "btree" else None
    if statement.accept("INCLUDE"):
        options["postgresql_include"] = list(statement.names())
    if statement.accept("NULLS", "NOT", "DISTINCT"):
        options["postgresql_nulls_not_distinct"] = True
    if statement.accept("WITH"):
        pairs = ("".join(part).partition("=") for part in Statement(statement.group()).split())
        options["postgresql_with"] = {key.strip(): value.strip(" '") for key, _, value in pairs}
    if statement.accept("WHERE"):
        options["postgresql_where"] = text("".join(statement.tokens).strip())
    columns = [_index_key("".join(key).strip(), entry.columns) for key in keys]
    return call("sa.Index", name, *columns, **options)


def _index_key(key: str, columns: tuple[str, ...]) -> str:
    statement = Statement(tokens_of(key))
    name = statement.name()
    return name if not statement.peek() and name in columns else text(key)


def _literal(definition: str) -> str:
    """Return the text of a literal that quote_literal() has written."""
    if definition.startswith("E'"):
        return definition[2:-1].replace("\\\\", "\\").replace("''", "'")
    return definition[1:-1].replace("''", "'")


def _sequence_options(definition: str, default_type: str) -> dict[str, Any]:
    """Return the options of a sequence that are not the default ones."""
    found = SEQUENCE.fullmatch(definition)
    if found is None:
        return {}
    type_ = found[1]
    start, increment, least, most, cache = map(int, found.groups()[1:6])
    bits, name = INTEGERS.get(type_, (63, ""))
    is_ascending = increment > 0
    default_least, default_most = (1, 2**bits - 1) if is_ascending else (-(2**bits), -1)
    return {
        "data_type": Code(f"sa.{name}()") if type_ != default_type else None,
        "start": start if start != (least if is_ascending else most) or start != 1 else None,
        "increment": increment if increment != 1 else None,
        "minvalue": least if least != default_least else None,
        "maxvalue": most if most != default_most else None,
        "cache": cache if cache != 1 else None,
        "cycle": True if not found[7] else None,
    }
