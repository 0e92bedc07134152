"""Metadata in, metadata out: what autogenerate compares is a copy of the models."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic_guards.authoring.normalize import normalized
from sqlalchemy import event
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import SchemaType

URLS = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql+psycopg://",
    "mariadb": "mariadb+pymysql://",
}


class Connection:
    """All that is asked of a connection where nothing is executed."""

    def __init__(self, database: str) -> None:
        self.dialect = sa.make_url(URLS[database]).get_dialect()()


def normalize(metadata: sa.MetaData, database: str = "postgresql") -> sa.MetaData:
    connection: Any = Connection(database)
    return normalized(metadata, connection)


def ddl(metadata: sa.MetaData, database: str = "postgresql") -> list[str]:
    """Return what create_all() executes."""
    dialect, statements = Connection(database).dialect, list[str]()

    def execute(statement: Any, *_: object, **__: object) -> None:
        statements.append(" ".join(str(statement.compile(dialect=dialect)).split()))

    metadata.create_all(sa.create_mock_engine(URLS[database], execute), checkfirst=False)
    return sorted(statements)


def rich() -> sa.MetaData:
    """Models with all that a copy may lose."""
    metadata = sa.MetaData(
        naming_convention={
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(column_0_label)s",
        },
        info={"owner": "me"},
    )
    users = sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, sa.Sequence("users_ids"), primary_key=True),
        sa.Column("mail", sa.String(50), index=True, unique=True, comment="an address"),
        sa.Column("is_new", sa.Boolean(create_constraint=True, name="new"), nullable=False),
        sa.Column("role", sa.Enum("a", "b", native_enum=False, create_constraint=True, name="r")),
        sa.Column("mood", sa.Enum("good", "bad", name="mood", schema="types")),
        sa.Column("age", sa.Integer, sa.CheckConstraint("age % 2 < 9", name="age")),
        sa.Column("older", sa.Integer, sa.Computed("age + 1", persisted=True), nullable=False),
        sa.CheckConstraint(r"mail <> '\:x'", name="mail").ddl_if(dialect="sqlite"),
        sa.CheckConstraint("mail <> 'y'", name="mail").ddl_if(dialect="postgresql"),
        sa.UniqueConstraint("age", "mail", name="uq", deferrable=True),
        prefixes=["/* UNLOGGED */"],
        info={"kind": "table"},
        schema="types",
        comment="people",
    )
    sa.Index("ix_only", users.c.age).ddl_if(dialect="mariadb")
    sa.Index("ix_lower", sa.func.lower(users.c.mail), postgresql_where=users.c.is_new)
    sa.Index("ix_built", users.c.age, postgresql_concurrently=True)
    sa.Sequence("counter", start=7, metadata=metadata, schema="types")
    sa.Table(
        "posts",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("by", sa.ForeignKey("types.users.id", name="fk", use_alter=True)),
        sa.Column("tag", sa.Enum("x", "y", name="tag")),
    )
    return metadata


def test_the_models_of_the_owner_stay_as_they_are() -> None:
    for database in URLS:
        metadata = rich()
        before = ddl(metadata, database)
        constraints = {key: set(table.constraints) for key, table in metadata.tables.items()}
        normalize(metadata, database)
        assert ddl(metadata, database) == before
        assert {key: set(t.constraints) for key, t in metadata.tables.items()} == constraints


@pytest.mark.parametrize("database", URLS)
def test_a_second_time_gives_the_same(database: str) -> None:
    once = normalize(rich(), database)
    assert ddl(once, database) == ddl(normalize(rich(), database), database)
    assert ddl(once, database) == ddl(normalize(once, database), database)


@pytest.mark.parametrize("database", URLS)
def test_create_all_makes_the_same_of_a_copy_but_for_where_a_check_stands(database: str) -> None:
    metadata = rich()
    for table in metadata.tables.values():  # what is changed on purpose
        for index in table.indexes:
            if "postgresql_concurrently" in list(index.dialect_kwargs):
                del index.dialect_kwargs["postgresql_concurrently"]
        for column in table.columns:
            column.constraints.clear()
            if isinstance(column.default, sa.Sequence):
                column.autoincrement = False
            if column.computed is not None and database == "mariadb":
                column.nullable = True
    assert ddl(normalize(metadata, database), database) == ddl(metadata, database)


def test_a_check_of_a_column_or_a_type_becomes_one_of_the_table_under_its_final_name() -> None:
    users = normalize(rich(), "sqlite").tables["types.users"]
    checks = [part for part in users.constraints if isinstance(part, sa.CheckConstraint)]
    assert {(check.name, str(check.sqltext)) for check in checks} == {
        ("ck_users_new", "is_new IN (0, 1)"),
        ("ck_users_r", "role IN ('a', 'b')"),
        ("ck_users_age", "age % 2 < 9"),
        ("ck_users_mail", "mail <> ':x'"),
    }
    assert not any(column.constraints for column in users.columns)


def test_an_operation_made_of_a_check_leaves_no_copy_of_it_in_the_table() -> None:
    from alembic.operations import ops

    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("x", sa.Integer))
    table.append_constraint(sa.CheckConstraint(table.c.x > 0, name="positive"))
    copied = normalize(metadata).tables["t"]
    (check,) = (part for part in copied.constraints if isinstance(part, sa.CheckConstraint))
    ops.AddConstraintOp.from_constraint(check).to_constraint()
    assert len([part for part in copied.constraints if isinstance(part, sa.CheckConstraint)]) == 1


def test_constraints_keep_the_order_of_the_models() -> None:
    metadata = sa.MetaData()
    checks = [sa.CheckConstraint(f"x <> {number}") for number in range(20)]
    sa.Table("t", metadata, sa.Column("x", sa.Integer), *checks)
    text = str(CreateTable(normalize(metadata).tables["t"]))
    places = [text.index(f"x <> {number})") for number in range(20)]
    assert places == sorted(places)


def test_a_constraint_that_the_owner_removed_does_not_come_back() -> None:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("x", sa.Integer, unique=True))
    table.constraints = {part for part in table.constraints if part is table.primary_key}
    assert "UNIQUE" not in ddl(normalize(metadata))[0]


def test_listeners_of_the_owner_run_once_for_the_copy_and_see_the_owners_object() -> None:
    metadata, seen = rich(), list[object]()
    users = metadata.tables["types.users"]

    def listener(target: object, *_: object, **__: object) -> None:
        seen.append(target)

    for target, propagate in ((metadata, False), (users, False)):
        event.listen(target, "after_create", listener, propagate=propagate)
    ddl_comment: Any = sa.DDL("-- %(table)s")  # type: ignore[no-untyped-call]
    event.listen(users, "before_create", ddl_comment.execute_if(dialect="postgresql"))
    copied = normalize(metadata)
    assert "-- users" in ddl(copied)
    assert seen == [users, metadata]


def test_an_enum_keeps_its_schema() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("x", sa.Enum("a", name="e")), schema="s")
    column = normalize(metadata).tables["s.t"].c.x
    assert isinstance(column.type, SchemaType)
    assert column.type.schema is None


@pytest.mark.parametrize("reference", ["users.id", "s.users.id"])
def test_foreign_keys_of_metadata_with_a_schema_lead_to_the_same_table(reference: str) -> None:
    metadata = sa.MetaData(schema="s")
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="public")
    sa.Table("posts", metadata, sa.Column("by", sa.ForeignKey(reference)))
    try:
        wanted = ddl(metadata)
    except sa.exc.NoReferencedTableError:
        pytest.skip("SQLAlchemy does not know this reference")
    assert ddl(normalize(metadata)) == wanted


@pytest.mark.parametrize(
    ("database", "nullable"), [("sqlite", True), ("postgresql", False), ("mariadb", False)]
)
def test_primary_key_columns_are_not_null_where_the_server_makes_them_so(
    database: str, nullable: bool
) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True, nullable=True))
    assert normalize(metadata, database).tables["t"].c.id.nullable is nullable


def test_views_of_the_models_stay_views() -> None:
    metadata = rich()
    users = metadata.tables["types.users"]
    make_view: Callable[..., Any] = sa.sql.ddl.CreateView
    make_view(sa.select(users.c.id), "names", metadata=metadata)
    assert any(statement.startswith("CREATE VIEW") for statement in ddl(normalize(metadata)))


def test_a_foreign_key_leads_to_a_table_of_other_metadata_as_before() -> None:
    others, metadata = sa.MetaData(), sa.MetaData()
    other = sa.Table("others", others, sa.Column("id", sa.Integer, primary_key=True))
    key = sa.ForeignKey(other.c.id, name="fk", ondelete="CASCADE")
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("o", key))
    wanted = ddl(metadata)
    assert "REFERENCES others" in wanted[0]
    assert ddl(normalize(metadata)) == wanted


def test_a_foreign_key_for_another_database_is_left_out() -> None:
    metadata = sa.MetaData()
    other = sa.Table("others", metadata, sa.Column("id", sa.Integer, primary_key=True))
    key = sa.ForeignKeyConstraint(["o"], [other.c.id], use_alter=True, name="fk")
    sa.Table("t", metadata, sa.Column("o", sa.Integer), key)
    key.ddl_if(dialect="sqlite")
    copied = normalize(metadata)
    assert not copied.tables["t"].foreign_key_constraints
    assert ddl(copied) == ddl(metadata)
