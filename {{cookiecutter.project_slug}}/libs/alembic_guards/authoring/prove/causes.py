"""Says why a database differs from the models: these are ahead of the revisions, or it was changed by hand."""

from alembic.script import ScriptDirectory

from alembic_guards.authoring.comparison import Comparison
from alembic_guards.authoring.find.reference import State, read_state
from alembic_guards.authoring.prove.mending import Mending, mending_statements
from alembic_guards.authoring.prove.template import TemplateDatabase
from alembic_guards.database.catalog import Catalog, differences, of_models
from alembic_guards.database.managed import managed

AHEAD = """The models are ahead of the revisions{which}
Write a revision, and apply it: make revision, make upgrade"""
CHANGED = """The database was changed by hand{which}
{remedy}
To keep the change instead: change the models, then make revision, and on this database: alembic stamp head"""
SQL = """This SQL takes it back to what the revisions build; what is unwanted is dropped with its rows:
{sql}"""
NO_SQL = "Take it back by hand."


def causes_of_drift(
    comparison: Comparison, statements: dict[str, str], script: ScriptDirectory
) -> tuple[str, list[str]]:
    """Return why the database of `comparison` differs from the models, and the SQL that mends it.

    `statements` are the CREATE statements of a database of SQLite. The revisions build a scratch database,
    which is compared with both. The text is "" where neither differs.
    """
    connection = comparison.migration.connection
    assert connection is not None
    with (
        TemplateDatabase(connection.engine.url, script) as template,
        template.copied(script) as scratch,
    ):
        built = read_state(scratch)
    target = comparison.target
    catalog = _of_models(built.catalog, target, comparison)
    present = _of_models(comparison.present, target, comparison)
    ahead, changed = differences(catalog, target), differences(present, catalog)
    is_both = bool(ahead and changed)
    texts = [AHEAD.format(which=_which(ahead, is_both=is_both))] if ahead else []
    sql: list[str] = []
    if changed:
        states = (State(comparison.present, statements), built._replace(catalog=catalog))
        sql = mending_statements(Mending(*states, comparison.metadata, comparison.dialect))
        remedy = SQL.format(sql="\n".join(f"{one};" for one in sql)) if sql else NO_SQL
        which = _which(changed, is_both=is_both)
        texts.append(CHANGED.format(which=which, remedy=remedy))
    return "\n".join(texts), sql


def _of_models(catalog: Catalog, target: Catalog, comparison: Comparison) -> Catalog:
    found = managed(catalog, comparison.metadata, comparison.dialect, all_schemas=False)
    return of_models(found, target)


def _which(lines: list[str], *, is_both: bool) -> str:
    """Return the differences that a cause explains, where there are two causes."""
    return ":\n  " + "\n  ".join(lines) if is_both else "."
