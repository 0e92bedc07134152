"""Keeps what a command writes and removes, so that it can be undone as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Files:
    """The files that a command has written and removed; undo() restores what was there before."""

    def __init__(self) -> None:
        self._before: dict[Path, bytes | None] = {}

    def write(self, path: Path, text: str) -> None:
        """Write a file, in UTF-8 and with the ends of lines of Unix."""
        self._keep(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self._keep(path)
        path.unlink()

    @contextmanager
    def adding(self, folder: Path) -> Iterator[None]:
        """Take the files that the block adds to a folder as written."""
        before = set(folder.glob("*"))
        try:
            yield
        finally:
            self._before.update(dict.fromkeys(set(folder.glob("*")) - before))

    @property
    def written(self) -> list[Path]:
        """The files that are written and still there."""
        return [path for path in self._before if path.is_file()]

    def undo(self) -> None:
        """Remove the files that were written, and restore those that were removed or replaced."""
        for path, content in self._before.items():
            if content is not None:
                path.write_bytes(content)
            elif path.is_file():
                path.unlink()
        self._before.clear()

    def _keep(self, path: Path) -> None:
        if path not in self._before:
            self._before[path] = path.read_bytes() if path.exists() else None
