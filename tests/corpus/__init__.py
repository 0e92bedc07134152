"""Changes of schemas that others have collected, as pairs of SQL: before and after."""

import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

RENAMED = re.compile(
    r'^\s*(?:create table\s+)?["`]?([\w.]+).*--\s*@renamed from=["`]?(\w+)',
    re.IGNORECASE | re.MULTILINE,
)


class Pair(NamedTuple):
    """A schema that becomes another one, on one database."""

    name: str
    database: str
    before: str
    after: str

    @property
    def renames(self) -> Iterator[tuple[str, str]]:
        """The old and the new names of what the pair itself says is renamed."""
        for new, old in RENAMED.findall(self.after):
            yield old, new.rpartition(".")[2]


def _read() -> list[Pair]:
    packed = (Path(__file__).parent / "sqldef.json.xz").read_bytes()
    found: dict[str, list[str]] = json.loads(lzma.decompress(packed))
    return [Pair(name, name.partition("-")[0], *pair) for name, pair in found.items()]


PAIRS = _read()
