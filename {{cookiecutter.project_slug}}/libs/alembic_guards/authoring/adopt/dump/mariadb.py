"""Dumps MariaDB and MySQL by SHOW CREATE."""

import re
from collections.abc import Collection, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_guards.database.catalog.mariadb import TOKEN, without_database
from alembic_guards.database.identifiers import quoter

#: A row of SHOW CREATE by the names of its columns.
Row = dict[str, Any]

#: The account that defines a routine or a view: another server may not have it.
DEFINER = re.compile(
    r"^(CREATE (?:OR REPLACE )?(?:ALGORITHM=\w+ )?)DEFINER=(?:`[^`]*`|\"[^\"]*\"|\S+?)@(?:`[^`]*`|\"[^\"]*\"|\S+?) "
)
AUTO_INCREMENT = re.compile(r"^(\) ENGINE=\w+) AUTO_INCREMENT=\d+", re.MULTILINE)

#: The first statement of a dump: tables are created in the order of their names.
BEFORE = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0"

ROUTINES = """
    SELECT routine_type, routine_name FROM information_schema.routines
    WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name"""
TRIGGERS = """
    SELECT trigger_name, event_object_table FROM information_schema.triggers
    WHERE trigger_schema = DATABASE()
    ORDER BY event_object_table, action_timing, event_manipulation, action_order"""
EVENTS = (
    "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1"
)

NO_RIGHT = """The definition of {kind} {name} cannot be read. Nothing was changed.
The user needs the right to see it: GRANT SHOW CREATE ROUTINE, TRIGGER, EVENT, SELECT ON ..."""

PLAIN = {"no_parameters": True}


def dump(connection: Connection, left_out: Collection[str], _: Collection[str]) -> list[str]:
    """Return the CREATE statements, each routine after SET for the settings that it was created with.

    Raises CommandError where the user may not see a definition.
    """
    return _Dump(connection, left_out).statements()


def drops(connection: Connection, left_out: Collection[str]) -> list[str]:
    """Return the statements that drop all events, views, tables, sequences and routines."""
    dumped, quote = _Dump(connection, left_out), quoter(connection.dialect)
    kinds = ("VIEW", "BASE TABLE", "SYSTEM VERSIONED", "SEQUENCE")
    named = [("EVENT", name) for name in dumped.events()]
    named += [(kind, name) for kind in kinds for name in dumped.named(kind)]
    named += dumped.routines()
    words = {"BASE TABLE": "TABLE", "SYSTEM VERSIONED": "TABLE"}
    statements = [f"DROP {words.get(kind, kind)} IF EXISTS {quote(name)}" for kind, name in named]
    return ["SET foreign_key_checks = 0", *statements]


class _Dump:
    def __init__(self, connection: Connection, left_out: Collection[str]) -> None:
        self.connection, self.left_out = connection, left_out
        self.quote = quoter(connection.dialect)
        self.database = f"`{self._scalars('SELECT DATABASE()')[0]}`"
        self.tables = {row[0]: str(row[1]) for row in self._rows("SHOW FULL TABLES")}

    def statements(self) -> list[str]:
        """Return all statements; none for an empty database."""
        found = [BEFORE]
        for name in self.named("SEQUENCE"):
            found.append(self._shown("SEQUENCE", name)["Create Table"])
        for name in (*self.named("BASE TABLE"), *self.named("SYSTEM VERSIONED")):
            found.append(AUTO_INCREMENT.sub(r"\1", self._shown("TABLE", name)["Create Table"]))
        found += self._with_settings(self._programs())
        return found if found != [BEFORE] else []

    def named(self, kind: str) -> list[str]:
        """Return the names of the tables of a kind."""
        return sorted(
            name
            for name, found in self.tables.items()
            if found == kind and name not in self.left_out
        )

    def routines(self) -> list[tuple[str, str]]:
        """Return the kinds and names of functions, procedures and packages."""
        return [(str(kind), str(name)) for kind, name in self._rows(ROUTINES)]

    def events(self) -> list[str]:
        """Return the names of events."""
        return self._scalars(EVENTS)

    def _programs(self) -> Iterator[tuple[str, Row]]:
        """Yield the definitions of all that runs later, with the rows of SHOW CREATE."""
        for kind, name in self.routines():
            row = self._shown(kind, name)
            yield row[f"Create {kind.title()}"], row
        views = {name: self._shown("VIEW", name) for name in self.named("VIEW")}
        for name in _in_order({name: row["Create View"] for name, row in views.items()}):
            yield views[name]["Create View"], views[name]
        for name, table in self._rows(TRIGGERS):
            if table not in self.left_out:
                row = self._shown("TRIGGER", name)
                yield row["SQL Original Statement"], row
        for name in self.events():
            row = self._shown("EVENT", name)
            yield row["Create Event"], row

    def _with_settings(self, programs: Iterable[tuple[str, Row]]) -> Iterator[str]:
        before = ""
        for text, row in programs:
            charset = str(row["character_set_client"])
            if not text.isascii() and not charset.startswith("utf8"):
                charset = "utf8mb4"  # the file is in UTF-8
            settings = [
                f"sql_mode = '{row['sql_mode']}'" if "sql_mode" in row else "",
                f"time_zone = '{row['time_zone']}'" if "time_zone" in row else "",
                f"character_set_client = {charset}",
                f"collation_connection = {row['collation_connection']}",
            ]
            statement = f"SET {', '.join(filter(None, settings))}"
            if statement != before:
                yield statement
            before = statement
            yield DEFINER.sub(r"\1", text)

    def _shown(self, kind: str, name: str) -> Row:
        result = self.connection.exec_driver_sql(
            f"SHOW CREATE {kind} {self.quote(name)}", execution_options=PLAIN
        )
        row = dict(result.mappings().one())
        if any(value is None for key, value in row.items() if key.startswith(("Create", "SQL"))):
            raise CommandError(NO_RIGHT.format(kind=kind.lower(), name=name))
        return {
            key: without_database(value, self.database) if isinstance(value, str) else value
            for key, value in row.items()
        }

    def _rows(self, query: str) -> list[Any]:
        return list(self.connection.exec_driver_sql(query, execution_options=PLAIN))

    def _scalars(self, query: str) -> list[str]:
        return [str(row[0]) for row in self._rows(query)]


def _in_order(views: dict[str, str]) -> list[str]:
    """Return the names of views, each after those that it reads."""
    names = {
        name: {token[0][1:-1] for token in TOKEN.finditer(text)} for name, text in views.items()
    }
    needs = {name: (found & views.keys()) - {name} for name, found in names.items()}
    try:
        return list(
            TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)}).static_order()
        )
    except CycleError:  # a column has the name of a view
        return sorted(views)
