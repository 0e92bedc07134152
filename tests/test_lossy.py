"""A change of type, as a revision or a hand writes it, keeps each value or says which it would lose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic_guards.runtime
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from alembic_guards.runtime.lossy.conversions import convert
from conftest import DATABASES, NO_MARIADB
from sqlalchemy.dialects import mysql, postgresql

SERVERS = ("postgresql", "mariadb")
UID = "12345678123456781234567812345678"

Open = Callable[[str], Any]


@pytest.fixture
def open_database(servers: dict[str, sa.URL], tmp_path: Path) -> Iterator[Open]:
    """Return what opens a connection to a database of a kind; what is made there goes again."""
    alembic_guards.runtime.install()

    @contextmanager
    def opened(database: str) -> Iterator[sa.Connection]:
        if database == "mariadb" and "mariadb" not in servers:
            pytest.skip(NO_MARIADB)
        url = servers.get(database, sa.make_url(f"sqlite:///{tmp_path / 'test.db'}"))
        name = f"test_{id(tmp_path)}"
        if database == "mariadb":
            with sa.create_engine(url).connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            url = url.set(database=name)
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()
                if database == "mariadb":
                    connection.exec_driver_sql(f"DROP DATABASE {name}")

    yield opened


def operations(connection: sa.Connection) -> Operations:
    return Operations(MigrationContext.configure(connection))


def make_table(
    connection: sa.Connection, type_: Any, *values: str, schema: str | None = None
) -> None:
    column: sa.Column[Any] = sa.Column("amount", type_)
    key = sa.Column("id", sa.Integer, primary_key=True)
    table = sa.Table("prices", sa.MetaData(), key, column, schema=schema)
    table.create(connection)
    for value in values:
        connection.exec_driver_sql(f"INSERT INTO {table.fullname} (amount) VALUES ({value})")


def alter(connection: sa.Connection, type_: Any, **arguments: Any) -> None:
    """Change the type of the column as a hand does, on SQLite by a batch."""
    op = operations(connection)
    if connection.dialect.name == "sqlite":
        with op.batch_alter_table("prices") as batch:
            batch.alter_column("amount", type_=type_, **arguments)
    else:
        op.alter_column("prices", "amount", type_=type_, **arguments)


def texts(connection: sa.Connection, column: str = "amount") -> list[str | None]:
    as_text = "amount" if connection.dialect.name == "sqlite" else "CAST(amount AS CHAR(60))"
    query = f"SELECT {as_text.replace('amount', column)} FROM prices ORDER BY id"
    found = connection.exec_driver_sql(query).scalars()
    return [None if value is None else str(value).rstrip() for value in found]


#: What a column holds before and after, a value, and that value then.
KEPT: dict[str, list[tuple[Any, Any, str, str | None]]] = {
    "sqlite": [
        (sa.Date(), sa.DateTime(), "'2026-01-02'", "2026-01-02 00:00:00.000000"),
        (sa.DateTime(), sa.Date(), "'2026-01-02 00:00:00.000000'", "2026-01-02"),
        (sa.String(36), sa.Uuid(), "'12345678-1234-5678-1234-567812345678'", UID),
        (sa.LargeBinary(), sa.Text(), "X'616263'", "abc"),
        (sa.String(9), sa.Integer(), "' 7 '", "7"),
        (sa.Integer(), sa.Enum("1", "2"), "1", "1"),
    ],
    "postgresql": [
        (sa.Text(), sa.ARRAY(sa.Text()), "'Annie'", "{Annie}"),
        (sa.Text(), sa.ARRAY(sa.Text()), "'a, \"b\" {c}'", r'{"a, \"b\" {c}"}'),
        (sa.Text(), sa.ARRAY(sa.Text()), "'{a,b}'", "{a,b}"),
        (sa.String(9), sa.ARRAY(sa.Integer()), "'7'", "{7}"),
        (sa.String(9), sa.ARRAY(sa.String(9)), "'7'", "{7}"),
        (sa.Integer(), sa.ARRAY(sa.Text()), "7", "{7}"),
        (sa.Text(), sa.ARRAY(sa.Text()), "NULL", None),
        (sa.ARRAY(sa.Text()), postgresql.JSONB(), "'{a,NULL,\"x y\"}'", '["a", null, "x y"]'),
        (postgresql.JSONB(), sa.ARRAY(sa.Text()), """'["a", null, "x\\n]"]'""", '{a,NULL,"x\n]"}'),
        (sa.JSON(), sa.ARRAY(sa.Integer()), "'[1, 2]'", "{1,2}"),
        (sa.JSON(), sa.ARRAY(sa.Integer()), "'[]'", "{}"),
        (sa.Enum("a", "b", name="ab"), postgresql.JSONB(), "'a'", '"a"'),
        (sa.CHAR(32), postgresql.UUID(), f"'{UID}'", "12345678-1234-5678-1234-567812345678"),
        (postgresql.UUID(), sa.CHAR(32), f"'{UID}'", UID),
        (sa.String(36), sa.Uuid(native_uuid=False), "'12345678-1234-5678-1234-567812345678'", UID),
        (sa.ARRAY(sa.Text()), sa.Text(), "'{a,b}'", "{a,b}"),
        (sa.Boolean(), sa.Numeric(5, 2), "true", "1.00"),
        (sa.Numeric(5, 2), sa.Boolean(), "1", "true"),
        (postgresql.INT4RANGE(), postgresql.INT8RANGE(), "'[1,5)'", "[1,5)"),
        (postgresql.INET(), sa.String(20), "'10.0.0.1'", "10.0.0.1"),
        (sa.LargeBinary(), sa.Text(), "'abc'", "abc"),
    ],
    "mariadb": [
        (sa.Enum("7", "5"), sa.Integer(), "'5'", "5"),
        (sa.Integer(), sa.Enum("2", "1"), "1", "1"),
        (mysql.ENUM("7.5", "9"), sa.Numeric(5, 1), "'7.5'", "7.5"),
        (sa.Uuid(), sa.CHAR(32), f"'{UID}'", UID),
        (sa.Uuid(), sa.String(36), f"'{UID}'", "12345678-1234-5678-1234-567812345678"),
        (sa.String(36), sa.Uuid(native_uuid=False), "'12345678-1234-5678-1234-567812345678'", UID),
        (sa.LargeBinary(), sa.Text(), "'\u00e4'", "\u00e4"),
        (sa.Integer(), mysql.SET("7", "8"), "8", "8"),
        (mysql.SET("a", "b", "c"), mysql.SET("a", "b"), "'a,b'", "a,b"),
    ],
}


@pytest.mark.parametrize(
    ("database", "old", "new", "value", "then"),
    [(database, *case) for database, cases in KEPT.items() for case in cases],
)
def test_a_value_takes_the_form_of_the_new_type(
    open_database: Open, database: str, old: Any, new: Any, value: str, then: str | None
) -> None:
    with open_database(database) as connection:
        make_table(connection, old, value)
        for type_ in (old, new):
            if isinstance(type_, sa.Enum) and database == "postgresql":
                type_.create(connection, checkfirst=True)
        using = convert("amount", old, new, connection.dialect, "UTC").value
        if using and database == "postgresql":
            alter(connection, new, existing_type=old, postgresql_using=using)
        else:
            alter(connection, new, existing_type=old)
        assert texts(connection) == [then]


#: What no row may lose, by the database; the value is the second of two.
LOST: dict[str, list[tuple[Any, Any, str, str]]] = {
    "sqlite": [
        (sa.Text(), sa.Integer(), "'3 kg'", "'3 kg'"),
        (sa.Numeric(9, 2), sa.Integer(), "1.49", "1.49"),
        (sa.LargeBinary(), sa.Text(), "X'61FF'", "'61FF'"),
        (sa.Text(), sa.Date(), "'2020-02-30'", "'2020-02-30'"),
    ],
    "postgresql": [
        (sa.Numeric(9, 2), sa.Integer(), "1.49", "1.49"),
        (sa.Numeric(9, 2), sa.Integer, "1.49", "1.49"),
        (sa.Text(), sa.Integer(), "'3 kg'", "'3 kg'"),
        (sa.Text(), sa.Numeric(5, 2), "'1.256'", "'1.256'"),
        (sa.Text(), sa.Date(), "'2020-02-30'", "'2020-02-30'"),
        (sa.Text(), sa.Uuid(), "'xyz'", "'xyz'"),
        (sa.Text(), sa.JSON(), "'{'", "'{'"),
        (sa.JSON(), sa.Integer(), "'\"x\"'", "x"),
        (sa.BigInteger(), sa.SmallInteger(), "99999", "99999"),
        (sa.Float(), sa.Numeric(5, 2), "0.125", "0.125"),
        (sa.DateTime(), sa.Date(), "'2026-01-02 12:00:00'", "'2026-01-02 12:00:00'"),
        (sa.Enum("a", "bcdef", name="ab"), sa.String(3), "'bcdef'", "'bcdef'"),
        (sa.String(20), sa.Text().with_variant(sa.String(2), "postgresql"), "'abc'", "'abc'"),
    ],
    "mariadb": [
        (sa.Numeric(9, 2), sa.Integer(), "1.49", "1.49"),
        (sa.Text(), sa.Integer(), "'3 kg'", "'3 kg'"),
        (sa.Enum("7", "x"), sa.Integer(), "'x'", "'x'"),
        (sa.LargeBinary(), sa.Text(), "X'61FF'", "'61FF'"),
        (sa.String(9), sa.Enum("x", "y"), "'X'", "'X'"),
        (mysql.DATETIME(fsp=6), sa.DateTime(), "'2026-01-02 12:00:00.7'", "'2026-01-02 12:00:00.7"),
    ],
}


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize(
    ("database", "old", "new", "value", "shown"),
    [(database, *case) for database, cases in LOST.items() for case in cases],
)
def test_a_value_that_would_be_lost_is_shown_and_found(
    open_database: Open, database: str, old: Any, new: Any, value: str, shown: str, by_hand: bool
) -> None:
    with open_database(database) as connection:
        make_table(connection, old, "NULL", value)
        held = connection.exec_driver_sql("SELECT * FROM prices ORDER BY id").all()
        arguments = {} if by_hand else {"existing_type": old}
        with pytest.raises(CommandError) as raised:
            alter(connection, new, **arguments)
        said = str(raised.value)
        assert said.startswith("1 of 2 rows of prices holds a value in amount that ")
        assert shown in said
        if database != "mariadb":  # whose dry run says so, see test_upgrades.py
            assert "Nothing was changed." in said
        _, _, query = said.partition(" Find it: ")
        connection = connection.execution_options(no_parameters=True)
        assert connection.exec_driver_sql(query).all() == held[1:]
        assert connection.exec_driver_sql("SELECT * FROM prices ORDER BY id").all() == held


@pytest.mark.parametrize("database", DATABASES)
def test_a_type_by_hand_with_a_new_name_is_asked_about_the_column_that_is_there(
    open_database: Open, database: str
) -> None:
    with open_database(database) as connection:
        make_table(connection, sa.Numeric(9, 2), "1", "1.49")
        with pytest.raises(CommandError, match="1 of 2 rows of prices holds a value in amount"):
            alter(connection, sa.Integer(), new_column_name="total", existing_nullable=True)
        connection.exec_driver_sql("DELETE FROM prices WHERE amount > 1")
        alter(connection, sa.Integer(), new_column_name="total", existing_nullable=True)
        assert texts(connection, "total") == ["1"]


def test_a_domain_holds_values_of_the_type_beneath(open_database: Open) -> None:
    with open_database("postgresql") as connection:
        connection.exec_driver_sql("CREATE DOMAIN price AS numeric(9, 2) CHECK (VALUE > 0)")
        connection.exec_driver_sql("CREATE TABLE prices (id serial, amount price)")
        connection.exec_driver_sql("INSERT INTO prices (amount) VALUES (1.49)")
        with pytest.raises(
            CommandError, match="1 of 1 row of prices holds a value in amount that INTEGER"
        ):
            alter(connection, sa.Integer())


def test_a_type_that_nobody_knows_is_left_to_the_server(open_database: Open) -> None:
    with open_database("postgresql") as connection:
        connection.exec_driver_sql("CREATE TYPE pair AS (a integer, b integer)")
        connection.exec_driver_sql("CREATE TABLE prices (id serial, amount pair)")
        connection.exec_driver_sql("INSERT INTO prices (amount) VALUES (ROW(1, 2))")
        alter(connection, sa.Text(), postgresql_using="amount::text")
        assert texts(connection) == ["(1,2)"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_query_names_what_is_there_once_the_revision_is_undone(
    open_database: Open, database: str
) -> None:
    with open_database(database) as connection:
        make_table(connection, sa.Numeric(9, 2), "1", "1.49")
        connection.commit()
        op = operations(connection)
        connection.exec_driver_sql("ALTER TABLE prices RENAME COLUMN amount TO total")
        connection.exec_driver_sql("ALTER TABLE prices RENAME TO costs")
        with pytest.raises(
            CommandError, match="1 of 2 rows of costs holds a value in total"
        ) as raised:
            if database == "sqlite":
                with op.batch_alter_table("costs") as batch:
                    batch.alter_column("total", type_=sa.Integer())
            else:
                op.alter_column("costs", "total", type_=sa.Integer())
        connection.rollback()
        if database == "sqlite":  # whose driver has no transaction around DDL
            connection.exec_driver_sql("ALTER TABLE costs RENAME TO prices")
            connection.exec_driver_sql("ALTER TABLE prices RENAME COLUMN total TO amount")
        query = str(raised.value).partition(" Find it: ")[2]
        assert len(connection.exec_driver_sql(query).all()) == 1
        connection.exec_driver_sql("DROP TABLE prices")
        connection.commit()


@pytest.mark.parametrize("database", SERVERS)
def test_a_type_by_hand_is_asked_about_in_a_schema_too(open_database: Open, database: str) -> None:
    with open_database(database) as connection:
        schema = f"other_{id(open_database)}"
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        try:
            make_table(connection, sa.Numeric(9, 2), "1.49", "2.49", schema=schema)
            with pytest.raises(
                CommandError, match="2 of 2 rows of other_.* hold values in amount"
            ) as raised:
                alter(connection, sa.Integer(), schema=schema)
            query = str(raised.value).partition(" Find them: ")[2]
            assert len(connection.exec_driver_sql(query).all()) == 2
        finally:
            connection.exec_driver_sql(
                f"DROP SCHEMA {schema}" + (" CASCADE" if database == "postgresql" else "")
            )


@pytest.mark.parametrize(
    ("using", "refused"),
    [
        ("amount::integer", True),
        ('CAST("amount" AS INTEGER)', True),
        ("round(amount)", False),
        ("CASE WHEN amount > 1 THEN 1 ELSE 0 END", False),
    ],
)
def test_a_using_clause_that_says_more_than_a_cast_is_taken_at_its_word(
    open_database: Open, using: str, refused: bool
) -> None:
    with open_database("postgresql") as connection:
        make_table(connection, sa.Numeric(9, 2), "1.49")
        if refused:
            with pytest.raises(CommandError, match="1 of 1 row of prices holds a value in amount"):
                alter(connection, sa.Integer(), postgresql_using=using)
        else:
            alter(connection, sa.Integer(), postgresql_using=using)
            assert texts(connection) == ["1"]


#: Times in a database in New York, and what becomes of them there and back in UTC.
ZONED = [
    (sa.DateTime(), sa.DateTime(True), "'2026-01-02 12:00:00'", "2026-01-02 12:00:00+00"),
    (sa.Date(), sa.DateTime(True), "'2026-01-02'", "2026-01-02 00:00:00+00"),
    (sa.DateTime(True), sa.DateTime(), "'2026-01-02 12:00:00+00'", "2026-01-02 12:00:00"),
    (sa.DateTime(True), sa.Date(), "'2026-01-02 00:00:00+00'", "2026-01-02"),
    (sa.Time(True), sa.Time(), "'12:00:00+00'", "12:00:00"),
]


@pytest.mark.parametrize(("old", "new", "value", "then"), ZONED)
def test_times_are_in_the_zone_that_the_revision_says(
    open_database: Open, old: Any, new: Any, value: str, then: str | None
) -> None:
    with open_database("postgresql") as connection:
        make_table(connection, old, value)
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'America/New_York'")
        using = convert("amount", old, new, connection.dialect, "UTC").value
        assert "AT TIME ZONE 'UTC'" in using
        alter(connection, new, postgresql_using=using)
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        assert texts(connection) == [then]


def test_an_hour_that_is_there_twice_is_not_lost_to_a_zone(open_database: Open) -> None:
    with open_database("postgresql") as connection:
        times = ("'2026-11-01 05:30:00+00'", "'2026-11-01 06:30:00+00'")
        make_table(connection, sa.DateTime(True), *times)
        using = convert(
            "amount", sa.DateTime(True), sa.DateTime(), connection.dialect, "America/New_York"
        ).value
        with pytest.raises(CommandError, match="1 of 2 rows of prices holds a value in amount"):
            alter(connection, sa.DateTime(), postgresql_using=using)
