"""Asks what the models cannot say, such as a rename; reads answers from `-x` or a terminal."""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

from alembic.util import CommandError

from alembic_guards.authoring.row_counts import RowCounts
from alembic_guards.database.identifiers import free_name

#: The kinds of answers, each with its syntax.
VERBS = {
    "rename": "rename=TABLE.COLUMN:NEW_COLUMN or rename=TABLE:NEW_TABLE",
    "drop": "drop=TABLE.COLUMN or drop=TABLE",
    "byhand": "byhand=TABLE.COLUMN or byhand=TABLE",
    "fill": "fill=TABLE.COLUMN:VALUE or fill=TABLE.COLUMN:=SQL",
    "zone": "zone=TABLE.COLUMN:TIME_ZONE",
}

#: What follows the name in an answer.
FORMS = {"rename": ":NEW", "drop": "", "byhand": "", "fill": ":VALUE", "zone": ":TIME_ZONE"}

#: The answers without a value.
WITHOUT_VALUE = ("drop", "byhand")

#: What happens to an object that is not renamed, by its kind.
DROPPED = {
    "table": "dropped, with its rows",
    "column": "dropped, with its values",
    "sequence": "dropped",
    "value": "removed from the values",
}

BY_HAND = "I write this change by hand"

#: What is said without a terminal, with the answers.
HINT = "Rows that move to other columns or tables, as where a column is split, need SQL by hand: {}"

VALUE_PROMPT = "Value ('' for an empty text, =SQL for an expression, Ctrl-C to quit): "

#: How many possible answers a message names.
SHOWN = 6


class ValueQuestion(NamedTuple):
    """What is asked about the value of a column: what it is, and which rows get the value."""

    what: str
    get: str = ""
    is_one_value: bool = True  # False: rows must differ, and an expression is needed


#: A question about a column whose rows may have the same value.
REQUIRED = ValueQuestion("is NOT NULL")


class Quit(CommandError):
    """A person has quit."""

    def __init__(self) -> None:
        super().__init__("Nothing was written.")


