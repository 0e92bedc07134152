"""The lexer keeps the exact text, and the parser finds in it what SQLite itself finds."""

import sqlite3
from random import Random

import pytest
from alembic_guards.database.catalog.sqlite_canonical import (
    canonical_form,
    column_meaning,
    constraints_of,
    expression,
    mentions,
    primary_key,
)
from alembic_guards.database.catalog.sqlite_parser import (
    RESERVED,
    Table,
    parse_table,
    quoted,
    text_of,
    tokenize,
    write_table,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ["id", "Name", "date", "key", "two words", 'a "b"', "c,d", "e(f)", "größe", "check", "a]b"]
SEEDS = st.integers(0, 2**32)
tried = settings(deadline=None, database=None, max_examples=200)
COMMENTS = ["", " ", "\n\t", " /* ,( ' \" */ ", " -- it's, (\n", "/**/"]


@tried
@given(st.text())
def test_the_tokens_of_any_text_give_it_back(sql: str) -> None:
    assert text_of(tokenize(sql)) == sql


@tried
@given(st.text(alphabet="'\"`[]()-/*,\n xX0.e;aé", max_size=60))
def test_the_tokens_of_quotes_and_comments_give_them_back(sql: str) -> None:
    assert text_of(tokenize(sql)) == sql


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("-- a 'b\n(", "comment space operator"),
        ("/* a \n ' */ 'it''s -- not one'", "comment space string"),
        ('[a "b] `c``d` "e""f"', "name space name space name"),
        ("x'00' x 1.5e-3 .5 0x1F", "blob space word space number space number space number"),
        ("a->>'$.b'||c", "word operator string operator word"),
    ],
)
def test_a_token_ends_where_it_ends_for_sqlite(sql: str, kinds: str) -> None:
    assert [token.kind for token in tokenize(sql)] == kinds.split()


def test_reserved_words_are_those_that_sqlite_takes_for_no_name() -> None:
    connection = sqlite3.connect(":memory:")
    for word in RESERVED | {"KEY", "DATE", "GENERATED", "ALWAYS", "DESC", "WITHOUT"}:
        try:
            connection.execute(f"CREATE TEMPORARY TABLE {word} ({word}, x CHECK ({word} > 0))")
        except sqlite3.OperationalError:
            assert word in RESERVED
        else:
            assert word not in RESERVED


def random_table(seed: int) -> str:
    """Return a CREATE TABLE as a person may write it."""
    random = Random(seed)
    choose = random.choice

    def sometimes(text: str) -> list[str]:
        return [text] * (random.random() < 0.4)

    def gap() -> str:
        return choose(COMMENTS) or " "

    def spelled(word: str) -> str:
        return choose([word, word.lower(), word.capitalize()])

    def name(text: str) -> str:
        styles = [quoted(text), "`" + text.replace("`", "``") + "`"]
        styles += [f"[{text}]"] if "]" not in text else []
        styles += [text] if text.isalpha() and text.upper() not in RESERVED else []
        return choose(styles)

    def words(text: str) -> str:
        return gap().join(map(spelled, text.split()))

    names = random.sample(NAMES, random.randint(2, 5))
    key = choose([None, "inline", "table"])
    lines = []
    for number, column in enumerate(names):
        types = ["", "INTEGER", "varchar ( 20 )", "NUMERIC(10 , 2)", "double precision"]
        values = ["-1", "'a, ''b'' ('", "(1 + (2))", "x'00'", "CURRENT_DATE", "(date('now'))"]
        target = f"{words('REFERENCES')} {name('t, u')}{gap()}({name('id')})"
        clauses = [
            *sometimes(choose([words("NOT NULL"), words("NULL")])),
            *sometimes(f"{words('DEFAULT')} {choose(values)}"),
            *sometimes(words("COLLATE NOCASE")),
            *sometimes(words("UNIQUE")),
            *sometimes(f"CHECK{gap()}({name(column)} <> ')')"),
            *sometimes(f"{target} {words('ON DELETE SET NULL')}"),
            *[words("PRIMARY KEY")] * (key == "inline" and number == 0),
        ]
        random.shuffle(clauses)
        lines.append(gap().join([name(column), choose(types), *clauses]))
    if key == "table":
        lines.append(f"{words('PRIMARY KEY')}{gap()}({name(names[1])}, {name(names[0])})")
    lines += sometimes(f"CONSTRAINT {name('u, (v)')} {words('UNIQUE')} ({name(names[1])})")
    body = f"{gap()},{gap()}".join(lines)
    return f"CREATE TABLE {name('a (b')}{gap()}({gap()}{body}{gap()})"


