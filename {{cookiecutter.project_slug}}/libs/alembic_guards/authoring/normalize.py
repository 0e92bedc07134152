"""Makes the checks of columns and types checks of their tables, all that Alembic has an eye for."""

from typing import Any

import sqlalchemy as sa
from alembic.util.sqla_compat import _get_constraint_final_name


def leave_out_what_others_get(metadata: sa.MetaData, connection: sa.Connection) -> None:
    """Remove constraints and indexes whose ddl_if() says that they are for another database."""
    for table in metadata.tables.values():
        everything: list[set[Any]] = [table.constraints, table.indexes]
        for parts in everything:
            for part in list(parts):
                if part._ddl_if and not part._ddl_if._should_execute(part, part, connection):
                    parts.remove(part)


def move_checks_to_tables(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Move each CHECK that stands in a column of the models; the database gets the same rule.

    MariaDB and MySQL would refuse it in a column, because it has a name. One that comes with a type,
    such as Boolean, gets the name that create_all() would give it, or goes where the type needs none.
    A second one of the same name and text is removed: when Alembic makes an operation of a CHECK, it
    leaves a copy in the table of the models.
    """
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    for table in metadata.tables.values():
        for column in table.columns:
            for check in list(column.constraints):
                if isinstance(check, sa.CheckConstraint):
                    column.constraints.remove(check)
                    table.append_constraint(check)
        seen: set[tuple[object, str]] = set()
        checks = [part for part in table.constraints if isinstance(part, sa.CheckConstraint)]
        for check in sorted(checks, key=lambda check: not check._type_bound):
            name = _get_constraint_final_name(check, dialect)
            needed = check._create_rule is None or check._create_rule(compiler)
            if check._type_bound:
                check.name, check._type_bound, check._create_rule = name, False, None
            text = str(check.sqltext.compile(dialect=dialect))
            if not needed or (name and (name, text) in seen):
                table.constraints.remove(check)
            seen.add((name, text))


def leave_counting_to_sequences(metadata: sa.MetaData) -> None:
    """Say of columns with a sequence what is true of them: that they do not count by themselves."""
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.default, sa.Sequence) and not column.default.optional:
                column.autoincrement = False


def leave_no_key_empty(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Say of primary keys what is true of them whatever the models say: that they are never NULL.

    SQLite alone takes the models at their word.
    """
    for table in metadata.tables.values() if dialect.name != "sqlite" else ():
        for column in table.primary_key:
            column.nullable = False


def leave_computed_empty(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Let columns that are computed be NULL on MariaDB, which takes no NOT NULL for them."""
    if getattr(dialect, "is_mariadb", False):
        for table in metadata.tables.values():
            for column in table.columns:
                column.nullable = column.nullable or column.computed is not None


def settle_options_of_indexes(metadata: sa.MetaData, dialect: sa.Dialect) -> None:
    """Let indexes be built in a transaction: a revision knows which ones need not be.

    And let a condition that is a column alone be an expression, which Alembic takes for a text.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            options = index.dialect_kwargs
            for name in list(options):
                if name == "postgresql_concurrently":
                    del options[name]
                elif isinstance(options[name], sa.Column):
                    options[name] = sa.text(dialect.identifier_preparer.quote(options[name].name))
