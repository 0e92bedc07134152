"""What a dry run would rename is found under the name that it still has."""

import pytest
import sqlalchemy as sa
from alembic_guards.database.connection_info import SKIPPED
from alembic_guards.runtime.names_before import current_names


@pytest.mark.parametrize(
    ("statements", "asked", "found"),
    [
        ([], ("t", "a"), ("t", ["a"])),
        ([], ("t", "z"), None),
        (["ALTER TABLE t RENAME COLUMN a TO z"], ("t", "z"), ("t", ["a"])),
        (["ALTER TABLE `t` RENAME COLUMN `a` TO `100% z`"], ("t", "100% z"), ("t", ["a"])),
        (["ALTER TABLE t RENAME TO u"], ("u", "a"), ("t", ["a"])),
        (["RENAME TABLE x TO y, t TO u"], ("u", "a"), ("t", ["a"])),
        (
            ["ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME COLUMN a TO z"],
            ("u", "z"),
            ("t", ["a"]),
        ),
        (
            ["ALTER TABLE t RENAME COLUMN a TO z", "ALTER TABLE t RENAME TO u"],
            ("u", "z"),
            ("t", ["a"]),
        ),
        (
            [  # two columns exchange their names
                "ALTER TABLE t RENAME COLUMN a TO a_",
                "ALTER TABLE t RENAME COLUMN b TO a",
                "ALTER TABLE t RENAME COLUMN a_ TO b",
            ],
            ("t", "a"),
            ("t", ["b"]),
        ),
        (
            ["ALTER TABLE t RENAME COLUMN a TO y, RENAME COLUMN b TO z"],
            ("t", "z"),
            ("t", ["b"]),
        ),
        (["ALTER TABLE u RENAME COLUMN a TO z"], ("t", "a"), ("t", ["a"])),
        (["ALTER TABLE t RENAME COLUMN `change` TO b"], ("t", "a"), ("t", ["a"])),
        (["ALTER TABLE t RENAME COLUMN a TO `modify`"], ("t", "modify"), ("t", ["a"])),
        # It gets other values or another type, or is yet to come.
        (["ALTER TABLE t CHANGE a z INTEGER"], ("t", "z"), None),
        (["ALTER TABLE t MODIFY a INTEGER"], ("t", "a"), None),
        (["ALTER TABLE t RENAME COLUMN a TO z, MODIFY b INTEGER"], ("t", "b"), None),
        (["UPDATE t SET a = 1", "ALTER TABLE t RENAME COLUMN a TO z"], ("t", "z"), None),
        (["ALTER TABLE t RENAME TO u", "CREATE TABLE t (a INTEGER)"], ("t", "a"), None),
        (['CREATE TABLE s."t" (a INTEGER)'], ("t", "a"), None),
        (["ALTER TABLE t ALTER COLUMN a TYPE TEXT USING a::text"], ("t", "a"), None),
        (["ALTER TABLE t ALTER COLUMN b TYPE TEXT"], ("t", "a"), ("t", ["a"])),
    ],
)
def test_a_column_is_found_under_its_present_name(
    statements: list[str], asked: tuple[str, str], found: object
) -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER, b INTEGER)")
        connection.info[SKIPPED] = statements
        assert current_names(connection, asked[0], [asked[1]]) == found
