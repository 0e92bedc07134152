"""The URL of the database: DATABASE_URL from the environment or `.env`, else for development."""

{% include cookiecutter.database ~ '/settings_imports.py' %}from dotenv import dotenv_values
from sqlalchemy.exc import ArgumentError

PROJECT = Path(__file__).parents[2]
SCHEMES = [{{ cookiecutter.__schemes }}]


def database_url() -> sqlalchemy.URL:
    """Return the URL for the application; raise ArgumentError where DATABASE_URL is unusable."""
    url = _url("DATABASE_URL") or _development_url()
    return url.set(drivername={{ cookiecutter.__driver }})


def migration_url() -> sqlalchemy.URL:
    """Return the URL for Alembic, with a synchronous driver; raise the same errors."""
    if scratch := _url("SCRATCH_DATABASE_URL"):  # for scratch_database(), without other options
        os.environ["SCRATCH_DATABASE_URL"] = scratch.render_as_string(hide_password=False)
    url = _url("MIGRATION_DATABASE_URL") or _url("DATABASE_URL") or _development_url()
    return url.set(drivername={{ cookiecutter.__migration_driver }})


def sql_url() -> sqlalchemy.URL:
    """Return a URL without an address, for SQL that is printed and not executed (--sql)."""
    return sqlalchemy.URL.create({{ cookiecutter.__sql_driver }})


def _url(name: str) -> sqlalchemy.URL | None:
    text = os.getenv(name)  # never part of a message: it may contain a password
    if not text:
        return None
    try:
        url = {{ cookiecutter.__parse_url }}
    except (ArgumentError, ValueError):
        raise ArgumentError(_message(f"{name} is not a URL")) from None
    encoded = text.isprintable() and text.count("@") == (url.username is not None)
    if not (encoded and url.get_backend_name() in SCHEMES and url.database):
        problem = f"{name} is not a percent-encoded URL of a {{ cookiecutter.__title }} database"
        raise ArgumentError(_message(problem))
    return url


def _message(problem: str) -> str:
    return (
        f"{problem}. No database was opened.\n"
        "Set it in the environment or in .env (see .env.example; in a password @ is %40), like\n"
        "{{ cookiecutter.__example_url }}"
    )


def _load_env_file() -> None:
    # A password may contain a $; a file from Windows may begin with a byte-order mark.
    values = dotenv_values(PROJECT / ".env", interpolate=False, encoding="utf-8-sig")
    for name, text in values.items():
        if text and not os.getenv(name):  # an empty variable of the environment counts as unset
            os.environ[name] = text


def _development_url() -> sqlalchemy.URL:
    if not (PROJECT / "pyproject.toml").exists():  # an installed package, not the project's folder
        raise ArgumentError(_message("DATABASE_URL is not set"))
{% include cookiecutter.database ~ '/development_url.py' %}{% include cookiecutter.database ~ '/parse_url.py' %}

_load_env_file()
