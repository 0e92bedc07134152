"""Whatever changes in the models reaches the database by the two commands, and goes back again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from changes import CHANGES
from changes.kind import Change
from conftest import Bake, Project

#: Of so many kinds of change one is tried by `make test`; `make test-changes` tries all.
SHARE = 20


@pytest.mark.parametrize(
    ("change", "database"),
    [
        pytest.param(
            change,
            database,
            id=f"{change.name}-{database}",
            marks=[pytest.mark.long] if number % SHARE else [],
        )
        for number, change in enumerate(CHANGES)
        for database in change.only
    ],
)
def test_a_change_of_the_models_goes_up_and_down_and_up(
    bake: Bake, change: Change, database: str
) -> None:
    project = bake(database)
    project.alembic("-x", "create-database", "current")
    project.write_model(change.before)
    commit(project)
    execute(project, *change.rows)
    before, first = catalog(project), len(project.revisions())

    project.write_model(change.after)
    if database in change.refused:
        assert change.refused[database] in project.alembic(*words(change.answers), status=None)
        return
    if change.stopped:
        project.alembic(*words(change.answers))
        assert change.stopped in project.alembic("upgrade", "head", status=None)
        assert look(project, change.look) == change.sees
        assert catalog(project) == before
        return
    after = commit(project, change.answers, change.by_hand)
    if change.then:
        execute(project, change.then)
    assert look(project, change.look) == change.sees
    written = len(project.revisions()) - first
    if not written:
        return  # this database sees no difference

    project.alembic("downgrade", f"-{written}", ALLOW_DATA_LOSS="1")
    assert catalog(project) == before
    project.alembic("upgrade", "head")
    assert catalog(project) == after
    assert look(project, change.look) == change.sees


def commit(project: Project, answers: str = "", by_hand: str = "") -> dict[str, object]:
    """Bring what the models say into the database, see that nothing is left; return its catalog."""
    project.alembic(*words(answers))
    project.alembic("upgrade", "head")
    assert by_hand in project.alembic("check", status=None if by_hand else 0)
    return catalog(project)


def words(answers: str) -> list[str]:
    """Return the arguments of Alembic that write a revision."""
    return [*(["-x", answers] if answers else []), "revision", "--autogenerate"]


def catalog(project: Project) -> dict[str, object]:
    """Return what a database says of its tables, in an order that does not depend on its age."""
    with project.connect() as connection:
        inspector = sa.inspect(connection)
        reflect = (
            inspector.get_multi_columns,
            inspector.get_multi_pk_constraint,
            inspector.get_multi_foreign_keys,
            inspector.get_multi_indexes,
            inspector.get_multi_unique_constraints,
            inspector.get_multi_check_constraints,
        )
        schemas: list[str | None] = [None]
        if connection.dialect.name == "postgresql":
            schemas += set(inspector.get_schema_names()) - {"information_schema", "public"}
        return {
            f"{schema}.{table} {method.__name__}": sorted(map(text, found))
            if isinstance(found, list)
            else text(found)
            for method in reflect
            for in_schema in schemas
            for (schema, table), found in method(schema=in_schema).items()
        }


def text(found: object) -> str:
    """Return what is known of a part of a table, without what says nothing of it.

    That is addresses, the casts of PostgreSQL, and the numbers that MariaDB counts keys by.
    """
    spelling = r" at 0x\w+|::(character varying|text)(\[\])?|[()]|(_ibfk|CONSTRAINT)_\d+"
    return re.sub(spelling, "", str(found))


def execute(project: Project, *statements: str) -> None:
    """Execute statements as they are, whatever % and : mean to a driver."""
    with connect(project) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def look(project: Project, query: str) -> tuple[tuple[object, ...], ...]:
    """Return the rows that `query` finds."""
    with connect(project) as connection:
        return tuple(map(tuple, connection.exec_driver_sql(query)))


@contextmanager
def connect(project: Project) -> Iterator[sa.Connection]:
    """Yield a connection that takes SQL as it is; double quotes are around names everywhere."""
    with project.connect() as connection:
        if connection.dialect.name in {"mysql", "mariadb"}:
            connection.exec_driver_sql("SET sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')")
        yield connection.execution_options(no_parameters=True)
