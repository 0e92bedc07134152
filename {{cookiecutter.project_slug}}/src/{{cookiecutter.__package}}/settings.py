"""Where the database is: DATABASE_URL from the environment or `.env`, or one for development."""

import os
from pathlib import Path

import sqlalchemy
from dotenv import dotenv_values
from sqlalchemy.exc import ArgumentError

PROJECT = Path(__file__).parents[2]
SCHEMES = [{{ cookiecutter.__schemes }}]

# A password may hold a $; Windows may begin a file with a mark.
for name, text in dotenv_values(PROJECT / ".env", interpolate=False, encoding="utf-8-sig").items():
    if text and not os.getenv(name):  # the environment comes first; what is empty there is unset
        os.environ[name] = text


def database_url() -> sqlalchemy.URL:
    """The database, for the application; raises ArgumentError where DATABASE_URL cannot be it."""
    return _url("DATABASE_URL").set(drivername="{{ cookiecutter.__driver }}")


def migration_url() -> sqlalchemy.URL:
    """The same database, for Alembic, which works synchronously; raises the same errors."""
    url = _url("MIGRATION_DATABASE_URL", "DATABASE_URL")
    return url.set(drivername="{{ cookiecutter.__migration_driver }}")


def sql_url() -> sqlalchemy.URL:
    """The kind of database alone, for SQL that is only printed: it takes no server."""
    return sqlalchemy.URL.create("{{ cookiecutter.__migration_driver }}")


def _url(*names: str) -> sqlalchemy.URL:
    checked = (*names, "SCRATCH_DATABASE_URL")  # the last one is for alembic_guards
    given = [_read(name) for name in checked if os.getenv(name)]
    return given[0] if any(map(os.getenv, names)) else _development_url()


def _read(name: str) -> sqlalchemy.URL:
    text = os.environ[name]  # in no message: it may hold a password
    try:
        url = sqlalchemy.make_url(text)
    except (ArgumentError, ValueError):
        raise _error(f"{name} is not a URL") from None
    encoded = text.isprintable() and text.count("@") == (url.username is not None)
    if not (encoded and url.get_backend_name() in SCHEMES and url.database):
        raise _error(f"{name} is not a percent-encoded URL of a {{ cookiecutter.__title }} database")
    return url


def _error(problem: str) -> ArgumentError:
    return ArgumentError(
        f"{problem}. No database was opened.\n"
        "Set it in the environment or in .env (see .env.example; in a password @ is %40), like\n"
        "{{ cookiecutter.__example_url }}",
    )


def _development_url() -> sqlalchemy.URL:
    if not (PROJECT / "pyproject.toml").exists():  # an installed package, not the project's folder
        raise _error("DATABASE_URL is not set")
{% include cookiecutter.database ~ '/development_url.py' -%}
