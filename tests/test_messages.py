"""What stands behind m= and to= arrives exactly, and never runs; the rest of make explains itself."""

import ast
import re

from conftest import Bake, Project

#: Each would leave a file of this name, were any of it to run.
TRACE = "executed"

MESSAGES = [
    "create users",
    'it\'s "quoted"',
    '"""',
    "'''",
    "ends with a backslash \\",
    '\\" \\n \\N{DASH} \\x',
    f"$(shell touch {TRACE})",
    f"$(touch {TRACE}) `touch {TRACE}`",
    f"'; touch {TRACE} #",
    f'"; touch {TRACE} #',
    f"x\n\ttouch {TRACE}\nthird line",
    f"${{open('{TRACE}', 'w')}}",
    f"<% open('{TRACE}', 'w') %>",
    f"% import os; os.mknod('{TRACE}')",
    "## no comment",
    "# no comment, 100 % $$ $HOME $m {x} %(here)s %s ~ * ? ! & | ; < >",
    "a := b = c",
    "--help",
    "é ü ß 漢字 עברית 🎉 👩‍💻",
    "\x1b[31m\r\u202e\u2028 unseen",
    "not UTF-8: \udce9",
    "long " * 400 + "end",
]

TARGETS = ["--sql", f"$(shell touch {TRACE})", f"`touch {TRACE}`", f"'; touch {TRACE} #", '%s"\\']


def test_every_message_arrives_exactly_and_none_runs(bake: Bake) -> None:
    project = bake(url=None)
    for number, message in enumerate(MESSAGES):
        add_column(project, f"column_{number}")
        project.make("revision", f"m={message}")
        assert docstring(project).startswith(f"{message}\n\nRevision ID: ")
    history = project.make("history")
    for message in MESSAGES:
        assert f", {shown(message)}\n" in history
    project.make("upgrade")
    for command in (["check"], ["format", "--check"]):
        project.run(".venv/bin/python", "-m", "ruff", *command, "alembic/versions")
    assert not list(project.path.rglob(TRACE))


def test_every_target_arrives_exactly_and_none_runs(bake: Bake) -> None:
    project = bake(url=None)
    project.make("revision")
    for target in TARGETS:
        for command in ("upgrade", "downgrade", "sql"):
            said = project.make(command, f"to={target}", status=2)
            assert f"Can't locate revision identified by '{target}'" in said
    assert not list(project.path.rglob(TRACE))


def test_without_a_message_a_revision_is_named_after_what_it_does(bake: Bake) -> None:
    project = bake(url=None)
    project.make("revision")
    assert docstring(project).startswith("create users, create posts")
    for number, nothing in enumerate(["m=", "m=  "]):
        add_column(project, f"column_{number}")
        project.make("revision", nothing)
        assert f"column_{number}" in docstring(project).splitlines()[0]


def test_no_change_and_no_second_head_write_no_file_and_say_so(bake: Bake) -> None:
    project = bake(url=None)
    project.make("revision")
    before = project.revisions()
    assert "Nothing to write" in project.make("revision", "m=again")
    assert "Nothing to merge" in project.make("merge")
    assert project.revisions() == before


def test_a_broken_history_is_named_by_every_command_and_nothing_is_merged(bake: Bake) -> None:
    project = bake(url=None)
    project.alembic("revision", "--autogenerate")
    [first] = project.revisions()
    copy = first.with_name("copy.py")
    copy.write_text(first.read_text())
    commands = (["current"], ["upgrade", "head"], ["check"], ["upgrade", "--sql", "head"])
    said = [project.alembic(*command, status=1) for command in commands]
    said += [project.make(target, status=2) for target in ("history", "heads", "merge")]
    for text in said:
        assert text.startswith("FAILED: The history of revisions is broken. Nothing was changed.\n")
        assert "is the id of several files: alembic/versions/" in text
        assert "Warning" not in text
    copy.unlink()
    assert "users" in project.make("history")


def test_two_heads_are_joined_under_the_message(bake: Bake) -> None:
    project = bake(url=None)
    for _ in range(2):
        project.run(".venv/bin/python", "-m", "alembic", "revision", "--head=base", "--splice")
    said = project.make("merge", 'm=both "sides"')
    assert said == f"Wrote {project.revisions()[-1].relative_to(project.path)}\n"
    assert docstring(project).startswith('both "sides"\n')
    assert project.make("heads").count("(head)") == 1


def test_help_lists_every_target_and_is_what_make_alone_prints(bake: Bake) -> None:
    project = bake()
    phony = re.findall(r"^\.PHONY: (.*)", (project.path / "Makefile").read_text(), re.MULTILINE)
    said = project.make()
    assert re.findall(r"^  make ([\w-]+)  +\S", said, re.MULTILINE) == phony[0].split()
    assert said == project.make("help")
    assert [line for line in said.splitlines() if len(line) > 80] == []
    read = set(re.findall(r"\$\((?:value|origin) (\w+)\)", (project.path / "Makefile").read_text()))
    assert read == {*re.findall(r"(\w+)=", said.partition("Variables:")[2])}


def test_an_empty_revision_is_for_changes_of_rows(bake: Bake) -> None:
    project = bake()
    project.make("revision")
    assert "make revision empty=1" in project.make("revision")
    said = project.make("revision", "m=fill slugs", "empty=1")
    file = project.revisions()[-1]
    assert said == f"Wrote {file.relative_to(project.path)}\n"
    text = file.read_text()
    assert text.startswith('"""fill slugs\n')
    assert re.findall(r"^def (\w+)\(\) -> None:\n    pass$", text, re.MULTILINE) == [
        "upgrade",
        "downgrade",
    ]
    project.make("upgrade")
    project.make("lint")


def add_column(project: Project, name: str) -> None:
    """Change a model."""
    path = project.path / "src" / project.package / "models" / "user.py"
    path.write_text(path.read_text() + f"    {name}: Mapped[str | None]\n")


def shown(message: str) -> str:
    """Return how a message looks after a pipe that reads UTF-8 line by line."""
    return message.replace("\r", "\n").encode(errors="replace").decode()


def docstring(project: Project) -> str:
    """Return what Python reads at the head of the newest revision."""
    newest = project.revisions()[-1]
    return ast.get_docstring(ast.parse(newest.read_bytes()), clean=False) or ""
