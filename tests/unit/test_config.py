"""env.py may give any URL; one that cannot be used is refused before anything is opened."""

import pytest
from alembic.util import CommandError
from alembic_guards import connect


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "oracle+oracledb://ada:secret@db/shop",
            "oracle is not supported. .* Supported databases: ",
        ),
        (
            "sqlite+aiosqlite:///shop.db",
            "sqlite\\+aiosqlite is not a driver that migrations are tested with",
        ),
        (
            "postgresql+asyncpg://ada:secret@db/shop",
            "asyncpg is not a driver that migrations are tested with",
        ),
        (
            "mysql+aiomysql://ada:secret@db/shop",
            "aiomysql is not a driver that migrations are tested with",
        ),
        ("postgresql+pg8000://ada:secret@db/shop", "synchronous one that is: postgresql\\+psycopg"),
        ("mysql://ada:secret@db/shop", "synchronous one that is: mysql\\+pymysql"),
        (
            "mariadb+aiomysql://ada:secret@db/shop",
            "aiomysql is not a driver that migrations are tested with",
        ),
    ],
)
def test_a_url_that_migrations_cannot_use_is_refused(url: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as raised, connect(url):
        pass
    assert "Nothing was changed" in str(raised.value) and "secret" not in str(raised.value)
