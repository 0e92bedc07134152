"""Asks what the models cannot say, such as a rename; reads answers from `-x` or a terminal."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from alembic.util import CommandError

#: The kinds of answers, each with its syntax.
VERBS = {
    "rename": "rename=TABLE.COLUMN:NEW_COLUMN or rename=TABLE:NEW_TABLE",
    "drop": "drop=TABLE.COLUMN or drop=TABLE",
    "fill": "fill=TABLE.COLUMN:VALUE",
    "zone": "zone=TABLE.COLUMN:TIME_ZONE",
}


QUIT = "Nothing was written."


class Answers:
    """The answers of one command. `check_complete` refuses answers that no question has taken."""

    def __init__(self, arguments: Iterable[str]) -> None:
        """Read arguments such as "rename=users.name:full_name drop=users.age".

        Raises CommandError for a word that does not have the syntax of one of VERBS.
        """
        self.given: list[tuple[str, str]] = []
        for word in (word for argument in arguments for word in _split(argument)):
            verb, _, rest = word.partition("=")
            if verb not in VERBS or not rest or (":" not in rest[1:] and verb != "drop"):
                known = "; ".join(VERBS.values())
                raise CommandError(
                    f"{word!r} is not a valid answer. Nothing was written. Valid forms: {known}."
                )
            self.given.append((verb, rest))
        self.unused = set(self.given)
        self.questions: list[str] = []

    def take(self, verb: str, name: str) -> str | None:
        """Return the answer about `name`: its value, "" for a drop, or None for no answer.

        A name may contain a colon. Raises CommandError for two answers about one name.
        """
        answers_of_verb = [rest for given, rest in self.given if given == verb]
        found = [rest for rest in answers_of_verb if rest == name or rest.startswith(f"{name}:")]
        if len(found) > 1:
            raise CommandError(f"{verb}={name} is given twice. Nothing was written.")
        self.unused -= {(verb, rest) for rest in found}
        return found[0].removeprefix(name).removeprefix(":") if found else None

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

    def ask(self, question: str, *choices: str) -> str | None:
        """Return the one of `choices`, such as "drop=users.age", that a person makes at a terminal.

        Return None without a terminal; `check_complete` then reports the question. An invalid reply
        repeats the prompt. Raises CommandError if the person quits.
        """
        if not _is_terminal():
            self.questions.append(f"  {question} {' or '.join(choices)}")
            return None
        print(question)
        for number, choice in enumerate(choices, 1):
            print(f"  {number}) {_describe_choice(choice)}   [{choice}]")
        print("  q) quit: nothing is written")
        while True:
            reply = _read_reply("Your choice: ")
            if reply.isdecimal() and 0 < int(reply) <= len(choices):
                return choices[int(reply) - 1]
            if reply.lower() == "q":
                raise CommandError(QUIT)
            print(f"Type a number from 1 to {len(choices)}, or q.")

    def ask_value(self, question: str, name: str) -> str | None:
        """Return the value that a person types for a column; None without a terminal.

        An empty reply repeats the prompt: Enter must not change rows. Two quotes are an empty text.
        Raises CommandError at the end of the input.
        """
        if not _is_terminal():
            self.questions.append(f"  {question} fill={name}:VALUE")
            return None
        print(question)
        while not (reply := _read_reply("Value ('' for an empty text, Ctrl-C to quit): ")):
            pass
        return "" if reply == "''" else reply

    def find_renames(
        self,
        prefix: str,
        present: Mapping[str, Any],
        target: Mapping[str, Any],
        is_candidate: Callable[[Any, Any], bool],
    ) -> Iterator[tuple[str, str]]:
        """Yield the old and the new name of each renamed object, in an order without conflicts.

        `present` and `target` map the names in the database and in the models to properties of the
        objects. `prefix` precedes the names in answers, such as "users.". A question offers the new
        names for which `is_candidate` accepts the properties of both. Present objects without a
        rename need an answer that drops them. An answer may rename an object whose name is in both,
        so that another object can take the name. Raises CommandError for a new name that is not in
        the models or is taken.
        """
        free_names = [name for name in target if name not in present]
        pairs: dict[str, str] = {}
        for old in sorted(present):
            name = f"{prefix}{old}"
            renames = [new for new in target if ("rename", f"{name}:{new}") in self.given]
            new = self.take("rename", name) if renames or old not in target else None
            if new is None and old not in target and self.take("drop", name) is None:
                choices = {
                    f"rename={name}:{n}": n
                    for n in free_names
                    if is_candidate(present[old], target[n])
                }
                choice = self.ask(f"{name} is gone from the models:", *choices, f"drop={name}")
                new = choices.get(choice or "")
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

    def _rename(self, old: str, new: str) -> None:
        """Rename objects in answers, which may use the old name of a table or the new one."""

        def renamed(answer: tuple[str, str]) -> tuple[str, str]:
            verb, rest = answer
            return verb, new + rest.removeprefix(old) if rest.startswith(old) else rest

        self.given = [renamed(answer) for answer in self.given]
        self.unused = {renamed(answer) for answer in self.unused}

    def check_complete(self) -> None:
        """Raise CommandError for questions without an answer and answers without a question."""
        mistyped = " ".join(
            f"{verb}={rest.partition(':')[0]}" for verb, rest in sorted(self.unused)
        )
        mistake = f"no change in the models matches {mistyped}." if mistyped else ""
        if self.questions:
            raise CommandError(
                "Nothing was written: some changes need an answer. Answer with x=, as in\n"
                '  make revision x="ANSWER ANSWER ..."\n'
                + "\n".join(self.questions)
                + (f"\nAnd {mistake}" if mistake else "")
            )
        if mistake:
            raise CommandError(f"Nothing was written: {mistake}")


def _in_rename_order(pairs: dict[str, str], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Yield renames so that each new name is free; a cycle begins with a temporary name."""
    while pairs:
        old = next((old for old in pairs if pairs[old] not in pairs), None)
        if old is None:
            old, new = pairs.popitem()
            temporary = f"{old}_"
            while temporary in taken:
                temporary += "_"
            yield old, temporary
            pairs[temporary] = new
        else:
            yield old, pairs.pop(old)


def _split(argument: str) -> list[str]:
    try:
        return shlex.split(argument)
    except ValueError as error:
        raise CommandError(f"{argument!r}: {error}. Nothing was written.") from error


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _read_reply(prompt: str) -> str:
    """Return the reply to a prompt; raises CommandError at the end of the input."""
    try:
        return input(prompt).strip()
    except EOFError:
        raise CommandError(QUIT) from None


def _describe_choice(choice: str) -> str:
    verb, _, rest = choice.partition("=")
    return f"it was renamed to {rest.partition(':')[2]}" if verb == "rename" else "drop its data"
