"""Random models with rows, and random changes of them with the answers that they need.

All of it follows from a seed: the same one makes the same models, rows and changes.
"""

import shlex
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random

HEADER = "import sqlalchemy as sa\n\n"
NAMES = ["a", "bb", "order", "Group", "check", "user id", "values", "k_1", "Ünit", "primary"]
TABLES = ["items", "orders", "Group", "user", "a b", "select", "items_2"]

#: Types, with a server default and with values by their number: each is another one.
TYPES = {
    "sa.Integer": ("7", "{0}"),
    "sa.BigInteger": ("7", "10{0}"),
    "sa.Numeric(8, 2)": ("7.25", "{0}.25"),
    "sa.Float": ("0.5", "{0}.5"),
    "sa.String(20)": ("x", "'t {0}'"),
    "sa.String(60)": ("it''s", "'it''s {0}'"),
    "sa.Text": ("", "'100 % :{0}'"),
    "sa.Boolean": ("1", "{0} % 2"),
    "sa.Date": ("2026-01-31", "'2026-01-0{0}'"),
    "sa.DateTime": ("2026-01-31 10:00:00", "'2026-01-0{0} 10:00:00.000000'"),
    "sa.LargeBinary": ("", "x'0{0}ff'"),
    "sa.Enum('red', 'green', name='color')": ("red", "'green'"),
}
#: What fill= says for each of them, where a column becomes NOT NULL.
FILLS = {kind: default.replace("''", "'") or "0" for kind, (default, _) in TYPES.items()}
#: Types whose values can be told from one another, for a unique constraint.
DISTINCT = [kind for kind in TYPES if "Boolean" not in kind and "Enum" not in kind]
ROWS = 4


@dataclass
class Column:
    """A column; `key` stays when it is renamed."""

    key: int
    name: str
    kind: str
    nullable: bool = True
    default: bool = False
    unique: bool = False
    index: bool = False
    refers: int | None = None  # the key of a table

    def source(self, tables: "dict[int, Table]") -> str:
        """Return the arguments of Table() that make it."""
        parts = [repr(self.name), "sa.Integer" if self.refers is not None else self.kind]
        if self.refers is not None:
            parts.append(f"sa.ForeignKey({tables[self.refers].name + '.id'!r})")
        if self.default:
            parts.append(f"server_default={TYPES[self.kind][0].replace(chr(39) * 2, chr(39))!r}")
        flags = {"unique": self.unique, "index": self.index, "nullable": self.nullable}
        parts += [f"{name}={value}" for name, value in flags.items()]
        return f"sa.Column({', '.join(parts)})"

    def value(self, row: int) -> str:
        """Return its value in a row, as SQL; NULL in some where it may be."""
        if self.nullable and (row + self.key) % 3 == 0:
            return "NULL"
        return str(row) if self.refers is not None else TYPES[self.kind][1].format(row)


@dataclass
class Table:
    """A table with a primary key, which is `id`."""

    key: int
    name: str
    columns: list[Column] = field(default_factory=list)
    checks: list[tuple[int, str]] = field(default_factory=list)  # a column's key, a condition
    together: list[int] = field(default_factory=list)  # the keys of columns that are unique at once

    def column(self, key: int) -> Column:
        """Return the column of that key."""
        return next(column for column in self.columns if column.key == key)

    def names(self) -> set[str]:
        """Return the names that no other column may have."""
        return {column.name for column in self.columns} | {"id"}

    def source(self, tables: "dict[int, Table]") -> str:
        """Return the code that makes it."""
        parts = [repr(self.name), "Base.metadata", "sa.Column('id', sa.Integer, primary_key=True)"]
        parts += [column.source(tables) for column in self.columns]
        for key, condition in self.checks:
            quoted = '"' + self.column(key).name + '"'
            parts.append(f"sa.CheckConstraint({condition.format(quoted)!r})")
        if self.together:
            columns = ", ".join(repr(self.column(key).name) for key in self.together)
            parts.append(f"sa.UniqueConstraint({columns})")
        lines = "".join(f"    {part},\n" for part in parts)
        return f"sa.Table(\n{lines})\n"


Models = dict[int, Table]


