"""A file of SQL is split into its statements, as they are, and printed for a script."""

import io
from pathlib import Path

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from alembic_guards.runtime.sql_file import RunSQLFileOp, files_of
from alembic_guards.runtime.sql_parser import is_ended, is_open, split

FUNCTION = """CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$
BEGIN
  RETURN 'a;b'; -- 100% :sure; it is
END; $body$"""
TRIGGER = """CREATE TRIGGER t AFTER UPDATE ON a BEGIN
  UPDATE a SET n = CASE WHEN n > 1 THEN 1 ELSE 2 END; SELECT 1;
END"""
PROCEDURE = r"""CREATE PROCEDURE p(IN a INT) BEGIN
  IF a > 1 THEN SELECT 'it\'s; ok'; ELSE SELECT "x;\""; END IF; # a comment; here
  CASE a WHEN 1 THEN SET @x = 2; ELSE BEGIN END; END CASE;
  l: LOOP LEAVE l; END LOOP l;
END"""


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        (
            "postgresql",
            [FUNCTION, "SELECT E'\\';'", "COMMENT ON TABLE \"a;b\" IS 'c;'", "SELECT '\\'"],
        ),
        ("sqlite", [TRIGGER, "CREATE TABLE [a;b] (n)", "CREATE VIEW v AS SELECT ';' /* ; */ AS n"]),
        (
            "mysql",
            [PROCEDURE, r"SELECT 'a\\'", "SET @a = `b;c`", "/*!50003 CREATE TABLE t (n INT) */"],
        ),
    ],
)
def test_statements_are_split_as_they_are(dialect: str, statements: list[str]) -> None:
    text = "-- A comment; before.\n\n" + ";\n\n-- One more.\n".join(statements) + ";\n"
    assert split(text, dialect) == statements
    assert split("".join(f"{statement};" for statement in statements), dialect) == statements


def test_comments_and_white_space_are_no_statements() -> None:
    assert split("", "postgresql") == []
    assert split(" ;; -- a\n; /* b */ ;", "postgresql") == []
    assert split("# a;\nSELECT 1 # b;\n;", "mysql") == ["SELECT 1 # b;"]


@pytest.mark.parametrize(
    ("dialect", "sql", "ended"),
    [
        ("sqlite", "SELECT 1;", True),
        ("sqlite", "SELECT 1; -- x", True),
        ("sqlite", "SELECT 1 -- x;", False),
        ("sqlite", "SELECT 1; SELECT 2", False),
        ("sqlite", "SELECT 'it''s;", False),
        ("sqlite", "SELECT [a;", False),
        ("sqlite", "SELECT 1; /* a;", False),
        ("postgresql", "SELECT a[1];", True),
        ("postgresql", r"SELECT E'it\'s;", False),
        ("postgresql", r"SELECT E'it\'s;';", True),
        ("postgresql", "SELECT $a$ $$;", False),
        ("postgresql", "SELECT $a$ $$;$a$;", True),
        ("mysql", r"SELECT 'it\';", False),
        ("postgresql", "SELECT 1 /* a /* b */;", False),
        ("postgresql", "SELECT 1 /* a /* b */; */;", True),
        ("mysql", "SELECT 1 /* a /* b */;", True),
        ("mysql", "SELECT `a;", False),
        ("mysql", "SELECT 1 /*! a; */;", True),
    ],
)
def test_a_statement_ends_outside_of_literals_and_comments(
    dialect: str, sql: str, ended: bool
) -> None:
    assert is_ended(sql, dialect) == ended


@pytest.mark.parametrize(
    ("dialect", "definition"),
    [("postgresql", FUNCTION), ("sqlite", TRIGGER), ("mysql", PROCEDURE)],
)
def test_a_definition_ends_after_its_body(dialect: str, definition: str) -> None:
    whole = f"{definition};"
    ended = [at for at in range(1, len(whole) + 1) if is_ended(whole[:at], dialect)]
    assert ended == [len(whole)]
    assert not is_open(whole, dialect)


def test_a_thousand_functions_are_split_in_little_time() -> None:
    assert len(split(";\n".join([FUNCTION] * 1000), "postgresql")) == 1000


def printed(dialect: str, text: str, folder: Path) -> str:
    """Return what a script has of a file of SQL."""
    path = folder / "a.sql"
    path.write_text(text)
    output = io.StringIO()
    options = {"as_sql": True, "output_buffer": output}
    context = MigrationContext.configure(dialect_name=dialect, opts=options)
    Operations(context).invoke(RunSQLFileOp(path))
    return output.getvalue()


def test_a_script_has_the_statements_as_they_are(tmp_path: Path) -> None:
    assert FUNCTION in printed("postgresql", f"{FUNCTION};", tmp_path)
    assert "SET LOCAL check_function_bodies = off;" in printed("postgresql", "", tmp_path)
    assert "\tSELECT '%' : 1;" in printed(
        "sqlite", "\t-- a\nSELECT 1,\n\tSELECT '%' : 1;", tmp_path
    )


def test_a_script_for_mariadb_has_delimiters_around_bodies_alone(tmp_path: Path) -> None:
    text = printed("mysql", f"{PROCEDURE};\nSELECT ';';", tmp_path)
    assert f"DELIMITER ;;\n{PROCEDURE} ;;\nDELIMITER ;\n" in text
    assert text.count("DELIMITER ;;") == 1
    assert "SET sql_mode = @guards_sql_mode;" in text


def test_a_file_that_is_missing_or_not_utf_8_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"b.sql cannot be read: No such file or directory\. Nothing"
    ):
        Operations(MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})).invoke(
            RunSQLFileOp(tmp_path / "b.sql")
        )
    (tmp_path / "c.sql").write_bytes(b"SELECT '\xff'")
    with pytest.raises(CommandError, match="c.sql cannot be read: it is not UTF-8"):
        Operations(MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})).invoke(
            RunSQLFileOp(tmp_path / "c.sql")
        )


def test_the_files_of_a_revision_are_those_with_its_name() -> None:
    names = [path.name for path in files_of(Path("versions/2026_a.py"))]
    assert names == ["2026_a.py", "2026_a.sql", "2026_a.drop.sql"]
