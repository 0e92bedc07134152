"""Post-write hooks for new revisions: a file is marked as unproven until its proof has passed."""

import os
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
from alembic_guards.authoring.prove.unproven import mark, unmark
from alembic_guards.compat import run_write_hook
from alembic_guards.errors import command_errors, explain

#: The reason in the mark, until the proof has ended.
NOT_ENDED = "its proof has not ended"

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
    ) -> None:
        self.config, self.scripts = config, scripts
        self.template, self.metadata = template, metadata
        self.written: list[str] = []

    def install(self, directory: ScriptDirectory) -> None:
        """Have Alembic call the hooks for each file that it writes into `directory`.

        Raises CommandError for a hook of alembic.ini without a type.
        """
        write_hooks.register("guarded")(self._run)
        write_hooks.register("prove")(self._prove)
        hooks: list[Any] = directory.hooks
        hooks[:] = [*map(_guarded, hooks), {"type": "prove", "_hook_name": "prove"}]

    def _run(self, file: str, hook: Mapping[str, str]) -> None:
        """Run a hook of alembic.ini."""
        with self._marked(file):
            run_write_hook(file, {**hook, "type": hook["guarded"]})

    def _prove(self, file: str, _: object) -> None:
        """Prove a file, and remove its mark. Raises CommandError where the proof fails or ends early."""
        name = os.path.relpath(file)
        with self._marked(file), command_errors():
            script = self.scripts[len(self.written) - 1]
            is_last = script is self.scripts[-1]
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
                raise
            except (CommandError, SQLAlchemyError) as error:
                reason = explain(error).replace("\n", "\n  ")
                raise CommandError(
                    UNPROVEN.format(file=name, what=NOT_ENDED, reason=reason)
                ) from error
            unmark(Path(file))
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