class Answers:
    """The answers of one command. `check_complete` refuses answers that no question has taken."""

    def __init__(self, arguments: Iterable[str]) -> None:
        """Read arguments such as "rename=users.name:full_name drop=users.age", or "@answers.txt".

        Raises CommandError for a word that does not have the syntax of one of VERBS.
        """
        self.counts = RowCounts()
        self.given: list[tuple[str, str]] = []
        for word in (word for argument in arguments for word in _split(argument)):
            verb, _, rest = word.partition("=")
            if verb not in VERBS or not rest or (":" not in rest[1:] and verb not in WITHOUT_VALUE):
                known = "; ".join(VERBS.values())
                raise CommandError(
                    f"{word!r} is not a valid answer. Nothing was written. Valid forms: {known}."
                )
            self.given.append((verb, rest))
        self.unused = set(self.given)
        self.questions: list[str] = []
        self.asked: list[dict[str, Any]] = []  # the same, for programs
        self.possible: dict[str, None] = {}  # the answers that the changes take
        self.offered: set[str] = set()  # new names in questions about renames that have no answer
        self.by_hand: set[str] = set()  # the tables and columns whose rows a person moves
        self.may_be_by_hand: list[str] = []  # the answers that would write it by hand

    def take(self, verb: str, name: str) -> str | None:
        """Return the answer about `name`: its value, "" for a drop, or None for no answer.

        A name may contain a colon. Raises CommandError for two answers about one name.
        """
        self.possible[f"{verb}={name}{FORMS[verb]}"] = None
        answers_of_verb = [rest for given, rest in self.given if given == verb]
        found = [rest for rest in answers_of_verb if rest == name or rest.startswith(f"{name}:")]
        if len(found) > 1:
            raise CommandError(f"{verb}={name} is given twice. Nothing was written.")
        self.unused -= {(verb, rest) for rest in found}
        return found[0].removeprefix(name).removeprefix(":") if found else None

    def has(self, verb: str, name: str) -> bool:
        """Whether there is an answer about `name`; it stays to be taken."""
        return any(
            given == verb and (rest == name or rest.startswith(f"{name}:"))
            for given, rest in self.given
        )

    def is_by_hand(self, name: str) -> bool:
        """Whether a person writes the SQL that moves the rows of a table or a column."""
        if ("byhand", name) in self.given:
            self.by_hand.add(name)
            self.unused.discard(("byhand", name))
        return name in self.by_hand

    def answered_names(self, verb: str, prefix: str, target: Iterable[str]) -> list[str]:
        """Return the names that begin with `prefix` and have an answer, without the prefix.

        Names may contain colons: an answer that ends with one of `target` is split there.
        """
        rests = [
            rest.removeprefix(prefix)
            for given, rest in self.given
            if given == verb and rest.startswith(prefix)
        ]
        ends = {
            rest: next((f":{name}" for name in target if rest.endswith(f":{name}")), None)
            for rest in rests
        }
        return [
            rest.removesuffix(end) if end else rest.partition(":")[0] for rest, end in ends.items()
        ]

    def ask(
        self, about: str, question: str, choices: Mapping[str, str], by_hand: str = ""
    ) -> str | None:
        """Return the one of `choices` that a person makes at a terminal.

        `choices` are answers, such as "drop=users.age", with what they mean. `by_hand` is one more,
        to write the change by hand. Return None without a terminal; `check_complete` then reports
        `about` and the answers. An invalid reply repeats the prompt. Raises CommandError if the person
        quits.
        """
        if not _is_terminal():
            self.questions.append(f"  {about} {' or '.join(map(shlex.quote, choices))}")
            return None
        print(question)
        width = max(map(len, choices.values()))
        for number, (answer, meaning) in enumerate(choices.items(), 1):
            print(f"  {number}) {meaning:<{width}}   [{answer}]")
        if by_hand:
            print(f"  h) {BY_HAND:<{width}}   [{by_hand}]")
        print("  q) quit, nothing is written")
        while True:
            reply = _read_reply("Your choice: ")
            if reply.isdecimal() and 0 < int(reply) <= len(choices):
                return [*choices][int(reply) - 1]
            if reply.lower() == "q":
                raise Quit
            if reply.lower() == "h" and by_hand:
                return by_hand
            more = " Or h, to write it by hand." if by_hand else ""
            print(f"Type a number from 1 to {len(choices)}, or q.{more}")

    def ask_value(self, name: str, table: str, about: ValueQuestion = REQUIRED) -> str | None:
        """Return the value that a person types for a column; None without a terminal.

        An empty reply repeats the prompt: Enter must not change rows. Two quotes are an empty text.
        Without a terminal nothing is asked about a column that a rename may explain. Raises
        CommandError at the end of the input.
        """
        form = f"fill={name}:VALUE" if about.is_one_value else f"fill={name}:=SQL"
        if not _is_terminal():
            if name not in self.offered and not self._is_asked_about(name):
                get = about.get or "existing rows get"
                quoted = shlex.quote(form)
                self.questions.append(f"  {name} {about.what}. What value do {get}: {quoted}")
                forms = [form, f"fill={name}:=SQL", f"byhand={name}"]
                answers = list(dict.fromkeys(forms))
                asked = {"code": "not_null", "kind": "column", "name": name, "answers": answers}
                self.asked.append(asked)
            return None
        count = self.counts.of_table(table)
        rows = _number(count, "{} existing rows", "existing rows")
        verb = "does" if count == 1 and not about.get else "do"
        print(f"The column {name} {about.what}. What value {verb} {about.get or f'{rows} get'}?")
        if not about.is_one_value:
            print("One value cannot be in several rows: type = and an SQL expression.")
        while not (reply := _read_reply(VALUE_PROMPT)):
            pass
        return reply

    def _is_asked_about(self, name: str) -> bool:
        """Whether it is asked already what has happened to a column."""
        return any(question.startswith(f"  {name} is gone ") for question in self.questions)

    def ask_meaning(self, name: str, text: str, what: str) -> bool:
        """Return whether `text`, which is to fill a column of texts, is an SQL expression.

        `what` says why it may be one. Raises CommandError without a terminal, and if the person quits.
        """
        expression, literal = f"fill={name}:={text}", f"fill=\"{name}:'{text}'\""
        if not _is_terminal():
            raise CommandError(
                f"fill={name}:{text} is ambiguous: {what}. Nothing was written.\n"
                f"For its value in each row: {expression}\nFor this text in all rows: {literal}"
            )
        choices = {expression: "its value in each row", literal: "this text in all rows"}
        return self.ask("", f"{text!r}: {what}. Do rows get", choices) == expression

    def find_renames(
        self,
        kind: str,
        prefix: str,
        present: Mapping[str, Any],
        target: Mapping[str, Any],
        is_candidate: Callable[[Any, Any], bool],
        *,
        folds: bool = False,
    ) -> Iterator[tuple[str, str]]:
        """Yield the old and the new name of each renamed object, in an order without conflicts.

        `present` and `target` map the names in the database and in the models to properties of the
        objects, which are of a `kind` of DROPPED. `prefix` precedes the names in answers, such as
        "users.". A question offers the new names for which `is_candidate` accepts the properties of
        both, the most similar one first. Present objects without a rename need an answer that drops
        them. With `folds`, names that differ in the case of their letters alone are one name to the
        database: such a rename takes no question. An answer may rename an object whose name is in both,
        so that another object can take the name. Raises CommandError for a new name that is not in the
        models or is taken.
        """
        free_names = [name for name in target if name not in present]
        pairs: dict[str, str] = {}
        for old in sorted(present):
            name = f"{prefix}{old}"
            renames = [new for new in target if ("rename", f"{name}:{new}") in self.given]
            new = self.take("rename", name) if renames or old not in target else None
            if new is None and old not in target and folds:
                new = next((name for name in free_names if name.lower() == old.lower()), None)
            is_gone = new is None and old not in target and not self.is_by_hand(name)
            if is_gone and self.take("drop", name) is None:
                found = [n for n in free_names if is_candidate(present[old], target[n])]
                new = self._ask_rename(kind, prefix, old, _by_similarity(old, found))
            if new is not None:
                pairs[old] = new = new if new in target else new.removeprefix(prefix)
                free_names = [name for name in free_names if name != new]
        for old, new in pairs.items():
            is_taken = new in present and new not in pairs
            if new not in target or is_taken or list(pairs.values()).count(new) > 1:
                raise CommandError(
                    f"{prefix}{old} cannot be renamed to {new}. Nothing was written."
                )
            self._rename(f"{prefix}{old}.", f"{prefix}{new}.")
        yield from _in_rename_order(pairs, {*present, *target})

    def _ask_rename(self, kind: str, prefix: str, old: str, candidates: list[str]) -> str | None:
        """Return the new name of an object that is gone from the models; None if it is dropped."""
        name = f"{prefix}{old}"
        renames = {f"rename={name}:{new}": new for new in candidates}
        choices = {answer: f"renamed to {new}" for answer, new in renames.items()}
        choices[f"drop={name}"] = DROPPED[kind]
        rows = ""
        if _is_terminal() and kind == "table":
            rows = _number(self.counts.of_table(name), " ({} rows)")
        elif _is_terminal() and kind == "column":
            rows = _number(self.counts.of_column(name), " (set in {} rows)")
        else:
            self.offered |= {f"{prefix}{new}" for new in candidates}
        question = f"The {kind} {name}{rows} is gone from the models. Was it"
        by_hand = f"byhand={name}" if kind in ("table", "column") else ""
        reply = self.ask(f"{name} is gone from the models:", question, choices, by_hand)
        if reply == by_hand:
            self.by_hand.add(name)
        elif reply is None:
            answers = [*choices, *filter(None, [by_hand])]
            self.asked.append({"code": "gone", "kind": kind, "name": name, "answers": answers})
            self.may_be_by_hand += filter(None, [by_hand])
        return renames.get(reply or "")

    def _rename(self, old: str, new: str) -> None:
        """Rename objects in answers, which may use the old name of a table or the new one."""

        def renamed(answer: tuple[str, str]) -> tuple[str, str]:
            verb, rest = answer
            return verb, new + rest.removeprefix(old) if rest.startswith(old) else rest

        self.given = [renamed(answer) for answer in self.given]
        self.unused = {renamed(answer) for answer in self.unused}
        self.by_hand = {renamed(("byhand", name))[1] for name in self.by_hand}

    def check_complete(self) -> None:
        """Raise CommandError for questions without an answer and answers without a question."""
        mistyped = " ".join(
            f"{verb}={rest.partition(':')[0]}" for verb, rest in sorted(self.unused)
        )
        mistake = (
            f"no change in the models matches {mistyped}. {self._possible()}" if mistyped else ""
        )
        if self.questions:
            raise CommandError(
                "Nothing was written: some changes need an answer. Answer with x=, as in\n"
                '  make revision x="ANSWER ANSWER ..."\n'
                + "\n".join(self.questions)
                + self._by_hand_hint()
                + (f"\nAnd {mistake}" if mistake else "")
            )
        if mistake:
            raise CommandError(f"Nothing was written: {mistake}")

    def _by_hand_hint(self) -> str:
        """Say how rows are moved by hand, where that may be the answer."""
        answers = shlex.join(self.may_be_by_hand)
        return f"\n{HINT.format(answers)}" if answers else ""

    def _possible(self) -> str:
        """Say which answers the changes in the models take."""
        wrong = {f"{verb}={rest.partition(':')[0]}{FORMS[verb]}" for verb, rest in self.unused}
        found = [answer for answer in self.possible if answer not in wrong]
        if not found:
            return "No change takes an answer."
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return f"Possible are {', '.join(found[:SHOWN])}{more}."


