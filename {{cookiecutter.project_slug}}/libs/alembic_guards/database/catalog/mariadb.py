"""Reads the catalog of MariaDB and MySQL from SHOW CREATE TABLE."""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog.model import Part, recognise

#: How MariaDB writes a quote in a CHECK, and elsewhere.
QUOTES = {r"\'": "''"}


#: How the lines of a CREATE TABLE begin, and what they are; the first that fits.
LINES = {
    r"\) ": "table",
    "`(.+?)` ": "column",
    r"CONSTRAINT `(?:.+_ibfk|CONSTRAINT)_\d+` (.+)": "unnamed",
    "CONSTRAINT `(.+?)` ": "constraint",
    "PRIMARY ()": "primary key",
    r".*?KEY `(.+?)` ": "index",
}


def read(connection: Connection) -> Iterator[tuple[Part, str]]:
    plain = {"no_parameters": True}  # no % in a name stands for one
    for table in connection.exec_driver_sql("SHOW TABLES").scalars().all():
        if table == "alembic_version":
            continue
        quoted, show = _quoted(table), f"SHOW CREATE TABLE {_quoted(table)}"
        shown = connection.exec_driver_sql(show, execution_options=plain).all()[0][1]
        if shown.startswith("CREATE TABLE"):
            for line in shown.splitlines()[1:]:
                text = re.sub(r" AUTO_INCREMENT=\d+", "", line.strip().removesuffix(","))
                text = re.sub(r"\\(.)", lambda pair: QUOTES.get(pair[0], pair[0]), text)
                kind, name = recognise(text, LINES)
                if kind == "unnamed":
                    yield Part(quoted, kind, name), f"CONSTRAINT {text.split()[1]}"
                else:
                    yield Part(quoted, kind, name and _quoted(name)), text.removeprefix(") ")
        else:
            check = connection.exec_driver_sql(f"CHECK TABLE {quoted}", execution_options=plain)
            broken = any(row.Msg_type == "Error" for row in check)
            yield Part(quoted, "view", ""), f"{shown} INVALID" if broken else shown


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
