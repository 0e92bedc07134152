"""No line of SHOW CREATE TABLE stops the reader: what it does not know is kept as text."""

import pytest
from alembic_guards.database.catalog import Entry
from alembic_guards.database.catalog.mariadb import read_table


def read(*parts: str, options: str = "ENGINE=InnoDB") -> list[Entry]:
    body = ",\n  ".join(parts)
    return list(read_table("`items`", f"CREATE TABLE `items` (\n  {body}\n) {options}"))


@pytest.mark.parametrize(
    "part",
    [
        "SOMETHING NEW (`id`) 'with ,(text'",
        "KEY_THAT_IS_NONE",
        "CONSTRAINT `x` NEVER SEEN (`id`)",
        "VECTOR `v`",
        "CONSTRAINT `x` FOREIGN KEY (`id`) TO `y` (`id`)",
    ],
)
def test_what_is_not_known_is_kept_as_text(part: str) -> None:
    [found, *others] = read(part, "`id` int(11) NOT NULL")
    assert (found.kind, found.definition) == ("unknown", part)
    assert [entry.kind for entry in others] == ["column", "table"]


def test_options_that_a_server_adds_are_entries_of_their_own() -> None:
    [_, table, partitioning, versioning] = read(
        "`id` int(11)",
        options="ENGINE=InnoDB AUTO_INCREMENT=3 COMMENT='WITH SYSTEM VERSIONING'"
        " WITH SYSTEM VERSIONING\n PARTITION BY HASH (`id`)\nPARTITIONS 2",
    )
    assert table.definition == "ENGINE=InnoDB COMMENT='WITH SYSTEM VERSIONING'"
    assert partitioning.definition == "PARTITION BY HASH (`id`)\nPARTITIONS 2"
    assert versioning.definition == "WITH SYSTEM VERSIONING"


@pytest.mark.parametrize(
    "name", ["a", "a,b", "a(b", "a)b", "it's", 'a"b', "a `b", "KEY", "PRIMARY KEY ("]
)
def test_names_of_columns_are_read_whatever_is_in_them(name: str) -> None:
    quoted = "`" + name.replace("`", "``") + "`"
    [column, key, unique, check, foreign, _] = read(
        f"{quoted} varchar(9) DEFAULT 'x, `y` (' COMMENT 'CONSTRAINT `z` CHECK ('",
        f"PRIMARY KEY ({quoted})",
        f"UNIQUE KEY {quoted} ({quoted}(3) DESC,`b`)",
        f"CONSTRAINT {quoted} CHECK ({quoted} <> '`c`')",
        f"CONSTRAINT `f` FOREIGN KEY ({quoted}) REFERENCES {quoted} ({quoted}) ON DELETE CASCADE",
    )
    assert column.name == unique.name == check.name == quoted
    assert column.columns == ()
    assert key.columns == key.unique == check.columns == (name,)
    assert unique.unique == (name, "b")
    assert not unique.has_expression
    assert foreign.refers_to is not None
    assert foreign.refers_to.table == quoted
    assert foreign.refers_to.columns == foreign.columns == (name,)


def test_a_name_that_the_server_counted_is_no_part_of_the_definition() -> None:
    keys = {
        number: read(f"CONSTRAINT `items_ibfk_{number}` FOREIGN KEY (`a`) REFERENCES `b` (`c`)")[0]
        for number in (1, 2)
    }
    assert keys[1].key == keys[2].key
    assert [keys[1].name, keys[2].name] == ["`items_ibfk_1`", "`items_ibfk_2`"]


FULL = """CREATE TABLE `items` (
  `id` int(11) NOT NULL COMMENT 'it''s, \\' `x` )',
  `double` int(11) GENERATED ALWAYS AS (`id` * 2) STORED INVISIBLE,
  `near` vector(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`id`,`app` WITHOUT OVERLAPS),
  VECTOR KEY `v` (`near`) `M`=8 `DISTANCE`=cosine,
  KEY `k` (`double`(3) DESC) USING BTREE IGNORED COMMENT ',',
  CONSTRAINT `f` FOREIGN KEY (`id`, `double`) REFERENCES `db`.`o` (`x`, `y`) ON DELETE CASCADE,
  CONSTRAINT `CONSTRAINT_1` CHECK (`id` > 0 and `id` <> '(`'),
  PERIOD FOR `app` (`s`, `e`)
) ENGINE=InnoDB AUTO_INCREMENT=5 COMMENT='a\\nb' WITH SYSTEM VERSIONING
 PARTITION BY RANGE (`id`)
(PARTITION `p` VALUES LESS THAN MAXVALUE ENGINE = InnoDB)"""


@pytest.mark.parametrize("inserted", ["", "`", "(", ")", "'", ","])
def test_no_text_stops_the_reader(inserted: str) -> None:
    kinds = [entry.kind for entry in read_table("`items`", FULL)]
    assert kinds.count("index") == 3
    assert "unknown" not in kinds
    for at in range(len(FULL)):
        assert list(read_table("`items`", FULL[:at] + inserted + FULL[at + 1 :]))