def _in_rename_order(pairs: dict[str, str], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Yield renames so that each new name is free; a cycle begins with a temporary name."""
    while pairs:
        old = next((old for old in pairs if pairs[old] not in pairs), None)
        if old is None:
            old, new = pairs.popitem()
            temporary = free_name("{}_", old, taken)
            yield old, temporary
            pairs[temporary] = new
        else:
            yield old, pairs.pop(old)


def _split(argument: str) -> list[str]:
    try:
        words = shlex.split(argument)
    except ValueError as error:
        raise CommandError(f"{argument!r}: {error}. Nothing was written.") from error
    return [
        answer
        for word in words
        for answer in (_read_file(word[1:]) if word.startswith("@") else [word])
    ]


def _read_file(name: str) -> list[str]:
    """Return the answers in a file: one a line, as it stands there, or a JSON list of texts.

    Lines that are blank or begin with # are no answers. Raises CommandError for what cannot be read.
    """
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
        if not name.endswith(".json"):
            lines = (line.strip(" \t\r") for line in text.split("\n"))
            return [line for line in lines if line and not line.startswith("#")]
        found = json.loads(text)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise ValueError("it is no JSON list of texts")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(
            f"Answers cannot be read from {name}: {reason}. Nothing was written."
        ) from error
    return found


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _read_reply(prompt: str) -> str:
    """Return the reply to a prompt; raises CommandError at the end of the input."""
    try:
        return input(prompt).strip()
    except EOFError:
        raise Quit from None


def _by_similarity(name: str, others: Iterable[str]) -> list[str]:
    """Return `others`, the most similar to `name` first."""
    return sorted(others, key=lambda other: -SequenceMatcher(None, name, other).ratio())


def _number(count: int | None, text: str, unknown: str = "") -> str:
    """Return `text` with a number, in the singular for 1; `unknown` for None."""
    if count is None:
        return unknown
    return text.format(f"{count:,}").replace("rows", "row" if count == 1 else "rows")
