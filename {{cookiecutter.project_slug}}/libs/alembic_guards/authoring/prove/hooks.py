"""Post-write hooks for new revisions: a file is marked as unproven until its proof has passed."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.operations import ops
from alembic.script import ScriptDirectory, write_hooks
from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.exc import SQLAlchemyError

from alembic_guards.authoring.prove.proof import ProofError, prove
from alembic_guards.authoring.prove.template import TemplateDatabase
from alembic_guards.authoring.prove.unproven import LINE, mark, unmark
from alembic_guards.compat import run_write_hook
from alembic_guards.errors import command_errors, commands, explain
from alembic_guards.runtime.new_files import show_new_files
from alembic_guards.runtime.report import add_to_report

#: The reasons in the mark: until the proof has ended, and until the SQL by hand is written.
NOT_ENDED = "its proof has not ended"
INCOMPLETE = "its SQL by hand is to be written"

PROVED = "Proved on a scratch database: up, down, up ({seconds:.1f} s)"
BY_HAND = "Not proved yet: replace each ... in it by SQL, and then: make prove"
HOOK = "the hook {} of alembic.ini has failed"

UNPROVEN = """{file} is written, but {what}:
  {reason}
Upgrades refuse it. Prove it again: make prove
Or delete it, and write it again: make revision"""


class ProofHooks:
    """Runs the hooks of alembic.ini on each new file, and proves it after the last of them.

    The file is marked before the first of them, so that it is refused whatever ends the command. An
    interrupt removes all files that the command has written.
    """

    def __init__(
        self,
        config: Config,
        scripts: list[ops.MigrationScript],
        template: TemplateDatabase,
        metadata: MetaData,
        *,
        by_hand: bool = False,
    ) -> None:
        """Take the new revisions; `by_hand`: a person completes them before they are proved."""
        self.config, self.scripts = config, scripts
        self.template, self.metadata = template, metadata
        self.by_hand = by_hand
        self.written: list[str] = []

    def install(self, directory: ScriptDirectory) -> None:
        """Have Alembic call the hooks for each file that it writes into `directory`.

        Raises CommandError for a hook of alembic.ini without a type.
        """
        write_hooks.register("guarded")(self._run)
        write_hooks.register("prove")(self._prove)
        hooks: list[Any] = directory.hooks
        hooks[:] = [*map(_guarded, hooks), {"type": "prove", "_hook_name": "prove"}]

    def show_files(self, directory: ScriptDirectory) -> None:
        """Have `directory` show each file and its proof in a line, and mark it from the beginning."""
        for script in self.scripts:
            script.imports.add(LINE.format(NOT_ENDED))  # Alembic writes it into the file
        show_new_files(directory, self.config)

    def _say(self, text: str) -> None:
        self.config.print_stdout("%s", commands(text))

    def _run(self, file: str, hook: Mapping[str, str]) -> None:
        """Run a hook of alembic.ini; raises CommandError where it fails."""
        with command_errors(), self._marked(file):
            try:
                run_write_hook(file, {**hook, "type": hook["guarded"]})
            except CommandError as error:
                what, name = HOOK.format(hook["_hook_name"]), os.path.relpath(file)
                raise CommandError(UNPROVEN.format(file=name, what=what, reason=error)) from error

    def _prove(self, file: str, _: object) -> None:
        """Prove a file, and remove its mark. Raises CommandError where the proof fails or ends early.

        One that a person completes is proved later.
        """
        name, began = os.path.relpath(file), time.monotonic()
        with command_errors(), self._marked(file):
            script = self.scripts[len(self.written) - 1]
            is_last = script is self.scripts[-1]
            if self.by_hand:
                mark(Path(file), INCOMPLETE)
                self._say(BY_HAND)
                add_to_report(self.config, proofs=[{"file": name, "result": "by hand"}])
                self.template.close()
                return
            try:
                prove(
                    self.config,
                    name,
                    str(script.rev_id),
                    self.template,
                    self.metadata if is_last else None,
                )
            except ProofError as error:
                mark(Path(file), error.what)
                proof = {"file": name, "result": "failed", "reason": error.what}
                add_to_report(self.config, proofs=[proof])
                raise
            except (CommandError, SQLAlchemyError) as error:
                reason = explain(error).replace("\n", "\n  ")
                raise CommandError(
                    UNPROVEN.format(file=name, what=NOT_ENDED, reason=reason)
                ) from error
            unmark(Path(file))
            seconds = time.monotonic() - began
            self._say(PROVED.format(seconds=seconds))
            proved = {"file": name, "result": "proved", "seconds": round(seconds, 1)}
            add_to_report(self.config, proofs=[proved])
            if is_last:
                self.template.close()

    @contextmanager
    def _marked(self, file: str) -> Iterator[None]:
        """Mark a new file before the block; raises CommandError where the block is interrupted."""
        try:
            if file not in self.written:
                self.written.append(file)
                mark(Path(file), NOT_ENDED)
            yield
        except KeyboardInterrupt:
            for written in self.written:
                os.remove(written)
            raise CommandError("Interrupted. Nothing was written.") from None


def _guarded(hook: Mapping[str, str]) -> Mapping[str, str]:
    """Return a hook that runs `hook` on a file that is marked."""
    if "type" not in hook:
        name = hook["_hook_name"]
        raise CommandError(f"Nothing was written: alembic.ini has no {name}.type for its hook.")
    return {**hook, "type": "guarded", "guarded": hook["type"]}
