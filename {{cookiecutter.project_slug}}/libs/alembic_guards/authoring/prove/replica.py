"""Keeps a scratch database at head and copies it, so that each revision runs only once."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection

from alembic_guards.database.connections import open_connection
from alembic_guards.database.scratch import SERVERS, scratch_database
from alembic_guards.runtime.apply import upgrade
from alembic_guards.runtime.enum_history import KNOWN


class TemplateDatabase(ExitStack):
    """A scratch database at head that is never changed: others begin as copies of it."""

    def __init__(self, url: URL, script: ScriptDirectory) -> None:
        """Make it on the server of `url`; raises what the revisions raise."""
        super().__init__()
        KNOWN.clear()
        atexit.register(self.close)  # whatever happens to who keeps it
        self.url = self.enter_context(scratch_database(url))
        # MariaDB and MySQL cannot copy a database: there the revisions run in each of them.
        if url.get_backend_name() == "sqlite" or SERVERS[url.get_backend_name()].copy:
            with open_connection(self.url) as connection:
                upgrade(connection, script, "head")

    @contextmanager
    def copy(self, script: ScriptDirectory, to: str = "head") -> Iterator[Connection]:
        """Yield a connection to a copy that is at the revision `to`."""
        with scratch_database(self.url, self.url) as url, open_connection(url) as connection:
            upgrade(connection, script, to)
            connection.info["original"] = self
            yield connection
