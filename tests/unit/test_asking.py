"""Answers are read, taken once, and paired with what the models no longer say."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from alembic.util import CommandError
from alembic_guards.authoring.questions import Answers


def always(_: object, __: object) -> bool:
    return True


def pairs(
    answers: Answers,
    present: Iterable[str],
    target: Iterable[str],
    is_candidate: Callable[[object, object], bool] = always,
) -> list[tuple[str, str]]:
    """Pair the columns of users."""
    return list(
        answers.find_renames(
            "column", "users.", dict.fromkeys(present, 1), dict.fromkeys(target, 1), is_candidate
        )
    )


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["rename=a.b:c"], [("rename", "a.b:c")]),
        (
            ["rename=a.b:c drop=a.d", "fill=a.e:0"],
            [("rename", "a.b:c"), ("drop", "a.d"), ("fill", "a.e:0")],
        ),
        (["'fill=a.b:two words'"], [("fill", "a.b:two words")]),
        (["fill=a.b:"], [("fill", "a.b:")]),
        (["fill=a.b:x=y:z"], [("fill", "a.b:x=y:z")]),
        ([""], []),
        ([], []),
    ],
)
def test_arguments_become_answers(arguments: list[str], given: list[tuple[str, str]]) -> None:
    assert Answers(arguments).given == given


@pytest.mark.parametrize(
    "argument",
    ["rename=a.b", "fill=a.b", "drop=", "remove=a.b", "a.b", "rename=", "rename=:b", "'open"],
)
def test_what_is_no_answer_is_refused(argument: str) -> None:
    with pytest.raises(CommandError, match="Nothing was written"):
        Answers([argument])


def test_an_answer_is_taken_by_its_whole_name() -> None:
    answers = Answers(["fill=a.b:0 fill=a.bc:1"])
    assert answers.take("fill", "a.b") == "0"
    assert answers.take("fill", "a.x") is None
    assert answers.take("drop", "a.b") is None
    assert answers.unused == {("fill", "a.bc:1")}


def test_a_drop_says_yes_without_a_value() -> None:
    assert Answers(["drop=a.b"]).take("drop", "a.b") == ""


def test_a_name_may_hold_a_colon() -> None:
    assert Answers(["fill=a.b:c:0"]).take("fill", "a.b:c") == "0"


def test_two_answers_about_one_name_are_refused() -> None:
    with pytest.raises(CommandError, match="fill=a.b is given twice"):
        Answers(["fill=a.b:0 fill=a.b:1"]).take("fill", "a.b")


def test_names_of_answers_are_read_with_the_target_names() -> None:
    answers = Answers(["rename=users.a:b rename=users.c:d:e rename=posts.f:g drop=users.h"])
    assert answers.answered_names("rename", "users.", ["b", "d:e"]) == ["a", "c"]
    assert answers.answered_names("rename", "users.", []) == ["a", "c"]
    assert answers.answered_names("drop", "users.", []) == ["h"]


def test_a_column_that_is_gone_is_asked_for_where_nobody_answers() -> None:
    answers = Answers([])
    assert pairs(answers, ["id", "name"], ["id", "full_name", "age"]) == []
    [question] = answers.questions
    ways = ("rename=users.name:full_name", "rename=users.name:age", "drop=users.name")
    assert question == f"  users.name is gone from the models: {' or '.join(ways)}"


def test_only_candidates_are_offered() -> None:
    answers = Answers([])
    pairs(answers, ["name"], ["full_name"], lambda _, __: False)
    assert answers.questions == ["  users.name is gone from the models: drop=users.name"]


def test_an_answer_renames_or_drops() -> None:
    answers = Answers(["rename=users.name:full_name drop=users.age"])
    assert pairs(answers, ["id", "name", "age"], ["id", "full_name"]) == [("name", "full_name")]
    answers.check_complete()


def test_a_column_may_take_the_name_of_another_one() -> None:
    answers = Answers(["rename=users.a:b rename=users.b:c"])
    assert pairs(answers, ["a", "b"], ["b", "c"]) == [("b", "c"), ("a", "b")]


def test_two_names_may_be_swapped() -> None:
    answers = Answers(["rename=users.a:b rename=users.b:a"])
    steps = pairs(answers, ["a", "b"], ["a", "b"])
    names = {"a": "was a", "b": "was b"}
    for old, new in steps:
        assert new not in names, "each new name is free when its turn comes"
        names[new] = names.pop(old)
    assert names == {"a": "was b", "b": "was a"}


@pytest.mark.parametrize(
    ("said", "present", "target"),
    [
        ("rename=users.a:x", ["a"], ["b"]),  # no such column
        ("rename=users.a:id", ["a", "id"], ["id"]),  # it stays
        ("rename=users.a:c rename=users.b:c", ["a", "b"], ["c"]),  # two take it
    ],
)
def test_a_new_name_that_is_none_is_refused(
    said: str, present: list[str], target: list[str]
) -> None:
    with pytest.raises(CommandError, match="cannot be renamed to"):
        pairs(Answers([said]), present, target)


def test_answers_follow_a_renamed_table() -> None:
    answers = Answers(["rename=users:people drop=users.age fill=people.city:x"])
    assert list(answers.find_renames("table", "", {"users": 1}, {"people": 1}, always)) == [
        ("users", "people")
    ]
    assert answers.take("drop", "people.age") == ""
    assert answers.take("fill", "people.city") == "x"
    answers.check_complete()


def test_questions_without_an_answer_are_all_told_at_once() -> None:
    answers = Answers(["drop=users.typo"])
    answers.ask("users.a is gone:", "Is it gone?", {"drop=users.a": "dropped"})
    answers.ask_value("users.b", "users")
    with pytest.raises(CommandError) as raised:
        answers.check_complete()
    for words in (
        "drop=users.a",
        "fill=users.b:VALUE",
        "no change in the models matches drop=users.typo",
    ):
        assert words in str(raised.value)


def test_an_answer_without_a_question_is_a_mistake() -> None:
    with pytest.raises(CommandError, match="no change in the models matches fill=users.a"):
        Answers(["fill=users.a:0"]).check_complete()


def test_with_all_answered_nothing_is_said() -> None:
    Answers([]).check_complete()


class Terminal:
    """A terminal where somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def type_(text: str) -> None:
        monkeypatch.setattr("alembic_guards.authoring.questions.sys.stdin", Terminal())
        monkeypatch.setattr("alembic_guards.authoring.questions.sys.stdout.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _: text)

    return type_


@pytest.mark.parametrize(("reply", "way"), [("1", "rename=a.b:c"), (" 2 ", "drop=a.b")])
def test_a_terminal_is_asked_for_a_number(
    typed: Callable[[str], None], reply: str, way: str
) -> None:
    typed(reply)
    choices = {"rename=a.b:c": "renamed to c", "drop=a.b": "dropped"}
    assert Answers([]).ask("a.b is gone:", "Was it", choices) == way


def test_the_most_similar_name_is_offered_first() -> None:
    answers = Answers([])
    pairs(answers, ["email"], ["age", "mail", "created"])
    [question] = answers.questions
    assert question.index(":mail") < min(question.index(":age"), question.index(":created"))


def test_a_column_that_a_rename_may_explain_is_not_asked_for_a_value() -> None:
    answers = Answers([])
    pairs(answers, ["name"], ["title"])
    answers.ask_value("users.title", "users")
    answers.ask_value("users.size", "users")
    assert [question.split()[0] for question in answers.questions] == ["users.name", "users.size"]


def test_a_mistake_is_told_with_the_answers_that_are_possible() -> None:
    answers = Answers(["drop=nothing"])
    pairs(answers, ["name"], ["title"])
    answers.take("fill", "users.size")
    with pytest.raises(CommandError) as raised:
        answers.check_complete()
    possible = "Possible are rename=users.name:NEW, drop=users.name, fill=users.size:VALUE."
    assert f"no change in the models matches drop=nothing. {possible}" in str(raised.value)
    with pytest.raises(CommandError, match="No change takes an answer"):
        Answers(["drop=nothing"]).check_complete()


def test_an_ambiguous_text_is_refused_with_both_ways_to_say_it() -> None:
    with pytest.raises(CommandError) as raised:
        Answers([]).ask_meaning("users.first", "lower(name)", "it looks like a call of a function")
    assert "fill=users.first:=lower(name)\n" in str(raised.value)
    assert str(raised.value).endswith("""fill="users.first:'lower(name)'\"""")


def test_a_change_by_hand_answers_for_what_is_gone() -> None:
    answers = Answers(["byhand=users.name byhand=users.other"])
    assert pairs(answers, ["name"], ["first", "last"]) == []
    assert answers.questions == []
    assert answers.by_hand == {"users.name"}
    with pytest.raises(CommandError, match="no change in the models matches byhand=users.other"):
        answers.check_complete()


def test_an_answer_by_hand_follows_a_renamed_table() -> None:
    answers = Answers(["rename=users:people byhand=users.name"])
    assert list(answers.find_renames("table", "", {"users": 1}, {"people": 1}, always))
    assert answers.is_by_hand("people.name")
    answers.check_complete()


@pytest.mark.parametrize(("reply", "way"), [("h", "byhand=a.b"), ("H", "byhand=a.b")])
def test_a_terminal_takes_a_change_by_hand(
    typed: Callable[[str], None], reply: str, way: str
) -> None:
    typed(reply)
    assert Answers([]).ask("", "Was it", {"drop=a.b": "dropped"}, "byhand=a.b") == way


def test_answers_in_a_file_are_read_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "a b.txt"
    file.write_bytes('\ufeff# why\r\nfill=a.b: it\'s "$x" \\ # é\u2028\r\n\r\ndrop=a.c\n'.encode())
    answers = Answers([f"'@{file}' drop=a.d"])
    assert answers.given == [
        ("fill", 'a.b: it\'s "$x" \\ # é\u2028'),
        ("drop", "a.c"),
        ("drop", "a.d"),
    ]


def test_names_with_spaces_are_offered_as_they_are_typed() -> None:
    answers = Answers([])
    answers.ask("a b is gone:", "Was it", {"drop=a b.c": "dropped"})
    assert answers.questions == ["  a b is gone: 'drop=a b.c'"]
