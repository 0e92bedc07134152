"""Operations in, code out."""

import ast
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_op_text, render_python_code, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic_guards.authoring import install
from alembic_guards.authoring.operations import regroup
from alembic_guards.authoring.passes.dependency_order import sort_by_dependency
from alembic_guards.authoring.write.code import render_function
from alembic_guards.authoring.write.types import keep_percent_signs, render_type
from alembic_guards.runtime.lossy.families import plain_type
from alembic_guards.runtime.sqlite import RebuildTableOp
from compared import compared
from sqlalchemy.dialects import mysql, postgresql

URLS = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql+psycopg://",
    "mariadb": "mysql+pymysql://",
}


@pytest.fixture(autouse=True)
def guards() -> None:
    install()


def context(database: str = "postgresql") -> AutogenContext:
    dialect = sa.make_url(URLS[database]).get_dialect()()
    prefixes = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op."}
    options = {"render_item": render_type, "user_module_prefix": None, **prefixes}
    return AutogenContext(MigrationContext.configure(dialect=dialect, opts=options))


class Custom(sa.types.TypeDecorator[str]):
    """A type of the owner's."""

    impl = sa.String(40)
    cache_ok = True


class Foreign(sa.types.UserDefinedType[str]):
    """A type that SQLAlchemy does not know."""

    def get_col_spec(self, **_: object) -> str:
        return "FOREIGN_TYPE"


@pytest.mark.parametrize(
    ("database", "type_", "code"),
    [
        ("sqlite", sa.String(30), "sa.String(length=30)"),
        ("sqlite", Custom(), "sa.String(length=40)"),
        ("mariadb", mysql.BIGINT(unsigned=True), "mysql.BIGINT(unsigned=True)"),
        ("sqlite", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), "sa.JSON()"),
        ("mariadb", mysql.VARCHAR(9), "mysql.VARCHAR(length=9)"),
        ("sqlite", sa.Enum("a", "it's", name="e"), """sa.Enum('a', "it's", name='e')"""),
        ("sqlite", sa.Boolean(create_constraint=True, name="b"), "sa.Boolean(name='b')"),
        ("postgresql", sa.ARRAY(sa.Integer), "sa.ARRAY(sa.Integer())"),
        ("postgresql", sa.Text().with_variant(postgresql.CITEXT(), "postgresql"), "CITEXT"),
        ("postgresql", sa.Enum("a", name="e", schema="s"), "schema='s', create_type=False)"),
    ],
)
def test_a_type_is_written_as_code_of_sqlalchemy_alone(
    database: str, type_: sa.types.TypeEngine[Any], code: str
) -> None:
    written = render_type("type", type_, context(database))
    assert isinstance(written, str)
    assert code in written
    ast.parse(written)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (\n\ta INTEGER, -- it's \"a\":\n\tb TEXT DEFAULT 'x\\y'\n)",
        "CREATE TABLE t (a TEXT DEFAULT 'x\r\n\u2028y')",
        "",
    ],
)
def test_the_form_of_a_table_is_written_a_line_of_sql_each(sql: str) -> None:
    text = render_op_text(context("sqlite"), RebuildTableOp("t", sql))
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert [ast.literal_eval(argument) for argument in call.args] == ["t", sql]
    assert len(text.splitlines()) == 3 + max(1, len(sql.splitlines()))


def test_a_type_that_sqlalchemy_does_not_know_is_imported() -> None:
    found = context("sqlite")
    assert render_type("type", Foreign(), found) == f"{__name__}.Foreign()"
    assert f"import {__name__}" in found.imports


def test_the_type_of_the_owner_keeps_its_variants() -> None:
    type_ = sa.Text().with_variant(sa.JSON(), "postgresql")
    plain_type(type_, context("sqlite").dialect)
    assert isinstance(plain_type(type_, context().dialect), sa.JSON)


def test_constraints_are_written_in_the_order_of_the_models_after_sorting() -> None:
    columns = [sa.Column(name, sa.Integer) for name in "zyx"]
    checks = [sa.CheckConstraint(f"{name} > 0") for name in "zyx"]
    table = sa.Table("t", sa.MetaData(), *columns, *checks)
    steps = sort_by_dependency([ops.CreateTableOp.from_table(table)], compared())
    (created,) = regroup(steps)
    code = render_op_text(context(), created)
    places = [code.index(f"sa.CheckConstraint('{name} > 0')") for name in "zyx"]
    assert places == sorted(places)


def test_an_operation_that_a_rewriter_made_keeps_its_foreign_key() -> None:
    key = sa.ForeignKey("users.id", name="fk")
    op = ops.CreateTableOp("posts", [sa.Column("user_id", sa.Integer, key)])
    code = render_op_text(context(), op)
    assert "sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk')" in code


def test_a_foreign_key_names_the_column_and_not_its_key() -> None:
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("user_id", sa.Integer, key="id", primary_key=True))
    posts = sa.Table("posts", metadata, sa.Column("by", sa.Integer, sa.ForeignKey("users.id")))
    code = render_op_text(context(), ops.CreateTableOp.from_table(posts))
    assert "['users.user_id']" in code


def test_a_using_clause_is_written() -> None:
    op = ops.AlterColumnOp("t", "c", modify_type=sa.Integer(), postgresql_using="c::integer")
    assert render_op_text(context(), op).endswith("postgresql_using='c::integer')")


@pytest.mark.parametrize("database", URLS)
def test_percents_are_written_once(database: str) -> None:
    found = context(database)
    keep_percent_signs(found.dialect)
    quoted = found.dialect.identifier_preparer.quote("100%")
    assert quoted[1:-1] == "100%"
    expression: sa.ColumnElement[Any] = sa.column("a", sa.Integer) % sa.literal_column("2")
    assert "%%" not in str(expression.compile(dialect=found.dialect))


def test_every_operation_has_a_renderer() -> None:
    assert renderers.dispatch(ops.CreateTableOp).__module__.startswith("alembic_guards")


def test_the_constraints_of_a_new_table_are_written_in_the_order_of_the_models() -> None:
    table = sa.Table(
        "posts",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer),
        sa.UniqueConstraint("user_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.CheckConstraint("id > 0"),
    )
    context = MigrationContext.configure(dialect_name="mysql")
    written = set()
    for constraints in permutations(table.constraints):
        op = ops.CreateTableOp.from_table(table)
        op.columns = [*table.columns, *constraints]
        written.add(render_python_code(ops.UpgradeOps([op]), migration_context=context))
    [code] = written
    places = [code.index(f"sa.{kind}") for kind in ("Unique", "ForeignKey", "Check")]
    assert places == sorted(places)


@pytest.mark.parametrize("batch", [False, True])
def test_the_code_of_several_operations_is_one_function(batch: bool) -> None:
    migration = context("sqlite").migration_context
    migration.opts["render_as_batch"] = batch
    migration.opts["target_metadata"] = sa.MetaData()
    columns = [ops.AddColumnOp("t", sa.Column(name, sa.JSON)) for name in "ab"]
    code = render_function(
        [ops.ModifyTableOps("t", columns), ops.ExecuteSQLOp("SELECT 1")], migration
    )
    [upgrade] = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    assert len(upgrade.body) == (2 if batch else 3)
