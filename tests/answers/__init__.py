"""What people type and scripts pass for each question: what is taken, and what is refused."""

from answers.emails import EMAILS_REFUSED, EMAILS_TAKEN
from answers.slugs import SLUGS_REFUSED, SLUGS_TAKEN
from answers.texts import TEXTS_REFUSED, TEXTS_TAKEN
from answers.types import TYPES_REFUSED

__all__ = ["REFUSED", "TAKEN"]

#: Questions whose answer is a text in human words.
TEXTS = ("project_name", "description", "full_name")

#: A question, and an answer that becomes part of a project, exactly as it is.
TAKEN: list[tuple[str, str]] = [
    *(("project_slug", answer) for answer in SLUGS_TAKEN),
    *((TEXTS[n % len(TEXTS)], answer) for n, answer in enumerate(TEXTS_TAKEN)),
    *((question, "word " * 59 + "other") for question in ("description", "full_name")),
    *(("email", answer) for answer in EMAILS_TAKEN),
    *(("database", answer) for answer in ("postgres", "PG", "MySQL", "maria", "sqlite3", "2")),
    *(("engine", answer) for answer in ("asyncio", "asynchronous", "synchronous", "2")),
]
#: A question, and an answer that gives one line and nothing else.
REFUSED: list[tuple[str, object]] = [
    *(("project_slug", answer) for answer in SLUGS_REFUSED),
    *((TEXTS[n % len(TEXTS)], answer) for n, answer in enumerate(TEXTS_REFUSED)),
    *(("email", answer) for answer in EMAILS_REFUSED),
    *((question, answer) for question in ("database", "engine") for answer in ("oracle", "0", "")),
    *((TEXTS[n % len(TEXTS)], answer) for n, answer in enumerate(TYPES_REFUSED)),
]
