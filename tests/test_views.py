"""Views stand in the way of no change, and nothing of them is lost: also those that only production has."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic_guards.runtime.view_definitions import dependent_views
from alembic_guards.runtime.view_parser import Change
from chain import write_revision
from conftest import DATABASES, Bake, Project

TABLE = """
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("kind", sa.Enum("a", "b", name="kind")),
    )
    op.create_table("parts", sa.Column("item_size", sa.Integer))
    op.execute("INSERT INTO items (id, size, kind) VALUES (1, 7, 'a')")
    op.execute("INSERT INTO parts VALUES (7)")
"""
#: What a database administrator has made in production, and no revision knows.
VIEWS = (
    (
        "CREATE VIEW sizes (id, extent) WITH (security_barrier=true) AS"
        " SELECT id, size FROM items WHERE size > 0 WITH LOCAL CHECK OPTION"
    ),
    "CREATE VIEW kinds AS SELECT items.kind FROM items JOIN sizes ON sizes.id = items.id",
    "CREATE SCHEMA api",
    "CREATE VIEW api.items AS SELECT extent FROM sizes JOIN parts ON extent = item_size",
    "CREATE MATERIALIZED VIEW totals WITH (fillfactor=70) AS SELECT sum(extent) AS total FROM api.items",
    "CREATE UNIQUE INDEX one ON totals (total)",
    "CREATE MATERIALIZED VIEW later AS SELECT total FROM totals WITH NO DATA",
    "COMMENT ON VIEW sizes IS 'how large: 100%'",
    "COMMENT ON COLUMN sizes.extent IS 'it''s in cm'",
    "COMMENT ON INDEX one IS 'there is one'",
    "ALTER VIEW sizes ALTER extent SET DEFAULT 3",
    "CREATE RULE quiet AS ON DELETE TO api.items DO INSTEAD NOTHING",
    "CREATE TABLE seen (size integer)",
    "CREATE RULE watch AS ON UPDATE TO items DO ALSO INSERT INTO seen VALUES (NEW.size)",
    ("CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"),
    "CREATE TRIGGER swallow INSTEAD OF INSERT ON sizes FOR EACH ROW EXECUTE FUNCTION swallow()",
    "ALTER TABLE items DISABLE RULE watch",
    "GRANT SELECT ON api.items TO {role} WITH GRANT OPTION",
    "GRANT SELECT ON api.items TO PUBLIC",
    "GRANT SELECT (total) ON totals TO {role}",
    "GRANT CREATE ON SCHEMA public TO {role}",
    "GRANT SELECT ON items TO {role}",
    "ALTER VIEW sizes OWNER TO {role}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}",
)
#: All that is known of views, and of rules of tables.
KNOWN = """
    SELECT c.oid::regclass::text, relkind, relowner::regrole::text,
        (SELECT string_agg(acl::text, ', ' ORDER BY acl::text) FROM unnest(relacl) AS acl), reloptions::text,
        pg_get_viewdef(c.oid), relispopulated,
        CASE relkind WHEN 'r' THEN '' ELSE (SELECT string_agg(concat(attname, attacl, pg_get_expr(adbin, adrelid),
            col_description(c.oid, attnum)), ', ' ORDER BY attnum)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END,
        obj_description(c.oid, 'pg_class'),
        (SELECT string_agg(pg_get_triggerdef(oid) || tgenabled::text, ', ' ORDER BY tgname)
        FROM pg_trigger WHERE tgrelid = c.oid),
        (SELECT string_agg(pg_get_ruledef(oid) || ev_enabled::text, ', ' ORDER BY rulename) FROM pg_rewrite
        WHERE ev_class = c.oid AND rulename <> '_RETURN'),
        (SELECT string_agg(concat(pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')),
            ', ') FROM pg_index WHERE indrelid = c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('v', 'm', 'r') AND nspname IN ('api', 'public') AND relname NOT LIKE 'alembic%'
    ORDER BY 1"""
CHANGES = {
    "a type": 'op.alter_column("items", "size", type_=sa.BigInteger)',
    "the types of two columns that a view compares": (
        'op.alter_column("items", "size", type_=sa.Text, postgresql_using="size::text")\n'
        '    op.alter_column("parts", "item_size", type_=sa.Text, postgresql_using="item_size::text")'
    ),
    "a type, and one that a view of the view reads": (
        'op.alter_column("items", "kind", type_=sa.Text, postgresql_using="kind::text")\n'
        '    op.alter_column("items", "size", type_=sa.BigInteger)'
    ),
    "a type in SQL": 'op.execute("ALTER TABLE items ALTER size SET DATA TYPE bigint")',
    "a type on the connection": (
        'op.get_bind().execute(sa.text("ALTER TABLE public.items ALTER COLUMN size TYPE bigint"))'
    ),
    "a column that is dropped and added": (
        'op.execute("ALTER TABLE items DROP size, ADD size integer NOT NULL DEFAULT 7")'
    ),
    "a type before a block that commits": (
        'op.alter_column("items", "size", type_=sa.BigInteger)\n'
        "    with op.get_context().autocommit_block():\n"
        "        op.execute(\"ALTER TYPE kind ADD VALUE 'c'\")"
    ),
}


@pytest.fixture
def role() -> str:
    """A name for a role, which belongs to a whole server."""
    return f"reader_{uuid4().hex}"


def known(project: Project) -> list[tuple[object, ...]]:
    """Return what is known of views, without the types of columns."""
    with project.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(KNOWN.replace("%", "%%"))]


def make(project: Project, *statements: str) -> None:
    """Execute statements in the database of the project."""
    with project.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_views_of_production_alone_are_created_again_as_they_were(
    bake: Bake, role: str, change: str
) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    make(project, f"CREATE ROLE {role}", *(view.format(role=role) for view in VIEWS))
    try:
        before = known(project)
        is_text = "size::text" in change
        if is_text:
            make(project, "DROP VIEW sizes CASCADE", "DROP RULE watch ON items")
            make(project, "CREATE VIEW pairs AS SELECT FROM items JOIN parts ON size = item_size")
            before = known(project)
        write_revision(project, f"\n    {change}\n")
        said = project.alembic("upgrade", "head", ALLOW_DATA_LOSS="1")
        assert "Dropped and created again, as they were: " in said
        assert known(project) == before
        project.alembic("downgrade", "-1")
    finally:
        make(project, f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            'op.drop_column("items", "size", info={"data_loss": True})',
            "The VIEW public.sizes reads items.size, and this revision drops it.",
        ),
        (
            'op.drop_table("items", info={"data_loss": True})',
            "The VIEW public.sizes reads items, and this revision drops it.",
        ),
        (
            'op.alter_column("items", "size", type_=sa.BigInteger)',
            "it cannot be dropped and created again: function largest(sizes) needs it",
        ),
        (
            (
                "with op.get_context().autocommit_block():\n"
                '        op.execute("ALTER TABLE items ALTER size TYPE bigint")'
            ),
            "again: the statement is in an autocommit block, where each of them commits",
        ),
    ],
)
def test_a_view_that_cannot_stay_is_named_before_anything_is_done(
    bake: Bake, change: str, reason: str
) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    make(project, "CREATE VIEW sizes AS SELECT size FROM items")
    if "function" in reason:
        make(project, "CREATE FUNCTION largest(sizes) RETURNS sizes LANGUAGE sql AS 'SELECT $1'")
    before = known(project)
    block = "with op.get_context().autocommit_block():\n        op.execute(\"ALTER TYPE kind ADD VALUE 'c'\")"
    write_revision(project, f"\n    {block}\n    {change}\n")
    said = project.alembic("upgrade", "head", status=1)
    assert reason in said
    assert known(project) == before
    assert project.sql("SELECT enum_range(NULL::kind)::text") == [["{a,b}"]]


def test_the_advice_for_a_view_that_reads_a_dropped_column_holds(bake: Bake, role: str) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    make(
        project,
        f"CREATE ROLE {role}",
        "CREATE VIEW sizes AS SELECT id, size FROM items",
        "COMMENT ON COLUMN sizes.size IS 'goes'",
        "COMMENT ON COLUMN sizes.id IS 'stays'",
        "CREATE VIEW more AS SELECT id FROM sizes",
        f"GRANT SELECT ON sizes TO {role}",
    )
    try:
        change = 'op.drop_column("items", "size", info={"data_loss": True})'
        write_revision(project, f"\n    {change}\n")
        said = project.alembic("upgrade", "head", status=1)
        assert 'before the drop op.execute("DROP VIEW public.sizes")' in said
        drop, create = (
            f'op.execute("{sql}")'
            for sql in (
                "DROP VIEW public.sizes",
                "CREATE VIEW public.sizes AS SELECT id FROM items",
            )
        )
        path = project.revisions()[-1]
        path.write_text(path.read_text().replace(change, f"{drop}\n    {change}\n    {create}"))
        said = project.alembic("upgrade", "head")
        assert "created again, as they were: public.more" in said
        grants = [[True, "stays"]]
        query = f"SELECT has_table_privilege('{role}', 'sizes', 'SELECT'), col_description('sizes'::regclass, 1)"
        assert project.sql(query) == grants
        assert project.sql("SELECT * FROM more") == [[1]]
    finally:
        make(project, f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")


#: Revisions that drop or replace views themselves: v reads items.id and items.size, and w reads v.
OWN = {
    "dropped in the text of the change": [
        "DROP VIEW w; DROP VIEW v; ALTER TABLE items DROP COLUMN size; CREATE VIEW v AS SELECT id FROM items"
    ],
    "dropped if it exists": [
        "DROP VIEW w",
        (
            "DROP VIEW IF EXISTS V; ALTER TABLE items ALTER size TYPE bigint; CREATE VIEW v AS SELECT id FROM items"
        ),
    ],
    "both dropped at once": ["DROP VIEW w, v", "CREATE VIEW v AS SELECT id FROM items"],
    "one after the other": ["DROP VIEW w; DROP VIEW v", "CREATE VIEW v AS SELECT id FROM items"],
    "dropped after another change": [
        (
            "ALTER TABLE items DROP CONSTRAINT items_pkey; DROP VIEW w; DROP VIEW v;"
            " CREATE VIEW v AS SELECT id FROM items"
        )
    ],
    "dropped with those that read it": [
        (
            "DROP VIEW v CASCADE; ALTER TABLE items ALTER size TYPE bigint;"
            " CREATE VIEW v AS SELECT id FROM items"
        )
    ],
    "replaced before the drop": [
        "CREATE OR REPLACE VIEW v AS SELECT id, 1 AS size FROM items",
        "ALTER TABLE items DROP COLUMN size",
    ],
    "replaced in the text of the drop": [
        "CREATE OR REPLACE VIEW v AS SELECT id, 1 AS size FROM items; ALTER TABLE items DROP COLUMN size"
    ],
    "created after the change in its text": [
        "DROP VIEW w",
        "ALTER TABLE items ALTER size TYPE bigint; CREATE VIEW v AS SELECT id FROM items",
    ],
    "taken along with another column": [
        "ALTER TABLE items DROP COLUMN id CASCADE",
        "ALTER TABLE items DROP COLUMN size",
        "CREATE VIEW v AS SELECT 1 AS id FROM items",
    ],
    "taken along in one text": [
        (
            "ALTER TABLE items DROP COLUMN size CASCADE; ALTER TABLE items ALTER id TYPE bigint;"
            " CREATE VIEW v AS SELECT id FROM items"
        )
    ],
    "dropped in a block": [
        (
            "DO $$ BEGIN DROP VIEW w; DROP VIEW v; END $$; ALTER TABLE items DROP COLUMN size;"
            " CREATE VIEW v AS SELECT id FROM items"
        )
    ],
    "renamed and dropped": [
        "ALTER VIEW v RENAME TO v_old",
        "ALTER VIEW w RENAME TO w_old",
        "DROP VIEW w_old, v_old",
        "ALTER TABLE items DROP COLUMN size",
        "CREATE VIEW v AS SELECT id FROM items",
    ],
}


@pytest.mark.parametrize("statements", OWN.values(), ids=OWN)
def test_a_revision_drops_and_replaces_views_itself(bake: Bake, statements: list[str]) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    make(
        project,
        "CREATE VIEW v AS SELECT id, size FROM items",
        "CREATE VIEW w AS SELECT id FROM v",
        "COMMENT ON VIEW v IS 'kept'",
    )
    executed = "".join(f"\n    op.execute({statement!r})" for statement in statements)
    write_revision(project, f"{executed}\n")
    project.alembic("upgrade", "head", ALLOW_DATA_LOSS="1")
    assert project.sql("SELECT id FROM v") == [[1]]
    columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'v'::regclass"
    replaced = "REPLACE" in statements[0]
    assert project.sql(columns) == [[2 if replaced else 1]]
    is_w = [["w" if replaced else None]]
    assert project.sql("SELECT to_regclass('w')::text") == is_w


def test_a_revision_drops_a_rule_itself(bake: Bake) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    rule = "AS ON UPDATE TO items DO ALSO INSERT INTO parts VALUES (NEW.size)"
    make(project, f"CREATE RULE one {rule}", f"CREATE RULE two {rule}")
    statements = (
        "DROP RULE one ON items",
        "DROP RULE two ON items; ALTER TABLE items DROP COLUMN size",
    )
    executed = "".join(f"\n    op.execute({statement!r})" for statement in statements)
    write_revision(project, f"{executed}\n")
    project.alembic("upgrade", "head", ALLOW_DATA_LOSS="1")
    assert project.sql("SELECT count(*) FROM pg_rules WHERE tablename = 'items'") == [[0]]


def test_an_index_in_a_tablespace_is_created_again_in_it(bake: Bake, role: str) -> None:
    project = bake("postgresql")
    project.make("database")
    write_revision(project, TABLE)
    project.alembic("upgrade", "head")
    assert project.url is not None
    engine = sa.create_engine(project.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET allow_in_place_tablespaces = on")
        connection.exec_driver_sql(f"CREATE TABLESPACE {role} LOCATION ''")
    try:
        make(
            project,
            "CREATE MATERIALIZED VIEW sizes AS SELECT id, size FROM items",
            f'CREATE INDEX "By size" ON sizes (size) TABLESPACE {role} WHERE id > 0',
            f"CREATE UNIQUE INDEX by_id ON sizes (id) TABLESPACE {role}",
        )
        before = project.sql(
            "SELECT * FROM pg_indexes WHERE tablename = 'sizes' ORDER BY indexname"
        )
        assert [row[3] for row in before] == [role, role]
        write_revision(project, '\n    op.alter_column("items", "size", type_=sa.BigInteger)\n')
        project.alembic("upgrade", "head")
        after = project.sql("SELECT * FROM pg_indexes WHERE tablename = 'sizes' ORDER BY indexname")
        assert after == before
    finally:
        make(project, "DROP MATERIALIZED VIEW sizes")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP TABLESPACE {role}")


@pytest.mark.parametrize(
    ("options", "may"),
    [
        ("INHERIT FALSE, SET TRUE", False),
        ("INHERIT TRUE, SET FALSE", False),
        ("INHERIT TRUE, SET TRUE", True),
    ],
)
def test_a_view_of_a_role_that_the_login_cannot_act_as_is_in_the_way(
    bake: Bake, role: str, options: str, may: bool
) -> None:
    project = bake("postgresql")
    project.make("database")
    make(
        project,
        f"CREATE ROLE {role}",
        f"CREATE ROLE {role}_login",
        f"GRANT {role} TO {role}_login WITH {options}",
        "CREATE TABLE items (size integer)",
        "CREATE VIEW sizes AS SELECT size FROM items",
        f"ALTER VIEW sizes OWNER TO {role}",
    )
    try:
        with project.connect() as connection:
            connection.exec_driver_sql(f"SET ROLE {role}_login")
            [view] = dependent_views(connection, Change("retype", None, "items", "size"))
        assert view.obstacle == ("" if may else f"it belongs to the role {role}")
    finally:
        make(project, f"DROP OWNED BY {role}", f"DROP ROLE {role}_login", f"DROP ROLE {role}")


ITEMS = """
    op.create_table("items", sa.Column("id", sa.Integer), sa.Column("name", sa.String(20)))
    op.execute("INSERT INTO items VALUES (1, 'a')")
"""


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ('op.alter_column("items", "name", new_column_name="title")', "items.name"),
        ('op.execute("ALTER TABLE items CHANGE name title varchar(20)")', "items.name"),
        ('op.rename_table("items", "things")', "items"),
        ('op.drop_column("items", "name", info={"data_loss": True})', "items.name"),
    ],
)
def test_a_view_of_mariadb_that_a_revision_would_break_is_named_before_anything_is_done(
    bake: Bake, change: str, subject: str
) -> None:
    project = bake("mariadb")
    project.make("database")
    write_revision(project, ITEMS)
    project.alembic("upgrade", "head")
    make(
        project,
        "CREATE VIEW names AS SELECT i.name AS label FROM items AS i",
        "CREATE VIEW others AS SELECT id AS name FROM items AS i" if subject != "items" else "DO 1",
    )
    first = 'op.create_table("first", sa.Column("id", sa.Integer))'
    path = write_revision(project, f"\n    {first}\n    {change}\n")
    said = project.alembic("upgrade", "head", status=1)
    assert f"The view names reads {subject}, which this revision " in said
    assert "view others" not in said
    assert project.sql("SELECT label FROM names") == [["a"]]
    assert "first" not in project.columns()

    advice = said.partition("after that: ")[2].partition("\n")[0].partition('")')[0] + '")'
    advice = advice.replace("...", "SELECT 'new' AS label")
    path.write_text(path.read_text().replace(change, f"{change}\n    {advice}"))
    project.alembic("upgrade", "head")
    assert project.sql("SELECT label FROM names") == [["new"]]


#: Revisions after which the views of MariaDB work: names reads items.id and items.name.
WORKING = {
    "replaced before the drop": [
        "CREATE OR REPLACE VIEW names AS SELECT id, 'x' AS name FROM items",
        "ALTER TABLE items DROP COLUMN name",
    ],
    "dropped before the drop": [
        "DROP VIEW names CASCADE",
        "ALTER TABLE items DROP COLUMN name",
        "CREATE VIEW names AS SELECT id FROM items",
    ],
    "another table in place of the first": [
        "CREATE TABLE new (id integer, name varchar(30))",
        "INSERT INTO new VALUES (1, 'b')",
        "RENAME TABLE items TO old, new TO items",
        "DROP TABLE old",
    ],
    "a table that is created again": [
        "DROP TABLE items",
        "CREATE TABLE items AS SELECT 1 AS id, 'x' AS name",
    ],
    "another column of the name": [
        "ALTER TABLE items RENAME COLUMN name TO old, ADD name varchar(30) NOT NULL DEFAULT 'c'",
        "ALTER TABLE items DROP COLUMN old",
    ],
    "a key of the name": [
        "ALTER TABLE items ADD INDEX name (id)",
        "ALTER TABLE items DROP INDEX name",
    ],
}


@pytest.mark.parametrize("statements", WORKING.values(), ids=WORKING)
def test_a_revision_of_mariadb_after_which_the_views_work_is_applied(
    bake: Bake, statements: list[str]
) -> None:
    project = bake("mariadb")
    project.make("database")
    write_revision(project, ITEMS)
    project.alembic("upgrade", "head")
    make(project, "CREATE VIEW names AS SELECT id, name FROM items")
    executed = "".join(f"\n    op.execute({statement!r})" for statement in statements)
    write_revision(project, f"{executed}\n")
    project.alembic("upgrade", "head", ALLOW_DATA_LOSS="1")
    assert project.sql("SELECT id FROM names") == [[1]]


def test_views_of_mariadb_that_are_broken_or_of_another_database_are_not_in_the_way(
    bake: Bake, role: str
) -> None:
    project = bake("mariadb")
    project.make("database")
    write_revision(project, ITEMS)
    project.alembic("upgrade", "head")
    [[own]] = project.sql("SELECT DATABASE()")
    make(
        project,
        f"CREATE DATABASE {role}",
        f"CREATE VIEW {role}.names AS SELECT name FROM {own}.items",
        "CREATE TABLE gone (id integer)",
        "CREATE VIEW broken AS SELECT name FROM items, gone",
        "DROP TABLE gone",
    )
    try:
        change = 'op.drop_column("items", "name", info={"data_loss": True})'
        write_revision(project, f"\n    {change}\n")
        project.alembic("upgrade", "head")
    finally:
        make(project, f"DROP DATABASE {role}")


@pytest.mark.parametrize("may", [True, False])
def test_a_replaced_view_of_mariadb_keeps_a_definer_that_the_login_may_set(
    bake: Bake, may: bool
) -> None:
    project = bake("mariadb")
    project.make("database")
    write_revision(project, ITEMS)
    project.alembic("upgrade", "head")
    assert project.url is not None
    [[own]] = project.sql("SELECT DATABASE()")
    login = f"l_{uuid4().hex[:12]}"
    view = "SQL SECURITY INVOKER VIEW names AS SELECT name FROM items"
    make(
        project,
        f"CREATE USER {login}@'%' IDENTIFIED BY 'secret'",
        f"GRANT ALL ON {own}.* TO {login}@'%'",
        f"GRANT SET USER ON *.* TO {login}@'%'" if may else "DO 1",
        f"CREATE DEFINER={login}_other@'%' {view}",
    )
    url = project.url.set(username=login, password="secret")
    try:
        path = write_revision(project, '\n    create_view("names", "SELECT id FROM items")\n')
        imported = "from alembic_guards.runtime.views import create_view\n"
        path.write_text(
            path.read_text().replace("import sqlalchemy", f"{imported}import sqlalchemy", 1)
        )
        command = (
            ".venv/bin/python",
            "-m",
            "alembic",
            "upgrade",
            "head",
        )  # pytest would take the log
        said = project.run(*command, DATABASE_URL=url.render_as_string(hide_password=False))
        kept = "SELECT definer, security_type FROM information_schema.views WHERE table_schema = DATABASE()"
        assert project.sql(kept) == [[f"{login}{'_other' * may}@%", "INVOKER"]]
        assert ("The view names gets the definer" in said) is not may
    finally:
        make(project, f"DROP USER {login}@'%'")


MODEL = """
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column({type})
"""
MAPPED = """
class Size(Base):
    __tablename__ = "sizes"
    __table_args__ = {"info": {"is_view": True}}
    size: Mapped[int] = mapped_column(primary_key=True)
"""
BY_HAND = {
    "sqlite": ["CREATE VIEW sizes AS SELECT size FROM items"],
    "mariadb": ["CREATE VIEW sizes AS SELECT size FROM items"],
    "postgresql": [
        "CREATE MATERIALIZED VIEW sizes AS SELECT size FROM items",
        "CREATE INDEX by_size ON sizes (size)",
        "COMMENT ON COLUMN sizes.size IS 'by hand'",
    ],
}


@pytest.mark.parametrize("database", DATABASES)
def test_a_class_maps_a_view_that_a_revision_makes_by_hand(bake: Bake, database: str) -> None:
    project = bake(database)
    project.make("database")
    project.write_model(MODEL.format(type="sa.Integer"))
    project.alembic("revision", "--autogenerate")
    project.write_model(MODEL.format(type="sa.Integer") + MAPPED)
    said = project.alembic("revision", "--autogenerate", status=1)
    assert "missing: sizes view: the models map it, and it is made by hand" in said
    project.alembic("revision", "--message=by hand")
    path = project.revisions()[-1]
    create = "\n    ".join(f'op.execute("{statement}")' for statement in BY_HAND[database])
    kind = "MATERIALIZED VIEW" if "MATERIALIZED" in create else "VIEW"
    up, _, down = path.read_text().rpartition("pass")
    path.write_text(up.replace("pass", create, 1) + f'op.execute("DROP {kind} sizes")' + down)
    assert "Nothing to write" in project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    assert "No new upgrade operations" in project.alembic("check")

    project.write_model(MODEL.format(type="sa.BigInteger") + MAPPED)
    project.alembic("revision", "--autogenerate")
    project.alembic("upgrade", "head")
    project.alembic("check")
    project.write_model(MODEL.format(type="sa.BigInteger") + MAPPED.replace("size: ", "width: "))
    said = project.alembic("check", status=1)
    assert "missing: sizes.width column of the view" in said
    make(project, f"DROP {kind} sizes")
    assert "missing: sizes view" in project.alembic("check", status=1)