class Search:
    """What a seed makes: models, their rows, and what they become."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.counter = 0
        self.answers: list[str] = []
        self.before: Models = {}
        for _ in range(self.random.randint(1, 3)):
            self._add_table(self.before)
        self.after = deepcopy(self.before)
        for _ in range(self.random.randint(1, 4)):
            self._change()

    def rows(self) -> list[str]:
        """Return statements that fill the tables as they are before."""
        return [
            f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES ({", ".join(values)})'
            for table in self.before.values()
            for row in range(1, ROWS + 1)
            for names, values in [
                (
                    ["id", *(f'"{column.name}"' for column in table.columns)],
                    [str(row), *(column.value(row) for column in table.columns)],
                )
            ]
        ]

    def kept(self) -> list[tuple[str, str]]:
        """Return queries for values that a change keeps: before it, and after it."""
        pairs = []
        for key in self.before.keys() & self.after.keys():
            old, new = self.before[key], self.after[key]
            there = {column.key: column for column in new.columns}
            same = [
                (column.name, there[column.key].name)
                for column in old.columns
                if column.key in there
                and column.kind == there[column.key].kind
                and column.nullable == there[column.key].nullable
            ]
            columns = [", ".join(["id", *(f'"{pair[i]}"' for pair in same)]) for i in (0, 1)]
            pairs.append(
                (
                    f'SELECT {columns[0]} FROM "{old.name}" ORDER BY id',
                    f'SELECT {columns[1]} FROM "{new.name}" ORDER BY id',
                )
            )
        return pairs

    def _key(self) -> int:
        self.counter += 1
        return self.counter

    def _name(self, pool: list[str], taken: set[str]) -> str:
        free = [name for name in pool if name.lower() not in {each.lower() for each in taken}]
        return self.random.choice(free)

    def _answer(self, answer: str) -> None:
        self.answers.append(shlex.quote(answer))

    def _add_table(self, models: Models) -> Table:
        taken = {table.name for table in (*self.before.values(), *models.values())}
        table = Table(self._key(), self._name(TABLES, taken))
        models[table.key] = table
        for _ in range(self.random.randint(1, 4)):
            table.columns.append(self._column(table, models))
        for column in table.columns:
            self._add_check(table, column, [-1, 0])
        several = [column.key for column in table.columns if column.kind in DISTINCT]
        if len(several) > 1 and self.random.random() < 0.3:
            table.together = several[:2]
        return table

    def _column(self, table: Table, models: Models) -> Column:
        chance = self.random.random
        column = Column(self._key(), self._name(NAMES, table.names()), self._kind())
        column.nullable = chance() < 0.5
        column.default = chance() < 0.3
        column.unique = column.kind in DISTINCT and chance() < 0.3
        column.index = not column.unique and chance() < 0.3
        if chance() < 0.2:
            column.refers = self.random.choice(list(models))
            column.kind, column.default = "sa.Integer", False
        return column

    def _kind(self) -> str:
        return self.random.choice(list(TYPES))

    def _add_check(self, table: Table, column: Column, numbers: list[int]) -> None:
        """Add a condition, sometimes; rows meet it but for that with 3."""
        if self.random.random() < 0.3:
            number = self.random.choice(numbers)
            table.checks.append((column.key, f"length({{}}) > {number}"))

    def _change(self) -> None:
        there = [table for key, table in self.after.items() if key in self.before]
        if not there:
            return
        table = self.random.choice(there)
        old = self.before[table.key]
        untouched = [each for each in table.columns if each in old.columns]
        ways = [self._new_table, self._drop_table, self._rename_table, self._new_column]
        if untouched:
            column = self.random.choice(untouched)
            ways = [*ways[:3], *[self._new_column] * 3]
            change = self.random.choice(
                [
                    self._drop_column,
                    self._rename_column,
                    self._retype_column,
                    self._flip_nullable,
                    self._flip_others,
                ]
            )
            if self.random.random() < 0.7:
                change(old, table, column)
                return
        self.random.choice(ways)(old, table)

    def _new_table(self, old: Table, table: Table) -> None:
        self._add_table(self.after)

    def _drop_table(self, old: Table, table: Table) -> None:
        referred = any(
            column.refers == table.key and other is not table
            for other in self.after.values()
            for column in other.columns
        )
        if not referred and table == old and len(self.after) > 1:
            del self.after[table.key]
            self._answer(f"drop={table.name}")

    def _rename_table(self, old: Table, table: Table) -> None:
        if table.name == old.name:
            taken = {each.name for each in (*self.before.values(), *self.after.values())}
            table.name = self._name(TABLES, taken)
            self._answer(f"rename={old.name}:{table.name}")

    def _new_column(self, old: Table, table: Table) -> None:
        taken = replace(table, columns=[*old.columns, *table.columns])
        column = self._column(taken, self.after)
        column.unique = column.unique and column.nullable and not column.default
        if column.refers is not None:
            column.nullable = True
        table.columns.append(column)
        if not column.nullable and not column.default:
            self._answer(f"fill={old.name}.{column.name}:{FILLS[column.kind]}")

    def _drop_column(self, old: Table, table: Table, column: Column) -> None:
        if len(table.columns) > 1:
            table.columns.remove(column)
            table.checks = [check for check in table.checks if check[0] != column.key]
            table.together = [] if column.key in table.together else table.together
            self._answer(f"drop={old.name}.{column.name}")

    def _rename_column(self, old: Table, table: Table, column: Column) -> None:
        was = column.name
        column.name = self._name(NAMES, old.names() | table.names())
        self._answer(f"rename={old.name}.{was}:{column.name}")

    def _retype_column(self, old: Table, table: Table, column: Column) -> None:
        if column.refers is None:
            column.kind = self._kind()
            column.unique = column.unique and column.kind in DISTINCT
            column.default = False

    def _flip_nullable(self, old: Table, table: Table, column: Column) -> None:
        column.nullable = not column.nullable
        if not column.nullable:
            fill = "1" if column.refers is not None else FILLS[column.kind]
            self._answer(f"fill={old.name}.{column.name}:{fill}")

    def _flip_others(self, old: Table, table: Table, column: Column) -> None:
        match self.random.randint(0, 4):
            case 0:
                column.unique = not column.unique and column.kind in DISTINCT
            case 1:
                column.index = not column.index
            case 2 if column.refers is None:
                column.default = not column.default
            case 3:
                column.refers = None
            case _:
                others = [check for check in table.checks if check[0] != column.key]
                table.checks = others
                self._add_check(table, column, [-1, 0, 3])


def source(models: Models) -> str:
    """Return a module of models, without the lines that all of them begin with."""
    return HEADER + "\n".join(table.source(models) for table in models.values())
