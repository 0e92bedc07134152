"""A new file is unproven from its first hook to the end of its proof."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import write_hooks
from alembic.util import CommandError
from alembic_guards.authoring.prove.hooks import ProofHooks
from alembic_guards.authoring.prove.unproven import mark, unmark

IDENTIFIERS = 'revision: str = "a"\ndown_revision = (\n    "b",\n    "c",\n)\n'
BODY = "\n\ndef upgrade() -> None:\n    revision = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        IDENTIFIERS + BODY,
        (IDENTIFIERS + BODY).replace("\n", "\r\n"),
        "# coding: latin-1\n# \xe9\n" + IDENTIFIERS + BODY,
        BODY,
    ],
    ids=["several lines", "CRLF", "encoding", "no identifiers"],
)
def test_a_mark_is_written_after_the_identifiers_and_removed_without_a_trace(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(text.encode("latin-1"))
    for _ in range(2):
        mark(path, "it fails")
    marked = path.read_bytes()
    assert marked.count(b"unproven") == 1
    scope: dict[str, Any] = {}
    exec(compile(marked, "a.py", "exec"), scope)  # noqa: S102
    assert scope["unproven"] == "it fails"
    unmark(path)
    assert path.read_bytes() == text.encode("latin-1")


def test_a_mark_that_a_formatter_has_wrapped_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'{IDENTIFIERS}unproven = (\n    "it fails"  # why\n)\n{BODY}')
    unmark(path)
    assert path.read_text() == IDENTIFIERS + BODY


class Hooks:
    """Runs the hooks of a new file as Alembic does, with one of alembic.ini that raises an error."""

    def __init__(self, folder: Path, error: BaseException | None) -> None:
        self.path, self.seen = folder / "a.py", ""
        self.path.write_text(IDENTIFIERS + BODY)

        @write_hooks.register("owner")
        def owner(file: str, _: object) -> None:
            self.seen = Path(file).read_text()
            if error is not None:
                raise error

        directory: Any = SimpleNamespace(hooks=[{"type": "owner", "_hook_name": "format"}])
        script: Any = SimpleNamespace(rev_id="a")
        template: Any = None
        metadata: Any = None
        ProofHooks(Config(), [script], template, metadata).install(directory)
        self.hooks = directory.hooks

    def run(self) -> None:
        write_hooks._run_hooks(self.path, self.hooks)


@pytest.mark.parametrize(
    "error", [CommandError("no module ruff"), SystemExit(1), ZeroDivisionError()], ids=repr
)
def test_a_file_whose_hook_fails_stays_unproven(tmp_path: Path, error: BaseException) -> None:
    hooks = Hooks(tmp_path, error)
    with pytest.raises(type(error)):
        hooks.run()
    assert 'unproven = "its proof has not ended"' in hooks.seen
    assert hooks.path.read_text() == hooks.seen


def test_an_interrupt_in_a_hook_removes_the_file(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path, KeyboardInterrupt())
    with pytest.raises(CommandError, match="Interrupted. Nothing was written."):
        hooks.run()
    assert not hooks.path.exists()


def test_a_proof_that_cannot_begin_leaves_a_file_that_is_unproven(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path, None)
    with pytest.raises(CommandError) as raised:
        hooks.run()  # there is no script_location
    assert "a.py is written, but its proof has not ended:" in str(raised.value)
    assert "Upgrades refuse it. Prove it again: " in str(raised.value)
    assert hooks.path.read_text() == hooks.seen


def test_a_hook_without_a_type_is_refused_before_a_file_is_written() -> None:
    directory: Any = SimpleNamespace(hooks=[{"_hook_name": "format"}])
    nothing: Any = None
    with pytest.raises(CommandError, match="Nothing was written: alembic.ini has no format.type"):
        ProofHooks(Config(), [], nothing, nothing).install(directory)
