"""One schema as three projects: with the guards, with bare Alembic, and with Django.

A history of n revisions creates a table of ten columns with every ten of them.
"""

import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
COLUMNS = 10  # of each table

INI = "[alembic]\nscript_location = %(here)s/alembic\n"
ENV = """import sys

import sqlalchemy as sa
from alembic import context

sys.path.insert(0, ".")
from models import Base

engine = sa.create_engine({url!r}, poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection, target_metadata=Base.metadata, render_as_batch={is_sqlite})
    with context.begin_transaction():
        context.run_migrations()
"""
BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
MAKO = (TEMPLATE / "{{cookiecutter.project_slug}}" / "alembic" / "script.py.mako").read_text()
REVISION = """import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down_step}
"""

SETTINGS = """
SECRET_KEY = "benchmark"
INSTALLED_APPS = ["shop"]
DATABASES = {{"default": {database!r}}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
DJANGO_MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{dependency}]
    operations = [{operation}]
"""


class Size(NamedTuple):
    """How many tables the models have, and how many columns the last one of them."""

    tables: int
    columns: int = COLUMNS
    extra: int = 0  # columns more in the first table

    def of_table(self, number: int) -> int:
        """Return the number of columns of a table, without those that are extra."""
        return self.columns if number == self.tables - 1 else COLUMNS


