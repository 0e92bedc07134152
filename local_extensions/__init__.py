"""Takes answers as data: checks each, asks again, and writes them into other languages."""

import os
import sys

from jinja2 import Environment, Template, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

from local_extensions.call import AnswerRefused, ask_again, check_names, check_target, command
from local_extensions.filters import (
    driver_of,
    from_git,
    if_new,
    if_versioned,
    markdown,
    origin,
    toml,
)
from local_extensions.problems import CHOICES, chosen, problem, suggest_slug
from local_extensions.template import OWN, PROJECT_FOLDER, QUESTIONS


class Answers(Extension):
    """Makes the functions above filters of the template, and keeps answers from being templates."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = (suggest_slug, from_git, if_versioned, origin, if_new, driver_of, toml, markdown)
        environment.filters |= {function.__name__: function for function in filters}
        environment.filters["rendered"] = self.rendered
        # The next version of the template, in the same process, brings its own functions.
        for name in [name for name in sys.modules if name.partition(".")[0] == __name__]:
            del sys.modules[name]

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
