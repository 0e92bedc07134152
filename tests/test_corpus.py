"""Pairs of schemas that others have collected: each becomes the other one, and goes back.

The models are reflected from a database that the pair's SQL has made. `make test-corpus` runs all.
"""

import re
import runpy
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from conftest import Bake, Process, Project, drop_database
from corpus import PAIRS, Pair
from corpus.left_out import NOT_EXPRESSIBLE
from rows import Contents, contents, fill, reflected, without_bookkeeping
from test_changes import catalog, words

#: Of so many pairs one is tried by `make test`.
SHARE = 8
#: The databases whose pairs are tried. Those of the others have no list yet of what models cannot say.
TRIED = {"sqlite"}

MODELS = """
import sqlalchemy as sa

engine = sa.create_engine({url!r})
with engine.connect() as connection:
    for schema in {schemas!r}:
        Base.metadata.reflect(connection, schema)
engine.dispose()
"""

#: The option of PyMySQL for several statements in one text.
MULTI_STATEMENTS = 1 << 16
#: A question, and the answers that it takes.
QUESTION = re.compile(r"^  \S.*?:? (['\"]?(?:rename|drop|fill|zone)=.*)$", re.MULTILINE)
BETWEEN = re.compile(r" or (?=['\"]?(?:rename|drop|fill|zone)=)")
#: An upgrade that stops for the rows that are there.
OF_ROWS = re.compile(r"\brows? (of|holds?|in|that)\b")


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(pair, id=pair.name, marks=[pytest.mark.corpus] if number % SHARE else [])
        for number, pair in enumerate(PAIRS)
        if pair.database in TRIED and pair.name not in NOT_EXPRESSIBLE
    ],
)
def test_a_schema_becomes_another_and_goes_back(bake: Bake, pair: Pair) -> None:
    project = bake(pair.database)
    project.alembic("-x", "create-database", "current")
    with loaded(project, pair.before) as before, loaded(project, pair.after) as after:
        commit(project, pair, before)
        first, revisions = tables_of(project), len(project.revisions())
        assert first == by_models_alone(project, before)
        fill(project, rows=2)
        rows = contents(project)

        commit(project, pair, after)
        second = tables_of(project)
        assert second == by_models_alone(project, after)
        assert not lost(rows, contents(project))
        if written := len(project.revisions()) - revisions:
            project.alembic("downgrade", f"-{written}", ALLOW_DATA_LOSS="1")
            assert tables_of(project) == first
            project.alembic("upgrade", "head")
            assert tables_of(project) == second


def tables_of(project: Project) -> dict[str, object]:
    """Return the catalog of a project's database, without what the tools keep there."""
    return without_bookkeeping(catalog(project))


@contextmanager
def loaded(project: Project, sql: str) -> Iterator[sa.URL]:
    """Yield the URL of a database that `sql` has made."""
    url = fresh(project)
    try:
        execute_all(url, sql)
        yield url
    finally:
        if project.url:
            drop_database(url)


def fresh(project: Project) -> sa.URL:
    """Return the URL of a new database, beside that of the project."""
    name = f"corpus_{uuid4().hex[:12]}"
    if project.url is None:
        return sa.make_url(f"sqlite:///{project.path.parent / name}.db")
    execute_all(project.url, f"CREATE DATABASE {name}")
    return project.url.set(database=name)


def execute_all(url: sa.URL, sql: str) -> None:
    """Execute a text of statements as the database's own client does."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            connection.executescript(sql)
        return
    options = {"client_flag": MULTI_STATEMENTS} if url.get_backend_name() == "mysql" else {}
    engine = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args=options
    )
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(sql or "SELECT 1")
        while cursor.nextset():
            pass


def schemas(url: sa.URL) -> list[str | None]:
    """Return the schemas of a database; None is the default one."""
    if url.get_backend_name() != "postgresql":
        return [None]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    names = set(sa.inspect(engine).get_schema_names()) - {"information_schema", "public"}
    return [None, *sorted(names)]


def commit(project: Project, pair: Pair, models: sa.URL) -> None:
    """Bring the tables of another database into that of the project by the two commands."""
    url = models.render_as_string(hide_password=False)
    project.write_model(MODELS.format(url=url, schemas=schemas(models)))
    revise(project, pair)
    ended, said = Process(project, ("upgrade", "head")).end()
    if ended and OF_ROWS.search(said):  # rightly: two rows that somebody made up may not fit
        empty(project)
        project.alembic("upgrade", "head")
    else:
        assert not ended, said
    project.alembic("check")


def revise(project: Project, pair: Pair) -> None:
    """Write a revision, and answer what it asks: with the renames of the pair, else with drops."""
    answers: list[str] = []
    while True:
        ended, said = Process(project, words(shlex.join(answers))).end()
        found = QUESTION.finditer(said) if ended else ()
        asked = [[*map(unquoted, BETWEEN.split(match[1]))] for match in found]
        if not asked:
            assert not ended, said
            return
        answers += [answer(choices, pair) for choices in asked]


def unquoted(answer: str) -> str:
    """Return an answer without the quotes that a shell takes."""
    return shlex.split(answer)[0]


def answer(choices: list[str], pair: Pair) -> str:
    """Return the one of the answers that a pair means."""
    for old, new in pair.renames:
        for choice in choices:
            if re.search(rf"[=.]{re.escape(old)}:{re.escape(new)}$", choice):
                return choice
    chosen = next((choice for choice in choices if choice.startswith("drop=")), choices[0])
    return chosen.replace(":VALUE", ":0").replace(":TIME_ZONE", ":UTC")


def empty(project: Project) -> None:
    """Remove all rows, those first that refer to others."""
    with project.connect() as connection:
        waiting = True
        while waiting:
            waiting = False
            for table in reflected(connection):
                with connection.begin_nested() as attempt:
                    try:
                        waiting |= connection.execute(table.delete()).rowcount > 0
                    except sa.exc.IntegrityError:
                        attempt.rollback()


def by_models_alone(project: Project, models: sa.URL) -> dict[str, object]:
    """Return the catalog that the tables of another database lead to without a revision."""
    base = runpy.run_path(str(project.path / "src" / project.package / "models" / "base.py"))[
        "Base"
    ]
    metadata = sa.MetaData(naming_convention=base.metadata.naming_convention)
    source = sa.create_engine(models, poolclass=sa.NullPool)
    for schema in schemas(models):
        metadata.reflect(source, schema)
    url = fresh(project)
    try:
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            for schema in {table.schema for table in metadata.tables.values()} - {None}:
                connection.execute(sa.schema.CreateSchema(str(schema)))
            metadata.create_all(connection)
        return tables_of(Project(project.path, url))
    finally:
        if project.url:
            drop_database(url)


def lost(before: Contents, after: Contents) -> set[str]:
    """Return the columns of both that hold other values than before, spelled as text."""
    return {
        name
        for name in before.keys() & after.keys()
        if after[name] and [*map(str, before[name])] != [*map(str, after[name])]
    }