def after(revisions: int) -> Size:
    """Return the size of the models after so many revisions."""
    tables = -(-revisions // COLUMNS)
    return Size(tables, revisions - (tables - 1) * COLUMNS)


class Tool(ABC):
    """A project of one of the tools, on a database of its own."""

    name: str
    migrations: Path

    def __init__(self, folder: Path, url: sa.URL) -> None:
        self.path, self.url = folder, url
        self.environment = dict(os.environ)

    @abstractmethod
    def write_models(self, size: Size) -> None:
        """Write the models."""

    @abstractmethod
    def write_history(self, revisions: int) -> None:
        """Write so many revisions, instead of those that are there."""

    @abstractmethod
    def command(self, what: str) -> Sequence[str]:
        """Return the command line that does `upgrade`, `revision` or `check`."""

    def remove_revisions(self, keep: frozenset[Path] = frozenset()) -> None:
        """Remove the revisions but those to `keep`."""
        for file in self.migrations.glob("*.py"):
            if file not in keep and file.name != "__init__.py":
                file.unlink()

    def revisions(self) -> frozenset[Path]:
        """Return the files of the revisions."""
        return frozenset(self.migrations.glob("*.py"))


class BareAlembic(Tool):
    """What `alembic init` writes, with the models in its env.py."""

    name = "bare Alembic"

    def __init__(self, folder: Path, url: sa.URL) -> None:
        super().__init__(folder, url)
        self.migrations = self.path / "alembic" / "versions"
        self.migrations.mkdir(parents=True)
        (self.path / "alembic.ini").write_text(INI)
        text = url.render_as_string(hide_password=False)
        is_sqlite = url.get_backend_name() == "sqlite"
        env = ENV.format(url=text, is_sqlite=is_sqlite)
        (self.path / "alembic" / "env.py").write_text(env)
        (self.path / "alembic" / "script.py.mako").write_text(MAKO)
        self.models, self.base = self.path / "models.py", BASE

    def write_models(self, size: Size) -> None:
        tables = [
            f"\n\nclass T{number}(Base):\n"
            f'    __tablename__ = "t{number}"\n'
            "    id: Mapped[int] = mapped_column(primary_key=True)\n"
            + "".join(f"    c{column}: Mapped[int | None]\n" for column in range(1, columns))
            for number, columns in _columns_of(size)
        ]
        imports = "from sqlalchemy.orm import Mapped, mapped_column\n"
        self.models.write_text(f"{imports}{self.base}{''.join(tables)}")

    def write_history(self, revisions: int) -> None:
        self.remove_revisions()
        for number in range(revisions):
            table, column = divmod(number, COLUMNS)
            if column:
                up = f'op.add_column("t{table}", sa.Column("c{column}", sa.Integer()))'
                down = f'op.drop_column("t{table}", "c{column}")'
            else:
                key = 'sa.Column("id", sa.Integer(), primary_key=True)'
                up, down = f'op.create_table("t{table}", {key})', f'op.drop_table("t{table}")'
            before = f"r{number - 1:04}" if number else None
            text = REVISION.format(revision=f"r{number:04}", down=before, up=up, down_step=down)
            (self.migrations / f"r{number:04}.py").write_text(text)

    def command(self, what: str) -> Sequence[str]:
        verbs = {
            "upgrade": ["upgrade", "head"],
            "revision": ["revision", "--autogenerate", "-m", "change"],
            "check": ["check"],
        }
        return [sys.executable, "-m", "alembic", *verbs[what]]


class Guards(BareAlembic):
    """A generated project."""

    name = "this template"

    def __init__(self, folder: Path, url: sa.URL) -> None:
        database = {"mysql": "mariadb"}.get(url.get_backend_name(), url.get_backend_name())
        answers = {"project_name": "Shop", "database": database}
        path = cookiecutter(
            str(TEMPLATE), no_input=True, extra_context=answers, output_dir=str(folder)
        )
        Tool.__init__(self, Path(path), url)
        self.environment["DATABASE_URL"] = url.render_as_string(hide_password=False)
        self.migrations = self.path / "alembic" / "versions"
        self.models = self.path / "src" / "shop" / "models" / "user.py"
        self.base = "from shop.models.base import Base\n"
        shutil.rmtree(self.path / "tests")


class Django(Tool):
    """A project of Django with one app."""

    name = "Django"

    def __init__(self, folder: Path, url: sa.URL) -> None:
        super().__init__(folder, url)
        self.migrations = self.path / "shop" / "migrations"
        self.migrations.mkdir(parents=True)
        for package in (self.migrations, self.migrations.parent):
            (package / "__init__.py").touch()
        engine = {"mysql": "mysql"}.get(url.get_backend_name(), url.get_backend_name())
        if engine == "sqlite":
            engine = "sqlite3"
        database = {
            "ENGINE": f"django.db.backends.{engine}",
            "NAME": url.database,
            "USER": url.username or "",
            "PASSWORD": url.password or "",
            "HOST": url.query.get("host", url.host) or "",
            "PORT": str(url.port or ""),
        }
        (self.path / "settings.py").write_text(SETTINGS.format(database=database))
        (self.path / "manage.py").write_text(MANAGE)

    def write_models(self, size: Size) -> None:
        tables = [
            f"\n\nclass T{number}(models.Model):\n"
            + "".join(f"    c{n} = models.IntegerField(null=True)\n" for n in range(1, columns))
            + "    pass\n"
            for number, columns in _columns_of(size)
        ]
        text = f"from django.db import models\n{''.join(tables)}"
        (self.path / "shop" / "models.py").write_text(text)

    def write_history(self, revisions: int) -> None:
        self.remove_revisions()
        for number in range(revisions):
            table, column = divmod(number, COLUMNS)
            field = "models.IntegerField(null=True)"
            if column:
                operation = f'migrations.AddField("t{table}", "c{column}", {field})'
            else:
                key = '("id", models.AutoField(primary_key=True, verbose_name="ID", serialize=False, auto_created=True))'
                operation = f'migrations.CreateModel("T{table}", fields=[{key}])'
            dependency = f'("shop", "r{number - 1:04}")' if number else ""
            text = DJANGO_MIGRATION.format(dependency=dependency, operation=operation)
            (self.migrations / f"r{number:04}.py").write_text(text)

    def command(self, what: str) -> Sequence[str]:
        verbs = {
            "upgrade": ["migrate", "--verbosity=0"],
            "revision": ["makemigrations", "--name=change"],
            "check": ["makemigrations", "--check", "--dry-run"],
        }
        return [sys.executable, "manage.py", *verbs[what]]


def _columns_of(size: Size) -> list[tuple[int, int]]:
    """Return the numbers of the tables, each with the number of its columns."""
    return [
        (number, size.of_table(number) + (0 if number else size.extra))
        for number in range(size.tables)
    ]
