"""Takes answers to what the models do not say, such as a rename, from `-x` or from a terminal."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from alembic.util import CommandError

VERBS = {
    "rename": "rename=TABLE.COLUMN:NEW_COLUMN or rename=TABLE:NEW_TABLE",
    "drop": "drop=TABLE.COLUMN or drop=TABLE",
    "fill": "fill=TABLE.COLUMN:VALUE",
    "zone": "zone=TABLE.COLUMN:TIME_ZONE",
}


QUIT = "Nothing was written."


class Answers:
    """The answers of one command. Each is taken once; one that is not taken is refused as a mistake."""

    def __init__(self, arguments: Iterable[str]) -> None:
        """Read arguments such as "rename=users.name:full_name drop=users.age".

        Raises CommandError for a word that is not like one of VERBS.
        """
        self.given: list[tuple[str, str]] = []
        for word in (word for argument in arguments for word in _words(argument)):
            verb, _, rest = word.partition("=")
            if verb not in VERBS or not rest or (":" not in rest[1:] and verb != "drop"):
                known = "; ".join(VERBS.values())
                raise CommandError(
                    f"{word!r} is no answer. Nothing was written. Known are: {known}."
                )
            self.given.append((verb, rest))
        self.unused = set(self.given)
        self.questions: list[str] = []

    def take(self, verb: str, name: str) -> str | None:
        """Return the answer about `name`: its value, "" for a drop, or None where there is none.

        A name may hold a colon itself. Raises CommandError for two answers about one name.
        """
        said = [rest for given, rest in self.given if given == verb]
        found = [rest for rest in said if rest == name or rest.startswith(f"{name}:")]
        if len(found) > 1:
            raise CommandError(f"{verb}={name} is said twice. Nothing was written.")
        self.unused -= {(verb, rest) for rest in found}
        return found[0].removeprefix(name).removeprefix(":") if found else None

    def named(self, verb: str, label: str, wanted: Iterable[str]) -> list[str]:
        """Return the names that answers are about, of those that begin with `label`, without it.

        Names may hold colons: an answer that ends with one of `wanted` is split there.
        """
        rests = [
            rest.removeprefix(label)
            for given, rest in self.given
            if given == verb and rest.startswith(label)
        ]
        ends = {
            rest: next((f":{name}" for name in wanted if rest.endswith(f":{name}")), None)
            for rest in rests
        }
        return [
            rest.removesuffix(end) if end else rest.partition(":")[0] for rest, end in ends.items()
        ]

    def ask(self, question: str, *ways: str) -> str | None:
        """Return the one of `ways`, such as "drop=users.age", that a person chooses.

        Without a terminal it returns None, and `settle` refuses. A wrong key asks again. Raises
        CommandError where the person quits.
        """
        if not _is_terminal():
            self.questions.append(f"  {question} {' or '.join(ways)}")
            return None
        print(question)
        for number, way in enumerate(ways, 1):
            print(f"  {number}) {_in_words(way)}   [{way}]")
        print("  q) quit: nothing is written")
        while True:
            reply = _typed("Your choice: ")
            if reply.isdecimal() and 0 < int(reply) <= len(ways):
                return ways[int(reply) - 1]
            if reply.lower() == "q":
                raise CommandError(QUIT)
            print(f"Type a number from 1 to {len(ways)}, or q.")

    def ask_value(self, question: str, name: str) -> str | None:
        """Return the value that a person types for a column; None without a terminal.

        Nothing typed asks again, because Enter must not change rows. Two quotes are an empty text.
        """
        if not _is_terminal():
            self.questions.append(f"  {question} fill={name}:VALUE")
            return None
        print(question)
        while not (reply := _typed("Value ('' for an empty text, Ctrl-C to quit): ")):
            pass
        return "" if reply == "''" else reply

    def pair(
        self,
        label: str,
        present: Mapping[str, Any],
        wanted: Mapping[str, Any],
        alike: Callable[[Any, Any], bool],
    ) -> Iterator[tuple[str, str]]:
        """Yield the old and the new name of each object that was renamed, in an order that works.

        `label` is what stands before the names in answers, such as "users."; `alike` tells which new
        names are offered. All other objects that are gone are dropped, by an answer too. A name that
        is in both may be renamed by an answer, so that another object can take it. Raises
        CommandError for a new name that does not exist in the models.
        """
        free = [name for name in wanted if name not in present]
        pairs: dict[str, str] = {}
        for old in sorted(present):
            name = f"{label}{old}"
            said = [new for new in wanted if ("rename", f"{name}:{new}") in self.given]
            new = self.take("rename", name) if said or old not in wanted else None
            if new is None and old not in wanted and self.take("drop", name) is None:
                ways = {f"rename={name}:{n}": n for n in free if alike(present[old], wanted[n])}
                way = self.ask(f"{name} is gone from the models:", *ways, f"drop={name}")
                new = ways.get(way or "")
            if new is not None:
                pairs[old] = new = new if new in wanted else new.removeprefix(label)
                free = [name for name in free if name != new]
        for old, new in pairs.items():
            stays = new in present and new not in pairs
            if new not in wanted or stays or list(pairs.values()).count(new) > 1:
                raise CommandError(f"{label}{old} cannot be renamed to {new}. Nothing was written.")
            self._rename(f"{label}{old}.", f"{label}{new}.")
        yield from _in_turn(pairs)

    def _rename(self, old: str, new: str) -> None:
        """Let answers about a renamed table use its old name or its new one."""

        def renamed(answer: tuple[str, str]) -> tuple[str, str]:
            verb, rest = answer
            return verb, new + rest.removeprefix(old) if rest.startswith(old) else rest

        self.given = [renamed(answer) for answer in self.given]
        self.unused = {renamed(answer) for answer in self.unused}

    def check_complete(self) -> None:
        """Raise CommandError for questions without an answer, and answers without a question."""
        words = " ".join(f"{verb}={rest.partition(':')[0]}" for verb, rest in sorted(self.unused))
        mistake = f"there is no such change as in {words}." if words else ""
        if self.questions:
            raise CommandError(
                "Nothing was written: the models do not say it all. Answer with x=, as in\n"
                '  make revision x="ANSWER ANSWER ..."\n'
                + "\n".join(self.questions)
                + (f"\nAnd {mistake}" if mistake else "")
            )
        if mistake:
            raise CommandError(f"Nothing was written: {mistake}")


def _in_turn(pairs: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield renames so that each new name is free; a circle goes by way of a temporary name."""
    while pairs:
        old = next((old for old in pairs if pairs[old] not in pairs), None)
        if old is None:
            old, new = pairs.popitem()
            aside = f"{old}_"
            yield old, aside
            pairs[aside] = new
        else:
            yield old, pairs.pop(old)


def _words(argument: str) -> list[str]:
    try:
        return shlex.split(argument)
    except ValueError as error:
        raise CommandError(f"{argument!r}: {error}. Nothing was written.") from error


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _typed(prompt: str) -> str:
    """Return what a person types; raises CommandError at the end of the input."""
    try:
        return input(prompt).strip()
    except EOFError:
        raise CommandError(QUIT) from None


def _in_words(way: str) -> str:
    verb, _, rest = way.partition("=")
    return f"it was renamed to {rest.partition(':')[2]}" if verb == "rename" else "drop its data"
