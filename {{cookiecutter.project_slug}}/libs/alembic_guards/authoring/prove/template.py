"""Keeps a scratch database at head and copies it, so that each revision runs only once."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection

from alembic_guards.database.connection_info import TEMPLATE
from alembic_guards.database.connections import open_connection
from alembic_guards.database.features import backend_name
from alembic_guards.database.scratch import SERVERS, scratch_database
from alembic_guards.runtime.apply import upgrade
from alembic_guards.runtime.enum_history import KNOWN
from alembic_guards.runtime.views import CREATED


class TemplateDatabase(ExitStack):
    """A scratch database that is never changed; others are copied from it."""

    def __init__(self, url: URL, scripts: ScriptDirectory, to: str = "head") -> None:
        """Create the database on the server of `url`, and upgrade it; raises their errors."""
        super().__init__()
        KNOWN.clear()
        CREATED.clear()
        atexit.register(self.close)  # also if a command fails
        self.origin = url
        self.url = self.enter_context(scratch_database(url))
        # MariaDB and MySQL cannot copy a database: there the revisions run in each copy.
        if url.get_backend_name() == "sqlite" or SERVERS[backend_name(url)].copy:
            with open_connection(self.url) as connection:
                upgrade(connection, scripts, to)

    @contextmanager
    def copied(self, scripts: ScriptDirectory, to: str = "head") -> Iterator[Connection]:
        """Yield a connection to a copy at the revision `to`; its `info` holds this object."""
        with scratch_database(self.origin, self.url) as url, open_connection(url) as connection:
            upgrade(connection, scripts, to)
            connection.info[TEMPLATE] = self
            yield connection