def facts(sql: str) -> list[object]:
    """Return what SQLite knows of a table that `sql` makes."""
    connection = sqlite3.connect(":memory:")
    connection.execute(sql)
    (name,) = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
    found: list[object] = [name]
    for pragma in ("table_xinfo", "foreign_key_list", "index_list"):
        found.append(connection.execute(f"PRAGMA {pragma}({quoted(name)})").fetchall())
    return found


def nowhere(_: str) -> Table | None:
    return None


@tried
@given(SEEDS)
def test_the_parser_agrees_with_sqlite(seed: int) -> None:
    sql = random_table(seed)
    name, columns, keys, indexes = facts(sql)
    table = parse_table(sql)
    assert isinstance(columns, list)
    assert isinstance(keys, list)
    assert isinstance(indexes, list)
    assert table.name == name
    assert [*table.columns] == [row[1] for row in columns]
    ordered = sorted((row for row in columns if row[5]), key=lambda row: row[5])
    assert [*primary_key(table)] == [row[1] for row in ordered]
    for row in columns:
        clauses = {clause.kind for clause in table.columns[row[1]].clauses}
        assert ("NOT NULL" in clauses, "DEFAULT" in clauses) == (bool(row[3]), row[4] is not None)
    constraints = constraints_of(table, nowhere, all_of_them=True)
    found = [one.columns for one in constraints if one.kind == "FOREIGN KEY"]
    assert sorted(found) == sorted((row[3],) for row in keys)
    uniques = {one.columns for one in constraints if one.kind == "UNIQUE"}
    assert len(uniques) >= sum(row[3] == "u" for row in indexes)


@tried
@given(SEEDS)
def test_a_table_that_is_written_again_means_the_same(seed: int) -> None:
    sql = random_table(seed)
    table = parse_table(sql)
    again = write_table(table.head, table.definitions, table.tail)
    assert facts(again) == facts(sql)
    assert canonical_form(parse_table(again), nowhere) == canonical_form(table, nowhere)
    assert again.count("-- it's, (") == sql.count("-- it's, (")


@tried
@given(SEEDS)
def test_one_spelling_is_the_spelling_of_itself(seed: int) -> None:
    form = canonical_form(parse_table(random_table(seed)), nowhere)
    assert canonical_form(parse_table(form), nowhere) == form


ONE = "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(20) DEFAULT '{a}', PRIMARY KEY (a), CHECK (b <> 'x  y'))"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("create table T (a integer primary key, b varchar (20) default ('{a}') check([b]!='x  y'))", True),
        ("CREATE TABLE t (`a` INTEGER PRIMARY KEY, 'b' VARCHAR(20) DEFAULT \"{a}\", CHECK ((b <> 'x  y')))", True),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR(20) DEFAULT '{\"a\"}', CHECK (b <> 'x  y'))", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR(20) DEFAULT '{a}', CHECK (b <> 'x y'))", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, B VARCHAR(20) DEFAULT '{a}', CHECK (b <> 'x  y'))", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR(20) DEFAULT '{a}' COLLATE NOCASE, CHECK (b <> 'x  y'))", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b VARCHAR(20) DEFAULT '{a}', CHECK (b <> 'x  y'))", False),
    ],
)  # fmt: skip
def test_a_spelling_is_the_same_and_another_text_is_not(other: str, *, same: bool) -> None:
    forms = [parse_table(sql) for sql in (ONE, other)]
    found = [
        (
            {name: column_meaning(column, form) for name, column in form.columns.items()},
            {one.meaning for one in constraints_of(form, nowhere)},
        )
        for form in forms
    ]
    assert (found[0] == found[1]) is same


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("date > 0", True),
        ('"date" > 0', True),
        ("lower([DATE])", True),
        ("date('now')", False),
        ("'date' <> x", False),
        ("update_date > 0", False),
        ("x > 0 -- date", False),
    ],
)
def test_an_expression_reads_a_column_or_only_has_its_letters(sql: str, *, reads: bool) -> None:
    assert mentions(tokenize(sql), "date") is reads


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("LENGTH ( Name )>1 and name like 'A  %'", "length(name) > 1 AND name LIKE 'A  %'"),
        ("[name] IN('a','b')", "name IN ('a', 'b')"),
        ("- 1 + -x*(2-3)", "-1 + -x * (2 - 3)"),
        ('name = "name" || "other"', "name = name || 'other'"),
    ],
)
def test_an_expression_has_one_spelling(sql: str, written: str) -> None:
    assert expression(tokenize(sql), ["name"]) == written
